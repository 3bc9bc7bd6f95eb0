import CZlib
import CZstd

/// Undoes a compression, piece by piece.
protocol Decompressor: AnyObject {
    /// Decompresses from the front of `input` to `output`.
    ///
    /// - Returns: how many bytes were taken and made. Neither means that more input is needed.
    /// - Throws: ``DecompressionFailure`` for data that is not what it should be.
    func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(DecompressionFailure) -> (taken: Int, made: Int)

    /// Whether all frames or members that were begun are complete.
    var isAtBoundary: Bool { get }
}

struct DecompressionFailure: Error {
    var what: String
    var remedy: String
}

/// zstd, any number of frames. Owns the context.
final class ZstdDecompressor: Decompressor {
    private let context: OpaquePointer
    private(set) var isAtBoundary = false

    init() throws(DecompressionFailure) {
        guard let made = ZSTD_createDStream() else { throw DecompressionFailure(what: "no memory to decompress", remedy: "free memory") }
        context = made
    }

    deinit { ZSTD_freeDStream(context) }

    func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFailure) -> (taken: Int, made: Int) {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        // Safe: both buffers outlive the call, which stays within their sizes.
        let hint = ZSTD_decompressStream(context, &target, &source)
        guard ZSTD_isError(hint) == 0 else {
            let name = String(cString: ZSTD_getErrorName(hint))
            throw DecompressionFailure(
                what: "corrupt zstd data (\(name))",
                remedy: name.contains("memory") ? "compress it again with a window of at most 128 MiB (without --long)" : "fetch or compress the file again")
        }
        // A call that took and made nothing says nothing about frames.
        if source.pos > 0 || target.pos > 0 { isAtBoundary = hint == 0 }
        return (source.pos, target.pos)
    }
}

/// zlib's state of one deflate stream. Owns it.
private final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private let format: String

    /// - Parameters:
    ///   - windowBits: as zlib has it: 15 bits of window, 16 more for gzip, negative for data without header and checksum.
    ///   - format: for messages.
    init(windowBits: Int32, format: String) throws(DecompressionFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        self.format = format
        guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DecompressionFailure(what: "no memory to decompress", remedy: "free memory")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Begins the next stream.
    func reset() throws(DecompressionFailure) {
        guard inflateReset(stream) == Z_OK else { throw DecompressionFailure(what: "zlib cannot be reset", remedy: "report this") }
    }

    /// As ``Decompressor/decompress(_:into:)``, and whether the stream has ended.
    func inflate(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFailure) -> (taken: Int, made: Int, hasEnded: Bool) {
        let (given, room) = (UInt32(clamping: input.count), UInt32(clamping: output.count))
        // Safe: zlib only reads `next_in`, whose type is mutable for historical reasons; both buffers outlive the call.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = given
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = room
        let code = CZlib.inflate(stream, Z_NO_FLUSH)
        guard code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END else {
            let message = stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)"
            throw DecompressionFailure(what: "corrupt \(format) data (\(message))", remedy: "fetch or compress the file again")
        }
        return (Int(given - stream.pointee.avail_in), Int(room - stream.pointee.avail_out), code == Z_STREAM_END)
    }
}

/// gzip, any number of members, with zero padding behind the last.
final class GzipDecompressor: Decompressor {
    private let member: Inflater
    private(set) var isAtBoundary = false
    private var isPadding = false

    init() throws(DecompressionFailure) { member = try Inflater(windowBits: 15 + 16, format: "gzip") }

    func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFailure) -> (taken: Int, made: Int) {
        if isAtBoundary, let first = input.first {
            if first == 0 || isPadding {
                isPadding = true
                guard input.allSatisfy({ $0 == 0 }) else { throw Self.garbage }
                return (input.count, 0)
            }
            guard first == 0x1F else { throw Self.garbage }
            try member.reset()
            isAtBoundary = false
        }
        guard !isAtBoundary else { return (0, 0) }
        let (taken, made, hasEnded) = try member.inflate(input, into: output)
        isAtBoundary = hasEnded
        return (taken, made)
    }

    private static var garbage: DecompressionFailure {
        DecompressionFailure(what: "bytes behind the last gzip member that are not gzip", remedy: "cut them off, or fetch the file again")
    }
}

/// Deflate without a header or a checksum (RFC 1951), one stream.
final class DeflateDecompressor: Decompressor {
    private let stream: Inflater
    private(set) var isAtBoundary = false

    init() throws(DecompressionFailure) { stream = try Inflater(windowBits: -15, format: "deflate") }

    func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFailure) -> (taken: Int, made: Int) {
        guard !isAtBoundary else { return (0, 0) }
        let (taken, made, hasEnded) = try stream.inflate(input, into: output)
        isAtBoundary = hasEnded
        return (taken, made)
    }
}
