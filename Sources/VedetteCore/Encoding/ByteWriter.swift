/// Appends the binary form that snapshots and stored rows use.
///
/// Integers are LEB128 varints (signed ones zig-zagged), floating-point numbers are their
/// IEEE 754 bits, little endian, so that a restored state is bit for bit the saved one.
/// Appending is amortised O(1) per byte.
public struct ByteWriter: Sendable {
    public private(set) var bytes: [UInt8]

    public init(reservingCapacity capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public mutating func write(byte: UInt8) { bytes.append(byte) }

    /// An unsigned LEB128 varint, 1 to 10 bytes.
    public mutating func write(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// A zig-zag signed varint.
    public mutating func write(signed value: Int64) {
        write(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// At most 63 numbers of which most are 0: a bit for each that is not, then those.
    @inline(__always)
    mutating func write(sparse values: [Int64]) {
        var mask: UInt64 = 0
        for (index, value) in values.enumerated() where value != 0 { mask |= 1 << UInt64(index) }
        write(varint: mask)
        for value in values where value != 0 { write(signed: value) }
    }

    /// A sum that may exceed 64 bits: what is above them, then the 64 bits themselves.
    mutating func write(wide value: Int128) {
        write(signed: Int64(truncatingIfNeeded: value >> 64))
        write(varint: UInt64(truncatingIfNeeded: value))
    }

    public mutating func write(count: Int) { write(varint: UInt64(count)) }

    public mutating func write(fixed64 value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Byte by byte: of so few, appending them as a collection would be most of the work.
    public mutating func write(fixed32 value: UInt32) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value &>> 8))
        bytes.append(UInt8(truncatingIfNeeded: value &>> 16))
        bytes.append(UInt8(truncatingIfNeeded: value &>> 24))
    }

    public mutating func write(double value: Double) { write(fixed64: value.bitPattern) }

    public mutating func write(bool value: Bool) { bytes.append(value ? 1 : 0) }

    public mutating func write(string value: String) {
        write(count: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func write(bytes value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }

    public mutating func write(blob value: [UInt8]) {
        write(count: value.count)
        bytes.append(contentsOf: value)
    }

    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
