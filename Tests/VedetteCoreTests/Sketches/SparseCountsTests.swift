import Testing
import VedetteCore

/// Against the obvious reference: a dictionary.
@Suite struct SparseCountsTests {
    private func expect(_ counts: SparseCounts, equals reference: [Int32: Int64], _ comment: Comment) {
        let expected = reference.sorted { $0.key < $1.key }
        #expect(counts.map(\.key) == expected.map(\.key), comment)
        #expect(counts.map(\.count) == expected.map(\.value), comment)
        #expect(counts.total == reference.values.reduce(0, +), comment)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func randomOperationsMatchADictionary(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let spread = [3, 50, 5000, 16_000_000][Int(seed % 4)]
        var counts = SparseCounts()
        var reference: [Int32: Int64] = [:]
        for step in 0..<3000 {
            switch random.below(10) {
            case 0..<7:
                let key = SparseCounts.minKey + Int32(random.below(spread))
                let count = random.below(8) == 0 ? Int64(random.below(1 << 30)) : 1
                counts.add(key, count: count)
                if count > 0 { reference[key, default: 0] += count }
            case 7..<9:
                guard let (key, count) = reference.min(by: { $0.key < $1.key }) else { continue }
                let taken = random.below(2) == 0 ? count : 1
                counts.remove(key, count: taken)
                reference[key] = count == taken ? nil : count - taken
            default:
                if step % 3 == 0 { counts.compact() } else if step % 3 == 1 { counts.seal() }
            }
        }
        expect(counts, equals: reference, "seed \(seed)")
        for key in reference.keys.prefix(20) { #expect(counts.count(of: key) == reference[key]) }
        #expect(counts.distinctCount == reference.count)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func mergeIsAssociativeCommutativeAndEqualsAddingAll(seed: UInt64) {
        var random = SeededRandom(seed: 100 + seed)
        var parts: [SparseCounts] = []
        var all = SparseCounts()
        for _ in 0..<3 {
            var part = SparseCounts()
            for _ in 0..<[0, 3, 40, 4000][random.below(4)] {
                let key = Int32(random.below(3000)) - 1500
                part.add(key)
                all.add(key)
            }
            if random.bernoulli(0.5) { part.compact() }
            parts.append(part)
        }
        var left = parts[0]
        left.merge(parts[1])
        left.merge(parts[2])
        var right = parts[2]
        right.merge(parts[1])
        var outer = parts[0]
        outer.merge(right)
        #expect(left == all)
        #expect(outer == all)
        right.merge(parts[0])
        #expect(right == all)
    }

    /// Tails of every length that are sorted one way or another, of keys that are close together or far apart.
    @Test(arguments: [1, 7, 300, 1 << 20, 1 << 24])
    func tailsOfEveryLength(spread: Int) {
        var random = SeededRandom(seed: UInt64(spread))
        for length in Array(1...140) + [200, 500, 3_000, 30_000] {
            var counts = SparseCounts(), other = SparseCounts()
            var reference: [Int32: Int64] = [:]
            // Merging takes the second value as it is, so that one tail may become as long as is wanted.
            for place in 0..<length {
                let key = SparseCounts.minKey + Int32(random.below(spread))
                if place % 2 == 0 { counts.add(key, count: 3) } else { other.add(key, count: 1 << 24) }
                reference[key, default: 0] += place % 2 == 0 ? 3 : 1 << 24
            }
            counts.merge(other)
            expect(counts, equals: reference, "length \(length)")
        }
    }

    @Test func zeroIsNeutralAndAddThenRemoveIsNothing() {
        var counts = SparseCounts()
        counts.add(5)
        counts.add(-3, count: 9)
        let before = counts
        counts.merge(SparseCounts())
        #expect(counts == before)
        counts.remove(5)
        counts.remove(-3, count: 9)
        #expect(counts == SparseCounts())
        #expect(counts.isEmpty && counts.distinctCount == 0)
    }

    /// A label that is taken back twice must not end the process.
    @Test func whatWasNotAddedIsNotTakenBack() {
        var counts = SparseCounts()
        for key in [1, 1, 3] as [Int32] { counts.add(key) }
        let before = counts
        for (key, count) in [(2, 1), (1, 3), (3, 2), (9, 1)] as [(Int32, Int64)] {
            let isTaken = counts.remove(key, count: count)
            #expect(!isTaken && counts == before)
        }
        let isTaken = counts.remove(1, count: 2)
        #expect(isTaken && counts.total == 1)
        var scores = ScoreSketch(), numbers = QuantileSketch()
        scores.add(0.5)
        numbers.add(7)
        let taken = [scores.remove(0.25), numbers.remove(8), numbers.remove(.nan), scores.remove(0.5), numbers.remove(7), scores.remove(0.5)]
        #expect(taken == [false, false, false, true, true, false] && scores.isEmpty && numbers.isEmpty)
    }

    @Test func countsBeyondThirtyTwoBits() {
        var counts = SparseCounts()
        counts.add(SparseCounts.maxKey, count: 1 << 36)
        counts.add(SparseCounts.minKey, count: 7)
        var other = counts
        for _ in 0..<7 { other.merge(counts) }
        #expect(other.count(of: SparseCounts.maxKey) == 1 << 39)
        #expect(other.count(of: SparseCounts.minKey) == 56)
    }

    @Test func snapshotRoundTripAndCorruptBytes() throws {
        var random = SeededRandom(seed: 7)
        var counts = SparseCounts()
        for _ in 0..<500 { counts.add(Int32(random.below(1 << 24)) + SparseCounts.minKey, count: Int64(random.below(1 << 36)) + 1) }
        var writer = ByteWriter()
        counts.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        let restored = try SparseCounts(from: &reader)
        #expect(restored == counts)
        #expect(reader.isAtEnd)
        for length in 0..<writer.bytes.count {
            var cut = ByteReader(Array(writer.bytes[..<length]))
            #expect(throws: CorruptBytes.self) { try SparseCounts(from: &cut) }
        }
        for _ in 0..<2000 {
            var bytes = writer.bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            var damaged = ByteReader(bytes)
            // Either refused, or a valid other value; never a trap.
            if let value = try? SparseCounts(from: &damaged) { #expect(value.total >= 0) }
        }
    }

    @Test func emptyValuesAreSmall() {
        #expect(MemoryLayout<SparseCounts>.stride <= 24)
        #expect(MemoryLayout<ScoreSketch>.stride <= 32)
        #expect(MemoryLayout<QuantileSketch>.stride <= 56)
        #expect(MemoryLayout<Moments>.stride <= 40)
    }
}
