import Logging
import VedetteKafka

/// Output to Kafka: one transaction per commit where transactions are on, else flushed in
/// order with the progress record last.
final class KafkaOutput: OutputPort {
    /// Longest wait of one call to the brokers, ms. Between two calls health is told and a stop is noticed.
    static let callTimeoutMs = 5_000
    /// Longest wait for an answer to the group's offsets outside of a transaction, ms.
    static let offsetsTimeoutMs = 1_000
    /// How long a stop waits for output that is under way, seconds.
    static let stopGraceSeconds = 5.0
    /// Pauses between tries, ms: doubled up to the last.
    static let backoffMs = 250...5_000
    static let waitStepMs = 250
    /// Progress records looked at before the whole topic is read.
    static let progressTail: Int64 = 4_096
    /// Errors that trying again does not mend.
    private static let permanent: Set<KafkaErrorCode> = [.messageTooLarge, .topicAuthorizationFailed, .invalidArgument]

    private let producer: Producer
    private var isStarted = false
    private let configuration: VedetteConfiguration
    private let logger: Logger
    private let isTransactional: Bool
    private let brokers: String?
    private var stopSeenAt: Double?
    /// The last commit of the group's offsets outside of a transaction failed.
    private var areOffsetsBehind = false
    /// Looked at while waiting: true gives up, after a grace where output is under way.
    var isStopping: () -> Bool = { false }
    /// Told why, again and again, while it waits for the brokers; nil when that is over. From any thread.
    var onWaiting: @Sendable (String?) -> Void = { _ in }
    /// Gives the group's membership and offsets, so that the transaction can carry them for lag tools.
    var groupOffsets: (() throws -> (offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata)?)?
    /// Commits offsets outside of a transaction.
    var commitOffsets: (([TopicPartitionOffset]) throws -> Void)?

    init(_ configuration: VedetteConfiguration, brokers: String? = nil, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        self.brokers = brokers
        isTransactional = configuration.kafka.transactional
        producer = try Producer(
            properties: configuration.producerProperties(brokers: brokers, transactional: isTransactional), logger: logger)
    }

    var health: ClientHealth { producer.health }

    func close() { producer.close() }

    /// Makes sure that the topics are there. Waits for the brokers as long as it takes.
    func checkTopics() throws {
        var topics = OutputKind.allCases.compactMap(configuration.topic(of:))
        if let progress = configuration.outputs.progress { topics.append(progress) }
        let patience = TopicPatience(since: monotonicSeconds())
        try persisting("look at the output topics", grace: 0) {
            for (topic, description) in try producer.metadata(topics, timeoutMs: Self.callTimeoutMs) {
                guard case .unavailable(let error) = description else { continue }
                throw patience.ending(error, topic: topic, section: "outputs", now: monotonicSeconds()) ?? error.passing
            }
        }
    }

    /// Fences off whoever wrote under this name before. Waits for the brokers as long as it takes.
    private func start() throws {
        guard isTransactional, !isStarted else { return }
        try persisting("start transactions", grace: 0) { try producer.initTransactions(timeoutMs: Self.callTimeoutMs) }
        isStarted = true
    }

    // MARK: Commit

    func commit(_ records: [OutputRecord], _ progress: ProgressRecord) throws {
        // Offsets in the output are for lag tools: where they cannot be committed, the output must not wait for
        // them, all the less because a new membership only comes by polling, which waits for this.
        var withOffsets = true
        guard isTransactional else { return try flush(records, progress) }
        try persisting("commit output") { try commitTransaction(records, progress, &withOffsets) }
    }

    private func commitTransaction(_ records: [OutputRecord], _ progress: ProgressRecord, _ withOffsets: inout Bool) throws {
        try producer.begin()
        // Once a commit was asked for it may not be aborted unless librdkafka says so: its outcome is open, and it
        // is asked for again until it is known.
        var isCommitting = false
        do {
            try send(records, progress)
            if withOffsets, let (offsets, group) = try groupOffsets?() {
                withOffsets = false
                try repeating("commit offsets") { try producer.sendOffsets(offsets, group: group, timeoutMs: Self.callTimeoutMs) }
            }
            isCommitting = true
            try repeating("finish commit") { try producer.commit(timeoutMs: Self.callTimeoutMs) }
        } catch let error as KafkaError where !error.isFatal && (!isCommitting || error.txnRequiresAbort) {
            try repeating("abort") { try producer.abort(timeoutMs: Self.callTimeoutMs) }
            throw error
        }
    }

    /// Of a record that was given up it is not known whether it was written: all of them are produced again, in order.
    private func flush(_ records: [OutputRecord], _ progress: ProgressRecord) throws {
        try persisting("put out") {
            try send(records, nil)
            try repeating("flush output") { try producer.flush(timeoutMs: Self.callTimeoutMs) }
        }
        try persisting("put out progress") {
            try send([], progress)
            try repeating("flush progress") { try producer.flush(timeoutMs: Self.callTimeoutMs) }
        }
        if let (offsets, _) = try groupOffsets?() { commitBeside(offsets) }
    }

    /// Only lag tools need the group's offsets: nothing waits for them, and nobody is told of each failure of a row.
    private func commitBeside(_ offsets: [TopicPartitionOffset]) {
        do {
            try commitOffsets?(offsets)
            if areOffsetsBehind { logger.notice("the group's offsets are committed again") }
            areOffsetsBehind = false
        } catch {
            if !areOffsetsBehind {
                logger.warning("the group's offsets can not be committed; only lag tools need them", metadata: ["error": "\(error)"])
            }
            areOffsetsBehind = true
        }
    }

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

    // MARK: Patience

    /// Does the whole again until it works or cannot work any more.
    private func persisting(_ operation: String, grace: Double = stopGraceSeconds, _ body: () throws -> Void) throws {
        try patiently(operation, grace: grace, body) {
            ($0.isRetriable || $0.txnRequiresAbort) && !Self.permanent.contains($0.code)
        }
    }

    /// Makes the same call again while librdkafka says that this is how to go on.
    private func repeating(_ operation: String, _ body: () throws -> Void) throws {
        try patiently(operation, grace: Self.stopGraceSeconds, { try watching(operation, body) }) {
            $0.isRetriable && !$0.txnRequiresAbort && !$0.isDeliveryFailure
        }
    }

    /// While the call lasts, what it waits for is told from beside it.
    private func watching(_ operation: String, _ body: () throws -> Void) throws {
        let call = LongCall { [onWaiting, logger] seconds in
            if seconds == LongCall.afterSeconds { logger.warning("\(operation): no answer for \(seconds) s; waiting") }
            onWaiting("\(operation): no answer for \(seconds) s")
        }
        defer { if call.end() { onWaiting(nil) } }
        try body()
    }

    private func patiently(_ operation: String, grace: Double, _ body: () throws -> Void, isPassing: (KafkaError) -> Bool) throws {
        var pause = Self.backoffMs.lowerBound
        var hasWaited = false
        // However it ends: what waits next says so itself.
        defer { if hasWaited { onWaiting(nil) } }
        while true {
            do {
                return try body()
            } catch let error as KafkaError {
                guard !error.isFatal, isPassing(error), !mustGiveUp(after: grace) else { throw error }
                hasWaited = true
                logger.warning("\(operation) failed; trying again", metadata: ["error": "\(error)", "pause_ms": "\(pause)"])
                wait(pause, because: "\(operation): \(error.message)", grace: grace)
                pause = min(pause * 2, Self.backoffMs.upperBound)
            }
        }
    }

    private func wait(_ milliseconds: Int, because reason: String, grace: Double) {
        var left = milliseconds
        while left > 0, !mustGiveUp(after: grace) {
            onWaiting(reason)
            producer.poll(timeoutMs: min(left, Self.waitStepMs))
            left -= Self.waitStepMs
        }
    }

    private func mustGiveUp(after grace: Double) -> Bool {
        guard isStopping() else { return false }
        let now = monotonicSeconds()
        if stopSeenAt == nil { stopSeenAt = now }
        return now - (stopSeenAt ?? now) >= grace
    }

    // MARK: Progress

    func lastProgress() throws -> ProgressRecord? { try progress(after: .max).last }

    /// Reads the newest committed progress records of this application. From here on nobody else writes under this
    /// name: whoever did is fenced off first, or it could write one more record after the last was read.
    func progress(after sequence: Int64) throws -> [ProgressRecord] {
        try start()
        guard let topic = configuration.outputs.progress else { return [] }
        let partition = TopicPartition(topic, 0)
        let range = try written(partition)
        guard range.high > range.low else { return [] }
        let reader = try Consumer(properties: configuration.readerProperties(brokers: brokers), logger: logger)
        defer { reader.close() }
        let tail = max(range.low, range.high - Self.progressTail)
        let found = try records(reader, partition, tail..<range.high, after: sequence)
        return found.isEmpty && tail > range.low ? try records(reader, partition, range.low..<range.high, after: sequence) : found
    }

    /// All that the partition holds, committed or not.
    private func written(_ partition: TopicPartition) throws -> WatermarkOffsets {
        var properties = try configuration.readerProperties(brokers: brokers)
        // Else the end is where somebody's open transaction begins, and that may be before our last record.
        properties["isolation.level"] = "read_uncommitted"
        let reader = try Consumer(properties: properties, logger: logger)
        defer { reader.close() }
        var range = WatermarkOffsets(low: 0, high: 0)
        try persisting("look at progress", grace: 0) { range = try reader.watermarkOffsets(partition, timeoutMs: Self.callTimeoutMs) }
        return range
    }

    /// Those after `sequence`, and the newest of all as the last.
    ///
    /// - Parameter range: what is to be read, open transactions included: those of others are waited for.
    private func records(_ reader: Consumer, _ partition: TopicPartition, _ range: Range<Int64>, after sequence: Int64) throws -> [ProgressRecord] {
        try reader.assign([partition.at(range.lowerBound)])
        var found: [ProgressRecord] = []
        var newest: ProgressRecord?
        var way = ProgressWay(to: range.upperBound, since: monotonicSeconds())
        defer { onWaiting(nil) }
        while !way.isWhole {
            // To go on without it would be to put everything out once more.
            if isStopping() { throw CancellationError() }
            try reader.poll(max: 1_000, timeoutMs: 500) { record in
                switch record.kind {
                case .message:
                    way.reach(record.offset + 1)
                    guard let payload = record.payload, let progress = ProgressRecord(decoding: Array(payload)),
                        progress.application == configuration.application
                    else { break }
                    if progress.sequence > sequence { found.append(progress) }
                    newest = newest.map { progress.combined(with: $0) } ?? progress
                case .endOfPartition: way.reach(record.offset)
                case .error: if let error = record.error, error.isFatal { throw error }
                }
            }
            if let reason = try way.reasonToWait(partition, now: monotonicSeconds()) { onWaiting(reason) }
        }
        return found + (newest.map { [$0] } ?? [])
    }
}

/// How far the progress topic has been read on the way to where it ended when whoever wrote before had been fenced off.
///
/// What is read are committed records, and those end where the oldest open transaction begins. Ours is over; another
/// application's may stand before our last record, and is waited for.
package struct ProgressWay {
    /// Brokers end a transaction after 15 minutes at most, unless they are told otherwise (`transaction.max.timeout.ms`).
    package static let longestSeconds = 960.0
    /// Before that it is the ordinary way of things.
    private static let tellAfterSeconds = 2.0

    private let end: Int64
    private let began: Double
    private var reached: Int64 = 0

    package init(to end: Int64, since began: Double) { (self.end, self.began) = (end, began) }

    package mutating func reach(_ offset: Int64) { reached = max(reached, offset) }
    package var isWhole: Bool { reached >= end }

    /// What is to be told; nil for nothing.
    ///
    /// - Throws: `SetupError` where it has taken longer than any transaction.
    package func reasonToWait(_ partition: TopicPartition, now: Double) throws -> String? {
        guard !isWhole, now - began > Self.tellAfterSeconds else { return nil }
        guard now - began < Self.longestSeconds else {
            throw SetupError(
                what: "\(partition) can be read to offset \(reached) only, but ends at \(end): a transaction is open there",
                remedy: "give each application a topic of its own in outputs.progress; kafka-transactions.sh find-hanging tells whose transaction it is")
        }
        return "read progress: \(partition) is readable to offset \(reached) of \(end)"
    }
}
