/// Values that stand still: a default, a stale cache. Many of the newest requests have a rare value of a feature in common,
/// and are unlike each other in the rest.
///
/// An attacker's tries have rare values in common too, but are alike in most features: of those that he leaves alone none
/// stands still here, however much of the traffic he is. Told by a row for every fourth of the newest 256 requests. A row
/// counts for a value if the newest row before it that has the value is unlike it: the two agree in less than three fifths of what
/// they could (``RankedRequest``, nats).
package struct StandingValues: Equatable {
    /// Rows, as many as a word has bits.
    static let rows = UInt64.bitWidth
    /// Rows that count for a value from which on it stands still.
    private static let least = 4
    /// A value that stands still is so many times as frequent as in ordinary traffic: the day of the week is no fault.
    private static let factor = 8
    private static let alike = 0.6

    let features: Int
    /// Numbers in a row of ranks.
    private let width: Int
    /// Feature-major, a ring of ``rows`` each in the order of ``lane(_:)``; NaN where missing or not yet there.
    private var values: ContiguousArray<Float>
    /// Of each row its lower ranks and then its upper ones.
    private var ranks: ContiguousArray<UInt16>
    /// Of each feature, a bit for each row that counts for its value.
    private var counting: ContiguousArray<UInt64>
    /// Place of the newest row.
    private var newest = 0
    /// Of each feature the value that stands still, and the rows that count for it; 0 where none does.
    private var standing: ContiguousArray<Float>
    private var counts: ContiguousArray<UInt16>

    package init(features: Int) {
        self.features = features
        width = RankedRequest.width(features)
        values = ContiguousArray(repeating: .nan, count: features * Self.rows)
        ranks = ContiguousArray(repeating: 0, count: 2 * width * Self.rows)
        counting = ContiguousArray(repeating: 0, count: features)
        standing = ContiguousArray(repeating: .nan, count: features)
        counts = ContiguousArray(repeating: 0, count: features)
    }

    /// - Parameters:
    ///   - low, high: the row's ranks among ordinary values alone.
    ///   - size: rows behind the ranks.
    /// O(features · rows / 8), and a comparison for each earlier row that shares a rare value.
    package mutating func add(_ row: UnsafeBufferPointer<Float>, low: UnsafePointer<UInt16>, high: UnsafePointer<UInt16>, size: Int) {
        newest = (newest + 1) % Self.rows
        let place = newest * 2 * width
        for index in 0..<width { (ranks[place + index], ranks[place + width + index]) = (low[index], high[index]) }
        let bit = UInt64(1) << UInt64(newest)
        var lastCompared = (other: -1, isUnlike: false)
        for feature in 0..<features {
            let value = row[feature]
            values[feature * Self.rows + Self.lane(newest)] = value
            counting[feature] &= ~bit
            if counts[feature] > 0 { recount(feature) }
            // Safe: `high` is not below `low`.
            let ordinary = Int(high[feature] - low[feature])
            guard ordinary * Self.factor < size, let other = newestOther(with: value, of: feature) else { continue }
            if lastCompared.other != other { lastCompared = (other, isUnlike(newest, other, size: size)) }
            guard lastCompared.isUnlike else { continue }
            counting[feature] |= bit
            settle(feature, value, ordinary: ordinary, size: size)
        }
    }

    private mutating func recount(_ feature: Int) {
        let left = count(of: standing[feature], feature)
        counts[feature] = left >= Self.least ? UInt16(left) : 0
    }

    /// The newest row's value is the one that stands still if more rows count for it than for the one before.
    private mutating func settle(_ feature: Int, _ value: Float, ordinary: Int, size: Int) {
        let own = count(of: value, feature)
        guard own >= Self.least, own > counts[feature], own * size >= Self.factor * ordinary * Self.rows else { return }
        (standing[feature], counts[feature]) = (value, UInt16(own))
    }

    /// A value that stands still is as wide as it is frequent.
    package func widen(_ row: UnsafePointer<Float>, low: UnsafePointer<UInt16>, high: UnsafeMutablePointer<UInt16>, size: Int) {
        for feature in 0..<features where counts[feature] > 0 && row[feature] == standing[feature] {
            // Safe: a share of the sample, far below a rank's end.
            high[feature] = max(high[feature], low[feature] &+ UInt16(Int(counts[feature]) * size / Self.rows))
        }
    }

    private func count(of value: Float, _ feature: Int) -> Int { (equal(to: value, feature) & counting[feature]).nonzeroBitCount }

    /// Where a row's value stands: rows 0, 8, 16 and so on are compared at once, then rows 1, 9, 17, so that the bits of eight rows become a byte.
    private static func lane(_ row: Int) -> Int { row % 8 * 8 + row / 8 }

    /// A bit for each row that has a value.
    @inline(__always)
    private func equal(to value: Float, _ feature: Int) -> UInt64 {
        values.withUnsafeBytes { values in
            let value = SIMD8(repeating: value)
            var bits = SIMD8<UInt32>()
            for number in 0..<8 {
                // Safe: every feature has its ``rows`` values.
                let some = values.loadUnaligned(fromByteOffset: (feature &* Self.rows &+ number &* 8) &* 4, as: SIMD8<Float>.self)
                bits |= SIMD8().replacing(with: SIMD8(repeating: 1 &<< UInt32(number)), where: some .== value)
            }
            return unsafeBitCast(SIMD8<UInt8>(truncatingIfNeeded: bits), to: UInt64.self)
        }
    }

    /// The newest row but one, counted back from it, that has a value.
    private func newestOther(with value: Float, of feature: Int) -> Int? {
        let equal = equal(to: value, feature) & ~(1 << UInt64(newest))
        guard equal != 0 else { return nil }
        // The row before the newest becomes the highest bit.
        let shift = UInt64((Self.rows - newest) % Self.rows)
        let turned = equal &<< shift | (shift == 0 ? 0 : equal &>> (UInt64(Self.rows) - shift))
        return (Self.rows - 1 - turned.leadingZeroBitCount + newest) % Self.rows
    }

    private func isUnlike(_ row: Int, _ other: Int, size: Int) -> Bool {
        ranks.withUnsafeBufferPointer { ranks in
            guard let ranks = ranks.baseAddress else { return false }
            let (own, theirs) = (ranks + row * 2 * width, ranks + other * 2 * width)
            let compared = ComparedRanks(low: own, high: own + width, size: size)
            let (pair, most) = (compared.product(theirs, width), compared.product(own, width))
            let all = Double(features) * RealFunctions.log(Double(size + 1))
            let agreement = all - pair.sum - RealFunctions.log(pair.product)
            return agreement < Self.alike * (all - most.sum - RealFunctions.log(most.product))
        }
    }
}

extension StandingValues: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: features)
        writer.write(floats: values)
        writer.write(small: ContiguousArray(ranks.map { UInt32($0) }))
        writer.write(words: counting)
        writer.write(count: newest)
        writer.write(floats: standing)
        writer.write(small: ContiguousArray(counts.map { UInt32($0) }))
    }

    package init(from reader: inout ByteReader) throws {
        features = try reader.readCount(minimumSize: 0)
        guard features <= 1 << 16 else { throw CorruptBytes(offset: reader.offset, expected: "a number of features") }
        width = RankedRequest.width(features)
        values = try reader.readFloats()
        ranks = ContiguousArray(try reader.readSmall().map { UInt16(truncatingIfNeeded: $0) })
        counting = try reader.readWords()
        newest = Int(try reader.readVarint())
        standing = try reader.readFloats()
        counts = ContiguousArray(try reader.readSmall().map { UInt16(truncatingIfNeeded: $0) })
        guard values.count == features * Self.rows, ranks.count == 2 * width * Self.rows, counting.count == features, newest < Self.rows,
            standing.count == features, counts.count == features, counts.allSatisfy({ $0 <= Self.rows })
        else { throw CorruptBytes(offset: reader.offset, expected: "\(Self.rows) rows of \(features) features") }
    }
}
