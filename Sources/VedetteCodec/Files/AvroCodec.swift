/// How the blocks of an Avro container file are compressed.
enum AvroCodec: String {
    case null, deflate, zstandard

    /// - Parameter limit: the longest result, in bytes.
    func decompress(_ stored: [UInt8], limit: Int) throws(DecompressionFailure) -> [UInt8] {
        switch self {
        case .null: return stored
        case .deflate: return try Self.whole(stored, limit, DeflateDecompressor())
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
