import Testing
import VedetteCore

#if canImport(Glibc)
import Glibc
#endif

/// The same, slow and obvious: a list of rows, and sums of logarithms.
private struct SlowStandingValues {
    private struct Row {
        var values: [Float]
        var low: [UInt16]
        var high: [UInt16]
        var counting: [Bool]
    }

    private(set) var replaced = 0
    private var rows: [Row] = []
    private var standing: [(value: Float, count: Int)?]

    init(features: Int) { standing = Array(repeating: nil, count: features) }

    mutating func add(_ values: [Float], _ low: [UInt16], _ high: [UInt16], size: Int) {
        rows.append(Row(values: values, low: low, high: high, counting: values.map { _ in false }))
        if rows.count > 64 { rows.removeFirst() }
        let newest = rows.count - 1
        for feature in values.indices {
            if let known = standing[feature] {
                let left = count(of: known.value, feature)
                standing[feature] = left < 4 ? nil : (known.value, left)
            }
            let ordinary = Int(high[feature]) - Int(low[feature])
            let isStanding = standing[feature]?.value == values[feature]
            guard isStanding || 8 * ordinary < size, let other = rows[..<newest].lastIndex(where: { $0.values[feature] == values[feature] }),
                agreement(newest, other, size) < 0.6 * agreement(newest, newest, size)
            else { continue }
            rows[newest].counting[feature] = true
            let own = count(of: values[feature], feature)
            guard own >= 4, isStanding || Double(own) / 64 >= 8 * Double(ordinary) / Double(size), own > standing[feature]?.count ?? 0 else { continue }
            if let before = standing[feature], before.value != values[feature] { replaced += 1 }
            standing[feature] = (values[feature], own)
        }
    }

    private func count(of value: Float, _ feature: Int) -> Int { rows.count { $0.values[feature] == value && $0.counting[feature] } }

    private func agreement(_ a: Int, _ b: Int, _ size: Int) -> Double {
        rows[a].low.indices.reduce(0.0) { sum, feature in
            let upper = Int(max(rows[a].high[feature], rows[b].high[feature])), lower = Int(min(rows[a].low[feature], rows[b].low[feature]))
            return sum - log(Double(min(upper - lower, size) + 1) / Double(size + 1))
        }
    }

    func widened(_ values: [Float], _ low: [UInt16], _ high: [UInt16], size: Int) -> [UInt16] {
        let matching = values.indices.filter { standing[$0]?.value == values[$0] }
        guard matching.count <= max(1, values.count / 4) else { return high }
        return values.indices.map { feature in
            guard matching.contains(feature), let known = standing[feature] else { return high[feature] }
            return max(high[feature], low[feature] + UInt16(known.count * size / 64))
        }
    }
}

@Suite("Values that stand still")
struct StandingValuesTests {
    private static let size = 1_024

    /// Ranks of values in 0..<1 of which ordinary traffic has none twice: as many as rows of ranks have.
    private static func ranks(_ values: [Float]) -> (low: [UInt16], high: [UInt16]) {
        let filling = [UInt16](repeating: 0, count: RankedRequest.width(values.count) - values.count)
        let low = values.map { $0.isNaN ? 20_000 : UInt16($0 * Float(size)) }
        return (low + filling, low + filling)
    }

    private static func add(_ values: [Float], to standing: inout StandingValues) {
        let (low, high) = ranks(values)
        values.withUnsafeBufferPointer { standing.add($0, low: low, high: high, size: size) }
    }

    /// Ranks that each value spans.
    private static func widths(_ values: [Float], _ standing: StandingValues) -> [Int] {
        var (low, high) = ranks(values)
        standing.widen(values, low: &low, high: &high, size: size)
        return values.indices.map { Int(high[$0]) - Int(low[$0]) }
    }

    private static func honest(_ features: Int, _ random: inout SeededRandom) -> [Float] { (0..<features).map { _ in Float(random.uniform()) } }

    @Test("A default in half of the traffic is as wide as that, whatever else is as narrow as ever, and is narrow again when it has gone")
    func fault() {
        var random = SeededRandom(seed: 3)
        var standing = StandingValues(features: 16)
        for number in 0..<64 {
            var row = Self.honest(16, &random)
            if number % 2 == 0 { row[3] = 0.5 }
            Self.add(row, to: &standing)
        }
        let row = [Float](repeating: 0.5, count: 16)
        // The first of them shared its value with nobody before it.
        #expect(Self.widths(row, standing) == (0..<16).map { $0 == 3 ? 31 * 16 : 0 })
        // A sample that has learned the value makes it ordinary, and no less frequent.
        var (low, high) = Self.ranks(row)
        high[3] += 200
        row.withUnsafeBufferPointer { standing.add($0, low: low, high: high, size: Self.size) }
        standing.widen(row, low: &low, high: &high, size: Self.size)
        #expect(high[3] - low[3] >= 31 * 16)
        #expect(Self.widths([Float](repeating: 0.25, count: 16), standing).allSatisfy { $0 == 0 })
        for _ in 0..<64 { Self.add(Self.honest(16, &random), to: &standing) }
        #expect(Self.widths(row, standing).allSatisfy { $0 == 0 })
    }

    @Test("What an attacker leaves as it is stays narrow, though all of the traffic is his", arguments: [1, 3, 5, 8, 10])
    func attack(moved: Int) {
        var random = SeededRandom(seed: 4)
        var standing = StandingValues(features: 16)
        let seed = Self.honest(16, &random)
        for _ in 0..<200 {
            Self.add(Self.honest(moved, &random) + seed.dropFirst(moved), to: &standing)
            #expect(Self.widths(seed, standing).allSatisfy { $0 == 0 })
        }
    }

    @Test("Decoys that share a few of his values at a time make all of them stand still, and then none of his tries is wide", arguments: [2, 4])
    func decoys(shared: Int) {
        var random = SeededRandom(seed: 6)
        var standing = StandingValues(features: 16)
        let seed = Self.honest(16, &random)
        for number in 0..<64 {
            var row = Self.honest(16, &random)
            for place in 0..<shared { row[(number * shared + place) % 16] = seed[(number * shared + place) % 16] }
            Self.add(row, to: &standing)
        }
        // One of them alone is as wide as a fault, and so are four; five are none.
        #expect(Self.widths([seed[0]] + Self.honest(15, &random), standing)[0] >= 4 * 16)
        #expect(Self.widths(seed.prefix(4) + Self.honest(12, &random), standing).filter { $0 > 0 }.count == 4)
        #expect(Self.widths(seed.prefix(5) + Self.honest(11, &random), standing).allSatisfy { $0 == 0 })
        #expect(Self.widths(seed, standing).allSatisfy { $0 == 0 })
    }

    @Test("Four rows of sixty-four that count make a value stand still, three do not")
    func edge() {
        var random = SeededRandom(seed: 5)
        var standing = StandingValues(features: 16)
        for number in 0..<5 {
            #expect(Self.widths([0.5] + Self.honest(15, &random), standing)[0] == 0, "after \(number)")
            Self.add([0.5] + Self.honest(15, &random), to: &standing)
        }
        #expect(Self.widths([0.5] + Self.honest(15, &random), standing)[0] == 4 * 16)
        for _ in 0..<60 { Self.add(Self.honest(16, &random), to: &standing) }
        #expect(Self.widths([0.5] + Self.honest(15, &random), standing)[0] == 4 * 16)
        Self.add(Self.honest(16, &random), to: &standing)
        #expect(Self.widths([0.5] + Self.honest(15, &random), standing)[0] == 0)
    }

    @Test("The same as slow and obvious counting, restored from a snapshot now and then")
    func oracle() throws {
        let found = try (1...40).map { try differences(seed: $0) }
        #expect(found.reduce(0) { $0 + $1.widened } > 1_000 && found.reduce(0) { $0 + $1.replaced } > 20)
    }

    /// How often something was wide, and how often another value took the place of one that stood still.
    private func differences(seed: UInt64) throws -> (widened: Int, replaced: Int) {
        var random = SeededRandom(seed: seed)
        let features = 1 + random.below(20)
        var (standing, slow) = (StandingValues(features: features), SlowStandingValues(features: features))
        var count = 0
        let attacked = (0..<features).map { _ in Float(random.below(50)) }
        let defaults = (0..<features).map { _ in Float(random.below(50)) }
        for number in 0..<400 {
            let isAttack = random.bernoulli(0.3), isFault = number > 100 && random.bernoulli(0.5)
            let values: [Float] = (0..<features).map { feature in
                if random.bernoulli(0.05) { return .nan }
                if isAttack, random.bernoulli(0.7) { return attacked[feature] }
                if isFault, feature % 5 == 0 { return number < 250 ? defaults[feature] : defaults[feature] + 100 }
                return feature % 3 == 0 ? Float(random.below(4)) : Float(random.below(50_000))
            }
            // Coarse values are wide; how wide, changes as it does when a sample is sorted anew.
            let size = number < 200 ? 256 : 1_024
            let low = values.map { $0.isNaN ? 20_000 : UInt16(Int($0) % size) }
            let high = values.indices.map { low[$0] + UInt16($0 % 3 == 0 ? size / 5 : $0 % 7) }
            let filling = [UInt16](repeating: 0, count: RankedRequest.width(features) - features)
            values.withUnsafeBufferPointer { standing.add($0, low: low + filling, high: high + filling, size: size) }
            slow.add(values, low, high, size: size)
            for row in [values, attacked, defaults] {
                var widened = high + filling
                standing.widen(row, low: low + filling, high: &widened, size: size)
                try #require(Array(widened.prefix(features)) == slow.widened(row, low, high, size: size), "seed \(seed), row \(number)")
                if widened != high + filling { count += 1 }
            }
            if number % 90 == 89 {
                var writer = ByteWriter()
                standing.encode(into: &writer)
                var reader = ByteReader(writer.bytes)
                standing = try StandingValues(from: &reader)
                #expect(reader.isAtEnd)
            }
        }
        return (count, slow.replaced)
    }
}
