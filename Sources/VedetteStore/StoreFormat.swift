/// Every durable name and number of the state directory. Changing one of them is a new ``version``.
///
/// ```
/// <directory>/
///   VEDETTE-STATE     format version and number of the newest known commit (StoreMarker)
///   incoming/         files of the commit being made; emptied at open, never referenced
///   CURRENT, MANIFEST-*, *.sst, LOCK, ...   RocksDB's
/// ```
/// Column families: `default` holds the store's own record and the state keys; `decisions.<index>`
/// and `labels.<index>` hold the rows of a segment, key to value.
enum StoreFormat {
    /// The version this code reads and writes.
    static let version: UInt32 = 1

    static let markerName = "VEDETTE-STATE"
    static let incomingName = "incoming"

    static let defaultFamily = "default"

    static func familyName(_ segment: SegmentID, _ table: SegmentTable) -> String {
        switch table {
        case .decisions: "decisions.\(segment.index)"
        case .labels: "labels.\(segment.index)"
        }
    }

    /// The inverse of ``familyName(_:_:)``; nil for any other name.
    static func parse(familyName name: String) -> (SegmentID, SegmentTable)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int64(parts[1]) else { return nil }
        switch parts[0] {
        case "decisions": return (SegmentID(index: index), .decisions)
        case "labels": return (SegmentID(index: index), .labels)
        default: return nil
        }
    }

    /// Key of the ``StoreRecord`` in `default`; sorts before every state key.
    static let recordKey: [UInt8] = [0x00]
    /// First byte of every state key in `default`; the caller's key follows.
    static let statePrefix: UInt8 = 0x01
}

/// What the store notes about itself in every commit, in the same atomic step as the data.
///
/// 20 bytes: format version (u32), commit number (u64), expiry (i64), little endian.
struct StoreRecord: Equatable {
    /// 0 for a store in which nothing has been committed.
    var commit: UInt64 = 0
    /// Segments before this one have been dropped, or will be as soon as possible; they are invisible.
    var expiredBefore = SegmentID(index: .min)

    private static let byteCount = 20

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        withUnsafeBytes(of: StoreFormat.version.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: commit.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: expiredBefore.index.littleEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    init() {}

    /// - Throws: ``StoreError`` of kind `otherFormat` or `corrupt`.
    init(decoding bytes: [UInt8], directory: String) throws {
        guard bytes.count >= 4 else { throw StoreError.corruptRecord(directory, "the store's record has \(bytes.count) bytes") }
        let version = bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
        guard version == StoreFormat.version else { throw StoreError.otherFormat(directory, found: String(version)) }
        guard bytes.count == Self.byteCount else {
            throw StoreError.corruptRecord(directory, "the store's record has \(bytes.count) bytes, expected \(Self.byteCount)")
        }
        bytes.withUnsafeBytes {
            commit = UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
            expiredBefore = SegmentID(index: Int64(littleEndian: $0.loadUnaligned(fromByteOffset: 12, as: Int64.self)))
        }
    }
}
