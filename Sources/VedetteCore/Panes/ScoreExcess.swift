/// Labels that share a score.
package struct ScoredLabels: Sendable {
    /// The score that stands for the key they are counted at, and the width of that key.
    package var value: Double
    package var resolution: Double
    package var count: Int64
    /// Sum of their sampling weights, in thousandths.
    package var weight: Int64

    package init(value: Double, resolution: Double = 1e-6, count: Int64, weight: Int64) {
        (self.value, self.resolution, self.count, self.weight) = (value, resolution, count, weight)
    }

    /// What their scores may have been: what is counted at a key are the scores from its start to the next one's.
    var low: Double { max(0, value - (resolution - ScoreExcess.unit) / 2) }
    var high: Double { min(1, low + resolution) }
}

/// What sampling weights add to the counts of a ``ScoreSketch``: per score, the labels' weights less one each, in thousandths.
///
/// Beside the counts instead of in them: those have 40 bits a key, which hold 10^12 labels but not 10^12 thousandths
/// of a label. Here a key has 64 bits, so 9 x 10^12 labels of the greatest weight fit at one score; a label whose weight
/// is 1 takes no room and costs nothing.
///
/// A sum of integers by key, so that taking back is exact. Keys coarsen as the sketch's do, and never before them: every
/// key here is one of a label that the sketch has counted. O(log d) to find a key, O(d) to add one.
struct ScoreExcess: Sendable, Snapshottable {
    /// Ascending; sums are not 0.
    private var keys: ContiguousArray<Int32> = []
    private var sums: ContiguousArray<Int64> = []
    private var level: UInt8 = 0
    private var limit: Int32
    /// The score of one unit.
    static let unit = 1 / Double(ScoreSketch.unitsPerOne)

    init(maxEntries: Int) { limit = Int32(maxEntries) }

    /// Adds at a score's unit; what it added is taken back by adding its negative.
    mutating func add(unit: Int32, _ sum: Int64) {
        guard sum != 0 else { return }
        add(key: unit / ScoreSketch.widths[Int(level)], sum)
        coarsenToLimit()
    }

    private mutating func add(key: Int32, _ sum: Int64) {
        let place = place(of: key)
        guard place < keys.count, keys[place] == key else {
            keys.insert(key, at: place)
            sums.insert(sum, at: place)
            return
        }
        // Wrapping: the bound is far beyond what can be labelled, and even past it taking back would be exact.
        sums[place] &+= sum
        guard sums[place] == 0 else { return }
        keys.remove(at: place)
        sums.remove(at: place)
    }

    mutating func merge(_ other: ScoreExcess) {
        limit = min(limit, other.limit)
        if other.level > level { coarsen(to: other.level) }
        var theirs = other
        if theirs.level < level { theirs.coarsen(to: level) }
        var (merged, mergedSums): (ContiguousArray<Int32>, ContiguousArray<Int64>) = ([], [])
        var (i, j) = (0, 0)
        while i < keys.count || j < theirs.keys.count {
            let takesOwn = i < keys.count && (j == theirs.keys.count || keys[i] <= theirs.keys[j])
            let takesTheirs = j < theirs.keys.count && (i == keys.count || theirs.keys[j] <= keys[i])
            let key = takesOwn ? keys[i] : theirs.keys[j]
            let sum = (takesOwn ? sums[i] : 0) &+ (takesTheirs ? theirs.sums[j] : 0)
            if takesOwn { i += 1 }
            if takesTheirs { j += 1 }
            guard sum != 0 else { continue }
            merged.append(key)
            mergedSums.append(sum)
        }
        (keys, sums) = (merged, mergedSums)
        coarsenToLimit()
    }

    /// A sketch's scores at a level at least, with the weight of their labels, ascending. O(d).
    func weighed(_ sketch: ScoreSketch, level wanted: Int) -> [ScoredLabels] {
        let coarse = sketch.coarsened(toLevel: max(wanted, Int(level)))
        var own = self
        if coarse.level > Int(level) { own.coarsen(to: UInt8(coarse.level)) }
        let width = ScoreSketch.widths[coarse.level]
        return coarse.map { value, count in
            let key = ScoreSketch.unit(of: value) / width
            let place = own.place(of: key)
            let added = place < own.keys.count && own.keys[place] == key ? own.sums[place] : 0
            return ScoredLabels(value: value, resolution: coarse.resolution, count: count, weight: count &* LabelEntry.weightUnit &+ added)
        }
    }

    private func place(of key: Int32) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func coarsenToLimit() {
        while keys.count > Int(limit) { coarsen(to: level + 1) }
    }

    private mutating func coarsen(to target: UInt8) {
        let divisor = ScoreSketch.widths[Int(target)] / ScoreSketch.widths[Int(level)]
        let (fine, fineSums) = (keys, sums)
        (keys, sums, level) = ([], [], target)
        for (key, sum) in zip(fine, fineSums) { add(key: key / divisor, sum) }
    }

    /// Limit and level, then per key the gap to the one before and the sum.
    func encode(into writer: inout ByteWriter) {
        writer.write(varint: UInt64(limit))
        writer.write(byte: level)
        writer.write(count: keys.count)
        var previous: Int32 = 0
        for (key, sum) in zip(keys, sums) {
            writer.write(varint: UInt64(key - previous))
            writer.write(signed: sum)
            previous = key
        }
    }

    /// Throws ``CorruptBytes`` on keys out of order or range.
    init(from reader: inout ByteReader) throws {
        let limit = try reader.readVarint()
        level = try reader.readByte()
        guard limit >= UInt64(ScoreSketch.minEntriesLimit), limit <= UInt64(Int32.max), Int(level) < ScoreSketch.widths.count else {
            throw CorruptBytes(offset: reader.offset, expected: "limit and level of scores' weights")
        }
        self.limit = Int32(limit)
        var key: UInt64 = 0
        for index in 0..<(try reader.readCount(minimumSize: 2)) {
            let step = try reader.readVarint()
            guard index == 0 || step > 0, step <= UInt64(ScoreSketch.unitsPerOne), key + step <= UInt64(ScoreSketch.unitsPerOne) else {
                throw CorruptBytes(offset: reader.offset, expected: "an ascending score key")
            }
            key += step
            keys.append(Int32(key))
            sums.append(try reader.readSigned())
        }
    }
}
