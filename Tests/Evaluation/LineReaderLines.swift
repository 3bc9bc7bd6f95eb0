import VedetteCodec

/// The lines of a file as text.
struct LineReaderLines {
    private let reader: LineReader

    init(_ path: String) throws { reader = try LineReader(path: path, lineLimit: 1 << 20, prefixBytes: 64) }

    func next() throws -> String? { try reader.next().map { String(decoding: $0.bytes, as: UTF8.self) } }
}
