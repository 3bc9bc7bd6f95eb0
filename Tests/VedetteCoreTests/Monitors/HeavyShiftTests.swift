import Testing
import VedetteCore

/// Features with more categories than are kept.
@Suite("Drift among many categories")
struct HeavyShiftTests {
    private static let values = 300

    /// A pane whose categories are Zipf-distributed, and `extra` further values of one of them.
    private func pane(_ rows: Int, _ random: inout SeededRandom, extra: (name: String, count: Int)? = nil) -> Pane {
        let weights = (1...Self.values).map { 1 / Double($0) }
        let total = weights.reduce(0, +)
        var counts = [Int](repeating: 0, count: Self.values)
        for _ in 0..<rows {
            var left = random.uniform() * total
            let index = weights.firstIndex { left -= $0; return left < 0 } ?? 0
            counts[index] += 1
        }
        // As traffic comes: in turns, not one value after the other.
        var order = counts.enumerated().flatMap { Array(repeating: "value \($0.offset)", count: $0.element) }
        if let extra { order += Array(repeating: extra.name, count: extra.count) }
        let builder = Pane.Builder(features: 4)
        builder.addDecisions(order.count)
        for name in order.shuffled(using: &random) { builder.addCategory(2, name) }
        return builder.pane
    }

    @Test("A value that becomes a fifth of the traffic is found and named, in the sample or not", arguments: 0..<12 as Range<UInt64>)
    func heavyValue(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let kit = MonitorKit(FeatureDriftRule())
        // Its hash is another one for each seed: mostly it is not in the sample.
        let name = "value \(40 + seed)"
        let before = pane(8_000, &random)
        let now = pane(4_000, &random, extra: (name, 1_000))
        let finding = try #require(kit.finding("mcc", now, [before]))
        #expect(finding.effectPassed && finding.pValue < 1e-20, "\(finding.value) \(finding.pValue)")
        #expect(finding.detail?.hasPrefix("`\(name)` is ") == true, "\(finding.detail ?? "")")
        let kept = try #require(kit.finding("mcc", now, [], frozen: finding.reference))
        #expect(kept.effectPassed && kept.pValue < 1e-20, "an alert goes on against the reference that it keeps")
        let calm = try #require(kit.finding("mcc", pane(4_000, &random), [], frozen: finding.reference))
        #expect(!calm.effectPassed && calm.strength < 0.8, "and ends against it: \(calm.strength)")
    }

    @Test("A value that was a fifth and is gone is found")
    func lostValue() throws {
        var random = SeededRandom(seed: 99)
        let finding = try #require(
            MonitorKit(FeatureDriftRule()).finding("mcc", pane(5_000, &random), [pane(8_000, &random, extra: ("lost", 2_000))]))
        #expect(finding.effectPassed && finding.pValue < 1e-20 && finding.detail?.hasPrefix("`lost` is ") == true, "\(finding)")
    }

    @Test("On stationary traffic the evidence of chosen categories keeps its level")
    func level() {
        var random = SeededRandom(seed: 5)
        var below = 0
        let runs = 300
        for _ in 0..<runs {
            let (now, before) = (pane(400, &random).features[2], pane(1_600, &random).features[2])
            let sample = FeatureBins(category: now.categories, against: before.categories)
            if HeavyShifts(now, against: before, from: sample.reference.cut).pValue < 0.05 { below += 1 }
        }
        // 5 % of 300 and three standard deviations: 26.
        #expect(below <= 26, "\(below)")
    }

    @Test("The top values of a record are the heaviest, with bounds that hold")
    func topValues() throws {
        var random = SeededRandom(seed: 3)
        let feature = pane(20_000, &random).features[2]
        let top = feature.topCategories(5)
        #expect(feature.categories.isTruncated && top.map(\.name) == (0..<5).map { "value \($0)" }, "\(top)")
        for (rank, category) in top.enumerated() {
            // Zipf: 20,000 / H(300) / rank, to five standard deviations.
            let expected = 20_000 / 6.2826638802995 / Double(rank + 1)
            let room = 5 * expected.squareRoot()
            #expect(Double(category.counts.lowerBound) < expected + room && Double(category.counts.upperBound) > expected - room)
        }
        // None stands out of 5,000 that all occur twice.
        let builder = Pane.Builder(features: 4)
        for name in (0..<10_000).map({ "even \($0 % 5_000)" }).shuffled(using: &random) { builder.addCategory(2, name) }
        #expect(builder.pane.features[2].topCategories(5).isEmpty)
    }
}
