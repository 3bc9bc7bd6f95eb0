import VedetteCore

/// A simulated stream at one moment, in memory.
struct Checkpoint {
    let rows = MemoryRows()
    let feeder: SimulatedStream.Feeder
    private var whole: [UInt8] = []
    private var parts: [(key: [UInt8], value: [UInt8])] = []

    init(_ topology: Topology, _ feeder: SimulatedStream.Feeder) throws {
        self.feeder = feeder
        let rows = rows
        topology.drainRows { segment, table, id, bytes in rows.put(segment, table, id, Array(bytes)) }
        var whole: [UInt8] = []
        var parts: [(key: [UInt8], value: [UInt8])] = []
        topology.snapshot(put: { key, value in if key == SnapshotKey.topology { whole = value } else { parts.append((key, value)) } }, delete: { _ in })
        self.whole = whole
        self.parts = parts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }

    /// Brings a topology that has taken nothing in to this moment; returns where its partitions go on.
    func restore(_ topology: Topology) throws -> [ResumePoint] {
        let points = try topology.restore(whole)
        for part in parts {
            if part.key.starts(with: SnapshotKey.panePrefix) {
                try topology.restorePane(key: part.key, value: part.value)
            } else {
                try topology.restoreEntities(key: part.key, value: part.value)
            }
        }
        return points
    }
}

/// Sealed rows in memory, written once.
final class MemoryRows: RowStore {
    private struct Key: Hashable {
        var segment: Int64
        var table: UInt8
        var high: UInt64
        var low: UInt64
    }

    private var bytes: [Key: [UInt8]] = [:]
    private(set) var segments: [Int64] = []

    func put(_ segment: Int64, _ table: RowTable, _ id: RequestID, _ value: [UInt8]) {
        bytes[Self.key(segment, table, id)] = value
        if !segments.contains(segment) { segments = (segments + [segment]).sorted() }
    }

    func read(segment: Int64, table: RowTable, id: RequestID, into target: inout [UInt8]) -> Bool {
        guard let value = bytes[Self.key(segment, table, id)] else { return false }
        target = value
        return true
    }

    /// Rows carry 96 bits of their ID.
    private static func key(_ segment: Int64, _ table: RowTable, _ id: RequestID) -> Key {
        Key(segment: segment, table: table.rawValue, high: id.high, low: id.low >> 32)
    }
}
