import VedetteCore
import VedetteStore

/// Checkpoints on disk: rows, panes, the rest of the topology and the read positions, in one atomic commit.
final class CheckpointStore {
    let rows: SealedRows
    private let store: StateStore
    /// What of the configuration the state is laid out by.
    private let shape: StateShape
    /// Number of the newest durable checkpoint; 0 before the first.
    var number: Int64 { Int64(store.commitNumber) }

    /// - Throws: `StoreError` that names the file and the remedy.
    init(_ configuration: VedetteConfiguration, hash: KeyedHash) throws {
        var options = StoreOptions()
        options.blockCacheBytes = configuration.state.blockCacheBytes
        store = try StateStore(directory: configuration.state.directory, options: options)
        rows = SealedRows(store: store)
        shape = StateShape(configuration.topology, hash: hash)
    }

    /// Restores a fresh topology. Returns where to read on, or nil where there is no checkpoint yet.
    ///
    /// - Throws: `StoreError`, or `CorruptState` where the bytes are whole but make no sense.
    func restore(_ topology: Topology) throws -> [ResumePoint]? {
        guard let blob = try store.getState(key: SnapshotKey.topology) else { return nil }
        if let saved = try store.getState(key: StateShape.key), let difference = shape.difference(from: saved) {
            throw StoreError(
                kind: .otherFormat, path: store.directory, message: "the state was made with another configuration: \(difference)",
                remedy: "put the configuration back, or start with a new state directory (and the old one kept)")
        }
        do {
            let points = try topology.restore(blob)
            try store.scanState(prefix: SnapshotKey.panePrefix) { key, value in
                try topology.restorePane(key: Array(key), value: Array(value))
            }
            try store.scanState(prefix: SnapshotKey.entityPrefix) { key, value in
                try topology.restoreEntities(key: Array(key), value: Array(value))
            }
            return points
        } catch let error as CorruptBytes {
            throw StoreError(
                kind: .corrupt, path: store.directory, message: "the checkpoint cannot be restored: \(error)",
                remedy: "if the configuration's slices, windows or panes changed, start with a new state directory; "
                    + "otherwise restore the directory from a backup. Vedette never deletes state by itself")
        }
    }

    /// Segments of decision time that are kept, oldest first.
    var segments: [Int64] { store.segments().map(\.index) }

    /// Calls `body` with the bytes of every labelled decision of a segment and of its labels, in order of the keys.
    ///
    /// - Throws: `StoreError` of kind `corrupt` also where the bytes make no sense to `body` or a decision is missing.
    func scanLabels(_ segment: Int64, _ body: (_ key: RequestID, _ decision: [UInt8], _ labels: [UInt8]) throws -> Void) throws {
        let id = SegmentID(index: segment)
        var decision: [UInt8] = []
        func corrupt(_ what: String) -> StoreError {
            StoreError(kind: .corrupt, path: store.directory, message: "segment \(segment): \(what)", remedy: "restore the directory from a backup")
        }
        try store.scanRows(segment: id, table: .labels) { key, value in
            guard try store.get(segment: id, table: .decisions, key: key, into: &decision) else { throw corrupt("labels without their decision") }
            do {
                try body(RequestID(high: key.high, low: UInt64(key.low) << 32), decision, Array(value))
            } catch let error as CorruptBytes {
                throw corrupt("\(error)")
            }
        }
    }

    /// Makes the topology's present state durable. After it returns, a crash restarts from here.
    func save(_ topology: Topology) throws -> CommitStats {
        var commit = Commit()
        commit.takeRows(of: topology)
        topology.snapshot(
            put: { commit.putState(key: $0, value: $1) },
            delete: { commit.deleteState(key: $0) })
        commit.putState(key: StateShape.key, value: shape.encoded)
        let stats = try store.commit(&commit)
        rows.refresh()
        return stats
    }

    var statistics: StoreStatistics { store.statistics() }
}
