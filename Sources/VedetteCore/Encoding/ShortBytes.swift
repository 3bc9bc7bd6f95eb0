/// The bytes of something small that is written for every record, put together on the stack.
///
/// The same forms as those of ``ByteWriter``, which then takes all of them at once: asking an array about its memory for each byte is most
/// of the work. More than ``capacity`` bytes are a broken invariant.
struct ShortBytes {
    static let capacity = 256

    private var bytes = InlineArray<256, UInt8>(repeating: 0)
    private(set) var count = 0

    @inline(__always)
    mutating func write(byte: UInt8) {
        bytes[count] = byte
        count &+= 1
    }

    /// As ``ByteWriter/write(varint:)``.
    @inline(__always)
    mutating func write(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            write(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        write(byte: UInt8(truncatingIfNeeded: rest))
    }

    /// As ``ByteWriter/write(signed:)``.
    @inline(__always)
    mutating func write(signed value: Int64) { write(varint: UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))) }

    /// As ``ByteWriter/write(fixed32:)``.
    @inline(__always)
    mutating func write(fixed32 value: UInt32) { write(littleEndian: value) }

    /// As ``ByteWriter/write(fixed64:)``.
    @inline(__always)
    mutating func write(fixed64 value: UInt64) { write(littleEndian: value) }

    @inline(__always)
    private mutating func write<Number: FixedWidthInteger & BitwiseCopyable>(littleEndian value: Number) {
        let (start, size) = (count, MemoryLayout<Number>.size)
        precondition(start <= Self.capacity - size, "more than \(Self.capacity) bytes of one record")
        withUnsafeMutableBytes(of: &bytes) { $0.storeBytes(of: value.littleEndian, toByteOffset: start, as: Number.self) }
        count = start &+ size
    }

    /// Calls `body` with what was written.
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}
