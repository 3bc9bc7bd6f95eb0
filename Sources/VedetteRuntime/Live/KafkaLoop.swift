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
    static let metadataTimeoutMs = 10_000
    /// Rows waiting for the watermark above which every partition that is ahead is paused.
    static let maxWaitingRows = 2_000_000

    struct PartitionState {
        var identity: InputPartition
        var topicPartition: TopicPartition
        var isAssigned = false
        var isPaused = false
        /// Everything up to here had been read when the end of the partition was reached; -1 otherwise.
        var endOffset: Int64 = -1
        var lastRecordAt: Double
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
            onAssigned: { [weak self] _, gained in self?.assigned(gained) ?? [] },
            onRevoked: { [weak self] _, going in try self?.revoked(going) },
            onLost: { [weak self] _, gone in self?.lost(gone) })
        consumer = try Consumer(properties: configuration.consumerProperties(brokers: brokers), handlers: handlers, logger: logger)
        output.groupOffsets = { [weak self] in try self?.groupOffsets() }
        output.commitOffsets = { [weak self] offsets in try self?.consumer.commitSync(offsets) }
    }

    func run() throws {
        defer { consumer.close() }
        try registerPartitions()
        try consumer.subscribe([configuration.inputs.decisions.topic, configuration.inputs.labels.topic])
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
        partitions[place].lastRecordAt = lastHousework
        pipeline.add(record.payload, partition: place, offset: record.offset, clock: record.timestampMs ?? .max)
    }

    private func complain(of record: borrowing ConsumerRecord) throws {
        guard let error = record.error else { return }
        if error.isFatal { throw error }
        logger.warning("kafka", metadata: ["error": "\(error)"])
    }

    // MARK: Partitions

    /// Learns how many partitions the topics have, waiting for the brokers as long as it takes.
    private func registerPartitions() throws {
        let topics = [(StreamKind.decisions, configuration.inputs.decisions.topic), (.labels, configuration.inputs.labels.topic)]
        var counts: [String: Int] = [:]
        while counts.count < Set(topics.map(\.1)).count {
            if isStopping() { return }
            do {
                for (topic, description) in try consumer.metadata(topics.map(\.1), timeoutMs: Self.metadataTimeoutMs) {
                    switch description {
                    case .partitions(let count): counts[topic] = count
                    case .unavailable(let error) where error.code == .unknownTopicOrPartition:
                        throw SetupError(
                            what: "topic \(topic) does not exist",
                            remedy: "create it, or correct inputs in the configuration; `vedette check --brokers` lists what is missing")
                    case .unavailable(let error): throw error
                    }
                }
            } catch let error as KafkaError where !error.isFatal {
                logger.warning("waiting for the brokers", metadata: ["error": "\(error)"])
                publishStatus(monotonicSeconds())
            }
        }
        for (stream, topic) in topics {
            let id = try consumer.topicID(for: topic)
            while places.count <= id { places.append([]) }
            for number in 0..<Int32(counts[topic] ?? 0) { register(stream, topic, number, id) }
        }
    }

    private func register(_ stream: StreamKind, _ topic: String, _ number: Int32, _ id: Int) {
        let identity = InputPartition(stream: stream, source: topic, number: number)
        let partition = TopicPartition(topic, number)
        if let offset = pipeline.addPartition(identity) { startOffsets[partition] = offset }
        places[id].append(partitions.count)
        partitions.append(PartitionState(identity: identity, topicPartition: partition, lastRecordAt: monotonicSeconds()))
    }

    private func assigned(_ gained: [TopicPartition]) -> [TopicPartitionOffset] {
        logger.info("assigned", metadata: ["partitions": "\(gained)"])
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

    private func revoked(_ going: [TopicPartition]) throws {
        logger.info("revoked", metadata: ["partitions": "\(going)"])
        try pipeline.step()
        try pipeline.commit()
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
            let isAhead = pipeline.topology.isAhead(place)
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
        let idle = partitions.indices.filter {
            partitions[$0].isAssigned && partitions[$0].endOffset >= 0 && now - partitions[$0].lastRecordAt >= timeout
        }
        guard !idle.isEmpty, partitions.allSatisfy(\.isAssigned), idle.allSatisfy(isStillAtEnd) else { return }
        let active = partitions.indices.filter { !idle.contains($0) }
        let watermarks = partitions.indices.map { pipeline.topology.watermark(of: $0) }
        guard let newest = watermarks.max(), newest != .min else { return }
        let target: Int64
        if active.isEmpty {
            // All quiet: event time goes on with the wall clock, so that windows close.
            let silence = idle.map { now - partitions[$0].lastRecordAt }.min() ?? 0
            target = max(quietBase ?? newest, newest) + Int64((silence - timeout) * 1_000)
            if quietBase == nil { quietBase = newest }
        } else {
            quietBase = nil
            target = active.map { watermarks[$0] }.min() ?? .min
        }
        guard target != .min else { return }
        for place in idle where target > watermarks[place] { pipeline.punctuate(place, watermark: target) }
    }

    /// Newest watermark when everything went quiet.
    private var quietBase: Int64?

    private func isStillAtEnd(_ place: Int) -> Bool {
        guard let range = try? consumer.watermarkOffsets(partitions[place].topicPartition, timeoutMs: 1_000) else { return false }
        return range.high <= partitions[place].endOffset
    }

    func lag(of place: Int) -> Int64? {
        guard partitions[place].isAssigned else { return nil }
        return (try? consumer.lag(partitions[place].topicPartition)) ?? nil
    }
}

/// Seconds on a clock that never goes back.
func monotonicSeconds() -> Double { ProcessInfo.processInfo.systemUptime }
