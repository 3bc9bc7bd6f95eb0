import VedetteCodec
import VedetteCore

/// Replays files through the topology, as fast as the machine goes.
///
/// Each file is a source partition. The file that is furthest behind in event time is read
/// next, so memory stays bounded however the files are cut; by the topology's contract the
/// output does not depend on that choice. Only dead letters, which have no time, come as the files
/// are read: those of one file in its order.
public final class FileReplay {
    /// Lines read from one file before the next choice.
    static let batchLines = 2_048
    /// Boundaries closed before it says how far it is.
    static let batchBoundaries = 100_000

    private struct Source {
        var reader: any RecordFile
        var feed: PartitionFeed
        var ended = false
    }

    private let configuration: VedetteConfiguration
    private let files: OutputFiles
    private let collector: OutputCollector
    private let rows = SealedRows()
    private let topology: Topology
    private var sources: [Source] = []
    /// The first input file that could not be read to its end.
    private var inputError: (any Error)?
    /// The present, ms: nothing in a file can be from after it.
    private let now: Int64
    public var onProgress: ((ReplayProgress) -> Void)?
    public var onLabel: ((JoinedLabel) -> Void)? {
        get { topology.onLabel }
        set { topology.onLabel = newValue }
    }
    public var onAlert: ((AlertEvent) -> Void)? {
        get { collector.onAlert }
        set { collector.onAlert = newValue }
    }

    /// - Parameters:
    ///   - control: files with control records.
    ///   - range: event times outside of it (ms) are skipped; nil for none.
    ///   - now: the present, ms since 1970; records beyond it (and the bound) are rejected.
    public init(
        configuration: VedetteConfiguration, decisions: [String], labels: [String], control: [String] = [], output: OutputFiles, range: Range<Int64>? = nil,
        now: Int64
    ) throws {
        self.configuration = configuration
        self.now = now
        files = output
        collector = OutputCollector(configuration, mode: .replay, wanted: output.kinds)
        let hash = try configuration.secrets.keyedHash()
        topology = Topology(
            configuration: configuration.topology, hash: hash, store: rows, sink: collector, baselines: try configuration.loadBaselines())
        // Files are JSON, or bring their schemas: nothing is looked up.
        var configuration = configuration
        configuration.inputs.decisions.encoding = RecordEncoding()
        configuration.inputs.labels.encoding = RecordEncoding()
        let decoders = try RecordDecoders(configuration, hash: hash, patience: 0)
        for (stream, paths) in [(StreamKind.decisions, decisions), (.labels, labels), (.control, control)] {
            for (number, path) in paths.enumerated() { try open(path, stream, Int32(number), decoders, range) }
        }
    }

    private func open(_ path: String, _ stream: StreamKind, _ number: Int32, _ decoders: RecordDecoders, _ range: Range<Int64>?) throws {
        let reader: any RecordFile = AvroFile.isNamed(path)
            ? try ContainerFile(path: path, limits: configuration.limits) : try LineFile(path: path, limits: configuration.limits)
        let identity = InputPartition(stream: stream, source: path, number: number)
        let index = topology.addPartition(identity)
        collector.partitions.append(identity)
        let feed = PartitionFeed(
            identity: identity, index: index, decoders: decoders, transcoder: reader.transcoder, time: configuration.topology.time,
            nextOffset: 0, maxTime: .min, range: range, reject: { [collector] in collector.deadLetter($0) })
        sources.append(Source(reader: reader, feed: feed))
    }

    /// Runs to the end of all files and emits every window in its final state.
    ///
    /// A file that breaks off is replayed as far as it goes, and so are the others; the
    /// output is complete for what could be read when the error is thrown.
    ///
    /// - Throws: `FileError` for input, `OutputError`, `StoreError` for spilled rows, `CancellationError`.
    public func run() throws -> ReplaySummary {
        var sinceProgress = 0
        while let next = furthestBehind() {
            read(next)
            while try !topology.advance(boundaries: Self.batchBoundaries) { try pass() }
            try files.write(collector.take())
            if topology.openRows > configuration.state.spillRows { try rows.spill(topology) }
            sinceProgress += 1
            if sinceProgress == 16 {
                sinceProgress = 0
                try pass()
            }
        }
        try Task.checkCancellation()
        try topology.finish()
        try files.write(collector.take())
        try files.close()
        onProgress?(progress)
        if let inputError { throw inputError }
        return summary
    }

    /// In the middle of long work: says how far it is, and ends where it is to end.
    private func pass() throws {
        try files.write(collector.take())
        try Task.checkCancellation()
        onProgress?(progress)
    }

    /// The last `lastMs` of what was replayed as a baseline file; call it after ``run()``.
    ///
    /// - Throws: `FileError`, `SecretError`.
    public func writeBaseline(lastMs: Int64, name: String, to path: String) throws -> ArchivedBaseline {
        try configuration.writeBaseline(of: topology, lastMs: lastMs, name: name, to: path)
    }

    public var counters: Counters { topology.counters }

    /// Whether a word of what was replayed is under suspicion, or was; call it after ``run()``.
    public func isSuspected(_ word: JoinedLabel) -> Bool { topology.isSuspected(word) }

    private func furthestBehind() -> Int? {
        sources.indices.filter { !sources[$0].ended }.min { topology.watermark(of: $0) < topology.watermark(of: $1) }
    }

    /// Gives the next records of a file to its feed.
    private func read(_ index: Int) {
        let (reader, feed) = (sources[index].reader, sources[index].feed)
        do {
            for _ in 0..<Self.batchLines {
                guard try reader.giveNext(to: feed, clock: now) else {
                    sources[index].ended = true
                    break
                }
            }
        } catch {
            inputError = inputError ?? error
            sources[index].ended = true
        }
        if sources[index].ended { feed.release(present: now) }
        if let batch = feed.take() { topology.ingest(batch) }
        if sources[index].ended { topology.end(index) }
    }

    private var progress: ReplayProgress {
        var total: Int64 = 0
        var consumed: Int64 = 0
        var isKnown = true
        for source in sources {
            if let size = source.reader.totalBytes { total += size } else { isKnown = false }
            consumed += source.reader.consumedBytes
        }
        let reached = topology.judgedTo
        return ReplayProgress(
            records: topology.counters.records,
            eventTime: reached == .min ? nil : reached,
            fraction: isKnown && total > 0 ? Double(consumed) / Double(total) : nil)
    }

    private var summary: ReplaySummary {
        ReplaySummary(
            records: topology.counters.records,
            rejected: sources.reduce(0) { $0 + $1.feed.rejected },
            alerts: collector.counts[.alerts] ?? 0, metrics: collector.counts[.metrics] ?? 0)
    }
}
