import Foundation
import Logging
import VedetteKafka
import VedetteRuntime

/// Serves one destination: reads the alert topic in a group of its own, delivers one alert after the other, and commits
/// what lies behind it.
///
/// `@unchecked Sendable`: one thread runs it, and the consumer's handlers are called inside its calls.
final class DestinationLoop: @unchecked Sendable {
    /// Longest wait for records, ms; a stop is noticed after it.
    static let pollMs = 200
    /// Longest wait of one call to the brokers, ms.
    static let callTimeoutMs = 10_000
    /// Longest wait for the answer to a commit while there is more to do, ms.
    static let commitTimeoutMs = 1_000
    /// Between commits at most, seconds.
    static let commitSeconds = 1.0
    /// How long a stop waits for its last commit, seconds.
    static let finishSeconds = 5.0
    /// Pauses before a client is made anew, seconds.
    static let restartSeconds = 1.0...30.0
    /// Tries in a row, of whichever alerts, that `--once` makes of a destination that takes none.
    static let triesOnce = 5

    let configuration: VedetteConfiguration
    let forward: ForwardConfiguration
    let endpoint: Endpoint
    let transport: any Transport
    let options: ForwardOptions
    let status: ForwardStatus
    var logger: Logger
    let isStopping: @Sendable () -> Bool

    var mailbox: Mailbox
    let backoff: Backoff
    /// Tries in a row that failed, and until when none is made, monotonic seconds.
    var failures = 0
    var holdUntil = 0.0
    var nextResendAt = 0.0
    /// What the group has committed.
    var committed: [TopicPartition: Int64] = [:]
    var lastCommit = 0.0
    var lastQuestion = 0.0
    /// The last commit failed, or its answer is owed.
    var isCommitBehind = false
    private var isPaused = false
    var isAssigned = false

    var destination: ForwardDestination { endpoint.destination }

    init(
        _ endpoint: Endpoint, transport: any Transport, configuration: VedetteConfiguration, forward: ForwardConfiguration, options: ForwardOptions,
        status: ForwardStatus, logger: Logger, isStopping: @escaping @Sendable () -> Bool
    ) {
        self.endpoint = endpoint
        self.transport = transport
        self.configuration = configuration
        self.forward = forward
        self.options = options
        self.status = status
        self.logger = logger
        self.logger[metadataKey: "destination"] = "\(endpoint.destination.name)"
        self.isStopping = isStopping
        mailbox = Mailbox(endpoint.destination, maxAgeMs: forward.maxAgeMs)
        backoff = Backoff(minMs: endpoint.destination.minRetryDelayMs, maxMs: endpoint.destination.maxRetryDelayMs)
    }

    /// Until it is told to stop; with `--once` until the end of the topic has been delivered.
    ///
    /// - Throws: what only a person can mend, and with `--once` `UndeliveredError`, or `CancellationError` where a stop came
    ///   before that end. Brokers that are away are waited for.
    func run() throws {
        var pause = Self.restartSeconds.lowerBound
        while !isStopping() {
            let began = monotonicSeconds()
            do {
                return try serve()
            } catch let error as KafkaError where error.code != .invalidArgument {
                if let ending = forbidden(error) { throw ending }
                logger.warning("a call to the brokers failed; reading on from the last commit with a new client", metadata: ["error": "\(error)"])
                if monotonicSeconds() - began > Self.restartSeconds.upperBound { pause = Self.restartSeconds.lowerBound }
                wait(pause, because: error.message)
                pause = min(pause * 2, Self.restartSeconds.upperBound)
            }
        }
        // The stop came between two tries.
        if options.isOnce { throw CancellationError() }
    }

    /// The reason stands until the brokers have answered: the next try may take as long as the one that failed.
    private func wait(_ seconds: Double, because reason: String) {
        let end = monotonicSeconds() + seconds
        while !isStopping(), monotonicSeconds() < end {
            status.update(destination.name) {
                $0.blockedReason = reason
                $0.lastTurnAt = monotonicSeconds()
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    // MARK: - One client

    private func serve() throws {
        mailbox = Mailbox(destination, maxAgeMs: forward.maxAgeMs)
        (committed, isPaused, isAssigned, nextResendAt) = ([:], false, false, 0)
        let handlers = RebalanceHandlers(
            onAssigned: { [weak self] consumer, gained in try self?.assigned(consumer, gained) ?? [] },
            onRevoked: { [weak self] consumer, going in self?.revoked(consumer, going) },
            onLost: { [weak self] _, gone in self?.forget(gone) })
        let consumer = try Consumer(
            properties: configuration.forwarderProperties(group: forward.group(of: destination)), handlers: handlers, logger: logger)
        defer { consumer.close() }
        let topic = forward.topic ?? ""
        let count = try partitionCount(consumer, topic)
        lastQuestion = monotonicSeconds()
        status.update(destination.name) { ($0.isStarted, $0.blockedReason, $0.unansweredSince) = (true, nil, nil) }
        if options.isDryRun {
            // Outside of the group: a forwarder that runs keeps its partitions.
            try consumer.assign(assigned(consumer, (0..<count).map { TopicPartition(topic, Int32($0)) }))
        } else {
            try consumer.subscribe([topic])
        }
        while !isStopping() {
            try turn(consumer)
            if options.isOnce, try isDone() { break }
        }
        let isCutOff = try options.isOnce && !isDone()
        finish(consumer)
        if isCutOff { throw CancellationError() }
    }

    private func partitionCount(_ consumer: Consumer, _ topic: String) throws -> Int {
        switch try consumer.metadata([topic], timeoutMs: Self.callTimeoutMs)[topic] {
        case .partitions(let count): return count
        case .unavailable(let error) where error.code == .unknownTopicOrPartition: throw SetupError.missing(topic: topic, section: "outputs.alerts or forward.topic")
        case .unavailable(let error): throw error
        case nil: throw SetupError.missing(topic: topic, section: "outputs.alerts or forward.topic")
        }
    }

    private func turn(_ consumer: Consumer) throws {
        let isBusy = mailbox.isOpenForDelivery && monotonicSeconds() >= holdUntil && mailbox.next(monotonicMs: monotonicMs()) != nil
        try consumer.poll(max: 500, timeoutMs: isBusy ? 0 : Self.pollMs) { record in try take(record, consumer) }
        if let error = consumer.fatalCause { throw error }
        if mailbox.isOpenForDelivery {
            deliver()
            if isAssigned, !mailbox.isCatchingUp { resend() }
        }
        try hold(consumer)
        if monotonicSeconds() - lastCommit >= Self.commitSeconds { commit(consumer) }
        ask(consumer)
        publish(consumer)
    }

    private func take(_ record: borrowing ConsumerRecord, _ consumer: Consumer) throws {
        switch record.kind {
        case .message:
            let partition = TopicPartition(record.topic, record.partition), offset = record.offset
            guard let payload = record.payload else {
                return mailbox.takeTombstone(record.key.map { String(decoding: $0, as: UTF8.self) }, partition, offset: offset, now: wallMs())
            }
            do {
                mailbox.take(try AlertRecord(Array(payload)), partition, offset: offset, now: wallMs())
            } catch {
                logger.warning(
                    "a record of the alert topic is no alert; it is skipped",
                    metadata: ["topic": "\(partition.topic)", "partition": "\(partition.partition)", "offset": "\(offset)", "error": "\(error)"])
                mailbox.skip(.broken, partition, offset: offset)
            }
        case .endOfPartition:
            mailbox.reachedEnd(TopicPartition(record.topic, record.partition), next: record.offset)
        case .error:
            guard let error = record.error else { return }
            if let ending = forbidden(error) { throw ending }
            guard !error.isFatal else { throw consumer.fatalCause ?? error }
            logger.warning("kafka", metadata: ["error": "\(error)"])
        }
    }

    /// What only a person can mend; nil for every other error.
    private func forbidden(_ error: KafkaError) -> SetupError? {
        guard error.code != .topicAuthorizationFailed else {
            return .forbidden(topic: forward.topic ?? "", section: "outputs.alerts or forward.topic")
        }
        return .forbidden(error, group: forward.group(of: destination), section: "forward.group")
    }

    /// With `--once`: everything there was is delivered, or cannot be.
    private func isDone() throws -> Bool {
        guard isAssigned, !mailbox.isCatchingUp else { return false }
        let hasGivenUp = failures >= Self.triesOnce
        if mailbox.count > 0 {
            guard hasGivenUp else { return false }
            throw UndeliveredError(destination: destination.name, count: mailbox.count, reason: lastFailure)
        }
        guard destination.kind == .alertmanager, !mailbox.toResend(monotonicMs: monotonicMs()).isEmpty else { return true }
        guard !hasGivenUp else { throw UndeliveredError(destination: destination.name, count: mailbox.known.count, reason: lastFailure) }
        return false
    }

    var lastFailure: String { status.destinations.first { $0.name == destination.name }?.lastFailure ?? "" }

    /// A full mailbox stops reading until half of it is empty.
    private func hold(_ consumer: Consumer) throws {
        if mailbox.isFull, !isPaused {
            try consumer.pause(mailbox.partitions)
            isPaused = true
            logger.warning("so many alerts wait that reading does too", metadata: ["waiting": "\(mailbox.count)"])
        } else if isPaused, mailbox.hasRoomAgain {
            try consumer.resume(mailbox.partitions)
            isPaused = false
        }
    }

    private func publish(_ consumer: Consumer) {
        let fates = Mailbox.Fate.allCases.map { (fate: $0.rawValue, count: mailbox.fates[$0] ?? 0) }
        let lag = mailbox.partitions.reduce(into: Int64(0)) { sum, partition in sum += ((try? consumer.lag(partition)) ?? nil) ?? 0 }
        let (waiting, oldest, open, isDown) = (mailbox.count, mailbox.oldestReadAt, mailbox.known.count, consumer.health.isAllBrokersDown)
        status.update(destination.name) {
            $0.records = fates
            (($0.waiting, $0.oldestReadAt), ($0.open, $0.lag), $0.areBrokersDown) = ((waiting, oldest), (open, lag), isDown)
            $0.lastTurnAt = monotonicSeconds()
        }
    }
}

/// Seconds on a clock that never goes back.
func monotonicSeconds() -> Double { ProcessInfo.processInfo.systemUptime }
func monotonicMs() -> Int64 { Int64(monotonicSeconds() * 1_000) }
/// Milliseconds since 1970.
func wallMs() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
