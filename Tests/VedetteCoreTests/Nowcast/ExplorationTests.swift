import Foundation
import Testing
import VedetteCore

@Suite("Inverse-probability weights")
struct ExplorationTests {
    private struct Fixture: Decodable {
        struct Weighted: Decodable {
            var fraud: [Bool]
            var probability: [Float]
            var sampling: [Double]
            var rate: Double
            var rate_se: Double
            var recall: Double
            var recall_se: Double
            var effective: Double
        }
        var weighted: Weighted
    }

    private static func row(_ decision: Decision, _ exploration: Float) -> DecisionRow {
        DecisionRow(time: 0, model: 0, version: 1, score: 0.5, decision: decision, exploration: exploration, values: [], content: 0, entities: [])
    }

    private static func label(_ outcome: Outcome, _ weight: Double) -> LabelEntry {
        LabelEntry(source: 1, time: 1, outcome: outcome, tier: 3, weight: Int64((weight * 1_000).rounded()))
    }

    @Test("ratios and their errors are numpy's") func fixture() throws {
        let url = try #require(Bundle.module.url(forResource: "nowcast", withExtension: "json", subdirectory: "Fixtures"))
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url)).weighted
        let builder = Pane.Builder()
        for index in fixture.fraud.indices {
            builder.explore(
                Self.label(fixture.fraud[index] ? .fraud : .legit, fixture.sampling[index]), Self.row(.allow, fixture.probability[index]))
        }
        let explored = try #require(builder.pane.explored)
        let rate = try #require(explored.share(.fraudRate))
        let recall = try #require(explored.share(.recallAtBlock))
        #expect(abs(rate.value - fixture.rate) < 1e-9)
        #expect(abs(recall.value - fixture.recall) < 1e-9)
        #expect(abs(rate.effectiveLabels - fixture.effective) < 1e-6)
        // On the arcsine scale the interval is of the width of the error times 1.96, to first order.
        let half = (rate.interval.upper - rate.interval.lower) / 2
        #expect(abs(half / (1.96 * fixture.rate_se) - 1) < 0.05)
        let width = (recall.interval.upper - recall.interval.lower) / 2
        #expect(abs(width / (1.96 * fixture.recall_se) - 1) < 0.1)
    }

    @Test("taking back leaves what was") func corrections() {
        let (once, twice) = (Pane.Builder(), Pane.Builder())
        let stays = (Self.label(.fraud, 5), Self.row(.allow, 0.1))
        let goes = (Self.label(.legit, 3), Self.row(.allow, 0.37))
        once.explore(stays.0, stays.1)
        twice.explore(stays.0, stays.1)
        twice.explore(goes.0, goes.1)
        twice.explore(goes.0, goes.1, sign: -1)
        let shares = (once.pane.explored?.share(.fraudRate), twice.pane.explored?.share(.fraudRate))
        #expect(shares.0 != nil && shares.0 == shares.1)
        #expect(twice.pane.explored?.explored == 1)
    }

    @Test("weights are bounded and counted; blocked requests that explore are left out") func bounds() throws {
        let builder = Pane.Builder()
        builder.explore(Self.label(.fraud, 1), Self.row(.allow, 0.0001))
        builder.explore(Self.label(.fraud, 1), Self.row(.block, 0.5))
        let explored = try #require(builder.pane.explored)
        #expect(explored.bounded == 1)
        #expect(explored[.fraudBlocked].weight == ExplorationOutcomes.maxWeight)
        #expect(explored[.fraudBlocked].count == 1)
    }

    /// A policy that blocks 9 of 10 above the threshold and lets 1 in 10 through: recall of allowed traffic alone is 0.
    @Test("recall is recovered from what exploration let through") func recovery() throws {
        var random = SeededRandom(seed: 3)
        var misses = 0
        for _ in 0..<40 {
            let builder = Pane.Builder()
            for _ in 0..<3_000 where random.bernoulli(0.1) {
                // Fraud: 60 % above the threshold, let through with probability 0.1.
                if random.bernoulli(0.6) {
                    if random.bernoulli(0.1) { builder.explore(Self.label(.fraud, 1), Self.row(.allow, 0.1)) }
                } else {
                    builder.explore(Self.label(.fraud, 1), Self.row(.allow, 0))
                }
            }
            let interval = try #require(builder.pane.explored?.share(.recallAtBlock)?.interval)
            if 0.6 < interval.lower || 0.6 > interval.upper { misses += 1 }
        }
        // 2 of 40 expected.
        #expect(misses <= 6, "\(misses) of 40 intervals miss")
    }
}
