import Foundation
import Logging
import Synchronization
import Testing
import VedetteKafka

@Suite(.serialized) struct ConfigurationTests {
    @Test("An unknown property is named, with librdkafka's words")
    func unknownProperty() {
        let error = #expect(throws: KafkaError.self) {
            try Consumer(
                properties: ["bootstrap.servers": "x:1", "group.id": "g", "max.pol.records": "1"], logger: Kafka.logger)
        }
        #expect(error?.description.contains("max.pol.records") == true)
        #expect(error?.description.contains("No such configuration property") == true)
        #expect(error?.isRetriable == false)
    }

    @Test("A bad value is named; a secret's value is not repeated")
    func badValue() {
        let error = #expect(throws: KafkaError.self) {
            try Producer(properties: ["bootstrap.servers": "x:1", "linger.ms": "soon"], logger: Kafka.logger)
        }
        #expect(error?.description.contains("linger.ms") == true)
        let secret = #expect(throws: KafkaError.self) {
            try Producer(
                properties: ["bootstrap.servers": "x:1", "ssl.key.pem": "hunter2", "security.protocol": "ssl"],
                logger: Kafka.logger)
        }
        #expect(secret?.description.contains("hunter2") == false)
        // In an address a password may stand before an @.
        let address = #expect(throws: KafkaError.self) {
            try Producer(properties: ["bootstrap.servers": "x:1", "security.protocol": "admin:hunter2@x"], logger: Kafka.logger)
        }
        #expect(address?.description.contains("security.protocol") == true && address?.description.contains("hunter2") == false)
        #expect(KafkaProperties.complaint(about: "security.protocol", value: "admin:hunter2@x")?.found.contains("hunter2") == false)
    }

    @Test("Broker addresses and a group are needed, and their lack is said")
    func missing() {
        let noBrokers = #expect(throws: KafkaError.self) { try Consumer(properties: ["group.id": "g"], logger: Kafka.logger) }
        #expect(noBrokers?.message.contains("bootstrap.servers") == true)
        let noGroup = #expect(throws: KafkaError.self) {
            try Consumer(properties: ["bootstrap.servers": "x:1"], logger: Kafka.logger)
        }
        #expect(noGroup?.message.contains("group.id") == true)
    }

    @Test("Secrets never show, however the properties are printed", arguments: [
        "sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "ssl.certificate.pem", "ssl.ca.pem",
        "sasl.oauthbearer.config", "sasl.oauthbearer.client.secret",
    ])
    func redaction(key: String) {
        let properties: KafkaProperties = ["bootstrap.servers": "broker:9092", key: "hunter2"]
        var dumped = ""
        dump(properties, to: &dumped)
        for text in ["\(properties)", String(reflecting: properties), "\([properties])", "\(Optional(properties) as Any)", dumped] {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("broker:9092"))
            #expect(text.contains(key))
        }
        #expect(properties[key] == "hunter2")
    }

    @Test("Properties keep their order; a later value replaces the earlier one; defaults give way")
    func properties() {
        var properties: KafkaProperties = ["b": "1", "a": "2"]
        properties["b"] = "3"
        #expect(properties.keys == ["b", "a"])
        #expect(properties["b"] == "3")
        properties["a"] = nil
        #expect(properties.description == "{b=3}")
        let merged = properties.withDefaults(["b": "0", "c": "9"])
        #expect(merged["b"] == "3")
        #expect(merged["c"] == "9")
        #expect(!KafkaProperties.isSecret("sasl.oauthbearer.token.endpoint.url"))
        #expect(!KafkaProperties.isSecret("sasl.username"))
    }

    @Test("Nobody listens: calls fail in time, health says so, and the process lives on")
    func unreachable() throws {
        // Port 1 refuses connections at once.
        let consumer = try Kafka.consumer("127.0.0.1:1")
        try consumer.subscribe(["t"])
        let received = try consumer.receive { _ in consumer.health.isAllBrokersDown }
        #expect(consumer.health.isAllBrokersDown)
        #expect(received.records.isEmpty)
        let query = #expect(throws: KafkaError.self) { try consumer.watermarkOffsets(TopicPartition("t", 0), timeoutMs: 500) }
        #expect(query?.isRetriable == true)
        let metadata = #expect(throws: KafkaError.self) { try consumer.metadata(["t"], timeoutMs: 500) }
        #expect(metadata?.isRetriable == true)
        let producer = try Kafka.producer("127.0.0.1:1")
        try producer.send("t", "x")
        let flush = #expect(throws: KafkaError.self) { try producer.flush(timeoutMs: 500) }
        #expect(flush?.code == .timedOut)
        let transactional = try Kafka.producer("127.0.0.1:1", ["transactional.id": "tx"])
        let initialised = #expect(throws: KafkaError.self) { try transactional.initTransactions(timeoutMs: 500) }
        #expect(initialised?.isRetriable == true)
        let admin = try AdminClient(properties: ["bootstrap.servers": "127.0.0.1:1"], logger: Kafka.logger)
        let create = #expect(throws: KafkaError.self) { try admin.createTopics([NewTopic("t", partitions: 1)], timeoutMs: 500) }
        #expect(create?.isRetriable == true)
        consumer.close(timeoutMs: 1_000)
        producer.close()
        transactional.close()
    }

    @Test("librdkafka's log lines come with level and facility")
    func logging() throws {
        let handler = CapturingHandler()
        let logger = Logger(label: "capture") { _ in handler }
        let consumer = try Consumer(
            properties: ["bootstrap.servers": "127.0.0.1:1", "group.id": "g", "sasl.password": "hunter2"], logger: logger)
        try consumer.subscribe(["t"])
        try consumer.poll(max: 1, timeoutMs: 1_000) { _ in }
        consumer.close(timeoutMs: 1_000)
        let lines = handler.lines.withLock { $0 }
        #expect(lines.contains { $0.hasPrefix("error ") && $0.contains("facility=FAIL") && $0.contains("127.0.0.1:1") })
        #expect(!lines.contains { $0.contains("hunter2") })
    }
}

/// Keeps log lines as text.
struct CapturingHandler: LogHandler {
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func withLock<R>(_ body: (inout [String]) -> R) -> R where R: Sendable {
            lines.withLock { value in body(&value) }
        }
    }

    let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let extra = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        lines.withLock { $0.append("\(event.level) \(event.message) \(extra)") }
    }
}
