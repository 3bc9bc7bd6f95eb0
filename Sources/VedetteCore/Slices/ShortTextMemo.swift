/// Remembers numbers of short texts, so that most look-ups need no keyed hash.
///
/// Direct-mapped: a text has one place, and the newest text keeps it. So it is as small as it
/// is, and the worst that chosen texts can do is to make it useless.
struct ShortTextMemo {
    /// Longer texts are not remembered.
    static let maxBytes = 16
    private static let places = 128

    /// A text as the words it begins and ends with (they overlap) and its length: equal only for equal texts.
    struct Key: Equatable {
        var first: UInt64
        var last: UInt64
        var length: UInt32
    }

    private var keys = ContiguousArray(repeating: Key(first: 0, last: 0, length: 0), count: Self.places)
    private var numbers = ContiguousArray(repeating: Int32(0), count: Self.places)

    /// Nil for a text of no or too many bytes.
    @inline(__always)
    static func key(_ text: UnsafeRawBufferPointer) -> Key? {
        let count = text.count
        // Safe: both words lie inside of the text.
        switch count {
        case 8...maxBytes:
            return Key(
                first: text.loadUnaligned(as: UInt64.self), last: text.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self),
                length: UInt32(count))
        case 4..<8:
            return Key(
                first: UInt64(text.loadUnaligned(as: UInt32.self)),
                last: UInt64(text.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)), length: UInt32(count))
        case 1..<4:
            return Key(
                first: UInt64(text[0]) | UInt64(text[count / 2]) << 8, last: UInt64(text[count - 1]), length: UInt32(count))
        default: return nil
        }
    }

    @inline(__always)
    private static func place(of key: Key) -> Int {
        // Wrapping: only the mixing matters.
        Int(truncatingIfNeeded: ((key.first ^ key.last &<< 7 ^ UInt64(key.length)) &* 0x9E37_79B9_7F4A_7C15) >> 57)
    }

    @inline(__always)
    func number(_ key: Key) -> Int32? {
        let place = Self.place(of: key)
        return keys[place] == key ? numbers[place] : nil
    }

    mutating func set(_ key: Key, to number: Int32) {
        let place = Self.place(of: key)
        keys[place] = key
        numbers[place] = number
    }
}
