import VedetteCore

/// A topology with detectors, fed by hand; collects what it says.
final class DetectorHarness: TopologySink {
    let configuration: TopologyConfiguration
    private(set) var topology: Topology!
    private var alerts: [AlertEvent] = []
    private(set) var breakers: [BreakerRecord] = []
    private var offsets: [Int64] = [0, 0]
    static let hash = KeyedHash(k0: 1, k1: 2)

    var wantsWindows: Bool { false }
    func window(_ result: WindowResult, at: Int64) {}
    func breaker(_ record: BreakerRecord, at: Int64) { breakers.append(record) }
    func late(_ record: LateRecord, at: Int64) {}
    /// Output made up to here was put out by an earlier execution.
    var silentThrough = Int64.min
    func isSilent(at: Int64) -> Bool { at <= silentThrough }
    func alert(_ event: AlertEvent, at: Int64) { alerts.append(event) }

    init(_ configuration: TopologyConfiguration) {
        self.configuration = configuration
        topology = Topology(configuration: configuration, hash: Self.hash, store: EmptyRowStore(), sink: self)
        for stream in [StreamKind.decisions, .labels] {
            _ = topology.addPartition(InputPartition(stream: stream, source: "test", number: 0))
        }
    }

    /// A configuration without windows, monitors or slices.
    static func configuration(schema: EventSchema, detectors: [DetectorSpec]) -> TopologyConfiguration {
        let team = Team(name: "team")
        let models = schema.models.map { ModelSpec(name: $0, owner: team, security: team, features: [], importantFeatures: []) }
        var configuration = TopologyConfiguration(application: "test", schema: schema, models: models, windows: [])
        configuration.detectors = detectors
        return configuration
    }

    /// Takes batches in whose offsets and partition are this harness's own.
    func ingest(_ batch: DecisionBatch) {
        precondition(batch.partition == 0)
        topology.ingest(.decisions(batch))
    }

    func ingest(_ batch: LabelBatch) {
        precondition(batch.partition == 1)
        topology.ingest(.labels(batch))
    }

    /// Offsets for the next rows of a partition.
    func offset(_ partition: Int) -> Int64 {
        defer { offsets[partition] += 1 }
        return offsets[partition]
    }

    /// Everything before `time` is processed; answers the alerts that came of it.
    func advance(to time: Int64) throws -> [AlertEvent] {
        topology.punctuate(0, watermark: time)
        topology.punctuate(1, watermark: time)
        try topology.advance()
        defer { alerts.removeAll() }
        return alerts
    }

    /// A harness that goes on from a snapshot of this one, with everything in memory handed over.
    func restarted(_ other: TopologyConfiguration? = nil) throws -> DetectorHarness {
        let next = DetectorHarness(other ?? configuration)
        let store = rows ?? MemoryRows()
        topology.drainRows { segment, table, id, bytes in store.put(segment, table, id, Array(bytes)) }
        var whole: [UInt8] = []
        topology.snapshot(put: { key, value in if key == SnapshotKey.topology { whole = value } else { parts[key] = value } }, delete: { parts[$0] = nil })
        next.topology = Topology(configuration: next.configuration, hash: Self.hash, store: store, sink: next)
        next.rows = store
        let points = try next.topology.restore(whole)
        for (key, value) in parts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            if key.starts(with: SnapshotKey.entityPrefix) {
                try next.topology.restoreEntities(key: key, value: value)
            } else {
                try next.topology.restorePane(key: key, value: value)
            }
        }
        for stream in [StreamKind.decisions, .labels] {
            let point = points.first { $0.partition.stream == stream }
            _ = next.topology.addPartition(
                InputPartition(stream: stream, source: "test", number: 0), position: point?.offset ?? 0, clock: point?.clock ?? PartitionClock(),
                punctuations: point?.punctuations ?? [])
        }
        next.offsets = offsets
        next.parts = parts
        return next
    }

    /// Of all snapshots so far: each hands over what has changed since the one before.
    private var parts: [[UInt8]: [UInt8]] = [:]
    private var rows: MemoryRows?
}

/// Sealed rows in memory.
final class MemoryRows: RowStore {
    private struct Key: Hashable {
        var segment: Int64
        var table: UInt8
        var high: UInt64
        var low: UInt32
    }

    private var bytes: [Key: [UInt8]] = [:]
    private(set) var segments: [Int64] = []

    func put(_ segment: Int64, _ table: RowTable, _ id: RequestID, _ value: [UInt8]) {
        bytes[Key(segment: segment, table: table.rawValue, high: id.high, low: UInt32(truncatingIfNeeded: id.low >> 32))] = value
        if !segments.contains(segment) { segments = (segments + [segment]).sorted() }
    }

    func read(segment: Int64, table: RowTable, id: RequestID, into target: inout [UInt8]) throws -> Bool {
        guard let value = bytes[Key(segment: segment, table: table.rawValue, high: id.high, low: UInt32(truncatingIfNeeded: id.low >> 32))] else { return false }
        target = value
        return true
    }
}
