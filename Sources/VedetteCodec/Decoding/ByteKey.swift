/// Comparison of short texts by words instead of bytes.
///
/// All of it reads whole 8-byte words, so at least 8 bytes must be readable behind every text:
/// simdjson's string buffer has 64 bytes of padding behind its last string, and the texts
/// that this module makes are allocated with as many.
enum ByteKey {
    /// Readable bytes that every text needs behind its end.
    static let padding = 8

    /// The first 8 bytes; zeros where the text is shorter.
    @inline(__always)
    static func firstWord(_ text: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        let word = UnsafeRawPointer(text).loadUnaligned(as: UInt64.self)
        return length >= 8 ? word : word & ((1 << UInt64(length * 8)) &- 1)
    }

    /// Whether two texts of the same length, equal in their first 8 bytes, are equal. Last word overlaps.
    @inline(__always)
    static func equalRest(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        guard length > 8 else { return true }
        let a = UnsafeRawPointer(a)
        let b = UnsafeRawPointer(b)
        var index = 8
        while index &+ 8 < length {
            if a.loadUnaligned(fromByteOffset: index, as: UInt64.self) != b.loadUnaligned(fromByteOffset: index, as: UInt64.self) {
                return false
            }
            index &+= 8
        }
        let last = length &- 8
        return a.loadUnaligned(fromByteOffset: last, as: UInt64.self) == b.loadUnaligned(fromByteOffset: last, as: UInt64.self)
    }

    /// Allocates a zero-padded copy; the caller frees it.
    static func copy(_ text: String) -> (UnsafeMutablePointer<UInt8>, Int) {
        let bytes = Array(text.utf8)
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + padding)
        copy.initialize(repeating: 0, count: bytes.count + padding)
        copy.update(from: bytes, count: bytes.count)
        return (copy, bytes.count)
    }
}

/// A fixed set of words, each with a number: model names, decision words.
///
/// Looked up by comparing lengths and words, starting with the one found last: these sets are
/// small, and one value usually prevails. O(words) at worst, without allocation.
final class WordTable {
    private struct Entry {
        var first: UInt64
        var length: Int
        var bytes: UnsafeMutablePointer<UInt8>
        var value: Int
    }

    private let entries: UnsafeMutablePointer<Entry>
    private let count: Int
    /// Index of the entry found last. Behind a pointer, so that using it costs no exclusivity check.
    private let last: UnsafeMutablePointer<Int>

    init(_ words: [(String, Int)]) {
        count = words.count
        entries = .allocate(capacity: max(1, words.count))
        for (index, (word, value)) in words.enumerated() {
            let (bytes, length) = ByteKey.copy(word)
            (entries + index).initialize(to: Entry(first: ByteKey.firstWord(bytes, length), length: length, bytes: bytes, value: value))
        }
        last = .allocate(capacity: 1)
        last.initialize(to: 0)
    }

    deinit {
        for index in 0..<count { entries[index].bytes.deallocate() }
        entries.deallocate()
        last.deallocate()
    }

    /// The number of the word, or nil. `text` has ``ByteKey/padding`` readable bytes behind it.
    @inline(__always)
    func find(_ text: UnsafePointer<UInt8>, _ length: Int) -> Int? {
        let first = ByteKey.firstWord(text, length)
        let hint = last.pointee
        if hint < count, matches(hint, text, length, first) { return entries[hint].value }
        for index in 0..<count where matches(index, text, length, first) {
            last.pointee = index
            return entries[index].value
        }
        return nil
    }

    @inline(__always)
    private func matches(_ index: Int, _ text: UnsafePointer<UInt8>, _ length: Int, _ first: UInt64) -> Bool {
        let entry = entries + index
        return entry.pointee.length == length && entry.pointee.first == first && ByteKey.equalRest(entry.pointee.bytes, text, length)
    }
}
