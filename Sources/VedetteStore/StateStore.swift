/// Durable state with atomic checkpoints: after a crash at any moment the directory holds exactly the
/// last commit that returned, or the one under way when the crash came, never a part of one.
///
/// How a commit becomes durable (see ``commit(_:)``): its rows are written to new sorted table files,
/// synced, and added to RocksDB in a single MANIFEST record group. There are no writes through
/// RocksDB's memtables and log, so there is nothing to replay at open.
///
/// Reads see the last commit. For one owner at a time: no two calls may overlap.
public final class StateStore {
    /// One table of a segment.
    struct Table {
        /// Nil until a commit first needs it.
        var family: Family?
        /// Whether any row was ever committed to it.
        var isFilled = false
        /// Knows every key of the table; nil where the table was there when the store was opened, or where memory ran out.
        var filter: KeyFilter?
    }

    struct Segment {
        var decisions = Table()
        var labels = Table()

        var filterBytes: Int { (decisions.filter?.byteCount ?? 0) + (labels.filter?.byteCount ?? 0) }

        subscript(table: SegmentTable) -> Table {
            @inline(__always) get {
                switch table {
                case .decisions: decisions
                case .labels: labels
                }
            }
            set {
                switch table {
                case .decisions: decisions = newValue
                case .labels: labels = newValue
                }
            }
        }
    }

    public let directory: String
    let database: Database
    let stateFamily: Family
    var segmentTables: [SegmentID: Segment] = [:]
    var record: StoreRecord
    /// Set when a commit failed at the commit point; every later commit throws it.
    var failure: StoreError?
    /// Background errors that have been dealt with.
    var backgroundErrorsSeen: UInt64 = 0

    /// Opens the state in `directory`, or creates it where there is nothing.
    ///
    /// Takes the directory's lock until the store is released. Cost grows with the number of
    /// segments and of commits since the last rewrite of the MANIFEST, not with rows.
    ///
    /// - Throws: ``StoreError``; the directory is then as it was, but for files of an unfinished creation.
    public convenience init(directory: String, options: StoreOptions = StoreOptions()) throws {
        try self.init(directory: directory, options: options, isEphemeral: false)
    }

    private init(directory given: String, options: StoreOptions, isEphemeral: Bool) throws {
        var directory = given
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        try options.validate(directory: directory)
        try SystemCall.prepareDirectory(directory)
        let marker = try Self.claim(directory)
        try TableTail.check(directory: directory)
        var found: [String: Family] = [:]
        let database = try Self.openDatabase(directory, options, create: marker.commit == nil, &found)
        guard let state = found[StoreFormat.defaultFamily] else {
            throw StoreError.corruptRecord(directory, "the default column family is missing")
        }
        self.directory = directory
        self.database = database
        self.stateFamily = state
        database.removesDirectory = isEphemeral
        record = try Self.readRecord(database, state, marker)
        try adopt(found)
        try clearIncoming()
        try finishExpiry()
        if marker.commit != record.commit { try StoreMarker(commit: record.commit).write(directory: directory) }
    }

    /// A store in a temporary directory of its own (in `TMPDIR`, else `/tmp`) that is removed when the store is released; for replay.
    public static func ephemeral(options: StoreOptions = StoreOptions()) throws -> StateStore {
        let directory = try EphemeralStores.make()
        do {
            return try StateStore(directory: directory, options: options, isEphemeral: true)
        } catch {
            SystemCall.removeStoreDirectory(directory)
            throw error
        }
    }

    /// The number of the last commit, 0 in a new store.
    public var commitNumber: UInt64 { record.commit }

    /// Segments that hold decisions, oldest first.
    public func segments() -> [SegmentID] {
        segmentTables.filter { $0.value.decisions.isFilled }.keys.sorted()
    }

    // MARK: Reading

    /// Looks a row up and copies its value to `buffer`, replacing what that held.
    ///
    /// Allocates nothing but what `buffer` needs to grow. `buffer` is left alone when there is no such row.
    ///
    /// - Returns: whether there is such a row.
    @inline(__always)
    public func get(segment: SegmentID, table: SegmentTable, key: StoreKey, into buffer: inout [UInt8]) throws -> Bool {
        guard let found = segmentTables[segment]?[table], let family = found.family else { return false }
        if let filter = found.filter, !filter.mayHold(key) { return false }
        return try withUnsafeTemporaryAllocation(byteCount: StoreKey.byteCount, alignment: 8) { bytes in
            key.store(to: bytes)
            return try database.get(family, UnsafeRawBufferPointer(bytes), into: &buffer)
        }
    }

    /// Calls `body` with every row of a table of a segment, in order of the keys.
    public func scanRows(
        segment: SegmentID, table: SegmentTable,
        _ body: (_ key: StoreKey, _ value: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let family = segmentTables[segment]?[table].family else { return }
        try database.scan(family, prefix: []) { bytes, value in
            guard let key = StoreKey(stored: bytes) else {
                throw StoreError.corruptRecord(directory, "a key of \(bytes.count) bytes among the rows of \(segment)")
            }
            try body(key, value)
        }
    }

    /// The value of a state key; nil if there is none, which is not the same as an empty value.
    public func getState(key: [UInt8]) throws -> [UInt8]? {
        var value: [UInt8] = []
        let stored = [StoreFormat.statePrefix] + key
        let isFound = try stored.withUnsafeBytes { try database.get(stateFamily, $0, into: &value) }
        return isFound ? value : nil
    }

    /// Calls `body` with every state key that begins with `prefix` and its value, in order of the keys' bytes.
    public func scanState(
        prefix: [UInt8], _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try database.scan(stateFamily, prefix: [StoreFormat.statePrefix] + prefix) { key, value in
            try body(UnsafeRawBufferPointer(rebasing: key[1...]), value)
        }
    }

    /// Reads every file and checks every checksum; O(bytes stored).
    ///
    /// - Throws: ``StoreError`` of kind `corrupt` that names the file.
    public func verify() throws { try database.verifyChecksums() }
}
