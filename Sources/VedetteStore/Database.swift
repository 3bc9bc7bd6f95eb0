import CRocksDB

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A column family's handle. Valid as long as its ``Database``, until released.
typealias Family = OpaquePointer

/// The one owner of an open RocksDB and of the handles of its column families.
///
/// Not for use from several threads. Everything it throws is a ``StoreError``.
final class Database {
    let directory: String
    /// Whether the directory goes with the database.
    var removesDirectory = false
    private let db: OpaquePointer
    /// Every handle that has not been released.
    private var families: Set<Family>

    /// Opens the database with all column families there are.
    ///
    /// - Returns (in `found`): the handles by name, `default` among them.
    init(directory: String, options: StoreOptions, createIfMissing: Bool, found: inout [String: Family]) throws {
        var names = [StoreFormat.defaultFamily]
        if !createIfMissing || Self.exists(directory) { names = try Self.familyNames(directory) }
        var opened: OpaquePointer?
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        var settings = Self.settings(options)
        let copies = names.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let status = crocks_open(
            directory, &settings, createIfMissing, copies.map { UnsafePointer($0) }, names.count, &opened, &handles)
        try Self.check(status, directory)
        guard let opened else { throw StoreError.corruptRecord(directory, "RocksDB opened without a handle") }
        self.directory = directory
        db = opened
        families = Set(handles.compactMap { $0 })
        for (name, handle) in zip(names, handles) { found[name] = handle }
    }

    deinit {
        let open: [OpaquePointer?] = Array(families)
        crocks_close(db, open, open.count)
        if removesDirectory { SystemCall.removeStoreDirectory(directory) }
    }

    private static func exists(_ directory: String) -> Bool { access(directory + "/CURRENT", F_OK) == 0 }

    private static func familyNames(_ directory: String) throws -> [String] {
        var raw: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count = 0
        try check(crocks_list_families(directory, &raw, &count), directory)
        defer {
            for index in 0..<count { crocks_free(raw?[index]) }
            crocks_free(raw)
        }
        return (0..<count).compactMap { index in raw?[index].map { String(cString: $0) } }
    }

    private static func settings(_ options: StoreOptions) -> crocks_options {
        crocks_options(
            block_cache_bytes: options.blockCacheBytes,
            data_block_bytes: options.dataBlockBytes,
            metadata_block_bytes: StoreOptions.metadataBlockBytes,
            filter_bits_per_key: StoreOptions.filterBitsPerKey,
            zstd_level: Int32(options.zstdLevel),
            max_open_files: Int32(options.openFilesMax),
            compaction_trigger_runs: StoreOptions.compactionTriggerRuns,
            compaction_size_amplification_percent: StoreOptions.sizeAmplificationPercent,
            max_manifest_bytes: StoreOptions.manifestBytesMax)
    }

    // MARK: Column families

    /// Creates families. When it throws, some of them may exist on disk, empty.
    func createFamilies(_ names: [String]) throws -> [Family] {
        var handles = [OpaquePointer?](repeating: nil, count: names.count)
        var created = 0
        let copies = names.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let status = crocks_create_families(db, copies.map { UnsafePointer($0) }, names.count, &handles, &created)
        let made = handles.prefix(created).compactMap { $0 }
        families.formUnion(made)
        try Self.check(status, directory)
        return made
    }

    /// Drops families with all they hold. When it returns they are gone for good, and the handles with them.
    func dropFamilies(_ dropped: [Family]) throws {
        if dropped.isEmpty { return }
        let handles: [OpaquePointer?] = dropped
        try Self.check(crocks_drop_families(db, handles, handles.count), directory)
        for family in dropped {
            families.remove(family)
            crocks_release_family(db, family)
        }
    }

    // MARK: Reading

    /// Copies the value of a key to `buffer`, replacing what it held; false if there is no such key.
    @inline(__always)
    func get(_ family: Family, _ key: UnsafeRawBufferPointer, into buffer: inout [UInt8]) throws -> Bool {
        var value: UnsafeRawPointer?
        var count = 0
        let status = crocks_get(db, family, key.baseAddress, key.count, &value, &count)
        if status.code == CROCKS_NOT_FOUND { return false }
        try Self.check(status, directory)
        buffer.removeAll(keepingCapacity: true)
        // Safe: RocksDB keeps the value pinned until crocks_unpin.
        buffer.append(contentsOf: UnsafeRawBufferPointer(start: value, count: count))
        crocks_unpin(db)
        return true
    }

    /// Calls `body` with each entry whose key begins with `prefix`, in order of the keys.
    func scan(
        _ family: Family, prefix: [UInt8],
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let iterator = prefix.withUnsafeBytes { crocks_iterate(db, family, $0.baseAddress, $0.count) }
        defer { crocks_iterator_destroy(iterator) }
        try prefix.withUnsafeBytes { prefix in
            while crocks_iterator_valid(iterator) {
                var key: UnsafeRawPointer?
                var value: UnsafeRawPointer?
                var keyCount = 0
                var valueCount = 0
                crocks_iterator_entry(iterator, &key, &keyCount, &value, &valueCount)
                let keyBytes = UnsafeRawBufferPointer(start: key, count: keyCount)
                guard keyCount >= prefix.count,
                    compareBytes(UnsafeRawBufferPointer(rebasing: keyBytes[..<prefix.count]), prefix) == 0
                else { break }
                try body(keyBytes, UnsafeRawBufferPointer(start: value, count: valueCount))
                crocks_iterator_next(iterator)
            }
        }
        // An iterator that met an error is merely not valid: without this a cut-short scan would look complete.
        try Self.check(crocks_iterator_status(iterator), directory)
    }

    // MARK: Writing

    func makeTable(_ path: String) throws -> TableFile {
        var sst: OpaquePointer?
        try Self.check(crocks_sst_create(db, path, &sst), path)
        guard let sst else { throw StoreError.corruptRecord(path, "RocksDB made a table file without a handle") }
        return TableFile(sst: sst, path: path)
    }

    /// Adds finished files to their families: all or none, durably.
    func ingest(_ files: [(family: Family, path: String)]) throws {
        let paths = files.map { strdup($0.path) }
        defer { paths.forEach { free($0) } }
        let arguments = zip(files, paths).map { crocks_ingest_file(family: $0.family, path: UnsafePointer($1)) }
        try Self.check(crocks_ingest(db, arguments, arguments.count), directory)
    }

    // MARK: Health

    var backgroundErrors: UInt64 { crocks_background_errors(db) }
    var blockCacheUsage: UInt64 { crocks_block_cache_usage(db) }

    func statistics(_ family: Family) -> crocks_family_stats {
        var stats = crocks_family_stats()
        crocks_family_statistics(db, family, &stats)
        return stats
    }

    /// Recovers from a failed background merge, or throws what stands against it.
    func resume() throws { try Self.check(crocks_resume(db), directory) }

    func verifyChecksums() throws { try Self.check(crocks_verify_checksums(db), directory) }
}

/// A table file (SST) being written in `incoming/`.
struct TableFile: ~Copyable {
    private let sst: OpaquePointer
    let path: String

    fileprivate init(sst: OpaquePointer, path: String) {
        self.sst = sst
        self.path = path
    }

    deinit { crocks_sst_destroy(sst) }

    /// Appends an entry; keys must come in ascending order, each once.
    @inline(__always)
    func put(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws {
        let status = crocks_sst_put(sst, key.baseAddress, key.count, value.baseAddress, value.count)
        if status.code != CROCKS_OK { try Database.check(status, path) }
    }

    /// Appends a deletion.
    func delete(key: UnsafeRawBufferPointer) throws {
        try Database.check(crocks_sst_delete(sst, key.baseAddress, key.count), path)
    }

    /// Completes and syncs the file; returns its bytes. At least one entry is needed.
    func finish() throws -> Int {
        var bytes: UInt64 = 0
        try Database.check(crocks_sst_finish(sst, &bytes), path)
        return Int(bytes)
    }
}
