import Foundation
import Logging
import Synchronization
import Testing
import VedetteKafka

/// A record copied out of a poll.
struct Copied: Hashable {
    var topic: String
    var partition: Int32
    var offset: Int64
    var key: [UInt8]?
    var payload: [UInt8]?
    var headers: [RecordHeader]
    var timestampMs: Int64?

    init(_ record: borrowing ConsumerRecord) {
        topic = record.topic
        partition = record.partition
        offset = record.offset
        key = record.key.map { Array($0) }
        payload = record.payload.map { Array($0) }
        var headers: [RecordHeader] = []
        record.forEachHeader { name, value in headers.append(RecordHeader(name, value.map { Array($0) })) }
        self.headers = headers
        timestampMs = record.timestampMs
    }

    var text: String { payload.map { String(decoding: $0, as: UTF8.self) } ?? "<null>" }
}

/// What a consumer gave, in order.
struct Received {
    var records: [Copied] = []
    var ends: [TopicPartition: Int64] = [:]
    var errors: [KafkaError] = []

    mutating func take(_ record: borrowing ConsumerRecord) {
        switch record.kind {
        case .message: records.append(Copied(record))
        case .endOfPartition: ends[TopicPartition(record.topic, record.partition)] = record.offset
        case .error: if let error = record.error { errors.append(error) }
        }
    }

    var texts: [String] { records.map(\.text) }
}

enum Kafka {
    /// Quiet: librdkafka's warnings are expected where brokers are cut off.
    static let logger = Logger(label: "vedette.kafka.tests") { _ in SwiftLogNoOpLogHandler() }

    static func unique(_ prefix: String) -> String { "\(prefix)-\(UUID().uuidString.prefix(8).lowercased())" }

    static func consumer(
        _ brokers: String, group: String = unique("group"), _ extra: KafkaProperties = [:],
        handlers: RebalanceHandlers = RebalanceHandlers()
    ) throws -> Consumer {
        // The mock cluster takes a second less than the session's time for a rebalance; real brokers accept
        // no session under 6 s.
        let isMock = brokers != RealBroker.bootstrapServers
        let base: KafkaProperties = [
            "bootstrap.servers": brokers, "group.id": group, "session.timeout.ms": isMock ? "2500" : "6000", "heartbeat.interval.ms": "100",
            "fetch.wait.max.ms": "50",
        ]
        return try Consumer(properties: extra.withDefaults(base), handlers: handlers, logger: logger)
    }

    static func producer(_ brokers: String, _ extra: KafkaProperties = [:], produceTimeoutMs: Int = 10_000) throws -> Producer {
        try Producer(
            properties: extra.withDefaults(["bootstrap.servers": brokers, "linger.ms": "1"]),
            produceTimeoutMs: produceTimeoutMs, logger: logger)
    }

    static func mock(brokers: Int = 1, topics: [String: Int]) throws -> MockCluster {
        let cluster = try MockCluster(brokers: brokers, logger: logger)
        for (topic, partitions) in topics { try cluster.createTopic(topic, partitions: partitions) }
        return cluster
    }
}

/// The Kafka cluster to test against, if there is one.
enum RealBroker {
    static let variable = "VEDETTE_TEST_BROKERS"
    static let bootstrapServers = ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
}

extension Consumer {
    /// Polls until the condition holds or the time is over.
    @discardableResult
    func receive(timeoutMs: Int = 60_000, max: Int = 1_000, until isDone: (Received) -> Bool) throws -> Received {
        var received = Received()
        try receive(into: &received, timeoutMs: timeoutMs, max: max, until: isDone)
        return received
    }

    func receive(
        into received: inout Received, timeoutMs: Int = 60_000, max: Int = 1_000, until isDone: (Received) -> Bool
    ) throws {
        let end = ContinuousClock.now + .milliseconds(timeoutMs)
        while !isDone(received), ContinuousClock.now < end {
            try poll(max: max, timeoutMs: 50) { received.take($0) }
        }
    }
}

extension Producer {
    func send(_ topic: String, _ text: String, partition: Int32? = nil, key: String? = nil) throws {
        try produce(
            topic: topic, key: key.map { Array($0.utf8) }, payload: Array(text.utf8), partition: partition)
    }
}

/// Things noted by callbacks, in order.
final class Journal: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}
