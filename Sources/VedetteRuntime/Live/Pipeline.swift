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
    let output: any OutputPort
    private let checkpoints: CheckpointStore
    private let decoders: RecordDecoders
    /// Where schemas are looked up while records are added; nil where none are.
    var schemas: RegistrySchemas? { decoders.registry }
    var feeds: [PartitionFeed] = []
    private(set) var indices: [InputPartition: Int] = [:]
    private var resume: [InputPartition: ResumePoint] = [:]
    var progress: ProgressRecord
    /// What others, or this instance in an earlier life, have put out.
    var known: ProgressRecord?
    private var pending: [OutputRecord] = []
    /// Another instance judges; this one does the same, silently, and no further.
    public internal(set) var isStandby: Bool
    /// A first start that keeps silent about what the topics hold already.
    public var isQuiet: Bool { !progress.history.isEmpty }
    /// So that the caller is heard of while a gap of years is got through.
    package var boundariesPerStep = Int.max
    /// The last step has left something for the next one.
    package private(set) var isBehind = false
    /// Throws in tests; nil otherwise.
    public var onStep: ((Step) throws -> Void)?
    public private(set) var lastCheckpoint: CommitStats?

    /// Opens the state, restores the newest checkpoint and, unless it stands by, reads how far the output had come.
    ///
    /// - Parameter isStandby: nothing is judged beyond what ``follow(_:)`` is told, until ``lead()``.
    /// - Throws: `StoreError`, `FileError` (baselines), `SecretError`, what the port throws.
    public init(
        configuration: VedetteConfiguration, output: any OutputPort, wanted: Set<OutputKind>, mode: RunMode = .live, isStandby: Bool = false
    ) throws {
        self.configuration = configuration
        self.output = output
        self.isStandby = true
        let hash = try configuration.secrets.keyedHash()
        checkpoints = try CheckpointStore(configuration, hash: hash)
        collector = OutputCollector(configuration, mode: mode, wanted: wanted)
        decoders = try RecordDecoders(configuration, hash: hash, patience: .infinity)
        topology = Topology(
            configuration: configuration.topology, hash: hash, store: checkpoints.rows, sink: collector,
            baselines: try configuration.loadBaselines())
        let points = try checkpoints.restore(topology)
        progress = ProgressRecord(application: configuration.application)
        for point in points ?? [] { resume[point.partition] = point }
        if !isStandby { try lead() }
    }

    /// Whether this run makes output again that an earlier one has put out already.
    public var isReexecuting: Bool { !isQuiet && topology.judgedTo < collector.silentThrough }
    /// No checkpoint, yet output was committed: everything must be read again from the start.
    public var hasLostState: Bool { !hasState && known != nil }
    public var hasState: Bool { checkpoints.number > 0 }
    /// Neither state nor output: the history of this deployment begins now.
    public var isFirstStart: Bool { !hasState && known == nil }
    /// Up to where another instance, or an earlier life, has judged and put out, ms.
    public var knownWatermark: Int64? { known?.watermark }
    public var checkpointNumber: Int64 { checkpoints.number }
    public var storeStatistics: StoreStatistics { checkpoints.statistics }

    // MARK: Partitions

    /// Whether the checkpoint knows a partition.
    func isRestored(_ identity: InputPartition) -> Bool { resume[identity] != nil }

    /// Up to which offset a partition had been read when output was committed last; 0 where none was.
    func toldOffset(of identity: InputPartition) -> Int64 { known?.offsets[identity] ?? 0 }

    /// Registers a source partition. Register all of them, in order, before the first record.
    ///
    /// - Returns: the offset to read from; nil where there is no state, and the caller chooses.
    public func addPartition(_ identity: InputPartition) -> Int64? {
        let point = resume[identity]
        let punctuations = merged(point?.punctuations ?? [], known?.punctuations[identity] ?? [], from: point?.offset ?? 0)
        let index = topology.addPartition(
            identity, position: point?.offset ?? 0, clock: point?.clock ?? PartitionClock(), punctuations: punctuations)
        indices[identity] = index
        collector.partitions.append(identity)
        let feed = PartitionFeed(
            identity: identity, index: index, decoders: decoders, transcoder: decoders.transcoder(of: identity.stream),
            time: configuration.topology.time, nextOffset: point?.offset ?? 0, maxTime: point?.clock.maxTime ?? .min, releases: punctuations,
            reject: { [collector] letter in collector.deadLetter(letter) })
        feed.settledBefore = isQuiet ? .max : known?.offsets[identity] ?? .min
        feeds.append(feed)
        return point?.offset
    }

    private func merged(_ a: [Punctuation], _ b: [Punctuation], from offset: Int64) -> [Punctuation] {
        let best = Dictionary((a + b).filter { $0.offset >= offset }.map { ($0.offset, $0) }) { $0.combined(with: $1) }
        return best.values.sorted { $0.offset < $1.offset }
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

    /// The partition has gone quiet: it no longer holds the watermark below `watermark`. Of what is held back, what
    /// can be of the present is taken, and the rest refused.
    ///
    /// - Parameter present: the wall clock, ms. It goes into the progress record, and another execution decides by it.
    public func punctuate(_ index: Int, watermark: Int64, present: Int64) {
        feeds[index].releaseAsKnown()
        let hasReleased = feeds[index].release(present: present)
        flush(index)
        topology.punctuate(index, watermark: watermark, present: hasReleased ? present : .max, always: hasReleased)
    }

    private func flush(_ index: Int) {
        if let batch = feeds[index].take() { topology.ingest(batch) }
        topology.pass(index, before: feeds[index].settledOffset)
    }

    /// Processes everything added so far, or as many boundaries of it as one step may. Output waits for ``commit()``.
    ///
    /// - Throws: among others `CancellationError` where a schema was no longer waited for: what was added since is not
    ///   to be believed, and nothing more comes out of this pipeline.
    public func step() throws {
        try onStep?(.added)
        for index in feeds.indices {
            feeds[index].releaseAsKnown()
            flush(index)
        }
        try decoders.checkSchemas()
        let isDone = isStandby
            ? try topology.advance(atMost: known?.watermark ?? .min, boundaries: boundariesPerStep)
            : try topology.advance(boundaries: boundariesPerStep)
        isBehind = !isDone
        pending += collector.take()
        try onStep?(.stepped)
    }

    // MARK: Commit protocol

    /// Whether a commit would tell anybody anything.
    public var hasOutput: Bool { !pending.isEmpty || topology.judgedTo != progress.watermark || !collector.isEmpty }
    public var hasAlerts: Bool { pending.contains { $0.kind == .alerts } }

    /// Puts out everything since the last commit, with the progress record that says so.
    public func commit() throws {
        // While it re-executes there is nothing to say.
        if isReexecuting && pending.isEmpty { return }
        try commitAlways()
    }

    private func commitAlways() throws {
        guard !isStandby else { return }
        try onStep?(.beforeCommit)
        pending += collector.take()
        try putOut()
        try onStep?(.afterCommit)
    }

    /// What is pending, and the progress record that says how far that goes.
    func putOut() throws {
        progress.sequence += 1
        progress.checkpoint = checkpoints.number
        progress.watermark = max(progress.watermark, topology.judgedTo)
        for one in topology.cardinalities where one.overflowed > 0 { progress.overflowed[one.text] = one.overflowed }
        for (index, feed) in feeds.enumerated() {
            progress.offsets[feed.identity] = max(progress.offsets[feed.identity] ?? 0, feed.settledOffset)
            progress.punctuations[feed.identity] = topology.punctuations(of: index)
        }
        try output.commit(pending, progress)
        pending.removeAll(keepingCapacity: true)
        known = progress
    }

    /// Makes the state durable. Commits first, so that a checkpoint never holds the effect of
    /// output that is not out yet. A standby has none: it is never ahead of what others have put out.
    public func checkpoint() throws {
        try step()
        // Even while it re-executes: the checkpoint forgets punctuations that others have not been told of yet.
        try commitAlways()
        try onStep?(.beforeCheckpoint)
        lastCheckpoint = try checkpoints.save(topology)
        try onStep?(.afterCheckpoint)
    }
}
