/// The one text of each scalar, so that 7, 7.0 and "7" are one slice value and one entity.
enum CanonicalText {
    /// Bytes that the longest text of a number takes: `-2.2250738585072014e-308` and some room.
    static let numberCapacity = 40

    /// Writes a decimal number; returns its length, at most 20 bytes.
    static func write(_ value: UInt64, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        var length = 1
        var bound: UInt64 = 10
        while value >= bound {
            length += 1
            guard length < 20 else { break }
            bound *= 10
        }
        var rest = value
        var index = length
        while index > 0 {
            index -= 1
            bytes[index] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        return length
    }

    /// Writes a signed decimal number; returns its length, at most 20 bytes.
    static func write(_ value: Int64, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        guard value < 0 else { return write(UInt64(value), to: bytes) }
        bytes[0] = 0x2D
        return 1 + write(value.magnitude, to: bytes + 1)
    }

    /// Writes a double: as an integer where it is one below 2^53, else the shortest text that
    /// reads back as the same double. Returns its length, at most ``numberCapacity`` less padding.
    static func write(_ value: Double, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        if value.magnitude < 0x1p53, value == value.rounded(.towardZero) { return write(Int64(value), to: bytes) }
        var text = value.description
        return text.withUTF8 { source in
            let length = min(source.count, numberCapacity - ByteKey.padding)
            guard let base = source.baseAddress else { return 0 }
            bytes.update(from: base, count: length)
            return length
        }
    }
}
