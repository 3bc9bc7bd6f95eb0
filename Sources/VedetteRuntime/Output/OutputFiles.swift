import VedetteCodec

/// Output to files (or standard output), one JSON object a line.
public final class OutputFiles {
    private var sinks: [OutputKind: FileSink] = [:]
    private let newline: [UInt8] = [0x0A]

    /// - Parameter paths: `-` is standard output; a suffix `.zst` or `.gz` compresses. Kinds without a path are dropped.
    /// - Throws: `FileError`.
    public init(_ paths: [OutputKind: String]) throws {
        for (kind, path) in paths { sinks[kind] = try FileSink(path: path) }
    }

    public var kinds: Set<OutputKind> { Set(sinks.keys) }

    public func write(_ records: [OutputRecord]) throws {
        for record in records { try sinks[record.kind]?.writeLine(record.value) }
    }

    public func close() throws {
        for kind in OutputKind.allCases { try sinks[kind]?.close() }
    }
}
