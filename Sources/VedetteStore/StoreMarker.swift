/// The file `VEDETTE-STATE`: says that a directory is a state directory, in which format, and how far it has come.
///
/// It follows every commit. The number in it can be one commit behind the database (a crash between
/// the two), never ahead: a database that is behind it has lost commits, for instance by a MANIFEST
/// that was cut short, which RocksDB by itself would take for the end of the log.
struct StoreMarker: Equatable {
    /// The newest commit known to be durable; nil while the database is being created.
    var commit: UInt64?

    /// More than any version of the file has; what is longer is not ours.
    private static let byteCountMax = 256

    var encoded: [UInt8] {
        let text = "vedette-state\nformat \(StoreFormat.version)\ncommit \(commit.map(String.init) ?? "none")\n"
        return Array((text + "check \(Self.checksum(text))\n").utf8)
    }

    /// Reads the marker of a directory; nil if it has none.
    ///
    /// - Throws: ``StoreError`` of kind `otherFormat` or `corrupt`.
    static func read(directory: String) throws -> StoreMarker? {
        let path = directory + "/" + StoreFormat.markerName
        guard let bytes = try SystemCall.read(path, limit: byteCountMax) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        func value(_ line: Int, _ name: String) throws -> Substring {
            guard line < lines.count, lines[line].hasPrefix(name + " ") else {
                throw StoreError.corruptRecord(path, "line \(line + 1) has no \(name)")
            }
            return lines[line].dropFirst(name.count + 1)
        }
        guard lines.first == "vedette-state" else { throw StoreError.corruptRecord(path, "the first line is not \"vedette-state\"") }
        // Before the checksum: another version may have another one. But a format that is no number is damage.
        let format = try value(1, "format")
        guard let version = UInt32(format) else { throw StoreError.corruptRecord(path, "the format is not a number") }
        guard version == StoreFormat.version else { throw StoreError.otherFormat(path, found: String(version)) }
        let commit = try value(2, "commit")
        let marker = StoreMarker(commit: UInt64(commit))
        guard bytes == marker.encoded else { throw StoreError.corruptRecord(path, "the checksum does not fit") }
        return marker
    }

    func write(directory: String) throws {
        try SystemCall.replace(StoreFormat.markerName, in: directory, with: encoded)
    }

    /// FNV-1a, 64 bits: against damage, not against intent.
    private static func checksum(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash &*= 0x0000_0100_0000_01B3  // wraps by definition of the hash
        }
        return hash
    }
}
