import CZlib

/// How the blocks of an Avro container file are compressed.
enum AvroCodec: String {
    case null, deflate, zstandard

    /// - Parameter limit: the longest result, in bytes.
    func decompress(_ stored: [UInt8], limit: Int) throws(DecompressionFailure) -> [UInt8] {
        switch self {
        case .null: return stored
        case .deflate: return try Self.whole(stored, limit, RawInflater())
        case .zstandard: return try Self.whole(stored, limit, ZstdDecompressor())
        }
    }

    private static let step = 256 << 10

    private static func whole(_ stored: [UInt8], _ limit: Int, _ decompressor: any Decompressor) throws(DecompressionFailure) -> [UInt8] {
        let space = ByteBuffer(capacity: step)
        let input = ByteBuffer(capacity: max(1, stored.count))
        input.bytes.copyBytes(from: stored)
        var result: [UInt8] = []
        var at = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: input.bytes[at..<stored.count])
            let (taken, made) = try decompressor.decompress(rest, into: space.bytes)
            at += taken
            guard result.count + made <= limit else {
                throw DecompressionFailure(what: "a block of more than \(limit) bytes", remedy: "write smaller blocks")
            }
            result.append(contentsOf: UnsafeRawBufferPointer(rebasing: space.bytes[..<made]))
            if taken == 0, made == 0 { break }
        }
        // What follows is not looked at: fastavro leaves the rest of a checksum behind deflate data.
        guard decompressor.isAtBoundary else {
            throw DecompressionFailure(what: "a compressed block that breaks off", remedy: "the file is damaged; fetch it again")
        }
        return result
    }
}

/// Deflate without a header or a checksum (RFC 1951). Owns the stream.
final class RawInflater: Decompressor {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isAtBoundary = false

    init() throws(DecompressionFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window; negative says that there is no header.
        guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw DecompressionFailure(what: "no memory to decompress", remedy: "free memory")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(DecompressionFailure) -> (taken: Int, made: Int) {
        guard !isAtBoundary else { return (0, 0) }
        // Safe: zlib only reads `next_in`; both buffers outlive the call.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(clamping: input.count)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: output.count)
        let code = inflate(stream, Z_NO_FLUSH)
        guard code == Z_OK || code == Z_BUF_ERROR || code == Z_STREAM_END else {
            throw DecompressionFailure(what: "corrupt deflate data (code \(code))", remedy: "the file is damaged; fetch it again")
        }
        isAtBoundary = code == Z_STREAM_END
        return (input.count - Int(stream.pointee.avail_in), output.count - Int(stream.pointee.avail_out))
    }
}
