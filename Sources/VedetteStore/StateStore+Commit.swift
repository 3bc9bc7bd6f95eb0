/// What a commit did.
public struct CommitStats: Sendable {
    /// The commit's number; one more than the last one's.
    public var commit: UInt64 = 0
    /// Rows stored: without those replaced by a later row of the same commit, and without expired ones.
    public var rows = 0
    /// State keys put or deleted.
    public var stateKeys = 0
    /// Rows not stored because their segment has been dropped.
    public var expiredRows = 0
    /// Segments dropped.
    public var segmentsDropped = 0
    /// Bytes of the table files written.
    public var bytes = 0
    /// Work after the commit point that failed. The commit is durable all the same; the work is
    /// done again with the next commit, or at open.
    public var deferred: StoreError?

    public init() {}
}

/// The commit protocol.
///
/// 1. Write the rows of each table of each segment, sorted, to a file in `incoming/`; likewise the
///    state changes, together with the store's own record. Sync the files. A failure or a crash up to
///    here leaves nothing but files in `incoming/`, which open empties.
/// 2. Create the column families that are missing. Empty ones are invisible.
/// 3. **Commit point**: `IngestExternalFiles` links the files into the database's directory, syncs
///    it, and appends one atomic group of records to the MANIFEST, synced.
/// 4. Note the commit's number in the marker file; a crash before that leaves it one behind, which open accepts.
/// 5. Drop the expired segments. They have been invisible since the commit point, because the record
///    names the expiry; after a crash before the drop, open does it.
extension StateStore {
    /// Makes a commit durable; when it returns, the commit survives a power cut.
    ///
    /// Sorts the commit in place and leaves its content alone, so that it can be tried again after an
    /// error; empty it with ``Commit/removeAll()``. Cost: a sort, about 1 µs a row for writing, and a few syncs.
    ///
    /// - Throws: ``StoreError``. The store is unchanged and usable, unless the kind is `mustReopen`:
    ///   then opening again tells by ``commitNumber`` whether the commit took place.
    public func commit(_ commit: inout Commit) throws -> CommitStats {
        if let failure { throw failure }
        try checkBackground()
        var next = record
        next.commit += 1
        if let expiry = commit.expireBefore { next.expiredBefore = max(next.expiredBefore, expiry) }
        var stats = CommitStats()
        stats.commit = next.commit
        var files: [PendingFile] = []
        defer { for file in files { try? SystemCall.remove(file.path) } }
        try writeFiles(&commit, next, &files, &stats)
        do {
            try createMissing(files)
            try database.ingest(files.map { (family: family($0.run), path: $0.path) })
        } catch let error as StoreError {
            throw mustReopen("commit \(next.commit) may not have taken place", error)
        }
        record = next
        for file in files { if let run = file.run { segmentTables[run.segment]?[run.table].isFilled = true } }
        do {
            try StoreMarker(commit: record.commit).write(directory: directory)
            stats.segmentsDropped = try finishExpiry()
        } catch let error as StoreError {
            stats.deferred = error
        }
        return stats
    }

    /// A file in `incoming/` and the table it is for; nil is the state.
    private struct PendingFile {
        var run: RunID?
        var path: String
    }

    private func writeFiles(
        _ commit: inout Commit, _ next: StoreRecord, _ files: inout [PendingFile], _ stats: inout CommitStats
    ) throws {
        func path(_ name: String) -> String { "\(directory)/\(StoreFormat.incomingName)/\(next.commit).\(name).sst" }
        for index in commit.runs.indices {
            let id = commit.runs[index].id
            if id.segment < next.expiredBefore {
                stats.expiredRows += commit.runs[index].rows.count
                continue
            }
            commit.runs[index].rows.sort()
            note(commit.runs[index])
            files.append(PendingFile(run: id, path: path(StoreFormat.familyName(id.segment, id.table))))
            let table = try database.makeTable(files[files.count - 1].path)
            stats.rows += try commit.runs[index].rows.write(to: table)
            stats.bytes += try table.finish()
        }
        commit.state.sort()
        files.append(PendingFile(run: nil, path: path(StoreFormat.defaultFamily)))
        let table = try database.makeTable(files[files.count - 1].path)
        try StoreFormat.recordKey.withUnsafeBytes { key in
            try next.encoded.withUnsafeBytes { try table.put(key: key, value: $0) }
        }
        stats.stateKeys = try commit.state.write(to: table)
        stats.bytes += try table.finish()
    }

    /// Enters the keys into the table's filter. Keys of a commit that fails are no harm there.
    private func note(_ run: SegmentRun) {
        var table = segmentTables[run.id.segment, default: Segment()][run.id.table]
        if table.filter == nil, !table.isFilled { table.filter = KeyFilter() }
        guard let filter = table.filter else { return }
        filter.reserve(run.rows.count)
        run.rows.forEachKey(filter.insert)
        segmentTables[run.id.segment, default: Segment()][run.id.table] = table
        dropFilters()
    }

    /// Lets filters go, those of the oldest segments first, until they fit their share of memory.
    private func dropFilters() {
        var bytes = segmentTables.values.reduce(0) { $0 + $1.filterBytes }
        guard bytes > StoreOptions.keyFilterBytesMax else { return }
        for segment in segmentTables.keys.sorted() where bytes > StoreOptions.keyFilterBytesMax {
            bytes -= segmentTables[segment]?.filterBytes ?? 0
            for table in SegmentTable.allCases { segmentTables[segment]?[table].filter = nil }
        }
    }

    private func createMissing(_ files: [PendingFile]) throws {
        let missing = files.compactMap(\.run).filter { existingFamily($0) == nil }
        if missing.isEmpty { return }
        let made = try database.createFamilies(missing.map { StoreFormat.familyName($0.segment, $0.table) })
        for (run, family) in zip(missing, made) {
            segmentTables[run.segment, default: Segment()][run.table].family = family
        }
    }

    /// The family of a file to ingest. Every run has one after `createMissing`.
    private func family(_ run: RunID?) -> Family {
        guard let run else { return stateFamily }
        guard let family = existingFamily(run) else {
            preconditionFailure("no column family for \(run.segment) after its creation")
        }
        return family
    }

    private func existingFamily(_ run: RunID?) -> Family? {
        run.flatMap { segmentTables[$0.segment]?[$0.table].family }
    }

    /// Drops the segments that the record says have expired. Returns how many.
    @discardableResult
    func finishExpiry() throws -> Int {
        let expired = segmentTables.keys.filter { $0 < record.expiredBefore }
        if expired.isEmpty { return 0 }
        let families = expired.flatMap { id in SegmentTable.allCases.compactMap { segmentTables[id]?[$0].family } }
        try database.dropFamilies(families)
        for id in expired { segmentTables[id] = nil }
        return expired.count
    }

    /// Background merges report their errors here, before the next commit builds on them.
    private func checkBackground() throws {
        let errors = database.backgroundErrors
        if errors == backgroundErrorsSeen { return }
        do {
            try database.resume()
        } catch let error as StoreError where error.kind != .diskFull && error.kind != .corrupt {
            // A full disk passes, and damage stays; RocksDB gets over anything else only by a new start.
            throw mustReopen("a merge of tables failed", error)
        }
        backgroundErrorsSeen = errors
    }

    private func mustReopen(_ what: String, _ error: StoreError) -> StoreError {
        let failed = StoreError(
            kind: .mustReopen, path: error.path, message: "\(what): \(error.message)",
            remedy: "\(StoreError.remedy(for: error.kind)); \(StoreError.remedy(for: .mustReopen))", cause: error.kind)
        failure = failed
        return failed
    }
}
