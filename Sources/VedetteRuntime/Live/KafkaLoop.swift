import Foundation
import Logging
import VedetteCore
import VedetteKafka

/// The loop of a live run. Everything in it belongs to one thread.
///
/// `@unchecked Sendable`: the rebalance handlers are called inside `Consumer.poll`, on that same thread.
final class KafkaLoop: @unchecked Sendable {
    /// Records taken per turn.
    static let pollRecords = 8_192
    /// Longest wait for records per turn, ms.
    static let pollTimeoutMs = 100
    /// Seconds between commits when there is output.
    static let commitEverySeconds = 1.0
    /// Seconds between two looks at idleness, status and pauses that time drives.
    static let houseworkEverySeconds = 1.0
    static let metadataTimeoutMs = 5_000
    static let closeTimeoutMs = 5_000
    /// Rows waiting for the watermark above which every partition that is ahead is paused.
    static let maxWaitingRows = 500_000

    struct PartitionState {
        var identity: InputPartition
        var topicPartition: TopicPartition
        var isAssigned = false
        var isPaused = false
        /// Everything up to here had been read when the end of the partition was reached; -1 otherwise.
        var endOffset: Int64 = -1
        /// When it was last seen to have given anything but records that are rejected.
        var lastRecordAt: Double
        var activity: Int64 = 0
    }

    let configuration: VedetteConfiguration
    let pipeline: Pipeline
    let output: KafkaOutput
    let status: RunStatus
    let logger: Logger
    let isStopping: () -> Bool
    var partitions: [PartitionState] = []
    var places: [[Int]] = []
    private(set) var consumer: Consumer!
    private var lastCommit = monotonicSeconds()
    private var lastCheckpoint = monotonicSeconds()
    private var lastHousework = 0.0
    private var startOffsets: [TopicPartition: Int64] = [:]
    private var isFinished = false
    /// Since when every partition has been silent, and the newest watermark then.
    private var quiet: (since: Double, newest: Int64)?
    var commits: Int64 = 0
    var checkpointSeconds = 0.0

    init(
        configuration: VedetteConfiguration, brokers: String?, pipeline: Pipeline, output: KafkaOutput, status: RunStatus,
        logger: Logger, isStopping: @escaping () -> Bool
    ) throws {
        self.configuration = configuration
        self.pipeline = pipeline
        self.output = output
        self.status = status
        self.logger = logger
        self.isStopping = isStopping
        let handlers = RebalanceHandlers(
            onAssigned: { [weak self] _, gained in try self?.assigned(gained) ?? [] },
            onRevoked: { [weak self] _, going in try self?.revoked(going) },
            onLost: { [weak self] _, gone in self?.lost(gone) })
        consumer = try Consumer(properties: configuration.consumerProperties(brokers: brokers), handlers: handlers, logger: logger)
        output.groupOffsets = { [weak self] in try self?.groupOffsets() }
        output.commitOffsets = { [weak self] offsets in try self?.consumer.commitSync(offsets) }
    }

    func run() throws {
        defer {
            // What is still assigned is revoked by closing: then there is nothing to commit any more, or no way to.
            isFinished = true
            consumer.close(timeoutMs: Self.closeTimeoutMs)
        }
        try registerPartitions()
        try consumer.subscribe(configuration.inputs.topics.map(\.topic))
        while !isStopping() { try turn() }
        try pipeline.checkpoint()
        logger.info("stopped", metadata: ["checkpoint": "\(pipeline.checkpointNumber)"])
    }

    /// One turn: read, process, and whatever is due.
    func turn() throws {
        var taken = 0
        try consumer.poll(max: Self.pollRecords, timeoutMs: Self.pollTimeoutMs) { record in
            switch record.kind {
            case .message:
                take(record)
                taken += 1
            case .endOfPartition: if let place = place(of: record) { partitions[place].endOffset = record.offset }
            case .error: try complain(of: record)
            }
        }
        status.countRead(taken)
        try pipeline.step()
        let now = monotonicSeconds()
        if pipeline.hasAlerts || (now - lastCommit >= Self.commitEverySeconds && pipeline.hasOutput) { try commit(now) }
        if (now - lastCheckpoint) * 1_000 >= Double(configuration.state.checkpointIntervalMs)
            || pipeline.topology.openRows >= configuration.state.spillRows
        { try checkpoint(now) }
        if now - lastHousework >= Self.houseworkEverySeconds {
            lastHousework = now
            letIdleGo(now)
            publishStatus(now)
        }
        try adjustPauses()
    }

    private func commit(_ now: Double) throws {
        try pipeline.commit()
        commits += 1
        lastCommit = now
    }

    private func checkpoint(_ now: Double) throws {
        try pipeline.checkpoint()
        lastCheckpoint = monotonicSeconds()
        checkpointSeconds = lastCheckpoint - now
        lastCommit = lastCheckpoint
        logger.info(
            "checkpoint", metadata: ["number": "\(pipeline.checkpointNumber)", "seconds": "\(checkpointSeconds)"])
    }

    // MARK: Records

    private func place(of record: borrowing ConsumerRecord) -> Int? {
        let topic = record.topicID
        let partition = Int(record.partition)
        guard topic >= 0, topic < places.count, partition >= 0, partition < places[topic].count else { return nil }
        return places[topic][partition]
    }

    @inline(__always)
    private func take(_ record: borrowing ConsumerRecord) {
        guard let place = place(of: record) else { return }
        partitions[place].endOffset = -1
        pipeline.add(record.payload, partition: place, offset: record.offset, clock: record.timestampMs ?? .max)
    }

    private func complain(of record: borrowing ConsumerRecord) throws {
        guard let error = record.error else { return }
        if error.isFatal { throw SetupError.takenOver(consumer.health.fatalError ?? error, group: configuration.kafka.group) }
        logger.warning("kafka", metadata: ["error": "\(error)"])
    }

    // MARK: Partitions

    /// Learns how many partitions the topics have, waiting for the brokers as long as it takes.
    private func registerPartitions() throws {
        let topics = configuration.inputs.topics
        var counts: [String: Int] = [:]
        while counts.count < Set(topics.map(\.topic)).count {
            if isStopping() { throw CancellationError() }
            do {
                for (topic, description) in try consumer.metadata(topics.map(\.topic), timeoutMs: Self.metadataTimeoutMs) {
                    switch description {
                    case .partitions(let count): counts[topic] = count
                    case .unavailable(let error) where error.code == .unknownTopicOrPartition:
                        throw SetupError.missing(topic: topic, section: "inputs")
                    case .unavailable(let error): throw error
                    }
                }
            } catch let error as KafkaError where !error.isFatal {
                logger.warning("waiting for the brokers", metadata: ["error": "\(error)"])
                output.onWaiting(error.message)
            }
        }
        output.onWaiting(nil)
        for (stream, topic) in topics {
            let id = try consumer.topicID(for: topic)
            while places.count <= id { places.append([]) }
            for number in 0..<Int32(counts[topic] ?? 0) { register(stream, topic, number, id) }
        }
    }

    private func register(_ stream: StreamKind, _ topic: String, _ number: Int32, _ id: Int) {
        let identity = InputPartition(stream: stream, source: topic, number: number)
        let partition = TopicPartition(topic, number)
        if let offset = pipeline.addPartition(identity) {
            startOffsets[partition] = offset
        } else if pipeline.topology.judgedTo != .min {
            // The topic has grown since the checkpoint: what this partition holds of times that are judged is late.
            pipeline.punctuate(partitions.count, watermark: pipeline.topology.judgedTo)
        }
        places[id].append(partitions.count)
        partitions.append(PartitionState(identity: identity, topicPartition: partition, lastRecordAt: monotonicSeconds()))
    }

    private func assigned(_ gained: [TopicPartition]) throws -> [TopicPartitionOffset] {
        logger.info("assigned", metadata: ["partitions": "\(gained)"])
        try registerNew(gained)
        return gained.map { partition in
            guard let place = partitions.firstIndex(where: { $0.topicPartition == partition }) else {
                return TopicPartitionOffset(partition, .beginning)
            }
            partitions[place].isAssigned = true
            partitions[place].isPaused = false
            partitions[place].endOffset = -1
            partitions[place].lastRecordAt = monotonicSeconds()
            let next = pipeline.nextOffset(of: place)
            // The group's committed offsets are for lag tools; where to read is the state's to say.
            return TopicPartitionOffset(partition, next > 0 || startOffsets[partition] != nil ? .at(next) : .beginning)
        }
    }

    /// Registers partitions that a topic has gained since the start.
    private func registerNew(_ gained: [TopicPartition]) throws {
        for partition in gained.sorted() where !partitions.contains(where: { $0.topicPartition == partition }) {
            guard let stream = configuration.inputs.topics.first(where: { $0.topic == partition.topic })?.stream else { continue }
            let id = try consumer.topicID(for: partition.topic)
            // Numbers are dense: those between that are another member's are registered too.
            for number in Int32(places[id].count)...max(Int32(places[id].count), partition.partition) {
                logger.notice("a topic has gained a partition", metadata: ["partition": "\(partition.topic)[\(number)]"])
                register(stream, partition.topic, number, id)
            }
        }
    }

    private func revoked(_ going: [TopicPartition]) throws {
        logger.info("revoked", metadata: ["partitions": "\(going)"])
        if !isFinished {
            try pipeline.step()
            try pipeline.commit()
        }
        lost(going)
    }

    private func lost(_ gone: [TopicPartition]) {
        for place in partitions.indices where gone.contains(partitions[place].topicPartition) {
            partitions[place].isAssigned = false
            partitions[place].isPaused = false
            partitions[place].endOffset = -1
        }
    }

    private func groupOffsets() throws -> (offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata)? {
        let offsets = partitions.indices.filter { partitions[$0].isAssigned && pipeline.nextOffset(of: $0) > 0 }
            .map { partitions[$0].topicPartition.at(pipeline.nextOffset(of: $0)) }
        return offsets.isEmpty ? nil : (offsets, try consumer.groupMetadata())
    }

    // MARK: Backpressure and idleness

    private func adjustPauses() throws {
        let isFull = pipeline.topology.waitingRows > Self.maxWaitingRows
        var pause: [TopicPartition] = []
        var resume: [TopicPartition] = []
        for place in partitions.indices where partitions[place].isAssigned {
            let isAhead = pipeline.topology.isAhead(place, isPaused: partitions[place].isPaused)
                || (isFull && pipeline.topology.watermark(of: place) > pipeline.topology.watermark)
            if isAhead != partitions[place].isPaused {
                partitions[place].isPaused = isAhead
                if isAhead { pause.append(partitions[place].topicPartition) } else { resume.append(partitions[place].topicPartition) }
            }
        }
        if !pause.isEmpty { try consumer.pause(pause) }
        if !resume.isEmpty { try consumer.resume(resume) }
    }

    /// A partition that has been read to its end and stayed silent no longer holds the others
    /// back. Only while the brokers answer: silence because they are away means nothing.
    private func letIdleGo(_ now: Double) {
        let timeout = Double(configuration.topology.time.idleTimeoutMs) / 1_000
        for place in partitions.indices where pipeline.activity(of: place) != partitions[place].activity {
            partitions[place].activity = pipeline.activity(of: place)
            partitions[place].lastRecordAt = now
        }
        let idle = partitions.indices.filter { now - partitions[$0].lastRecordAt >= timeout }
        guard !idle.isEmpty, partitions.allSatisfy(\.isAssigned), idle.allSatisfy(isStillAtEnd) else { return }
        let watermarks = partitions.indices.map { pipeline.topology.watermark(of: $0) }
        let target: Int64
        if let slowest = partitions.indices.filter({ !idle.contains($0) }).map({ watermarks[$0] }).min() {
            target = slowest
        } else {
            // All quiet: event time goes on with the wall clock from where it was, so that windows close.
            let since = partitions.map(\.lastRecordAt).max() ?? now
            let newest = watermarks.max() ?? .min
            if quiet?.since != since { quiet = (since, newest) }
            guard let quiet, quiet.newest != .min else { return }
            target = quiet.newest + Int64((now - quiet.since - timeout) * 1_000)
        }
        guard target != .min else { return }
        for place in idle where target > watermarks[place] { pipeline.punctuate(place, watermark: target) }
    }

    /// Whether everything that the brokers have has been read. The end of a partition may be reached in records
    /// that are not given out (markers of transactions), which only its notice shows; and no second notice comes
    /// when a pause has swallowed the first.
    private func isStillAtEnd(_ place: Int) -> Bool {
        guard let range = try? consumer.watermarkOffsets(partitions[place].topicPartition, timeoutMs: 1_000) else { return false }
        return range.high <= max(partitions[place].endOffset, pipeline.nextOffset(of: place))
    }

    func lag(of place: Int) -> Int64? {
        guard partitions[place].isAssigned else { return nil }
        return (try? consumer.lag(partitions[place].topicPartition)) ?? nil
    }
}

/// Seconds on a clock that never goes back.
func monotonicSeconds() -> Double { ProcessInfo.processInfo.systemUptime }
