/// Opening, step by step.
extension StateStore {
    /// Whether a directory says of itself that it holds state; opens and creates nothing.
    ///
    /// - Throws: ``StoreError`` of kind `otherFormat` or `corrupt`.
    public static func exists(in directory: String) throws -> Bool { try StoreMarker.read(directory: directory) != nil }

    /// Reads the marker, or writes the first one in an empty directory. A database is created only under
    /// a marker without a commit: a missing CURRENT must never turn a full directory into an empty state.
    static func claim(_ directory: String) throws -> StoreMarker {
        if let marker = try StoreMarker.read(directory: directory) { return marker }
        let harmless: Set = ["lost+found", StoreFormat.markerName + ".new"]
        let strangers = try SystemCall.list(directory).filter { !harmless.contains($0) }
        if let stranger = strangers.first {
            throw StoreError(
                kind: .notAStateDirectory, path: directory,
                message: "the directory is not empty (\"\(stranger)\") and has no \(StoreFormat.markerName)",
                remedy: StoreError.remedy(for: .notAStateDirectory))
        }
        let marker = StoreMarker(commit: nil)
        try marker.write(directory: directory)
        return marker
    }

    static func openDatabase(
        _ directory: String, _ options: StoreOptions, create: Bool, _ found: inout [String: Family]
    ) throws -> Database {
        do {
            return try Database(directory: directory, options: options, createIfMissing: create, found: &found)
        } catch let error as StoreError where error.kind == .locked {
            // RocksDB says so without touching the file, and neither may we: see lockHolder.
            let isOurs = error.message.contains("current process")
            let holder = isOurs ? "another store of this process" : SystemCall.lockHolder(of: directory + "/LOCK") ?? "another process"
            throw StoreError(
                kind: .locked, path: directory + "/LOCK", message: "\(holder) has the directory open",
                remedy: StoreError.remedy(for: .locked))
        }
    }

    static func readRecord(_ database: Database, _ state: Family, _ marker: StoreMarker) throws -> StoreRecord {
        var bytes: [UInt8] = []
        var record = StoreRecord()
        if try StoreFormat.recordKey.withUnsafeBytes({ try database.get(state, $0, into: &bytes) }) {
            record = try StoreRecord(decoding: bytes, directory: database.directory)
        }
        if let known = marker.commit, record.commit < known {
            throw StoreError.corruptRecord(
                database.directory, "the database ends at commit \(record.commit), but commit \(known) was made")
        }
        return record
    }

    /// Takes the column families found over. Unknown ones mean that this is not ours to write to.
    func adopt(_ found: [String: Family]) throws {
        for (name, family) in found where name != StoreFormat.defaultFamily {
            guard let (id, table) = StoreFormat.parse(familyName: name) else {
                throw StoreError.corruptRecord(directory, "there is an unknown column family \"\(name)\"")
            }
            // Empty ones are left by a crash between their creation and the commit; the next commit finds them.
            let isFilled = database.statistics(family).files > 0
            segmentTables[id, default: Segment()][table] = Table(family: family, isFilled: isFilled)
        }
    }

    /// Removes what a crash before the commit point left behind. Only with the lock in hand.
    func clearIncoming() throws {
        let incoming = directory + "/" + StoreFormat.incomingName
        try SystemCall.prepareDirectory(incoming)
        for name in try SystemCall.list(incoming) { try SystemCall.remove(incoming + "/" + name) }
    }
}
