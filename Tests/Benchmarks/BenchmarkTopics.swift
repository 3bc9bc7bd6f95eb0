import Foundation
import Logging
import VedetteCodec
import VedetteCore
import VedetteKafka
import VedetteRuntime

/// Topics of one benchmark on real brokers, with names of their own.
final class BenchmarkTopics {
    static let partitions = 4
    private static let timeoutMs = 60_000

    /// The configuration, with these topics.
    let configuration: VedetteConfiguration
    let logger: Logger
    private let brokers: String
    private let admin: AdminClient
    private let names: [String]

    init(_ base: VedetteConfiguration, brokers: String) throws {
        let stem = "vedette-bench-\(UInt32.random(in: .min ... .max))"
        var configuration = base
        configuration.inputs.decisions.topic = "\(stem).decisions.in"
        configuration.inputs.labels.topic = "\(stem).labels.in"
        configuration.outputs = OutputConfiguration(application: stem)
        configuration.kafka.group = stem
        configuration.inputs.history = .aloud
        self.configuration = configuration
        self.brokers = brokers
        var logger = Logger(label: "vedette.bench")
        logger.logLevel = .error
        self.logger = logger
        admin = try AdminClient(properties: ["bootstrap.servers": brokers], logger: logger)
        let inputs = [configuration.inputs.decisions.topic, configuration.inputs.labels.topic]
        let outputs = configuration.outputs.named.map(\.topic)
        names = inputs + outputs
        try admin.createTopics(
            inputs.map { NewTopic($0, partitions: Self.partitions) } + outputs.map { NewTopic($0, partitions: 1) }, timeoutMs: Self.timeoutMs)
    }

    func delete() { try? admin.deleteTopics(names, timeoutMs: Self.timeoutMs) }

    /// Writes the records to the input topics, spread over the partitions in the order of the files.
    func fill(with files: TrafficFiles) throws {
        let producer = try Producer(properties: ["bootstrap.servers": brokers, "linger.ms": "20", "compression.type": "lz4"], logger: logger)
        defer { producer.close() }
        for (path, topic) in [(files.decisions, configuration.inputs.decisions.topic), (files.labels, configuration.inputs.labels.topic)] {
            let reader = try LineReader(path: path, limits: configuration.limits)
            while let line = try reader.next() {
                let partition = Int32(line.number % Int64(Self.partitions))
                try producer.produce(topic: topic, key: nil, payload: line.bytes, partition: partition)
            }
        }
        try producer.flush(timeoutMs: Self.timeoutMs)
    }

    /// The floor: every record taken from librdkafka and parsed by simdjson.
    func consumeAndParse(_ records: Int) throws {
        let consumer = try Consumer(properties: ["bootstrap.servers": brokers, "group.id": "\(configuration.kafka.group).floor"], logger: logger)
        defer { consumer.close() }
        let inputs = [configuration.inputs.decisions.topic, configuration.inputs.labels.topic]
        try consumer.assign(
            inputs.flatMap { topic in (0..<Int32(Self.partitions)).map { TopicPartitionOffset(TopicPartition(topic, $0), .beginning) } })
        let parser = try ParseFloor()
        var taken = 0
        let deadline = ProcessInfo.processInfo.systemUptime + Double(Self.timeoutMs) / 1_000
        while taken < records {
            guard ProcessInfo.processInfo.systemUptime < deadline else { throw BenchmarkFailure("read \(taken) of \(records) records") }
            try consumer.poll(max: 8_192, timeoutMs: 100) { record in
                guard let payload = record.payload, record.kind == .message else { return }
                guard parser.parse(payload) else { throw BenchmarkFailure("a record does not parse") }
                taken += 1
            }
        }
    }
}
