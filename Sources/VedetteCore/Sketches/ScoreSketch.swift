/// The distribution of scores in [0, 1], exact for scores of up to 6 decimals.
///
/// A score is counted at its millionth (see ``unit(of:)``). When more than `maxEntries`
/// distinct keys occur, the resolution coarsens to the next level of ``widths``; all widths
/// divide 50,000 units, so ``histogram20`` is exact at every level, and each divides the next,
/// so coarsening in steps equals coarsening at once.
///
/// The level is canonical: the finest one at which the multiset of everything added so far has
/// at most `maxEntries` distinct keys. Merging therefore does not depend on the order.
/// ``remove(_:)`` takes counts back exactly but does not refine the level again: as far as the
/// level goes, what was once added counts. Where `maxEntries` was never exceeded, removing equals
/// never having added.
///
/// Error: at level 0 none beyond the quantisation (none at all for 6 decimals); at a level of
/// width `w` units a value is off by at most `w / 2` millionths. `resolution` states `w`.
/// Size: 32 bytes inline, nothing else while empty, and at most about `16 maxEntries + 290` bytes.
///
/// Adds are folded in lazily; every reading answers as if they were. Call ``compact()`` before
/// several readings, or each pays for a compacted copy.
public struct ScoreSketch: Sendable {
    /// Units in the score 1.
    public static let unitsPerOne: Int32 = 1_000_000
    /// Key widths in units, by level. The coarsest leaves 21 keys: 20 bins and the score 1 by itself.
    public static let widths: [Int32] = [1, 2, 10, 50, 250, 1250, 6250, 12500, 50000]
    public static let minEntriesLimit = 21
    public static let defaultMaxEntries = 2048
    /// How near to a whole unit a score counts as that unit: room for the rounding of decimals.
    static let wholeUnitTolerance = 1e-4

    private var counts = SparseCounts()
    private var levelIndex: UInt8 = 0
    private var limit: Int32

    /// An empty sketch of at most `maxEntries` distinct keys, at least 21.
    public init(maxEntries: Int = ScoreSketch.defaultMaxEntries) {
        precondition(maxEntries >= Self.minEntriesLimit && maxEntries <= Int(Int32.max), "maxEntries must be at least 21")
        limit = Int32(maxEntries)
    }

    public var maxEntries: Int { Int(limit) }
    /// How many scores are counted.
    public var total: Int64 { counts.total }
    public var isEmpty: Bool { counts.isEmpty }
    /// Of ``SparseCounts/addresses``.
    @inline(__always)
    var addresses: InlineArray<2, UnsafeRawPointer?> { mutating get { counts.addresses } }

    /// The unit a score is counted at: the nearest millionth if the score is within 1e-4 units of
    /// it, else the millionth below. Scores are clamped to [0, 1]; the decoder rejects others.
    public static func unit(of score: Double) -> Int32 {
        let scaled = score * Double(unitsPerOne)
        // Written so that NaN, which no decoder lets pass, falls to 0 and cannot trap.
        guard scaled > 0 else { return 0 }
        guard scaled < Double(unitsPerOne) else { return unitsPerOne }
        // Conversion truncates, which is rounding down here and, unlike `rounded(.down)`, never a call.
        let nearest = Int32(scaled + 0.5)
        return abs(scaled - Double(nearest)) <= wholeUnitTolerance ? nearest : Int32(scaled)
    }

    /// Counts a score. Amortised about 15 ns.
    public mutating func add(_ score: Double) { add(unit: Self.unit(of: score), count: 1) }

    /// Counts `count` scores at a unit in `0...1_000_000`.
    public mutating func add(unit: Int32, count: Int64) {
        precondition(unit >= 0 && unit <= Self.unitsPerOne, "a score unit must lie in 0...1,000,000")
        counts.add(levelIndex == 0 ? unit : unit / width, count: count)
        coarsenIfCompact()
    }

    /// Takes back a score that was added before. One that was not changes nothing, and the answer is false.
    @discardableResult
    public mutating func remove(_ score: Double) -> Bool { remove(unit: Self.unit(of: score), count: 1) }

    /// Takes back `count` scores at a unit, or none and answers false.
    @discardableResult
    public mutating func remove(unit: Int32, count: Int64) -> Bool {
        precondition(unit >= 0 && unit <= Self.unitsPerOne, "a score unit must lie in 0...1,000,000")
        // The level must count what is about to vanish, or it would depend on when the tail was folded in.
        if counts.distinctUpperBound > maxEntries { compact() }
        return counts.remove(levelIndex == 0 ? unit : unit / width, count: count)
    }

    /// Adds another sketch's scores. The smaller `maxEntries` of the two holds for the result.
    public mutating func merge(_ other: ScoreSketch) {
        if other.limit < limit {
            limit = other.limit
            compact()
        }
        if other.levelIndex > levelIndex { coarsen(toLevel: other.levelIndex) }
        if other.levelIndex < levelIndex {
            var coarse = other
            coarse.coarsen(toLevel: levelIndex)
            counts.merge(coarse.counts)
        } else {
            counts.merge(other.counts)
        }
        coarsenIfCompact()
    }

    /// Adds several sketches' scores: the same as merging one after the other, and faster. O(entries).
    public mutating func merge(_ others: ContiguousArray<ScoreSketch>) {
        guard others.count > 1 else {
            if others.count == 1 { merge(others[0]) }
            return
        }
        var parts: ContiguousArray<SparseCounts> = []
        var widths: ContiguousArray<Int32> = []
        if !isEmpty {
            parts.append(counts)
            widths.append(width)
        }
        for index in others.indices {
            limit = Swift.min(limit, others[index].limit)
            // The level of a union is at least that of each part, so none has to be coarsened by itself.
            levelIndex = Swift.max(levelIndex, others[index].levelIndex)
            guard !others[index].isEmpty else { continue }
            parts.append(others[index].counts)
            widths.append(others[index].width)
        }
        levelIndex = leastLevel(of: parts, widths, from: levelIndex)
        // Most panes have none or few of some scores: often only one part has any.
        guard parts.count > 1 || widths.first != width else {
            counts = parts[0]
            return coarsenIfCompact()
        }
        counts = SparseCounts.sum(parts, divisors(from: widths, to: levelIndex))
        coarsenIfCompact()
    }

    private func divisors(from widths: ContiguousArray<Int32>, to level: UInt8) -> ContiguousArray<KeyDivisor> {
        let width = Self.widths[Int(level)]
        return ContiguousArray(widths.lazy.map { KeyDivisor(width / $0) })
    }

    /// A level from `level` on that the union of the parts must at least have: found by marking the keys of
    /// coarser levels, which is much cheaper than sorting those of a finer one that does not hold them.
    private func leastLevel(of parts: ContiguousArray<SparseCounts>, _ widths: ContiguousArray<Int32>, from level: UInt8) -> UInt8 {
        guard parts.indices.reduce(0, { $0 + parts[$1].distinctUpperBound }) > maxEntries else { return level }
        for candidate in Self.markedLevels where candidate >= level {
            let bound = Int(Self.unitsPerOne / Self.widths[Int(candidate)]) + 1
            if SparseCounts.hasMore(than: maxEntries, parts, divisors(from: widths, to: candidate), below: bound) { return candidate + 1 }
        }
        return level
    }

    /// Levels of 20,001 and 100,001 keys: few enough to be marked each. The coarser first: where it does not hold them, no finer one does.
    private static let markedLevels: [UInt8] = [3, 2]

    /// Folds pending adds in, which makes the reads that follow cheap.
    public mutating func compact() {
        counts.compact()
        coarsenIfCompact()
    }

    /// Compacts and gives back spare memory.
    public mutating func seal() {
        compact()
        counts.seal()
    }

    /// This sketch with all adds folded in, at its canonical level.
    func compacted() -> ScoreSketch {
        guard !counts.isCompact else { return self }
        var copy = self
        copy.compact()
        return copy
    }

    /// Only a compact store knows its number of keys; until then the tail waits, which is at most half as long again.
    @inline(__always)
    private mutating func coarsenIfCompact() {
        if counts.isCompact, counts.distinctUpperBound > maxEntries { coarsenToFit() }
    }

    @inline(never)
    private mutating func coarsenToFit() {
        while counts.distinctUpperBound > maxEntries { coarsen(toLevel: levelIndex + 1) }
    }

    private mutating func coarsen(toLevel target: UInt8) {
        let divisor = KeyDivisor(Self.widths[Int(target)] / Self.widths[Int(levelIndex)])
        counts.mapKeys { divisor($0) }
        levelIndex = target
    }

    /// The key width in units, of the stored level: canonical only when compact.
    private var width: Int32 { Self.widths[Int(levelIndex)] }
}

// MARK: - Reading

extension ScoreSketch {
    /// The level of ``widths`` in use.
    public var level: Int { Int(compacted().levelIndex) }

    /// The width of a key as a score: 1e-6 at level 0.
    public var resolution: Double { Double(compacted().width) / Double(Self.unitsPerOne) }

    /// Whether every score of up to 6 decimals is represented exactly.
    public var isExact: Bool { level == 0 }

    /// The number of distinct keys. O(1) when compacted.
    public var distinctCount: Int { compacted().counts.distinctCount }

    /// This sketch at a coarser level; the same sketch where it is that coarse already.
    public func coarsened(toLevel target: Int) -> ScoreSketch {
        precondition(target >= 0 && target < Self.widths.count, "no such level")
        var copy = compacted()
        if target > copy.level { copy.coarsen(toLevel: UInt8(target)) }
        return copy
    }

    /// Exact counts of the 20 bins `[0, 0.05), … [0.95, 1]`. O(distinct keys).
    public var histogram20: [Int64] { histogram(unitsPerBin: 50_000, bins: 20) }

    private func histogram(unitsPerBin: Int32, bins: Int) -> [Int64] {
        var result = [Int64](repeating: 0, count: bins)
        let sketch = compacted()
        let bin = sketch.bins(ofUnits: unitsPerBin)
        result.withUnsafeMutableBufferPointer { result in
            sketch.counts.forEachEntry { key, count in result[Swift.min(Int(bin(key)), bins - 1)] += count }
        }
        return result
    }

    /// From a key of the level in use to the number of its bin, `units` wide: every level's width divides that of the bins asked for.
    func bins(ofUnits units: Int32) -> KeyDivisor { KeyDivisor(units / width) }

    /// Calls `body(key, count in a, count in b)` for every distinct score in ascending order. Both must be at one level, their adds folded in.
    @inline(__always)
    static func forEachKey(_ a: ScoreSketch, _ b: ScoreSketch, _ body: (Int32, Int64, Int64) -> Void) {
        precondition(a.levelIndex == b.levelIndex, "scores are compared at one level")
        SparseCounts.forEachKey(a.counts, b.counts, body)
    }

    /// The score that stands for a key at the level in use: the middle of its units.
    func value(ofKey key: Int32) -> Double {
        let (first, width) = (Int64(key) * Int64(width), Int64(width))
        guard first < Int64(Self.unitsPerOne) else { return 1 }
        // One correctly rounded division of exact integers: the double of the decimal literal.
        return Double(2 * first + width - 1) / Double(2 * Self.unitsPerOne)
    }

    /// The quantile `q` in [0, 1] with numpy's default linear interpolation, bit for bit at
    /// level 0; nil where the sketch is empty. At coarser levels off by at most half a width.
    public func quantile(_ q: Double) -> Double? { quantiles([q])?.first }

    /// Several quantiles in one pass, `qs` ascending; nil where the sketch is empty. O(distinct keys).
    public func quantiles(_ qs: [Double]) -> [Double]? {
        guard total > 0 else { return nil }
        let sketch = compacted()
        var index = 0
        var (key, end) = sketch.counts.entry(at: 0)
        return qs.map { q in
            precondition(q >= 0 && q <= 1, "a quantile level must lie in [0, 1]")
            let position = Double(total - 1) * q
            let rank = Int64(position)
            while end <= rank {
                index += 1
                let next = sketch.counts.entry(at: index)
                key = next.key
                end += next.count
            }
            let low = sketch.value(ofKey: key)
            guard rank + 1 == end, end < total else { return low }
            let high = sketch.value(ofKey: sketch.counts.entry(at: index + 1).key)
            return Self.interpolate(low, high, position - Double(rank))
        }
    }

    /// numpy's `_lerp`: from the nearer end, so that both ends are hit exactly.
    static func interpolate(_ low: Double, _ high: Double, _ t: Double) -> Double {
        let difference = high - low
        return t >= 0.5 ? high - difference * (1 - t) : low + difference * t
    }

    /// The mean of the representatives; nil where the sketch is empty.
    public var mean: Double? {
        guard total > 0 else { return nil }
        return reduce(0.0) { $0 + $1.value * Double($1.count) } / Double(total)
    }

    /// How many scores lie below a score. Exact at level 0 for scores of up to 6 decimals; at a
    /// coarser level the key that holds the score counts as below unless it begins there.
    public func count(below score: Double) -> Int64 {
        let sketch = compacted()
        let bound = score > 1 ? Self.unitsPerOne + 1 : Self.unit(of: score)
        var sum: Int64 = 0
        for (key, count) in sketch.counts {
            guard key * sketch.width < bound else { break }
            sum += count
        }
        return sum
    }
}

/// Iterates over (value, count) in ascending order of the value.
extension ScoreSketch: Sequence {
    public struct Iterator: IteratorProtocol, Sendable {
        private let sketch: ScoreSketch
        private var keys: SparseCounts.Iterator

        fileprivate init(_ sketch: ScoreSketch) {
            self.sketch = sketch
            keys = sketch.counts.makeIterator()
        }

        public mutating func next() -> (value: Double, count: Int64)? {
            guard let (key, count) = keys.next() else { return nil }
            return (sketch.value(ofKey: key), count)
        }
    }

    public func makeIterator() -> Iterator { Iterator(compacted()) }
}

extension ScoreSketch: Equatable {
    public static func == (a: ScoreSketch, b: ScoreSketch) -> Bool {
        guard a.limit == b.limit else { return false }
        let (left, right) = (a.compacted(), b.compacted())
        return left.levelIndex == right.levelIndex && left.counts == right.counts
    }
}

extension ScoreSketch: Snapshottable {
    /// How most are, said in one byte: limit and level. Durable.
    private static let usual: (limit: Int32, level: UInt8) = (1_024, 0)

    public func encode(into writer: inout ByteWriter) {
        guard counts.isCompact else { return compacted().encode(into: &writer) }
        let isUsual = limit == Self.usual.limit && levelIndex == Self.usual.level
        writer.write(bool: !isUsual)
        if !isUsual {
            writer.write(varint: UInt64(limit))
            writer.write(byte: levelIndex)
        }
        counts.encode(into: &writer)
    }

    public init(from reader: inout ByteReader) throws {
        if try reader.readBool() {
            let limit = try reader.readVarint()
            let level = try reader.readByte()
            guard limit >= UInt64(Self.minEntriesLimit), limit <= UInt64(Int32.max), Int(level) < Self.widths.count else {
                throw CorruptBytes(offset: reader.offset, expected: "a score sketch's limit and level")
            }
            self.limit = Int32(limit)
            levelIndex = level
        } else {
            (limit, levelIndex) = Self.usual
        }
        counts = try SparseCounts(from: &reader)
        let last = counts.isEmpty ? 0 : counts.entry(at: counts.distinctCount - 1).key
        let first = counts.isEmpty ? 0 : counts.entry(at: 0).key
        guard first >= 0, last <= Self.unitsPerOne / width, counts.distinctCount <= maxEntries else {
            throw CorruptBytes(offset: reader.offset, expected: "score keys within the level's range and limit")
        }
    }
}
