import Logging
import VedetteKafka

/// Output to Kafka: one transaction per commit where transactions are on, else flushed in
/// order with the progress record last.
final class KafkaOutput: OutputPort {
    /// Longest wait for one commit before it is tried again, ms.
    static let commitTimeoutMs = 30_000
    /// Pauses between tries, ms: doubled up to the last.
    static let backoffMs = 250...10_000
    /// Progress records looked at before the whole topic is read.
    static let progressTail: Int64 = 4_096

    private let producer: Producer
    private let configuration: VedetteConfiguration
    private let logger: Logger
    private let isTransactional: Bool
    private let brokers: String?
    /// Asked before each new try: true gives up.
    var isStopping: () -> Bool = { false }
    /// Gives the group's membership and offsets, so that the transaction can carry them for lag tools.
    var groupOffsets: (() throws -> (offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata)?)?

    init(_ configuration: VedetteConfiguration, brokers: String? = nil, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        self.brokers = brokers
        isTransactional = configuration.kafka.transactional
        producer = try Producer(
            properties: configuration.producerProperties(brokers: brokers, transactional: isTransactional), logger: logger)
    }

    var health: ClientHealth { producer.health }

    /// Fences off whoever wrote under this name before. Waits for the brokers as long as it takes.
    func start() throws {
        guard isTransactional else { return }
        try persisting("start transactions") { try producer.initTransactions(timeoutMs: Self.commitTimeoutMs) }
    }

    func close() { producer.close() }

    func commit(_ records: [OutputRecord], _ progress: ProgressRecord) throws {
        try persisting("commit output") { [self] in
            if isTransactional { try commitTransaction(records, progress) } else { try flush(records, progress) }
        }
    }

    private func commitTransaction(_ records: [OutputRecord], _ progress: ProgressRecord) throws {
        try producer.begin()
        do {
            try send(records, progress)
            if let (offsets, group) = try groupOffsets?() {
                try producer.sendOffsets(offsets, group: group, timeoutMs: Self.commitTimeoutMs)
            }
            try producer.commit(timeoutMs: Self.commitTimeoutMs)
        } catch let error as KafkaError where !error.isFatal {
            // A commit whose outcome is unknown may not be aborted: it is asked for again until it is known.
            if error.isRetriable, error.operation.hasPrefix("commit transaction"), !error.txnRequiresAbort {
                return try persisting("finish commit") { try producer.commit(timeoutMs: Self.commitTimeoutMs) }
            }
            try producer.abort(timeoutMs: Self.commitTimeoutMs)
            throw error
        }
    }

    private func flush(_ records: [OutputRecord], _ progress: ProgressRecord) throws {
        try send(records, nil)
        try producer.flush(timeoutMs: Self.commitTimeoutMs)
        try send([], progress)
        try producer.flush(timeoutMs: Self.commitTimeoutMs)
        if let (offsets, _) = try groupOffsets?() { try commitOffsets?(offsets) }
    }

    /// Commits offsets outside of a transaction.
    var commitOffsets: (([TopicPartitionOffset]) throws -> Void)?

    private func send(_ records: [OutputRecord], _ progress: ProgressRecord?) throws {
        for record in records {
            guard let topic = configuration.topic(of: record.kind) else { continue }
            try producer.produce(
                topic: topic, key: record.key.isEmpty ? nil : record.key, payload: record.value,
                headers: record.headers.map { RecordHeader($0.name, $0.value) })
        }
        if let progress, let topic = configuration.outputs.progress {
            try producer.produce(topic: topic, key: Array(progress.application.utf8), payload: progress.encoded(), partition: 0)
        }
    }

    /// Tries until it works or cannot work any more.
    private func persisting(_ operation: String, _ body: () throws -> Void) throws {
        var pause = Self.backoffMs.lowerBound
        while true {
            do {
                return try body()
            } catch let error as KafkaError {
                if error.isFatal || !(error.isRetriable || error.txnRequiresAbort) || isStopping() { throw error }
                logger.warning("\(operation) failed; trying again", metadata: ["error": "\(error)", "pause_ms": "\(pause)"])
                producer.poll(timeoutMs: pause)
                pause = min(pause * 2, Self.backoffMs.upperBound)
            }
        }
    }

    // MARK: Progress

    /// Reads the newest committed progress record of this application.
    func lastProgress() throws -> ProgressRecord? {
        guard let topic = configuration.outputs.progress else { return nil }
        let reader = try Consumer(
            properties: configuration.consumerProperties(brokers: brokers, group: "\(configuration.kafka.group).progress-reader"), logger: logger)
        defer { reader.close() }
        let partition = TopicPartition(topic, 0)
        var range = WatermarkOffsets?.none
        try persisting("read progress") { range = try reader.watermarkOffsets(partition, timeoutMs: Self.commitTimeoutMs) }
        guard let range, range.high > range.low else { return nil }
        let tail = max(range.low, range.high - Self.progressTail)
        if let found = try newest(reader, partition, from: tail) { return found }
        return tail > range.low ? try newest(reader, partition, from: range.low) : nil
    }

    private func newest(_ reader: Consumer, _ partition: TopicPartition, from: Int64) throws -> ProgressRecord? {
        try reader.assign([partition.at(from)])
        var found: ProgressRecord?
        var isAtEnd = false
        while !isAtEnd, !isStopping() {
            try reader.poll(max: 1_000, timeoutMs: 500) { record in
                switch record.kind {
                case .message:
                    if let payload = record.payload, let progress = ProgressRecord(decoding: Array(payload)),
                        progress.application == configuration.application
                    { found = progress }
                case .endOfPartition: isAtEnd = true
                case .error: if let error = record.error, error.isFatal { throw error }
                }
            }
        }
        return found
    }
}
