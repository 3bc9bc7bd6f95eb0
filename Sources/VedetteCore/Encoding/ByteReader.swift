/// What a ``ByteReader`` throws when the bytes are not what a ``ByteWriter`` wrote.
public struct CorruptBytes: Error, Equatable, CustomStringConvertible {
    public let offset: Int
    public let expected: String
    public init(offset: Int, expected: String) {
        self.offset = offset
        self.expected = expected
    }
    public var description: String { "corrupt bytes at offset \(offset): expected \(expected)" }
}

/// Reads what a ``ByteWriter`` wrote. Every read is bounds-checked and throws ``CorruptBytes``.
public struct ByteReader: Sendable {
    private let bytes: [UInt8]
    public private(set) var offset = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { offset == bytes.count }
    public var remaining: Int { bytes.count - offset }

    private mutating func take(_ count: Int, _ expected: @autoclosure () -> String) throws -> Int {
        guard count >= 0, count <= bytes.count - offset else { throw CorruptBytes(offset: offset, expected: expected()) }
        defer { offset += count }
        return offset
    }

    public mutating func readByte() throws -> UInt8 { bytes[try take(1, "a byte")] }

    public mutating func readVarint() throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try readByte()
            if shift == 63, byte > 1 { throw CorruptBytes(offset: offset, expected: "a 64-bit varint") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            if shift > 63 { throw CorruptBytes(offset: offset, expected: "a 64-bit varint") }
        }
    }

    public mutating func readSigned() throws -> Int64 {
        let raw = try readVarint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// Numbers that `write(sparse:)` wrote, to be taken one after the other.
    struct Sparse {
        fileprivate var mask: UInt64

        @inline(__always)
        mutating func next(_ reader: inout ByteReader) throws -> Int64 {
            defer { mask >>= 1 }
            return mask & 1 == 1 ? try reader.readSigned() : 0
        }
    }

    /// What `write(wide:)` wrote.
    mutating func readWide() throws -> Int128 {
        let above = try readSigned()
        return Int128(above) << 64 | Int128(try readVarint())
    }

    mutating func readSparse(of count: Int) throws -> Sparse {
        let mask = try readVarint()
        guard mask >> UInt64(count) == 0 else { throw CorruptBytes(offset: offset, expected: "at most \(count) numbers") }
        return Sparse(mask: mask)
    }

    /// A count of things that take at least `minimumSize` bytes each, so that a corrupt count cannot ask for more memory than there are bytes.
    public mutating func readCount(minimumSize: Int = 1) throws -> Int {
        let raw = try readVarint()
        guard raw <= UInt64(max(0, remaining) / max(1, minimumSize)) else {
            throw CorruptBytes(offset: offset, expected: "a count of at most \(remaining / max(1, minimumSize))")
        }
        return Int(raw)
    }

    public mutating func readFixed64() throws -> UInt64 {
        let start = try take(8, "8 bytes")
        return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: UInt64.self)) }
    }

    public mutating func readFixed32() throws -> UInt32 {
        let start = try take(4, "4 bytes")
        return bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: UInt32.self)) }
    }

    public mutating func readDouble() throws -> Double { Double(bitPattern: try readFixed64()) }

    public mutating func readBool() throws -> Bool {
        switch try readByte() {
        case 0: return false
        case 1: return true
        default: throw CorruptBytes(offset: offset - 1, expected: "a boolean")
        }
    }

    public mutating func readString() throws -> String {
        let count = try readCount()
        let start = try take(count, "\(count) bytes of text")
        return String(decoding: bytes[start..<start + count], as: UTF8.self)
    }

    /// Lends the next `count` bytes to `body`.
    mutating func readBytes<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) throws -> Result {
        let start = try take(count, "\(count) bytes")
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    }

    public mutating func readBlob() throws -> [UInt8] {
        let count = try readCount()
        let start = try take(count, "\(count) bytes")
        return Array(bytes[start..<start + count])
    }
}

/// State that a checkpoint saves and a restart restores, bit for bit.
public protocol Snapshottable {
    func encode(into writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws
}
