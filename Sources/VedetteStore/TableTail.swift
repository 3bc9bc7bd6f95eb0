#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks at the end of every table file before RocksDB does.
///
/// RocksDB checks the checksum of every block it uses, with two gaps. The footer of a file has none. And
/// the properties block is parsed before its checksum is verified, which in builds with assertions
/// (Debian's) turns one damaged bit into an abort of the process instead of an error. Both are closed here:
/// O(files), a few hundred bytes each.
///
/// A file that is no table at all is left to RocksDB: a crash may leave an unfinished one behind that nothing refers to.
///
/// Format: the end of `table/format.cc` in RocksDB 7.8. The footer is the last 53 bytes: checksum type (1), metaindex and
/// index handle (two varints each, padded to 40), format version (4), magic number (8).
enum TableTail {
    private static let footerBytes = 53
    private static let magic: UInt64 = 0x88E2_41B7_85F4_CFF7
    /// What the C door sets: xxh3, and format version 5.
    private static let checksumType: UInt8 = 4
    private static let formatVersion: UInt32 = 5
    /// Much more than a metaindex takes.
    private static let metaindexBytesMax = 64 << 10

    /// - Throws: ``StoreError`` of kind `corrupt` that names the file.
    static func check(directory: String) throws {
        for name in try SystemCall.list(directory) where name.hasSuffix(".sst") {
            let path = directory + "/" + name
            if let damage = try damage(path) { throw StoreError.corruptRecord(path, damage) }
        }
    }

    /// What is wrong with a file, in words; nil if nothing is, or if it is for RocksDB to tell.
    private static func damage(_ path: String) throws -> String? {
        let file = try SystemCall.openToRead(path)
        defer { close(file.descriptor) }
        guard file.size >= footerBytes,
            let footer = try SystemCall.read(file.descriptor, at: file.size - footerBytes, count: footerBytes, path: path)
        else { return nil }
        let (version, found) = footer.withUnsafeBytes {
            (
                UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 41, as: UInt32.self)),
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 45, as: UInt64.self))
            )
        }
        guard found == magic else { return nil }
        guard version == formatVersion else { return "the footer names format version \(version), expected \(formatVersion)" }
        guard footer[0] == checksumType else { return "the footer names checksum type \(footer[0]), expected \(checksumType)" }
        var cursor = Cursor(bytes: footer, offset: 1)
        guard let metaindex = cursor.handle(in: file.size), metaindex.count <= metaindexBytesMax,
            let entries = try SystemCall.read(file.descriptor, at: metaindex.offset, count: metaindex.count, path: path)
        else { return "the footer points outside the file" }
        guard let properties = propertiesHandle(entries, file.size), properties.count >= 4,
            let end = try SystemCall.read(file.descriptor, at: properties.offset + properties.count - 4, count: 4, path: path)
        else { return "the metaindex has no properties" }
        // The last word of a block: the number of its restarts, and in the top bit whether a hash index follows. Here none does.
        return end[3] & 0x80 == 0 ? nil : "the properties block ends in damage"
    }

    /// Entries of a metaindex share no prefixes: three lengths, the key, the value.
    private static func propertiesHandle(_ bytes: [UInt8], _ size: Int) -> (offset: Int, count: Int)? {
        let wanted = Array("rocksdb.properties".utf8)
        var cursor = Cursor(bytes: bytes, offset: 0)
        while let shared = cursor.varint(), shared == 0, let keyCount = cursor.varint(), let valueCount = cursor.varint() {
            guard let key = cursor.take(keyCount), let value = cursor.take(valueCount) else { return nil }
            if key.elementsEqual(wanted) {
                var inner = Cursor(bytes: Array(value), offset: 0)
                return inner.handle(in: size)
            }
        }
        return nil
    }

    /// Reads varints and handles; nil where the bytes end or make no sense.
    private struct Cursor {
        let bytes: [UInt8]
        var offset: Int

        mutating func varint() -> Int? {
            var value = 0
            for shift in stride(from: 0, to: 56, by: 7) {
                guard offset < bytes.count else { return nil }
                let byte = bytes[offset]
                offset += 1
                value |= Int(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }

        mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count <= bytes.count - offset else { return nil }
            defer { offset += count }
            return bytes[offset..<offset + count]
        }

        /// Where a block lies, within a file of `size` bytes.
        mutating func handle(in size: Int) -> (offset: Int, count: Int)? {
            guard let start = varint(), let count = varint(), start <= size, count <= size - start else { return nil }
            return (start, count)
        }
    }
}
