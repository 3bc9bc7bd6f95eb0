import VedetteCore
import VedetteStore

/// The state store as the join sees it.
final class SealedRows: RowStore {
    /// Nil until the first rows are sealed: a short replay never touches the disk.
    var store: StateStore? { didSet { refresh() } }
    private(set) var segments: [Int64] = []

    init(store: StateStore? = nil) {
        self.store = store
        refresh()
    }

    /// Call after a commit: segments may have come or gone.
    func refresh() { segments = store?.segments().map(\.index) ?? [] }

    /// Moves a replay's open rows to disk, in a directory that goes with the process.
    func spill(_ topology: Topology) throws {
        let target = try store ?? StateStore.ephemeral()
        var commit = Commit()
        commit.takeRows(of: topology)
        _ = try target.commit(&commit)
        if store == nil { store = target } else { refresh() }
    }

    func read(segment: Int64, table: RowTable, id: RequestID, into bytes: inout [UInt8]) throws -> Bool {
        guard let store else { return false }
        return try store.get(segment: SegmentID(index: segment), table: SegmentTable(table), key: StoreKey(id), into: &bytes)
    }
}

extension SegmentTable {
    init(_ table: RowTable) { self = table == .decisions ? .decisions : .labels }
}

extension StoreKey {
    /// The first 96 bits of the request's keyed hash.
    init(_ id: RequestID) { self.init(high: id.high, low: UInt32(truncatingIfNeeded: id.low >> 32)) }
}

extension Commit {
    /// Takes over every row that the store does not have yet, and lets expired segments go.
    mutating func takeRows(of topology: Topology) {
        topology.drainRows { segment, table, id, bytes in
            put(segment: SegmentID(index: segment), table: SegmentTable(table), key: StoreKey(id), value: bytes)
        }
        let first = topology.firstLiveSegment
        if first != .min { dropSegments(before: SegmentID(index: first)) }
    }
}
