import Foundation
import Logging
import VedetteCore
import VedetteKafka

/// The loop of a live run: stands by until the group elects this instance, then judges. Everything in it belongs to
/// one thread.
final class KafkaLoop {
    /// Records taken per turn.
    static let pollRecords = 8_192
    /// Longest wait for records per turn, ms.
    static let pollTimeoutMs = 100
    /// Boundaries that a turn closes at most: the health is told, a stop noticed and the group heard between two turns.
    static let boundariesPerTurn = 1_440
    /// Where schemas are looked up, records that are taken between two looks at how many were.
    static let recordsPerLook = 32
    /// Schemas that a turn looks up at most, give or take those of one look: each is a request that holds it up.
    static let lookupsPerTurn = 32
    /// Seconds between commits when there is output.
    static let commitEverySeconds = 1.0
    /// Seconds between two looks at idleness, status and pauses that time drives.
    static let houseworkEverySeconds = 1.0
    static let metadataTimeoutMs = 5_000
    static let closeTimeoutMs = 5_000
    static let listenSeconds = 2.0
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
        /// While standing by: records that the active instance has not told of yet.
        var waiting = WaitingRecords()
        /// Since when it is in doubt whether the partition holds the place to read on from.
        var doubtedSince: Double?
        /// It does not: nothing is read until the partition is assigned anew.
        var isMisplaced = false
        /// What lies before this was deleted before it was read.
        var heldFrom: Int64 = 0
        /// Offsets that were passed over because their records had been deleted before they were read.
        var skipped: Int64 = 0
    }

    /// How a life of the loop ends.
    enum Ending { case stopped, replaced }

    let configuration: VedetteConfiguration
    let pipeline: Pipeline
    let output: KafkaOutput
    let status: RunStatus
    let logger: Logger
    let isStopping: () -> Bool
    /// Reads what it is told to; the group is the membership's business.
    let reader: Consumer
    let membership: GroupMembership
    var partitions: [PartitionState] = []
    var places: [[Int]] = []
    var idleRule = IdleRule()
    /// While standing by: the input partitions are assigned, not only the progress topic.
    var isFollowing = false
    var progressTopicID = -1
    /// Offset of the progress topic to read next.
    var progressOffset: Int64 = 0
    var commits: Int64 = 0
    var checkpointSeconds = 0.0
    private var isFenced = false
    private var lastCommit = monotonicSeconds()
    private var lastCheckpoint = monotonicSeconds()
    var lastHousework = 0.0
    /// While standing by: has been where the active instance was.
    var hasCaughtUp = false
    var lastGrowthCheck = monotonicSeconds()
    /// While standing by: records of the progress topic were deleted before they were read.
    var hasMisplacedProgress = false
    var lastLookAtMisplaced = -Double.infinity
    /// The log's last word on the brokers is that none can be reached.
    var hasToldOfOutage = false
    /// Limits of distinct names that have been told of.
    var toldOverflows: Set<String> = []
    var hasToldOfUncounted = false

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
        pipeline.boundariesPerStep = Self.boundariesPerTurn
        reader = try Consumer(properties: configuration.inputReaderProperties(brokers: brokers), logger: logger)
        membership = try GroupMembership(configuration, brokers: brokers, logger: logger)
        membership.onHandOver = { [unowned self] in try handOver() }
        output.groupOffsets = { [weak self] in try self?.groupOffsets() }
        output.commitOffsets = { [weak self] in try self?.membership.commit($0, timeoutMs: KafkaOutput.offsetsTimeoutMs) }
    }

    /// - Returns: `replaced` where another instance judges now and this one is to begin anew.
    func run() throws -> Ending {
        defer {
            membership.close(timeoutMs: Self.closeTimeoutMs)
            reader.close(timeoutMs: Self.closeTimeoutMs)
        }
        status.update { $0.role = .standby }
        try registerPartitions()
        try membership.join()
        try standBy()
        do {
            if !isStopping() {
                try takeOver()
                while !isStopping(), membership.isElected { try turn() }
                if !membership.isElected { return .replaced }
            }
        } catch let error as KafkaError where error.isFenced {
            try listenAfterFencing()
            throw error
        }
        // A standby that has followed nothing has no state to keep.
        if !pipeline.isStandby || isFollowing { try pipeline.checkpoint() }
        logger.info("stopped", metadata: ["checkpoint": "\(pipeline.checkpointNumber)"])
        return .stopped
    }

    /// Another producer has the name. Where that is a process under this member's own name the group says so shortly.
    private func listenAfterFencing() throws {
        isFenced = true
        let end = monotonicSeconds() + Self.listenSeconds
        while monotonicSeconds() < end, !isStopping() {
            try membership.poll()
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// One turn of the active instance: read, process, and whatever is due.
    private func turn() throws {
        try membership.poll()
        guard membership.isElected else { return }
        var taken = 0
        try read { record in
            switch record.kind {
            case .message:
                take(record)
                taken += 1
            case .endOfPartition: if let place = place(of: record) { partitions[place].endOffset = record.offset }
            case .error: try complain(of: record)
            }
        }
        status.countRead(taken)
        let now = monotonicSeconds()
        try findMisplaced(now)
        try pipeline.step()
        if pipeline.hasAlerts || (now - lastCommit >= Self.commitEverySeconds && pipeline.hasOutput) { try commit(now) }
        try checkpointIfDue(now)
        if now - lastHousework >= Self.houseworkEverySeconds {
            lastHousework = now
            letIdleGo(now)
            try endHistoryIfRead()
            try lookForGrowth(now)
            publishStatus(now)
        }
        try adjustPauses()
    }

    /// Takes what there is, at most a turn's worth of it.
    func read(_ body: (borrowing ConsumerRecord) throws -> Void) throws {
        let schemas = pipeline.schemas
        let most = schemas == nil ? Self.pollRecords : Self.recordsPerLook
        let lookups = (schemas?.lookups ?? 0) + Self.lookupsPerTurn
        // What was left of the last turn is not waited with.
        var timeoutMs = pipeline.isBehind ? 0 : Self.pollTimeoutMs
        var taken = 0
        while taken < Self.pollRecords, schemas?.lookups ?? 0 < lookups {
            let count = try reader.poll(max: most, timeoutMs: timeoutMs, body)
            guard count == most else { return }
            taken += count
            timeoutMs = 0
        }
    }

    private func commit(_ now: Double) throws {
        try pipeline.commit()
        commits += 1
        lastCommit = now
    }

    func checkpointIfDue(_ now: Double) throws {
        let isDue = (now - lastCheckpoint) * 1_000 >= Double(configuration.state.checkpointIntervalMs)
        guard isDue || pipeline.topology.openRows >= configuration.state.spillRows else { return }
        try pipeline.checkpoint()
        lastCheckpoint = monotonicSeconds()
        checkpointSeconds = lastCheckpoint - now
        lastCommit = lastCheckpoint
        logger.info("checkpoint", metadata: ["number": "\(pipeline.checkpointNumber)", "seconds": "\(checkpointSeconds)"])
    }

    /// Inside the group's callback: what has been read is finished and committed while the place is still this one's.
    private func handOver() throws {
        guard !pipeline.isStandby, !isFenced else { return }
        try pipeline.checkpoint()
    }

    // MARK: Records

    func place(of record: borrowing ConsumerRecord) -> Int? {
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

    func complain(of record: borrowing ConsumerRecord) throws {
        guard let error = record.error else { return }
        if error.isFatal { throw reader.fatalCause ?? error }
        // Nothing of it would come any more, and nobody else would say so.
        if error.code == .topicAuthorizationFailed { throw SetupError.forbidden(topic: record.topic, section: "inputs") }
        if error.code == .noSuchOffset { return noteMisplaced(record) }
        logger.warning("kafka", metadata: ["error": "\(error)"])
    }

    private func groupOffsets() throws -> (offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata)? {
        let offsets = partitions.indices.filter { pipeline.nextOffset(of: $0) > 0 }
            .map { partitions[$0].topicPartition.at(pipeline.nextOffset(of: $0)) }
        return offsets.isEmpty ? nil : (offsets, try membership.groupMetadata())
    }
}

/// Seconds on a clock that never goes back.
func monotonicSeconds() -> Double { ProcessInfo.processInfo.systemUptime }

/// The present, ms.
func wallClockMs() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
