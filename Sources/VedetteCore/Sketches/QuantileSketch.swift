/// Quantiles of any finite numbers to a stated relative accuracy: DDSketch.
///
/// Source: Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
/// Relative-Error Guarantees" (VLDB 2019), with the keys of ``LogMapping``. One store holds
/// negative, zero and positive bins in the order of their values.
///
/// Error: both order statistics that ``quantile(_:)`` interpolates between are within `alpha`
/// (relative, default 1 %) of the true ones; so where they have one sign, the result is within
/// `alpha` of numpy's linear quantile. Numbers below 2.2e-308 in magnitude (subnormals) count as zero.
///
/// Bounded: at most `maxBins` bins (default 2048, which at 1 % span 17 decades). Beyond that the
/// bins nearest to zero, on both sides, collapse into the one of least magnitude that is kept;
/// zero itself stays. Quantiles that fall there then have only the absolute error
/// ``collapsedBelow``. The cut is canonical: the least one that satisfies the bound for
/// everything ever added, so that merging does not depend on the order.
///
/// Size: 56 bytes inline, nothing else while empty.
public struct QuantileSketch: Sendable {
    public static let defaultAccuracy = 0.01
    public static let defaultMaxBins = 2048
    public static let minBins = 16

    private let mapping: LogMapping
    private var counts = SparseCounts()
    private var limit: Int32
    /// The least magnitude key in use: smaller ones are counted here. 0 when nothing has collapsed.
    private var floorKey: Int32 = 0

    /// An empty sketch. `accuracy` in [1e-4, 0.5], `maxBins` at least 16.
    public init(accuracy: Double = QuantileSketch.defaultAccuracy, maxBins: Int = QuantileSketch.defaultMaxBins) {
        precondition(maxBins >= Self.minBins && maxBins <= Int(Int32.max), "maxBins must be at least 16")
        mapping = LogMapping(alpha: accuracy)
        limit = Int32(maxBins)
    }

    public var accuracy: Double { mapping.alpha }
    public var maxBins: Int { Int(limit) }
    public var total: Int64 { counts.total }
    public var isEmpty: Bool { counts.isEmpty }
    /// Of ``SparseCounts/addresses``.
    @inline(__always)
    var addresses: InlineArray<2, UnsafeRawPointer?> { mutating get { counts.addresses } }

    /// Adds a number. A NaN or an infinity is refused: the answer is false and nothing changes.
    /// Amortised about 20 ns.
    @discardableResult
    public mutating func add(_ x: Double, count: Int64 = 1) -> Bool {
        guard x.isFinite else { return false }
        counts.add(clamped(key(of: x)), count: count)
        collapseIfCompact()
        return true
    }

    /// As ``add(_:count:)``, cheaper for one of many numbers in few bins.
    package mutating func addAgain(_ x: Double) {
        guard x.isFinite else { return }
        counts.addAgain(clamped(key(of: x)), count: 1)
        collapseIfCompact()
    }

    /// Takes back a number that was added. One that was not, and a non-finite one, changes nothing, and the answer is false.
    @discardableResult
    public mutating func remove(_ x: Double, count: Int64 = 1) -> Bool {
        guard x.isFinite else { return false }
        // As in ScoreSketch: the cut must count what is about to vanish.
        if counts.distinctUpperBound > maxBins { compact() }
        return counts.remove(clamped(key(of: x)), count: count)
    }

    /// Adds another sketch's numbers. Both must have the same accuracy; the smaller `maxBins` holds.
    public mutating func merge(_ other: QuantileSketch) {
        precondition(mapping.alpha == other.mapping.alpha, "merged sketches must have the same accuracy")
        if other.limit < limit {
            limit = other.limit
            compact()
        }
        if other.floorKey > floorKey { raiseFloor(to: other.floorKey) }
        if other.floorKey < floorKey {
            var raised = other
            raised.raiseFloor(to: floorKey)
            counts.merge(raised.counts)
        } else {
            counts.merge(other.counts)
        }
        collapseIfCompact()
    }

    /// Adds several sketches' numbers: the same as merging one after the other, and faster. O(bins).
    public mutating func merge(_ others: ContiguousArray<QuantileSketch>) {
        guard others.count > 1 else {
            if others.count == 1 { merge(others[0]) }
            return
        }
        var parts: ContiguousArray<SparseCounts> = counts.isEmpty ? [] : [counts]
        for index in others.indices {
            precondition(mapping.alpha == others[index].mapping.alpha, "merged sketches must have the same accuracy")
            limit = Swift.min(limit, others[index].limit)
            floorKey = Swift.max(floorKey, others[index].floorKey)
            if !others[index].isEmpty { parts.append(others[index].counts) }
        }
        guard parts.count > 1 || floorKey > 0 else {
            if let only = parts.first { counts = only }
            return collapseIfCompact()
        }
        counts = SparseCounts.sum(parts, ContiguousArray(repeating: Clamp(floor: floorKey), count: parts.count))
        collapseIfCompact()
    }

    /// Folds pending adds in, which makes the reads that follow cheap.
    public mutating func compact() {
        counts.compact()
        collapseIfCompact()
    }

    /// Compacts and gives back spare memory.
    public mutating func seal() {
        compact()
        counts.seal()
    }

    private func compacted() -> QuantileSketch {
        guard !counts.isCompact else { return self }
        var copy = self
        copy.compact()
        return copy
    }

    // MARK: Keys

    private func key(of x: Double) -> Int32 {
        let magnitude = x.magnitude
        guard magnitude >= .leastNormalMagnitude else { return 0 }
        let key = mapping.key(of: magnitude)
        return x < 0 ? -key : key
    }

    private func value(ofKey key: Int32) -> Double {
        guard key != 0 else { return 0 }
        let magnitude = mapping.representative(of: abs(key))
        return key < 0 ? -magnitude : magnitude
    }

    private func clamped(_ key: Int32) -> Int32 { Self.clamp(key, floor: floorKey) }

    private struct Clamp: KeyMap {
        let floor: Int32
        @inline(__always)
        func callAsFunction(_ key: Int32) -> Int32 { QuantileSketch.clamp(key, floor: floor) }
    }

    private static func clamp(_ key: Int32, floor: Int32) -> Int32 {
        if key > 0 { return Swift.max(key, floor) }
        return key < 0 ? Swift.min(key, -floor) : 0
    }

    private mutating func raiseFloor(to floor: Int32) {
        floorKey = floor
        counts.mapKeys { Self.clamp($0, floor: floor) }
    }

    @inline(__always)
    private mutating func collapseIfCompact() {
        if counts.isCompact, counts.distinctUpperBound > maxBins { collapse() }
    }

    @inline(never)
    private mutating func collapse() {
        raiseFloor(to: canonicalFloor(excess: counts.distinctUpperBound - maxBins))
    }

    /// The least magnitude key that makes `excess` bins fall together: walks outwards from zero on both sides.
    private func canonicalFloor(excess: Int) -> Int32 {
        var positive = 0
        while positive < counts.distinctUpperBound, counts.entry(at: positive).key <= 0 { positive += 1 }
        var negative = positive - 1
        if negative >= 0, counts.entry(at: negative).key == 0 { negative -= 1 }
        var (seenPositive, seenNegative) = (false, false)
        var left = excess
        while true {
            let up = positive < counts.distinctUpperBound ? counts.entry(at: positive).key : Int32.max
            let down = negative >= 0 ? -counts.entry(at: negative).key : Int32.max
            let nearest = Swift.min(up, down)
            precondition(nearest < Int32.max, "at least three bins always fit")
            if up == nearest {
                if seenPositive { left -= 1 }
                seenPositive = true
                positive += 1
            }
            if down == nearest {
                if seenNegative { left -= 1 }
                seenNegative = true
                negative -= 1
            }
            if left <= 0 { return nearest }
        }
    }
}

// MARK: - Reading

extension QuantileSketch {
    /// The quantile with numpy's linear interpolation between the order statistics of rank
    /// `floor(q (n − 1))` and the next, each within ``accuracy``; nil where the sketch is empty. O(bins).
    public func quantile(_ q: Double) -> Double? {
        precondition(q >= 0 && q <= 1, "a quantile level must lie in [0, 1]")
        guard total > 0 else { return nil }
        let position = Double(total - 1) * q
        let rank = Int64(position)
        let fraction = position - Double(rank)
        let sketch = compacted()
        var walk = Walk()
        return walk.interpolated(rank, fraction, sketch)
    }

    /// Several at once, in ascending order of `levels`: one walk over the bins. nil where the sketch is empty. O(bins).
    public func quantiles(_ levels: [Double]) -> [Double]? {
        guard total > 0 else { return nil }
        let sketch = compacted()
        var walk = Walk()
        return levels.map { q in
            precondition(q >= 0 && q <= 1, "a quantile level must lie in [0, 1]")
            let position = Double(total - 1) * q
            let rank = Int64(position)
            return walk.interpolated(rank, position - Double(rank), sketch)
        }
    }

    /// How far a walk over the bins has come. Ranks are asked for in ascending order.
    private struct Walk {
        /// Bin that holds the newest rank, and the numbers up to its end.
        var bin = -1
        var seen: Int64 = 0

        mutating func interpolated(_ rank: Int64, _ fraction: Double, _ sketch: QuantileSketch) -> Double {
            while seen <= rank {
                bin += 1
                seen += sketch.counts.entry(at: bin).count
            }
            let lower = sketch.value(ofKey: sketch.counts.entry(at: bin).key)
            guard fraction > 0, seen <= rank + 1, bin + 1 < sketch.counts.distinctUpperBound else { return lower }
            let upper = sketch.value(ofKey: sketch.counts.entry(at: bin + 1).key)
            return upper == lower ? lower : lower * (1 - fraction) + upper * fraction
        }
    }

    /// The number of bins in use. O(1) when compacted.
    public var binCount: Int { compacted().counts.distinctCount }

    /// The magnitude below which bins have collapsed; 0 where none has.
    public var collapsedBelow: Double {
        let floor = compacted().floorKey
        return floor == 0 ? 0 : mapping.lowerBound(of: floor + 1)
    }

    /// How many of the numbers are at most `x`, to the accuracy of the bin that holds `x`. O(bins).
    public func count(atMost x: Double) -> Int64 {
        guard !x.isNaN, x > -.infinity else { return 0 }
        guard x < .infinity else { return total }
        let sketch = compacted()
        let bound = sketch.clamped(key(of: x))
        var sum: Int64 = 0
        for (key, count) in sketch.counts {
            guard key <= bound else { break }
            sum += count
        }
        return sum
    }

    /// (representative, count) of every bin, in ascending order of the value.
    public var bins: [(value: Double, count: Int64)] {
        let sketch = compacted()
        return sketch.counts.map { (sketch.value(ofKey: $0.key), $0.count) }
    }
}

extension QuantileSketch {
    /// Both sketches with the bins that both can tell apart: equal accuracy is needed, and the higher cut holds.
    static func aligned(_ a: QuantileSketch, _ b: QuantileSketch) -> (QuantileSketch, QuantileSketch) {
        precondition(a.accuracy == b.accuracy, "compared sketches must have the same accuracy")
        var (left, right) = (a.compacted(), b.compacted())
        if left.floorKey < right.floorKey { left.raiseFloor(to: right.floorKey) }
        if right.floorKey < left.floorKey { right.raiseFloor(to: left.floorKey) }
        return (left, right)
    }
}

extension QuantileSketch: Equatable {
    public static func == (a: QuantileSketch, b: QuantileSketch) -> Bool {
        guard a.mapping == b.mapping, a.limit == b.limit else { return false }
        let (left, right) = (a.compacted(), b.compacted())
        return left.floorKey == right.floorKey && left.counts == right.counts
    }
}

extension QuantileSketch: Snapshottable {
    /// How most are, said in one byte: mapping and limit, nothing collapsed. Durable.
    private static let usual = (mapping: LogMapping(alpha: 0.01), limit: Int32(512))

    public func encode(into writer: inout ByteWriter) {
        guard counts.isCompact else { return compacted().encode(into: &writer) }
        let isUsual = mapping.alpha == Self.usual.mapping.alpha && limit == Self.usual.limit && floorKey == 0
        writer.write(bool: !isUsual)
        if !isUsual {
            writer.write(double: mapping.alpha)
            writer.write(varint: UInt64(limit))
            writer.write(varint: UInt64(floorKey))
        }
        counts.encode(into: &writer)
    }

    public init(from reader: inout ByteReader) throws {
        if try reader.readBool() {
            let alpha = try reader.readDouble()
            let limit = try reader.readVarint()
            let floor = try reader.readVarint()
            guard alpha >= 1e-4, alpha <= 0.5, limit >= UInt64(Self.minBins), limit <= UInt64(Int32.max),
                floor <= UInt64(SparseCounts.maxKey)
            else {
                throw CorruptBytes(offset: reader.offset, expected: "a quantile sketch's accuracy, limit and floor")
            }
            mapping = LogMapping(alpha: alpha)
            self.limit = Int32(limit)
            floorKey = Int32(floor)
        } else {
            (mapping, limit) = Self.usual
        }
        counts = try SparseCounts(from: &reader)
        guard counts.distinctCount <= maxBins, floorKey == 0 || counts.allSatisfy({ $0.key == 0 || abs($0.key) >= floorKey }) else {
            throw CorruptBytes(offset: reader.offset, expected: "bins at or above the floor and within the limit")
        }
    }
}
