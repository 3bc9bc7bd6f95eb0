/// Values that stand still: a default, a stale cache. Many of the newest requests have a rare value of a feature in common,
/// and are unlike each other otherwise.
///
/// An attacker's tries have rare values in common too, but in most features at once, and are alike. Told by a row for every
/// fourth of the newest 256 requests. A row counts for its value of a feature if the newest row before it that has the value
/// is unlike it: the two agree in less than three fifths of what the newer one could agree in (nats, see ``AnchorStore``). A
/// feature has one value that stands still at most, that for which most rows count.
package struct StandingValues {
    /// Rows, as many as a word has bits.
    static let rows = UInt64.bitWidth
    /// Rows that count for a value from which on it stands still.
    private static let least = 4
    /// A value that begins to stand still is so many times as frequent as in ordinary traffic: the day of the week is no fault.
    private static let factor = 8
    private static let alike = 0.6
    /// One of so many of a row's values, or one, may stand still. A pipeline that breaks takes few features along; whoever makes
    /// his own values stand still, by requests that share a few of them at a time, needs most of them.
    private static let shareAtOnce = 4

    private struct Standing {
        var value = Float.nan
        /// How many count for it; 0 where none stands still.
        var rows: UInt16 = 0
    }

    let features: Int
    /// Numbers in a row of ranks.
    private let width: Int
    /// Feature-major, a ring of ``rows`` each in the order of ``lane(_:)``; NaN where missing or not yet there.
    private var values: ContiguousArray<Float>
    /// Of each row its lower ranks and then its upper ones, as of when it came.
    private var ranks: ContiguousArray<UInt16>
    /// Of each feature, a bit for each row that counts for its value.
    private var countingRows: ContiguousArray<UInt64>
    /// Place of the newest row.
    private var newest = 0
    /// Of each feature.
    private var standing: ContiguousArray<Standing>

    package init(features: Int) {
        self.features = features
        width = RankedRequest.width(features)
        values = ContiguousArray(repeating: .nan, count: features * Self.rows)
        ranks = ContiguousArray(repeating: 0, count: 2 * width * Self.rows)
        countingRows = ContiguousArray(repeating: 0, count: features)
        standing = ContiguousArray(repeating: Standing(), count: features)
    }

    /// - Parameters:
    ///   - low, high: the row's ranks, ``RankedRequest/width(_:)`` numbers each.
    ///   - size: rows behind the ranks.
    /// O(features · rows / 8), and a comparison for each earlier row that shares a rare value.
    package mutating func add(_ row: UnsafeBufferPointer<Float>, low: UnsafePointer<UInt16>, high: UnsafePointer<UInt16>, size: Int) {
        newest = (newest + 1) % Self.rows
        let place = newest * 2 * width
        for index in 0..<width { (ranks[place + index], ranks[place + width + index]) = (low[index], high[index]) }
        var lastCompared = (other: -1, isUnlike: false)
        for feature in 0..<features {
            let value = row[feature]
            values[feature * Self.rows + Self.lane(newest)] = value
            countingRows[feature] &= ~(1 << UInt64(newest))
            let isStanding = recount(feature) && value == standing[feature].value
            // `high` is never below `low`.
            let ordinary = Int(high[feature] - low[feature])
            guard isStanding || ordinary * Self.factor < size else { continue }
            let equal = equal(to: value, feature)
            guard let other = newestOther(equal) else { continue }
            if lastCompared.other != other { lastCompared = (other, isUnlike(newest, other, size: size)) }
            guard lastCompared.isUnlike else { continue }
            countingRows[feature] |= 1 << UInt64(newest)
            let count = (equal & countingRows[feature]).nonzeroBitCount
            guard count >= Self.least, count > standing[feature].rows else { continue }
            guard isStanding || count * size >= Self.factor * ordinary * Self.rows else { continue }
            standing[feature] = Standing(value: value, rows: UInt16(count))
        }
    }

    /// Without the row that has left. Returns whether a value of the feature stands still.
    private mutating func recount(_ feature: Int) -> Bool {
        guard standing[feature].rows > 0 else { return false }
        let left = (equal(to: standing[feature].value, feature) & countingRows[feature]).nonzeroBitCount
        standing[feature].rows = left >= Self.least ? UInt16(left) : 0
        return left >= Self.least
    }

    /// A value that stands still is as wide as it is frequent.
    package func widen(_ row: UnsafePointer<Float>, low: UnsafePointer<UInt16>, high: UnsafeMutablePointer<UInt16>, size: Int) {
        var (atOnce, first) = (0, features)
        for feature in 0..<features where stands(row[feature], feature) {
            atOnce += 1
            first = min(first, feature)
        }
        guard atOnce <= max(1, features / Self.shareAtOnce) else { return }
        for feature in first..<features where stands(row[feature], feature) {
            // A share of the sample, far below a rank's end.
            high[feature] = max(high[feature], low[feature] &+ UInt16(Int(standing[feature].rows) * size / Self.rows))
        }
    }

    private func stands(_ value: Float, _ feature: Int) -> Bool { standing[feature].rows > 0 && value == standing[feature].value }

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

    /// Of the rows of some bits the newest but the very newest one.
    private func newestOther(_ bits: UInt64) -> Int? {
        let others = bits & ~(1 << UInt64(newest))
        guard others != 0 else { return nil }
        // Turned so that the row before the newest is the highest bit; shifts by 64 are shifts by 0.
        let turned = others &>> UInt64(newest) | others &<< UInt64(Self.rows - newest)
        return (Self.rows - 1 - turned.leadingZeroBitCount + newest) % Self.rows
    }

    private func isUnlike(_ row: Int, _ other: Int, size: Int) -> Bool {
        agreement(row, other, size: size) < Self.alike * agreement(row, row, size: size)
    }

    /// Nats.
    private func agreement(_ row: Int, _ other: Int, size: Int) -> Double {
        ranks.withUnsafeBufferPointer { ranks in
            guard let ranks = ranks.baseAddress else { return 0 }
            let own = ranks + row * 2 * width
            let (sum, product) = ComparedRanks(low: own, high: own + width, size: size).product(ranks + other * 2 * width, width)
            return Double(features) * RealFunctions.log(Double(size + 1)) - sum - RealFunctions.log(product)
        }
    }
}

extension StandingValues: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: features)
        writer.write(floats: values)
        writer.write(small: ContiguousArray(ranks.map { UInt32($0) }))
        writer.write(words: countingRows)
        writer.write(count: newest)
        writer.write(floats: ContiguousArray(standing.map(\.value)))
        writer.write(small: ContiguousArray(standing.map { UInt32($0.rows) }))
    }

    package init(from reader: inout ByteReader) throws {
        features = try reader.readCount(minimumSize: 0)
        width = RankedRequest.width(features)
        values = try reader.readFloats()
        ranks = ContiguousArray(try reader.readSmall().map { UInt16(truncatingIfNeeded: $0) })
        countingRows = try reader.readWords()
        newest = Int(clamping: try reader.readVarint())
        let standingValues = try reader.readFloats()
        let standingRows = try reader.readSmall()
        guard values.count == features * Self.rows, ranks.count == 2 * width * Self.rows, countingRows.count == features, newest < Self.rows,
            standingValues.count == features, standingRows.count == features, standingRows.allSatisfy({ $0 <= Self.rows })
        else { throw CorruptBytes(offset: reader.offset, expected: "\(Self.rows) rows of \(features) features") }
        standing = ContiguousArray(zip(standingValues, standingRows).map { Standing(value: $0, rows: UInt16($1)) })
    }
}
