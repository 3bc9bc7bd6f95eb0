import Testing
import VedetteCore

@Suite struct CategoryCountsTests {
    private let hash = KeyedHash(secret: "test")

    private func hashed(_ name: String) -> UInt64 {
        var text = name
        return text.withUTF8 { hash.hash64(UnsafeRawBufferPointer($0)) }
    }

    private func counts(_ names: [String], _ capacity: Int = 256) -> CategoryCounts {
        var result = CategoryCounts(capacity: capacity)
        for name in names { result.add(hash: hashed(name), name: name) }
        return result
    }

    private func names(_ seed: UInt64, _ count: Int, _ distinct: Int) -> [String] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in "category \(Int(Double(distinct) * random.uniform() * random.uniform()))" }
    }

    @Test(arguments: 0..<10 as Range<UInt64>, [1, 5, 40])
    func keptCountsAreExactAndOrderDoesNotMatter(seed: UInt64, capacity: Int) {
        var random = SeededRandom(seed: seed)
        let parts = (0..<3).map { names(seed * 10 + $0, random.below(300), 60) }
        let all = parts.flatMap(\.self)
        let batch = counts(all.shuffled(using: &random), capacity)
        let values = parts.map { counts($0, capacity) }
        var left = values[0]
        left.merge(values[1])
        left.merge(values[2])
        var right = values[2]
        right.merge(values[1])
        var outer = values[0]
        outer.merge(right)
        right.merge(values[0])
        #expect(left == batch && right == batch && outer == batch)

        let truth = all.reduce(into: [String: Int64]()) { $0[$1, default: 0] += 1 }
        let expected = truth.keys.sorted { hashed($0) < hashed($1) }.prefix(capacity)
        #expect(batch.categories.map(\.name) == Array(expected))
        #expect(batch.categories.map(\.count) == expected.map { truth[$0] ?? 0 })
        #expect(batch.total == Int64(all.count) && batch.other == batch.total - batch.categories.reduce(0) { $0 + $1.count })
        #expect(batch.isTruncated == (truth.count > capacity))
    }

    @Test func namesAndReading() throws {
        let value = counts(["b", "a", "b", "c", "c"])
        #expect(value.count(hash: hashed("a")) == 1 && value.count(hash: hashed("zz")) == 0 && value.name(hash: hashed("a")) == "a")
        let expected = -(0.2 * -1.6094379124341003 + 0.8 * -0.916290731874155)
        #expect(abs(value.entropy - expected) < 1e-12)
        #expect(counts(["x", "x"]).entropy == 0 && counts([]).entropy == 0)
        let long = counts([String(repeating: "ü", count: 500)])
        #expect(long.categories[0].name.utf8.count == CategoryCounts.maxNameBytes)
        var evaluated = 0
        var lazy = value
        lazy.add(hash: hashed("a"), name: { evaluated += 1; return "a" }())
        #expect(evaluated == 0)
    }

    @Test func truncatedAtACommonCutIsComparable() {
        let (a, b) = (counts(names(1, 500, 60), 10), counts(names(2, 500, 60), 20))
        let cut = min(a.cut, b.cut)
        let (x, y) = (a.truncated(atCut: cut), b.truncated(atCut: cut))
        #expect(x.total == 500 && y.total == 500)
        #expect(x.categories.allSatisfy { $0.hash < cut } && y.categories.allSatisfy { $0.hash < cut })
        #expect(x.other + x.categories.reduce(0) { $0 + $1.count } == 500)
    }

    @Test func snapshotRoundTripAndDamage() throws {
        let value = counts(names(4, 300, 60), 20)
        var writer = ByteWriter()
        value.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try CategoryCounts(from: &reader) == value)
        #expect(reader.isAtEnd)
        var random = SeededRandom(seed: 8)
        for _ in 0..<1000 {
            var bytes = writer.bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            var damaged = ByteReader(bytes)
            if let other = try? CategoryCounts(from: &damaged) { #expect(other.entropy >= 0) }
        }
    }
}
