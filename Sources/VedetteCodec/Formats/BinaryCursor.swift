/// Reads a payload of a binary format. Every step is checked against the end, and no length is believed before.
struct BinaryCursor {
    private let bytes: UnsafeRawBufferPointer
    /// Next byte to read, from the start of the payload.
    private(set) var offset: Int
    /// Behind the last byte that may be read.
    private(set) var end: Int

    init(_ bytes: UnsafeRawBufferPointer, from offset: Int = 0, to end: Int? = nil) {
        self.bytes = bytes
        self.offset = offset
        self.end = end ?? bytes.count
    }

    @inline(__always)
    var remaining: Int { end - offset }
    var isAtEnd: Bool { offset >= end }

    func malformed(_ expected: StaticString) -> BinaryFault { BinaryFault(kind: .malformed, offset: offset, expected: expected) }

    @inline(__always)
    mutating func byte(_ expected: StaticString) throws(BinaryFault) -> UInt8 {
        guard offset < end else { throw malformed(expected) }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A number of at most ten bytes, seven bits each, least first.
    @inline(__always)
    mutating func varint() throws(BinaryFault) -> UInt64 {
        if offset < end, bytes[offset] < 0x80 {
            defer { offset += 1 }
            return UInt64(bytes[offset])
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(BinaryFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte("the rest of a variable-length number")
            guard shift < 63 || (shift == 63 && next <= 1) else { throw malformed("a variable-length number of at most 64 bits") }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A varint in zigzag: 0, -1, 1, -2, …
    @inline(__always)
    mutating func zigzag() throws(BinaryFault) -> Int64 {
        let raw = try varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// Little-endian; 4 or 8 bytes.
    @inline(__always)
    mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws(BinaryFault) -> Number {
        let size = MemoryLayout<Number>.size
        guard remaining >= size else { throw malformed("a number of four or eight bytes") }
        defer { offset += size }
        // Safe: the bytes are there.
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// A run of bytes; the length is the payload's word and may be anything.
    @inline(__always)
    mutating func take(_ count: Int64, _ expected: StaticString) throws(BinaryFault) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= Int64(remaining) else { throw malformed(expected) }
        let start = offset
        offset += Int(count)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }

    /// What lies between two places that were read before.
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
}

/// The header of the Confluent wire format.
enum WireHeader {
    static let bytes = 5

    /// The schema id; moves the cursor behind the header.
    static func read(_ cursor: inout BinaryCursor) throws(BinaryFault) -> UInt32 {
        guard cursor.remaining >= bytes else { throw cursor.malformed("the Confluent wire format: a zero byte and four of schema id") }
        guard try cursor.byte("") == 0 else {
            throw BinaryFault(kind: .malformed, offset: 0, expected: "the Confluent wire format, which begins with a zero byte")
        }
        return UInt32(bigEndian: try cursor.fixed(UInt32.self).littleEndian)
    }
}
