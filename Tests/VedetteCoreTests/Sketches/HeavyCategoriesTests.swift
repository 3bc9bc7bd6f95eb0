import Testing
import VedetteCore

/// Against the obvious reference: a dictionary of true counts.
@Suite struct HeavyCategoriesTests {
    private let hash = KeyedHash(secret: "test")

    /// Zipf-like words, in bursts for odd seeds.
    private func words(_ seed: UInt64, _ count: Int) -> [String] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { index in
            if seed % 2 == 1, index % 50 < 20 { return "burst \(index / 50)" }
            return "word \(Int(1 / (random.uniform() + 1e-4)))"
        }
    }

    private func summary(_ words: [String], _ capacity: Int) -> HeavyCategories {
        var result = HeavyCategories(CategoryCounts(capacity: capacity))
        for word in words { result.add(hash: hash.hash64(word), name: word) }
        return result
    }

    private func check(_ summary: HeavyCategories, _ words: [String]) {
        let truth = words.reduce(into: [String: Int64]()) { $0[$1, default: 0] += 1 }
        let kept = summary.categories
        #expect(kept.count <= summary.capacity && zip(kept, kept.dropFirst()).allSatisfy { $0.hash < $1.hash })
        for category in kept { #expect(category.hash == hash.hash64(category.name) && category.count >= 1) }
        for (word, count) in truth { #expect(summary.bounds(of: hash.hash64(word)).contains(count), "\(word) \(count)") }
        // The bound of Misra and Gries, and of Agarwal et al. after merges.
        let others = Int64(words.count) - kept.reduce(0) { $0 + $1.count }
        #expect(summary.missed <= others / Int64(summary.capacity + 1), "\(summary.missed) of \(others)")
        for (word, count) in truth where count > Int64(words.count) / Int64(summary.capacity + 1) {
            #expect(summary.name(hash: hash.hash64(word)) == word)
        }
    }

    @Test("The bounds hold, merging keeps them, and a merged summary goes on", arguments: 0..<6 as Range<UInt64>, [1, 2, 10, 64, 1_000])
    func bounds(seed: UInt64, capacity: Int) {
        let parts = [words(seed, 4_000), words(seed + 100, 700), words(seed + 200, 2_000)]
        let summaries = parts.map { summary($0, capacity) }
        for (part, summary) in zip(parts, summaries) { check(summary, part) }
        var (left, swapped) = (summaries[0], summaries[1])
        left.merge(summaries[1])
        swapped.merge(summaries[0])
        #expect(left == swapped, "merging commutes")
        left.merge(summaries[2])
        check(left, parts.flatMap(\.self))
        let more = words(seed + 300, 1_000)
        for word in more { left.add(hash: hash.hash64(word), name: word) }
        check(left, parts.flatMap(\.self) + more)
    }

    @Test("What fits is exact, however it is merged")
    func exact() {
        let parts = (0..<3).map { part in (0..<300).map { "word \(($0 * $0 + part) % 37)" } }
        var merged = summary(parts[2], 64)
        for part in parts.prefix(2) { merged.merge(summary(part, 64)) }
        #expect(merged == summary(parts.flatMap(\.self), 64) && merged.missed == 0)
    }

    @Test("A summary begins with what was counted exactly")
    func beginning() {
        let (before, after) = (words(2, 40).map { String($0.suffix(1)) }, words(4, 3_000))
        var counts = CategoryCounts(capacity: 10)
        for word in before { counts.add(hash: hash.hash64(word), name: word) }
        var begun = HeavyCategories(counts)
        for word in after { begun.add(hash: hash.hash64(word), name: word) }
        #expect(begun == summary(before + after, 10))
    }

    @Test func snapshotsChangeNothingAndDamageIsRefused() throws {
        var (plain, restored) = (summary([], 20), summary([], 20))
        for (step, word) in words(3, 2_000).enumerated() {
            plain.add(hash: hash.hash64(word), name: word)
            restored.add(hash: hash.hash64(word), name: word)
            guard step % 97 == 0 else { continue }
            var writer = ByteWriter()
            restored.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            restored = try HeavyCategories(from: &reader)
            #expect(reader.isAtEnd)
        }
        #expect(plain == restored)
        var writer = ByteWriter()
        plain.encode(into: &writer)
        var random = SeededRandom(seed: 8)
        for _ in 0..<1_000 {
            var bytes = writer.bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            var damaged = ByteReader(bytes)
            if var other = try? HeavyCategories(from: &damaged) {
                other.add(hash: 7, name: "seven")
                other.merge(plain)
            }
        }
    }
}
