import CZlib
import CZstd

/// Compresses a stream, piece by piece.
protocol Compressor: AnyObject {
    /// Compresses all of `input`, and with `finishing` ends the frame; hands each piece of output to `emit`.
    func compress(
        _ input: UnsafeRawBufferPointer, finishing: Bool, emit: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError)
}

/// One zstd frame with a checksum. Owns the context.
final class ZstdCompressor: Compressor {
    private let context: OpaquePointer
    private let output: UnsafeMutableRawBufferPointer
    private let path: String

    /// - Parameter level: 1 to 19.
    init(path: String, level: Int32) throws(FileError) {
        guard let made = ZSTD_createCCtx() else { throw FileError(path: path, what: "no memory to compress", remedy: "free memory") }
        context = made
        self.path = path
        output = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 64)
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    @discardableResult
    private func check(_ code: Int) throws(FileError) -> Int {
        guard ZSTD_isError(code) == 0 else {
            throw FileError(path: path, what: "cannot compress (\(String(cString: ZSTD_getErrorName(code))))", remedy: "report this")
        }
        return code
    }

    func compress(
        _ input: UnsafeRawBufferPointer, finishing: Bool, emit: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var remaining = 0
        repeat {
            var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            // Safe: both buffers outlive the call, which stays within their sizes.
            remaining = try check(ZSTD_compressStream2(context, &target, &source, finishing ? ZSTD_e_end : ZSTD_e_continue))
            if target.pos > 0 { try emit(UnsafeRawBufferPointer(rebasing: output[..<target.pos])) }
        } while source.pos < source.size || (finishing && remaining > 0)
    }
}

/// One gzip member. Owns the stream.
final class GzipCompressor: Compressor {
    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableRawBufferPointer
    private let path: String

    private static let outputCapacity = 128 << 10

    /// - Parameter level: 1 to 9.
    init(path: String, level: Int32) throws(FileError) {
        self.path = path
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        output = .allocate(byteCount: Self.outputCapacity, alignment: 64)
        // 15 bits of window, and 16 more to say that the format is gzip; 8 is zlib's default memory level.
        let code = deflateInit2_(
            stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw FileError(path: path, what: "no memory to compress", remedy: "free memory") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    func compress(
        _ input: UnsafeRawBufferPointer, finishing: Bool, emit: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        // Safe: zlib only reads `next_in`, whose type is mutable for historical reasons. The
        // sink hands over pieces far below 4 GiB, so the count fits.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(input.count)
        var code = Z_OK
        repeat {
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(output.count)
            code = deflate(stream, finishing ? Z_FINISH : Z_NO_FLUSH)
            guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                throw FileError(path: path, what: "cannot compress (zlib code \(code))", remedy: "report this")
            }
            let made = output.count - Int(stream.pointee.avail_out)
            if made > 0 { try emit(UnsafeRawBufferPointer(rebasing: output[..<made])) }
        } while finishing ? code != Z_STREAM_END : stream.pointee.avail_out == 0
    }
}
