/// The size and shape of a store.
public struct StoreStatistics: Sendable {
    /// One table over all its segments, or the state.
    public struct Table: Sendable {
        /// Bytes of the live table files, compressed.
        public var bytes = 0
        /// Live table files.
        public var files = 0
        /// RocksDB's estimate; replaced and deleted rows count until they are merged away.
        public var estimatedRows = 0
        /// The most sorted runs that a look-up in one segment may have to consult.
        public var sortedRunsMax = 0

        public init() {}
    }

    /// The number of the last commit.
    public var commit: UInt64 = 0
    public var segments = 0
    public var decisions = Table()
    public var labels = Table()
    public var state = Table()
    /// Failed background merges since open.
    public var backgroundErrors = 0
    /// Bytes in the block cache.
    public var blockCacheBytes = 0

    /// Bytes of all live table files.
    public var bytes: Int { decisions.bytes + labels.bytes + state.bytes }
    /// All live table files.
    public var files: Int { decisions.files + labels.files + state.files }

    public init() {}
}

extension StateStore {
    /// Sizes and counts now; O(files).
    public func statistics() -> StoreStatistics {
        var all = StoreStatistics()
        all.commit = record.commit
        all.segments = segments().count
        add(stateFamily, to: &all.state)
        for segment in segmentTables.values {
            if let family = segment.decisions.family { add(family, to: &all.decisions) }
            if let family = segment.labels.family { add(family, to: &all.labels) }
        }
        all.backgroundErrors = Int(database.backgroundErrors)
        all.blockCacheBytes = Int(database.blockCacheUsage)
        return all
    }

    private func add(_ family: Family, to table: inout StoreStatistics.Table) {
        let found = database.statistics(family)
        table.bytes += Int(found.bytes)
        table.files += Int(found.files)
        table.estimatedRows += Int(found.estimated_rows)
        table.sortedRunsMax = max(table.sortedRunsMax, Int(found.sorted_runs))
    }
}
