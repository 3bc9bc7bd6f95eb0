import Testing
import VedetteCore

@Suite("Outcomes of sampled labels")
struct WeightedOutcomesTests {
    private static func row(_ decision: Decision, _ score: Double, exploration: Float = 0) -> DecisionRow {
        var row = DecisionRow(time: 0, model: 0, version: 1, score: score, decision: decision, values: [], content: 0, entities: [])
        row.exploration = exploration
        return row
    }

    /// A pane merged with itself, again and again.
    private static func doubled(_ pane: Pane, times: Int) -> Pane {
        var all = Pane.Builder()
        all.merge(pane)
        for _ in 0..<times {
            let twice = Pane.Builder()
            twice.merge(all.pane)
            twice.merge(all.pane)
            all = twice
        }
        return all.pane
    }

    @Test("Two thousand million labels of the greatest weight at one score are summed and taken back exactly") func many() throws {
        let one = Pane.Builder()
        one.addOutcomes(1, .fraud, decision: .block, score: 0.9, weight: 1_000)
        one.addOutcomes(1, .legit, decision: .allow, score: 0.9)
        let pane = Self.doubled(one.pane, times: 31)
        let labels = Int64(1) << 31
        let outcomes = try #require(pane.outcomes)
        #expect(outcomes.fraud.total == labels && outcomes.weighted?.fraud.block == labels * 1_000_000)
        let calibration = try #require(outcomes.calibration)
        #expect(abs(calibration.bias - (0.9 - 1_000.0 / 1_001)) < 1e-12)
        #expect(outcomes.sampled(.fraud, intervened: true) == SampledCount(count: labels, weight: Double(labels) * 1_000, squares: Double(labels) * 1e6))

        let less = Pane.Builder()
        less.merge(pane)
        less.removeOutcome(.fraud, Self.row(.block, 0.9), weight: 1_000)
        let after = try #require(less.pane.outcomes)
        #expect(after.weighted?.fraud.block == labels * 1_000_000 - 1_000_000)
        #expect(after.scoredLabels(.fraud).first?.weight == labels * 1_000_000 - 1_000_000)
        var writer = ByteWriter()
        less.pane.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        let copy = try #require(try Pane(from: &reader).outcomes)
        #expect(copy.scoredLabels(.fraud).first?.weight == labels * 1_000_000 - 1_000_000)
        #expect(copy.sampled(.fraud, intervened: true) == after.sampled(.fraud, intervened: true))
    }

    @Test("Sixteen million labels of the greatest weight, by inverse probability: squares fit, and labels are taken back exactly") func squares() throws {
        let label = LabelEntry(source: 1, time: 1, outcome: .fraud, tier: 3, weight: 1_000_000)
        let one = Pane.Builder()
        one.explore(label, Self.row(.block, 0.9))
        let pane = Self.doubled(one.pane, times: 24)
        let explored = try #require(pane.explored)
        let labels = Double(Int64(1) << 24)
        #expect(explored[.fraudBlocked].weight == labels * 1_000 && explored[.fraudBlocked].squared == labels * 1e6)
        #expect(explored.share(.recallAtBlock)?.effectiveLabels == labels)
        let copy = try copied(pane)
        let builder = Pane.Builder()
        builder.merge(copy)
        builder.explore(label, Self.row(.block, 0.9), sign: -1)
        #expect(builder.pane.explored?[.fraudBlocked].squared == (labels - 1) * 1e6)
    }

    private func copied(_ pane: Pane) throws -> Pane {
        var writer = ByteWriter()
        pane.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        return try Pane(from: &reader)
    }

    @Test("Whatever comes and goes, and in whatever panes, the weights are those of the labels that are left") func exact() throws {
        var random = SeededRandom(seed: 5)
        var configuration = PaneConfiguration()
        configuration.scoreEntries = 64
        for entries in [64, 1_024] {
            configuration.scoreEntries = entries
            let whole = Pane.Builder(configuration)
            var kept: [(Double, Double)] = []
            for _ in 0..<4 {
                let part = Pane.Builder(configuration)
                for _ in 0..<300 {
                    let (score, weight) = (Double(random.below(500)) / 500, [1, 0.5, 2.5, 1_000][random.below(4)])
                    part.addOutcomes(1, .legit, decision: .allow, score: score, weight: weight)
                    if random.bernoulli(0.3) { part.removeOutcome(.legit, Self.row(.allow, score), weight: weight) } else { kept.append((score, weight)) }
                }
                whole.merge(try copied(part.pane))
            }
            let labels = try #require(whole.pane.outcomes).scoredLabels(.legit)
            #expect(labels.reduce(0) { $0 + $1.count } == Int64(kept.count))
            for one in labels {
                let same = kept.filter { $0.0 >= one.value - one.resolution / 2 - 1e-9 && $0.0 < one.value + one.resolution / 2 }
                #expect(Double(one.weight) == same.reduce(0) { $0 + $1.1 * 1_000 } && one.count == Int64(same.count), "\(one.value)")
            }
        }
    }

    @Test("Ages count weights beside labels, and forget both") func ages() throws {
        let builder = Pane.Builder()
        builder.addArrivals(3, .legit, delayMs: 5, weight: 5)
        builder.addArrivals(2, .legit, delayMs: 5)
        builder.addArrivals(1, .fraud, delayMs: 40 * 86_400_000, weight: 2)
        let twice = Pane.Builder()
        twice.merge(builder.pane)
        twice.merge(try copied(builder.pane))
        let share = twice.pane.arrivedAges.share
        #expect(share.others == SampledCount(count: 10, weight: 34, squares: 154) && share.events == SampledCount(count: 2, weight: 4, squares: 8))
        #expect(twice.pane.arrivedAges.labels(0) == 10 && twice.pane.arrivedAges.fraud(LabelAges.delayClass(of: 40 * 86_400_000)) == 2)
        let entry = LabelEntry(source: 0, time: 5, outcome: .legit, tier: 3, weight: 5_000)
        for _ in 0..<3 { builder.addArrival(entry, -1) }
        #expect(builder.pane.arrivedAges.share.others == SampledCount(2))
    }
}
