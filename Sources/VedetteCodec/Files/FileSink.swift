#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes bytes to a plain, .zst or .gz file, or to standard output.
///
/// A regular file is written beside its destination, as `<path>.partial`, and takes its place
/// when it is complete and on the disk: nobody ever sees half a file under the final name. A
/// sink that is dropped without ``close()`` removes what it wrote. Pipes and devices are
/// written directly; that the reader of a pipe is gone is an error here only if the process
/// ignores SIGPIPE. For one thread at a time.
public final class FileSink {
    public let path: String
    public let compression: Compression
    /// Bytes given to the sink, before compression.
    public private(set) var writtenBytes: Int64 = 0

    private let file: OpenFile
    private let compressor: Compressor?
    /// Where the file goes when it is complete; nil for pipes, devices and standard output.
    private let destination: String?
    private let buffer: UnsafeMutableRawBufferPointer
    private var count = 0
    private var isClosed = false
    private var failure: FileError?

    private static let bufferCapacity = 256 << 10
    private static let zstdLevel: Int32 = 3
    private static let gzipLevel: Int32 = 6
    private static let partialSuffix = ".partial"

    /// Opens a file for writing.
    ///
    /// - Parameter path: compressed as its suffix says; `-` for standard output.
    public init(path: String) throws(FileError) {
        self.path = path
        compression = Compression(suffixOf: path)
        destination = try Self.destination(of: path)
        file = try OpenFile.writing(
            destination.map { $0 + Self.partialSuffix } ?? path, shownAs: path, creating: destination != nil)
        compressor =
            switch compression {
            case .none: nil
            case .zstd: try ZstdCompressor(path: path, level: Self.zstdLevel)
            case .gzip: try GzipCompressor(path: path, level: Self.gzipLevel)
            }
        buffer = .allocate(byteCount: Self.bufferCapacity, alignment: 64)
    }

    deinit {
        if !isClosed, let destination { unlink(destination + Self.partialSuffix) }
        buffer.deallocate()
    }

    /// The path to rename to, through symbolic links; nil if the path must be written directly.
    private static func destination(of path: String) throws(FileError) -> String? {
        guard path != "-" else { return nil }
        var status = stat()
        guard stat(path, &status) == 0 else { return path }
        if status.st_mode & S_IFMT == S_IFDIR { throw .system(path, "cannot open for writing", code: EISDIR) }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Appends bytes. Errors of the disk show here, at ``flush()`` or at ``close()``, and again at each later call.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if let failure { throw failure }
        writtenBytes += Int64(bytes.count)
        var rest = bytes
        while rest.count > 0 {
            let piece = min(rest.count, buffer.count - count)
            UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + piece])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<piece]))
            count += piece
            rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
            if count == buffer.count { try emptyBuffer(finishing: false) }
        }
    }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        // `withUnsafeBytes` cannot carry a typed error through.
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(FileError) in try write(raw) }
        }
        try result.get()
    }

    /// Appends a line and its end.
    public func writeLine(_ bytes: [UInt8]) throws(FileError) {
        try write(bytes)
        try write([0x0A])
    }

    /// Hands what is buffered to the compressor and the system; for standard output that somebody watches.
    public func flush() throws(FileError) {
        if let failure { throw failure }
        try emptyBuffer(finishing: false)
    }

    /// Completes the file: the end of the compressed frame, then the disk, then the final name.
    ///
    /// Without it the file does not come to be. Closing twice does nothing.
    public func close() throws(FileError) {
        if let failure { throw failure }
        guard !isClosed else { return }
        try emptyBuffer(finishing: true)
        do throws(FileError) {
            try file.synchronise()
            try file.close()
            if let destination {
                guard rename(destination + Self.partialSuffix, destination) == 0 else {
                    throw FileError.system(path, "cannot give the file its name", code: errno)
                }
            }
        } catch {
            failure = error
            throw error
        }
        isClosed = true
    }

    private func emptyBuffer(finishing: Bool) throws(FileError) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        count = 0
        do throws(FileError) {
            if let compressor {
                try compressor.compress(bytes, finishing: finishing) { piece throws(FileError) in try file.write(piece) }
            } else {
                try file.write(bytes)
            }
        } catch {
            failure = error
            throw error
        }
    }
}
