/// Where a value lies among the values of ordinary traffic: ranks in a sample of rows, per feature.
///
/// The sample is filled by the first rows and then renewed slowly; rows of known campaigns never enter. A value
/// becomes a pair of ranks (`low` values are smaller, `high` are not larger), so popular values are wide and
/// rare ones narrow: that is the base-rate correction of every comparison. A missing value is a value of its
/// own, as wide as it is popular in the sample or of late: a feature that stops arriving is no rare thing that many requests
/// have in common, nor is one that stands still (``StandingValues``). A feature that tells the time (``ClockFeatures``) is as
/// wide as the sample: whoever agrees in it agrees in nothing. A category is ordered by its keyed hash, which loses a little
/// power and no validity.
package struct FeatureReference {
    package static let rows = 1_024
    /// Rank of a missing value, beyond every other.
    private static let missingRank: UInt16 = 20_000
    /// One of so many rows enters a full sample.
    private static let renewal: Int64 = 8
    /// Rows between two sortings of a full sample.
    private static let resort: Int64 = 4_096

    package let features: Int
    /// Row-major, NaN where missing.
    private var sample: ContiguousArray<Float> = []
    private var seen: Int64 = 0
    private var sortedAt: Int64 = 0
    /// Feature-major: each feature's present values in order, `size` places a feature.
    private var sorted: ContiguousArray<Float> = []
    /// Of the same places: the values as integers in their order, and how many values are not larger. A feature has whole
    /// blocks of ``block`` places; those beyond its values are larger than any key.
    private var keys: ContiguousArray<Int32> = []
    private var ends: ContiguousArray<UInt16> = []
    /// Feature-major: the last key of each block, ``block`` of them.
    private var tops: ContiguousArray<Int32> = []
    /// So many keys are compared at once. Its square is at least ``rows``.
    private static let block = 32
    private var present: ContiguousArray<Int32>
    /// Least number of ranks that a value spans: the sample over the number of its distinct values. A value that a
    /// feature of few values has not shown yet (the first weekend) is no narrower than those that it has.
    private var widths: ContiguousArray<Int32>
    /// Of each feature, a bit for every fourth of the newest requests, set where it was missing. All requests count, those of
    /// campaigns too: who leaves a feature out loses the agreement in it and no more.
    private var missingOfLate: ContiguousArray<UInt64>
    private var standing: StandingValues
    /// Every so many requests one is looked at for what is missing or stands still.
    private static let lookEvery: Int64 = 4
    private var clocks: ClockFeatures
    /// Of each feature, as of the last sorting.
    private var isClock: ContiguousArray<Bool>
    /// Rows behind the ranks; 0 before the first sorting.
    package private(set) var size = 0

    package init(features: Int) {
        self.features = features
        present = ContiguousArray(repeating: 0, count: features)
        widths = ContiguousArray(repeating: 0, count: features)
        missingOfLate = ContiguousArray(repeating: 0, count: features)
        standing = StandingValues(features: features)
        clocks = ClockFeatures(features: features)
        isClock = ContiguousArray(repeating: false, count: features)
    }

    var isReady: Bool { size > 0 }
    private var sampleSize: Int { features == 0 ? 0 : sample.count / features }

    /// Whether the ranks should be made anew: at 64 rows, at each doubling, then now and then.
    package var isDue: Bool {
        let rows = sampleSize
        guard rows >= 64 else { return false }
        return rows < Self.rows ? rows >= 2 * size : size < rows || seen - sortedAt >= Self.resort
    }

    /// Ranks of the newest request, also of one that never becomes part of the sample: as wide as its values are popular in the
    /// sample or of late.
    ///
    /// - Parameters:
    ///   - number: running number of the request.
    ///   - low, high: receive ``RankedRequest/width(_:)`` numbers.
    package mutating func follow(
        _ row: UnsafeBufferPointer<Float>, number: Int64, low: UnsafeMutablePointer<UInt16>, high: UnsafeMutablePointer<UInt16>
    ) {
        guard size > 0, let values = row.baseAddress else { return }
        rank(row, low: low, high: high)
        let isLookedAt = number % Self.lookEvery == 0
        if isLookedAt { lookForMissing(values) }
        // A share of the sample, far below a rank's end.
        for feature in 0..<features where values[feature].isNaN {
            high[feature] = max(high[feature], low[feature] &+ UInt16(missingOfLate[feature].nonzeroBitCount * size / UInt64.bitWidth))
        }
        if isLookedAt { standing.add(row, low: low, high: high, size: size) }
        standing.widen(values, low: low, high: high, size: size)
    }

    private mutating func lookForMissing(_ values: UnsafePointer<Float>) {
        for feature in 0..<features { missingOfLate[feature] = missingOfLate[feature] &<< 1 | (values[feature].isNaN ? 1 : 0) }
    }

    /// - Parameters:
    ///   - time: event time, ms.
    ///   - draw: decides deterministically which rows enter a full sample.
    package mutating func add(_ row: UnsafeBufferPointer<Float>, at time: Int64, draw: UInt64) {
        seen += 1
        clocks.add(row, at: time)
        if sampleSize < Self.rows {
            sample.append(contentsOf: row)
        } else if draw % UInt64(Self.renewal) == 0 {
            let place = Int((draw >> 16) % UInt64(Self.rows)) * features
            for index in 0..<features { sample[place + index] = row[index] }
        }
    }

    /// - Parameter time: event time, ms.
    package mutating func sort(at time: Int64) {
        let rows = sampleSize
        // Beyond the present values: larger than any, so that searches need not know how many there are.
        sorted = ContiguousArray(repeating: .infinity, count: rows * features)
        for feature in 0..<features {
            var values = ContiguousArray<Float>()
            values.reserveCapacity(rows)
            for row in 0..<rows where !sample[row * features + feature].isNaN { values.append(sample[row * features + feature]) }
            values.sort()
            present[feature] = Int32(values.count)
            for (place, value) in values.enumerated() { sorted[feature * rows + place] = value }
            let distinct = values.indices.reduce(0) { $0 + ($1 == 0 || values[$1] != values[$1 - 1] ? 1 : 0) }
            widths[feature] = Int32((rows + 1) / (distinct + 1) - 1)
        }
        size = rows
        sortedAt = seen
        index()
        // Steps of 37 through a sample of any size: rows of other moments than their partners.
        var clocks = self.clocks
        clocks.look(at: time) { sample[$1 &* 37 % rows * features + $0] } share: { share($0, from: $1, to: $2) }
        self.clocks = clocks
        for feature in 0..<features { isClock[feature] = clocks.isClock(feature) }
    }

    /// Ranks of one row in the sample. O(features · log rows), without a branch that depends on a value.
    package func rank(_ row: UnsafeBufferPointer<Float>, low: UnsafeMutablePointer<UInt16>, high: UnsafeMutablePointer<UInt16>) {
        guard size > 0, let values = row.baseAddress else { return }
        withColumns { columns in
            for feature in 0..<features { (low[feature], high[feature]) = columns.rank(values[feature], of: feature) }
        }
    }

    /// Rows whose values and ranks stay in the nearest cache beside a feature's keys.
    private static let tile = 64

    /// Ranks of many rows, some rows at a time, and of these a feature at a time. O(rows · features · log rows).
    ///
    /// - Parameters:
    ///   - values: row-major, as are `low` and `high`, whose rows are `stride` numbers apart.
    ///   - isWanted: of a row; others keep their ranks.
    package func rank(
        rows: Int, _ values: UnsafePointer<Float>, low: UnsafeMutablePointer<UInt16>, high: UnsafeMutablePointer<UInt16>, stride: Int,
        where isWanted: (Int) -> Bool
    ) {
        guard size > 0 else { return }
        withColumns { columns in
            for first in Swift.stride(from: 0, to: rows, by: Self.tile) {
                for feature in 0..<features {
                    for row in first..<min(first + Self.tile, rows) where isWanted(row) {
                        let place = row * stride + feature
                        (low[place], high[place]) = columns.rank(values[row * features + feature], of: feature)
                    }
                }
            }
        }
    }

    @inline(__always)
    private func withColumns(_ body: (RankColumns) -> Void) {
        keys.withUnsafeBufferPointer { keys in
            ends.withUnsafeBufferPointer { ends in
                tops.withUnsafeBufferPointer { tops in
                    present.withUnsafeBufferPointer { present in
                        widths.withUnsafeBufferPointer { widths in
                            isClock.withUnsafeBufferPointer { isClock in
                                guard let keys = keys.baseAddress, let ends = ends.baseAddress, let tops = tops.baseAddress,
                                    let present = present.baseAddress, let widths = widths.baseAddress, let isClock = isClock.baseAddress
                                else { return }
                                body(RankColumns(
                                    size: size, blocks: blocks, keys: keys, ends: ends, tops: tops, present: present, widths: widths, isClock: isClock))
                            }
                        }
                    }
                }
            }
        }
    }

    /// The arrays that ranks are read from; valid inside of ``withColumns(_:)`` only.
    private struct RankColumns {
        let size: Int
        let blocks: Int
        let keys: UnsafePointer<Int32>
        let ends: UnsafePointer<UInt16>
        let tops: UnsafePointer<Int32>
        let present: UnsafePointer<Int32>
        let widths: UnsafePointer<Int32>
        let isClock: UnsafePointer<Bool>

        @inline(__always)
        func rank(_ value: Float, of feature: Int) -> (low: UInt16, high: UInt16) {
            if isClock[feature] { return (0, UInt16(truncatingIfNeeded: size)) }
            let count = Int(present[feature])
            if value.isNaN { return (FeatureReference.missingRank, FeatureReference.missingRank &+ UInt16(truncatingIfNeeded: size &- count)) }
            let key = FeatureReference.key(value)
            let block = FeatureReference.block
            let base = feature &* blocks &* block
            let start = min(FeatureReference.smaller(tops + feature &* block, than: key), blocks &- 1) &* block
            let first = min(start &+ FeatureReference.smaller(keys + base + start, than: key), count)
            let isTied = first < count && keys[base + first] == key
            let end = isTied ? Int(ends[base + first]) : first
            return (UInt16(truncatingIfNeeded: first), UInt16(truncatingIfNeeded: max(end, first &+ Int(widths[feature]))))
        }
    }

    /// Orders like the number itself; both zeros are one.
    @inline(__always)
    private static func key(_ value: Float) -> Int32 {
        let bits = Int32(bitPattern: (value + 0).bitPattern)
        return bits ^ (bits &>> 31 & .max)
    }

    /// How many of ``block`` keys are smaller: eight at a time, without a branch.
    @inline(__always)
    private static func smaller(_ keys: UnsafePointer<Int32>, than key: Int32) -> Int {
        let keys = UnsafeRawPointer(keys)
        let (key, one) = (SIMD8<Int32>(repeating: key), SIMD8<Int32>(repeating: 1))
        var count = SIMD8<Int32>()
        for place in 0..<block / 8 {
            // Safe: every block has its ``block`` keys.
            let some = keys.loadUnaligned(fromByteOffset: place * 32, as: SIMD8<Int32>.self)
            count &+= SIMD8<Int32>().replacing(with: one, where: some .< key)
        }
        return Int(count.wrappedSum())
    }

    private var blocks: Int { (size + Self.block - 1) / Self.block }

    /// What ``rank(_:low:high:)`` reads: a function of the sorted values.
    private mutating func index() {
        let (column, size, blocks, sorted, present) = (blocks * Self.block, size, blocks, sorted, present)
        var keys = ContiguousArray<Int32>(repeating: .max, count: column * features)
        var ends = ContiguousArray<UInt16>(repeating: 0, count: column * features)
        var tops = ContiguousArray<Int32>(repeating: .max, count: Self.block * features)
        for feature in 0..<features {
            let (base, count) = (feature * column, Int(present[feature]))
            keys.withUnsafeMutableBufferPointer { keys in
                for place in 0..<size { keys[base + place] = Self.key(sorted[feature * size + place]) }
                ends.withUnsafeMutableBufferPointer { ends in
                    for place in (0..<count).reversed() {
                        let isLast = place + 1 == count || keys[base + place + 1] != keys[base + place]
                        ends[base + place] = isLast ? UInt16(place + 1) : ends[base + place + 1]
                    }
                }
            }
            for number in 0..<blocks { tops[feature * Self.block + number] = keys[base + (number + 1) * Self.block - 1] }
        }
        (self.keys, self.ends, self.tops) = (keys, ends, tops)
    }

    /// Share of ordinary traffic whose value of a feature lies in a closed range; 1 where either end is missing.
    package func share(_ feature: Int, from low: Float, to high: Float) -> Double {
        guard size > 0, !low.isNaN, !high.isNaN else { return 1 }
        return sorted.withUnsafeBufferPointer { sorted in
            let (base, count) = (feature * size, Int(present[feature]))
            let inside = Self.upperBound(sorted, base, count, high) - Self.lowerBound(sorted, base, count, low)
            return Double(inside + 1) / Double(size + 1)
        }
    }

    /// Share of ordinary traffic without a value of a feature.
    func missingShare(_ feature: Int) -> Double { Double(size - Int(present[feature]) + 1) / Double(size + 1) }

    /// Eighths of ordinary traffic that a rank may lie in; a missing value is one more.
    static let bins = 8

    /// The eighth of ordinary traffic that a value lies in.
    /// - Parameters:
    ///   - low: its rank.
    ///   - size: rows behind the ranks.
    static func bin(_ low: UInt16, of size: Int) -> Int { low >= missingRank ? bins : min(bins - 1, Int(low) * bins / max(1, size)) }

    /// Share of ordinary traffic in a bin of a feature; 1 for one that tells the time.
    func share(_ feature: Int, inBin bin: Int) -> Double {
        guard size > 0, !isClock[feature] else { return 1 }
        let count = Int(present[feature])
        guard bin < Self.bins else { return Double(size - count) / Double(size) }
        let values = sorted[feature * size..<feature * size + count]
        var (low, inside) = (0, 0)
        for place in values.indices {
            if place > values.startIndex, values[place] != values[place - 1] { low = place - values.startIndex }
            if Self.bin(UInt16(low), of: size) == bin { inside += 1 }
        }
        return Double(inside) / Double(size)
    }

    @inline(__always)
    private static func lowerBound(_ values: UnsafeBufferPointer<Float>, _ base: Int, _ count: Int, _ value: Float) -> Int {
        var start = 0
        var rest = count
        while rest > 0 {
            let half = rest >> 1
            let isLess = values[base + start + half] < value
            start = isLess ? start + half + 1 : start
            rest = isLess ? rest - half - 1 : half
        }
        return start
    }

    @inline(__always)
    private static func upperBound(_ values: UnsafeBufferPointer<Float>, _ base: Int, _ count: Int, _ value: Float) -> Int {
        var start = 0
        var rest = count
        while rest > 0 {
            let half = rest >> 1
            let isNotMore = values[base + start + half] <= value
            start = isNotMore ? start + half + 1 : start
            rest = isNotMore ? rest - half - 1 : half
        }
        return start
    }
}

extension FeatureReference: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: features)
        writer.write(signed: seen)
        writer.write(signed: sortedAt)
        writer.write(count: size)
        writer.write(floats: sample)
        writer.write(floats: sorted)
        for count in present { writer.write(signed: Int64(count)) }
        for width in widths { writer.write(signed: Int64(width)) }
        for bits in missingOfLate { writer.write(fixed64: bits) }
        standing.encode(into: &writer)
        clocks.encode(into: &writer)
    }

    package init(from reader: inout ByteReader) throws {
        features = try reader.readCount(minimumSize: 0)
        seen = try reader.readSigned()
        sortedAt = try reader.readSigned()
        size = Int(clamping: try reader.readVarint())
        sample = try reader.readFloats()
        sorted = try reader.readFloats()
        guard size <= Self.rows, sorted.count == size * features, sample.count <= Self.rows * features else {
            throw CorruptBytes(offset: reader.offset, expected: "a sample of at most \(Self.rows) rows")
        }
        present = []
        for _ in 0..<features { present.append(Int32(truncatingIfNeeded: try reader.readSigned())) }
        widths = []
        for _ in 0..<features { widths.append(Int32(truncatingIfNeeded: try reader.readSigned())) }
        missingOfLate = []
        for _ in 0..<features { missingOfLate.append(try reader.readFixed64()) }
        standing = try StandingValues(from: &reader)
        let clocks = try ClockFeatures(from: &reader)
        self.clocks = clocks
        isClock = ContiguousArray((0..<features).map { clocks.isClock($0) })
        let areRanks = present.allSatisfy { (0...Int32(size)).contains($0) } && widths.allSatisfy { (0...Int32(Self.rows)).contains($0) }
        guard areRanks, standing.features == features else {
            throw CorruptBytes(offset: reader.offset, expected: "ranks within a sample of \(size) rows")
        }
        index()
    }
}
