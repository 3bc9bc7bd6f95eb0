import Testing
import VedetteCore

/// Against the obvious reference: a dictionary of true counts.
@Suite struct SpaceSavingTests {
    /// Zipf-like keys, in bursts for odd seeds.
    private func keys(_ seed: UInt64, _ count: Int) -> [UInt64] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { index in
            if seed % 2 == 1, index % 50 < 20 { return UInt64(1_000_000 + index / 50) }
            let u = random.uniform()
            return UInt64(1 / (u + 1e-4))
        }
    }

    private func summary(_ keys: [UInt64], _ capacity: Int) -> SpaceSaving {
        var result = SpaceSaving(capacity: capacity)
        for key in keys { result.add(key) }
        return result
    }

    private func truth(_ keys: [UInt64]) -> [UInt64: Int64] { keys.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

    private func checkGuarantees(_ summary: SpaceSaving, _ keys: [UInt64]) {
        let truth = truth(keys)
        #expect(summary.total == Int64(keys.count))
        let bound = summary.total / Int64(summary.capacity)
        let kept = summary.top(summary.capacity)
        for hitter in kept {
            let count = truth[hitter.key] ?? 0
            #expect(hitter.count >= count && hitter.count - hitter.error <= count && hitter.error <= bound)
        }
        for (key, count) in truth where summary.hitter(key) == nil { #expect(count <= summary.evicted && count <= bound) }
        for hitter in kept { #expect(summary.hitter(hitter.key) == hitter) }
    }

    @Test(arguments: 0..<8 as Range<UInt64>, [2, 3, 10, 64, 1000])
    func guaranteesHoldAndMergingKeepsThem(seed: UInt64, capacity: Int) {
        let parts = [keys(seed, 5000), keys(seed + 100, 700), keys(seed + 200, 3000)]
        let summaries = parts.map { summary($0, capacity) }
        for (part, summary) in zip(parts, summaries) { checkGuarantees(summary, part) }
        var left = summaries[0]
        left.merge(summaries[1])
        var swapped = summaries[1]
        swapped.merge(summaries[0])
        #expect(left == swapped, "merging commutes")
        left.merge(summaries[2])
        checkGuarantees(left, parts.flatMap(\.self))
        // And goes on as a summary should.
        let more = keys(seed + 300, 2000)
        for key in more { left.add(key) }
        checkGuarantees(left, parts.flatMap(\.self) + more)
    }

    @Test func exactAndAssociativeWhileEverythingFits() {
        let parts = (0..<3).map { keys(UInt64($0), 300).map { $0 % 40 } }
        let summaries = parts.map { summary($0, 64) }
        let all = summary(parts.flatMap(\.self), 64)
        var left = summaries[0]
        left.merge(summaries[1])
        left.merge(summaries[2])
        var right = summaries[2]
        right.merge(summaries[1])
        right.merge(summaries[0])
        #expect(left == all && right == all && all.isExact)
        let truth = truth(parts.flatMap(\.self))
        for hitter in all.top(64) { #expect(truth[hitter.key] == hitter.count && hitter.error == 0) }
    }

    @Test func tiesAreDecidedByTheKey() {
        var value = summary([9, 8, 7, 6], 4)
        #expect(value.top(2).map(\.key) == [6, 7])
        value.add(1)
        #expect(value.hitter(6) == nil && value.hitter(1) == SpaceSaving.Hitter(key: 1, count: 2, error: 1))
    }

    @Test func snapshotsChangeNothing() throws {
        var plain = SpaceSaving(capacity: 20)
        var restored = plain
        for (step, key) in keys(3, 3000).enumerated() {
            plain.add(key)
            restored.add(key)
            guard step % 97 == 0 else { continue }
            var writer = ByteWriter()
            restored.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            restored = try SpaceSaving(from: &reader)
            #expect(reader.isAtEnd)
        }
        #expect(plain == restored)
        var garbage = ByteReader([4, 1, 9, 0])
        #expect(throws: CorruptBytes.self) { try SpaceSaving(from: &garbage) }
    }
}
