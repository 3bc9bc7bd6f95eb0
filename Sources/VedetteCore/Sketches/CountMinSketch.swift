import CProcessor

/// How often keys that are not followed one by one came: never below the true count.
///
/// With N added in all it is more than 3 N / width too high with a chance of e^-4 at most. Memory: 16 bytes times width.
/// Source: Cormode and Muthukrishnan, "An improved data stream summary" (2005).
package struct CountMinSketch: Sendable, Equatable {
    package static let rows = 4
    /// Every row takes its own bits of a key.
    package static let maxWidth = 65_536

    private let width: Int
    private var counts: ContiguousArray<UInt32>

    /// - Parameter width: counters in each row, a power of two, at most ``maxWidth``.
    package init(width: Int) {
        precondition(width > 0 && width & (width - 1) == 0 && width <= Self.maxWidth, "the width is a power of two, at most \(Self.maxWidth)")
        self.width = width
        counts = ContiguousArray(repeating: 0, count: Self.rows * width)
    }

    /// Once a day, so that a flood of names is forgotten.
    package mutating func halve() {
        for place in counts.indices { counts[place] /= 2 }
    }

    /// - Parameters:
    ///   - key: evenly spread over 64 bits, such as a keyed hash.
    ///   - count: 1 and above; counts end at 2^32 - 1.
    /// - Returns: the key's count with these.
    @discardableResult
    package mutating func add(_ key: UInt64, count: Int = 1) -> Int {
        take(key, count: count)
        return self.count(of: key)
    }

    /// Adds, for who does not ask how many there are now.
    mutating func take(_ key: UInt64, count: Int) {
        for row in 0..<Self.rows {
            let place = place(key, row)
            counts[place] = UInt32(clamping: Int(counts[place]) + count)
        }
    }

    package func count(of key: UInt64) -> Int {
        (0..<Self.rows).reduce(Int(UInt32.max)) { min($0, Int(counts[place(key, $1)])) }
    }

    /// Asks for the memory of a key that will come soon. `mutating` so that nothing is copied; it changes nothing.
    mutating func prefetch(_ key: UInt64) {
        counts.withUnsafeBufferPointer { counts in
            guard let base = counts.baseAddress else { return }
            for row in 0..<Self.rows { vedette_prefetch(base + place(key, row)) }
        }
    }

    private func place(_ key: UInt64, _ row: Int) -> Int { row * width + Int(truncatingIfNeeded: key >> UInt64(row * 16)) & (width - 1) }

    package func encode(into writer: inout ByteWriter) {
        writer.write(bool: counts.contains { $0 > 0 })
        guard counts.contains(where: { $0 > 0 }) else { return }
        for count in counts { writer.write(varint: UInt64(count)) }
    }

    package mutating func restore(from reader: inout ByteReader) throws {
        let isUsed = try reader.readBool()
        for place in counts.indices { counts[place] = isUsed ? UInt32(clamping: try reader.readVarint()) : 0 }
    }
}
