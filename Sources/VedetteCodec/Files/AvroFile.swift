import VedetteCore

/// Reads an Avro object container file: its schema, and the bytes of its records one after the other.
///
/// Blocks may be plain, `deflate` or `zstandard`; the whole file may be .zst or .gz too. Memory: one block as it is
/// stored and as it is decompressed, each at most ``maxBlockBytes``, and what grows there grows with what is read, never
/// with what a length claims. For one thread at a time.
public final class AvroFile {
    public struct Record {
        /// Valid until the next call.
        public var bytes: UnsafeRawBufferPointer
        /// 0-based.
        public var number: Int64
        /// How many records of the block are given up with this one, whose end can not be found; 0 for a whole one.
        public var lost: Int64
    }

    /// The largest block, and the largest header, in bytes.
    public static let maxBlockBytes = 64 << 20
    private static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 0x01]
    private static let syncBytes = 16

    public let path: String
    public let schema: AvroSchema
    /// Size of the file as it is stored, in bytes; nil where there is none.
    public var totalBytes: Int64? { input.source.totalBytes }
    /// Stored bytes taken so far.
    public var consumedBytes: Int64 { input.source.consumedBytes }

    private let input: BlockInput
    private let codec: AvroCodec
    private let sync: [UInt8]
    private let recordBytes: Int
    private var block: [UInt8] = []
    private var offset = 0
    private var left: UInt64 = 0
    private var number: Int64 = 0

    /// Whether a path names a container file, compressed as a whole or not.
    public static func isNamed(_ path: String) -> Bool { [".avro", ".avro.zst", ".avro.gz"].contains { path.hasSuffix($0) } }

    /// Opens a file and reads its header.
    ///
    /// - Throws: ``FileError`` where it is no container file, or its schema or codec can not be used.
    public init(path: String, limits: DecodeLimits) throws(FileError) {
        self.path = path
        recordBytes = limits.recordBytes
        input = BlockInput(try ByteSource(path: path))
        guard try input.fill(Self.magic.count), try input.take(Self.magic.count) == Self.magic else {
            throw FileError(path: path, what: "not an Avro container file", remedy: "name JSON lines otherwise than .avro")
        }
        var metadata: [String: [UInt8]] = [:]
        while true {
            var count = try input.long()
            if count == 0 { break }
            if count < 0 {
                count = 0 - max(count, -Int64.max)
                _ = try input.long()
            }
            for _ in 0..<count {
                let key = String(decoding: try input.run(), as: UTF8.self)
                let value = try input.run()
                if key.hasPrefix("avro.") { metadata[key] = value }
            }
        }
        sync = try input.take(Self.syncBytes)
        do throws(SchemaError) { schema = try AvroSchema(parsing: metadata["avro.schema"] ?? []) } catch {
            throw FileError(path: path, what: "the schema in its header can not be used: \(error)", remedy: "see the schema")
        }
        let name = String(decoding: metadata["avro.codec"] ?? Array("null".utf8), as: UTF8.self)
        guard let known = AvroCodec(rawValue: name) else {
            throw FileError(path: path, what: "its blocks are compressed with \(name.prefix(40))", remedy: "write it with null, deflate or zstandard")
        }
        codec = known
    }

    /// The next record, or nil at the end of a complete file.
    ///
    /// - Throws: ``FileError`` where the file can not be read on.
    public func next() throws(FileError) -> Record? {
        while left == 0 {
            guard try !input.isAtEnd() else { return nil }
            try readBlock()
        }
        let start = offset
        let end = block.withUnsafeBytes { bytes in
            var skipper = AvroSkipper(schema, BinaryCursor(bytes, from: start), budget: recordBytes)
            return try? skipper.skip(schema.root, level: 1)
        }
        offset = end ?? block.count
        let lost = end == nil ? Int64(clamping: left) : 0
        left = end == nil ? 0 : left - 1
        defer { number += max(1, lost) }
        // Safe: the block is not changed before the next call.
        return block.withUnsafeBytes { Record(bytes: UnsafeRawBufferPointer(rebasing: $0[start..<offset]), number: number, lost: lost) }
    }

    private func readBlock() throws(FileError) {
        guard offset == block.count else { throw broken("a block is longer than its records") }
        let count = try input.long()
        guard count >= 0 else { throw broken("a block has a negative number of records") }
        let stored = try input.run()
        guard try input.take(Self.syncBytes) == sync else { throw broken("a block does not end with the file's sync marker") }
        do throws(DecompressionFailure) { block = try codec.decompress(stored, limit: Self.maxBlockBytes) } catch {
            throw FileError(path: path, what: "\(error.what), before byte \(consumedBytes)", remedy: error.remedy)
        }
        offset = 0
        // A record without bytes takes nothing from its block, so only this ends a count that lies.
        guard count <= block.count else {
            throw FileError(
                path: path, what: "a block of \(block.count) bytes claims \(count) records, before byte \(consumedBytes)",
                remedy: "every record needs a byte at least: the file is damaged, or its schema has nothing in it")
        }
        left = UInt64(count)
        if count == 0, !block.isEmpty { throw broken("a block is longer than its records") }
    }

    private func broken(_ what: String) -> FileError {
        FileError(path: path, what: "\(what), before byte \(consumedBytes)", remedy: "the file is damaged or cut off; fetch it again")
    }
}

/// Bytes of a file by count, in memory that grows with what is read.
private final class BlockInput {
    let source: ByteSource
    private var buffer = ByteBuffer(capacity: 64 << 10)
    private var start = 0
    private var end = 0

    init(_ source: ByteSource) { self.source = source }

    func isAtEnd() throws(FileError) -> Bool { try !fill(1) }

    /// Reads on until so many bytes are there; false where the file ends before.
    func fill(_ count: Int) throws(FileError) -> Bool {
        while end - start < count {
            if start > 0 {
                // Safe: `copyMemory` allows overlap.
                buffer.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[start..<end]))
                (start, end) = (0, end - start)
            }
            if end == buffer.bytes.count {
                let grown = ByteBuffer(capacity: buffer.bytes.count * 2)
                grown.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.bytes[..<end]))
                buffer = grown
            }
            let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[end...]))
            if read == 0 { return false }
            end += read
        }
        return true
    }

    func take(_ count: Int) throws(FileError) -> [UInt8] {
        guard count <= AvroFile.maxBlockBytes else {
            throw FileError(
                path: source.path, what: "a block of \(count) bytes, before byte \(source.consumedBytes)",
                remedy: "write blocks of at most \(AvroFile.maxBlockBytes) bytes")
        }
        guard try fill(count) else {
            throw FileError(path: source.path, what: "the file ends in the middle of a block", remedy: "it was cut off, or is no Avro container file; fetch it again")
        }
        defer { start += count }
        return Array(buffer.bytes[start..<start + count])
    }

    /// A varint in zigzag.
    func long() throws(FileError) -> Int64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let byte = try take(1)[0]
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
            shift += 7
        }
        throw FileError(path: source.path, what: "a number of more than 64 bits, before byte \(source.consumedBytes)", remedy: "the file is damaged; fetch it again")
    }

    /// A length and so many bytes.
    func run() throws(FileError) -> [UInt8] {
        let count = try long()
        guard count >= 0 else {
            throw FileError(path: source.path, what: "a negative length, before byte \(source.consumedBytes)", remedy: "the file is damaged; fetch it again")
        }
        return try take(Int(count))
    }
}
