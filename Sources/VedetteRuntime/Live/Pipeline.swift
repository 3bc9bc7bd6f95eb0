import VedetteCodec
import VedetteCore
import VedetteStore

/// The whole of a live run except where records come from and go to: feeds, topology,
/// output, progress and checkpoints. The commit protocol (ARCHITECTURE.md, "Commit
/// protocol") is this class.
///
/// Driven by one thread: `add` records, `step`, and `commit` and `checkpoint` when due.
public final class Pipeline {
    /// Points at which the crash tests stop the process.
    public enum Step: String, Sendable, CaseIterable {
        case added, stepped, beforeCommit, afterCommit, beforeCheckpoint, afterCheckpoint
    }

    public let configuration: VedetteConfiguration
    public let topology: Topology
    public let collector: OutputCollector
    private let output: any OutputPort
    private let checkpoints: CheckpointStore
    private let decoders: RecordDecoders
    private var feeds: [PartitionFeed] = []
    private var indices: [InputPartition: Int] = [:]
    private var resume: [InputPartition: ResumePoint] = [:]
    private var progress: ProgressRecord
    /// What had been put out when this process started.
    private let before: ProgressRecord?
    private var pending: [OutputRecord] = []
    private var lastJudged: Int64 = .min
    /// Throws in tests; nil otherwise.
    public var onStep: ((Step) throws -> Void)?
    public private(set) var lastCheckpoint: CommitStats?

    /// Opens the state, restores the newest checkpoint and reads how far the output had come.
    ///
    /// - Throws: `StoreError`, `FileError` (baselines), `SecretError`, what the port throws.
    public init(configuration: VedetteConfiguration, output: any OutputPort, wanted: Set<OutputKind>, mode: RunMode = .live) throws {
        self.configuration = configuration
        self.output = output
        let hash = try configuration.secrets.keyedHash()
        checkpoints = try CheckpointStore(configuration, hash: hash)
        collector = OutputCollector(mode: mode, application: configuration.application, wanted: wanted)
        decoders = try RecordDecoders(configuration, hash: hash)
        topology = Topology(
            configuration: configuration.topology, hash: hash, store: checkpoints.rows, sink: collector,
            baselines: try configuration.loadBaselines())
        let points = try checkpoints.restore(topology)
        before = try output.lastProgress()
        progress = before ?? ProgressRecord(application: configuration.application)
        collector.silentThrough = before?.watermark ?? .min
        for point in points ?? [] { resume[point.partition] = point }
    }

    /// Whether this run makes output again that an earlier one has put out already.
    public var isReexecuting: Bool { topology.judgedTo < collector.silentThrough }
    /// No checkpoint, yet output was committed: everything must be read again from the start.
    public var hasLostState: Bool { resume.isEmpty && before != nil && checkpoints.number == 0 }
    public var checkpointNumber: Int64 { checkpoints.number }
    public var storeStatistics: StoreStatistics { checkpoints.statistics }

    // MARK: Partitions

    /// Registers a source partition. Register all of them, in order, before the first record.
    ///
    /// - Returns: the offset to read from; nil where there is no state, and the caller chooses.
    public func addPartition(_ identity: InputPartition) -> Int64? {
        let point = resume[identity]
        let punctuations = merged(point?.punctuations ?? [], before?.punctuations[identity] ?? [], from: point?.offset ?? 0)
        let index = topology.addPartition(
            identity, position: point?.offset ?? 0, clock: point?.clock ?? PartitionClock(), punctuations: punctuations)
        indices[identity] = index
        collector.partitions.append(identity)
        let settled = before?.offsets[identity] ?? .min
        let feed = PartitionFeed(
            identity: identity, index: index, decoders: decoders, time: configuration.topology.time,
            nextOffset: point?.offset ?? 0, maxTime: point?.clock.maxTime ?? .min, releases: punctuations.map(\.offset),
            reject: { [collector] letter in if letter.offset >= settled { collector.deadLetter(letter) } })
        feeds.append(feed)
        return point?.offset
    }

    private func merged(_ a: [Punctuation], _ b: [Punctuation], from offset: Int64) -> [Punctuation] {
        var best: [Int64: Int64] = [:]
        for entry in a + b where entry.offset >= offset { best[entry.offset] = max(best[entry.offset] ?? .min, entry.watermark) }
        return best.sorted { $0.key < $1.key }.map { Punctuation(offset: $0.key, watermark: $0.value) }
    }

    public func index(of identity: InputPartition) -> Int? { indices[identity] }
    public var partitionCount: Int { feeds.count }
    public func identity(of index: Int) -> InputPartition { feeds[index].identity }
    /// Offset to read next.
    public func nextOffset(of index: Int) -> Int64 { feeds[index].nextOffset }
    public func accepted(of index: Int) -> Int64 { feeds[index].accepted }
    public func rejected(of index: Int) -> Int64 { feeds[index].rejected }
    /// Changes with every record that may move time. A stream of nothing but rejects moves none: such a partition
    /// is as idle as a silent one.
    public func activity(of index: Int) -> Int64 {
        let isHolding = feeds[index].settledOffset < feeds[index].nextOffset
        return isHolding ? -feeds[index].nextOffset : feeds[index].accepted
    }

    // MARK: Records

    /// - Parameters:
    ///   - bytes: nil is a tombstone.
    ///   - clock: the record's Kafka timestamp, ms; `Int64.max` for none.
    @inline(__always)
    public func add(_ bytes: UnsafeRawBufferPointer?, partition index: Int, offset: Int64, clock: Int64) {
        if let bytes {
            feeds[index].add(bytes, offset: offset, clock: clock)
        } else {
            feeds[index].addTombstone(offset: offset)
        }
    }

    /// The partition has gone quiet: what is held back is taken, and it no longer holds the
    /// watermark below `watermark`.
    public func punctuate(_ index: Int, watermark: Int64) {
        let hasReleased = feeds[index].release()
        flush(index)
        topology.punctuate(index, watermark: watermark, always: hasReleased)
    }

    private func flush(_ index: Int) {
        if let batch = feeds[index].take() { topology.ingest(batch) }
    }

    /// Processes everything added so far. Output waits for ``commit()``.
    public func step() throws {
        try onStep?(.added)
        for index in feeds.indices { flush(index) }
        try topology.advance()
        pending += collector.take()
        try onStep?(.stepped)
    }

    // MARK: Commit protocol

    /// Whether a commit would tell anybody anything.
    public var hasOutput: Bool { !pending.isEmpty || topology.judgedTo != progress.watermark || !collector.isEmpty }
    public var hasAlerts: Bool { pending.contains { $0.kind == .alerts } }

    /// Puts out everything since the last commit, with the progress record that says so.
    public func commit() throws {
        // While it re-executes there is nothing to say, and the progress record must not go back.
        if isReexecuting && pending.isEmpty { return }
        try onStep?(.beforeCommit)
        pending += collector.take()
        progress.sequence += 1
        progress.checkpoint = checkpoints.number
        progress.watermark = max(progress.watermark, topology.judgedTo)
        for (index, feed) in feeds.enumerated() {
            progress.offsets[feed.identity] = max(progress.offsets[feed.identity] ?? 0, feed.settledOffset)
            progress.punctuations[feed.identity] = topology.punctuations(of: index)
        }
        try output.commit(pending, progress)
        pending.removeAll(keepingCapacity: true)
        try onStep?(.afterCommit)
    }

    /// Makes the state durable. Commits first, so that a checkpoint never holds the effect of
    /// output that is not out yet.
    public func checkpoint() throws {
        try step()
        try commit()
        try onStep?(.beforeCheckpoint)
        lastCheckpoint = try checkpoints.save(topology)
        try onStep?(.afterCheckpoint)
    }
}
