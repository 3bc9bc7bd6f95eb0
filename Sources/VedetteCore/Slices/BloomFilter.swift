/// A set of 64-bit keyed digests that answers "never seen" with certainty and "seen" nearly so.
///
/// Source: Bloom, "Space/time trade-offs in hash coding with allowable errors" (1970); the probes
/// come from two halves of the digest, Kirsch and Mitzenmacher (2006). At ``bitsPerKey`` bits and
/// ``probes`` probes a key, a filter that holds its capacity takes 0.05 % of new keys for seen.
public struct BloomFilter: Sendable, Equatable {
    public static let bitsPerKey = 16
    static let probes: UInt64 = 11

    public let capacity: Int
    public private(set) var count = 0
    private var words: ContiguousArray<UInt64>

    /// Room for `capacity` keys, at least 1; two bytes each, up to the next power of two.
    public init(capacity: Int) {
        precondition(capacity >= 1, "a filter has room for at least one key")
        self.capacity = capacity
        words = ContiguousArray(repeating: 0, count: Self.wordCount(capacity))
    }

    private static func wordCount(_ capacity: Int) -> Int {
        var count = 1
        while count * 64 < capacity * bitsPerKey { count *= 2 }
        return count
    }

    public var isFull: Bool { count >= capacity }

    public func contains(_ digest: UInt64) -> Bool {
        let (step, mask) = (Self.step(digest), UInt64(words.count * 64 - 1))
        for probe in 0..<Self.probes {
            // Wrapping is the hash.
            let bit = (digest &+ probe &* step) & mask
            if words[Int(bit >> 6)] & (1 << (bit & 63)) == 0 { return false }
        }
        return true
    }

    public mutating func insert(_ digest: UInt64) {
        let (step, mask) = (Self.step(digest), UInt64(words.count * 64 - 1))
        for probe in 0..<Self.probes {
            let bit = (digest &+ probe &* step) & mask
            words[Int(bit >> 6)] |= 1 << (bit & 63)
        }
        count += 1
    }

    /// Odd, so that all probes differ.
    private static func step(_ digest: UInt64) -> UInt64 { digest >> 32 | digest << 32 | 1 }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: capacity)
        writer.write(count: count)
        for word in words { writer.write(fixed64: word) }
    }

    init(from reader: inout ByteReader) throws {
        let capacity = Int(truncatingIfNeeded: try reader.readVarint())
        count = Int(truncatingIfNeeded: try reader.readVarint())
        guard capacity >= 1, capacity <= reader.remaining, Self.wordCount(capacity) * 8 <= reader.remaining else {
            throw CorruptBytes(offset: reader.offset, expected: "the bits of a filter")
        }
        self.capacity = capacity
        words = []
        for _ in 0..<Self.wordCount(capacity) { words.append(try reader.readFixed64()) }
    }
}
