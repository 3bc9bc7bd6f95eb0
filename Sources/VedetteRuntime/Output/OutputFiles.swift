import VedetteCodec

/// An output file that cannot be written.
public struct OutputError: Error, Sendable, CustomStringConvertible {
    public var cause: FileError
    public var description: String { "\(cause)" }

    /// Does what writes a file; its error is an output's.
    ///
    /// - Throws: ``OutputError``.
    public static func wrapping<T>(_ body: () throws(FileError) -> T) throws(OutputError) -> T {
        do { return try body() } catch { throw OutputError(cause: error) }
    }
}

/// Output to files (or standard output), one JSON object a line.
public final class OutputFiles {
    private var sinks: [OutputKind: FileSink] = [:]

    /// - Parameter paths: `-` is standard output; a suffix `.zst` or `.gz` compresses. Kinds without a path are dropped.
    /// - Throws: ``OutputError``.
    public init(_ paths: [OutputKind: String]) throws {
        for (kind, path) in paths { sinks[kind] = try OutputError.wrapping { () throws(FileError) in try FileSink(path: path) } }
    }

    public var kinds: Set<OutputKind> { Set(sinks.keys) }

    public func write(_ records: [OutputRecord]) throws {
        for record in records {
            guard let sink = sinks[record.kind] else { continue }
            try OutputError.wrapping { () throws(FileError) in try sink.writeLine(record.value) }
        }
    }

    public func close() throws {
        for kind in OutputKind.allCases {
            guard let sink = sinks[kind] else { continue }
            try OutputError.wrapping { () throws(FileError) in try sink.close() }
        }
    }
}
