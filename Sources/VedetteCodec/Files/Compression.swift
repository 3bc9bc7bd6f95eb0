/// How a file is compressed.
public enum Compression: String, Sendable, CaseIterable {
    case none, zstd, gzip

    /// From a file's first bytes: zstd frames (RFC 8878, also skippable ones) and gzip members (RFC 1952).
    public init(magic bytes: UnsafeRawBufferPointer) {
        if bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B {
            self = .gzip
        } else if bytes.count >= 4, bytes[1] == 0xB5, bytes[2] == 0x2F, bytes[3] == 0xFD, bytes[0] == 0x28 {
            self = .zstd
        } else if bytes.count >= 4, bytes[0] & 0xF0 == 0x50, bytes[1] == 0x2A, bytes[2] == 0x4D, bytes[3] == 0x18 {
            self = .zstd
        } else {
            self = .none
        }
    }

    /// From a file's name: `.zst` and `.gz`.
    public init(suffixOf path: String) {
        if path.hasSuffix(".zst") {
            self = .zstd
        } else if path.hasSuffix(".gz") {
            self = .gzip
        } else {
            self = .none
        }
    }
}
