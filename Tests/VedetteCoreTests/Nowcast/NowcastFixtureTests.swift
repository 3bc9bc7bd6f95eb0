import Foundation
import Testing
import VedetteCore

/// Numbers of scikit-learn, NannyML and numpy, made by `make_nowcast_fixtures.py`.
private struct NowcastFixture: Decodable {
    struct Isotonic: Decodable {
        var scores: [Double]
        var labels: [Int]
        var fraud_weight: Double
        var legit_weight: Double
        var queries: [Double]
        var values: [Double]
    }
    struct Confidence: Decodable {
        var scores: [Double]
        var actions: [Int]
        var fraud_rate: Double
        var recall_block: Double
        var recall_both: Double
        var precision_block: Double
        var precision_both: Double
        var auc: Double
    }
    struct Delays: Decodable {
        var cells: [[Int64]]
        var now: Int64
        var half_life: Double
        var prior: [Double]
        var arrived: [Double]
    }
    var isotonic: Isotonic
    var confidence: Confidence
    var delays: Delays

    static func read() throws -> NowcastFixture {
        let url = try #require(Bundle.module.url(forResource: "nowcast", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(NowcastFixture.self, from: Data(contentsOf: url))
    }

    var calibration: ScoreCalibration {
        get throws {
            var sample = ScoreCalibration.Sample(
                fraud: ScoreSketch(maxEntries: 1_024), legit: ScoreSketch(maxEntries: 1_024), fraudWeight: isotonic.fraud_weight,
                legitWeight: isotonic.legit_weight)
            for (score, label) in zip(isotonic.scores, isotonic.labels) {
                if label == 1 { sample.fraud.add(score) } else { sample.legit.add(score) }
            }
            return try #require(ScoreCalibration([sample], start: 0, end: 1))
        }
    }
}

@Suite("Nowcast statistics against scikit-learn, NannyML and numpy")
struct NowcastFixtureTests {
    @Test("isotonic calibration") func isotonic() throws {
        let fixture = try NowcastFixture.read()
        let curve = try fixture.calibration.curve
        for (query, value) in zip(fixture.isotonic.queries, fixture.isotonic.values) {
            #expect(abs(curve.value(at: query) - value) < 1e-12, "at \(query)")
        }
    }

    @Test("confidence-based performance estimation") func confidence() throws {
        let fixture = try NowcastFixture.read()
        var sketches = (0..<3).map { _ in ScoreSketch(maxEntries: 1_024) }
        var all = ScoreSketch(maxEntries: 1_024)
        for (score, action) in zip(fixture.confidence.scores, fixture.confidence.actions) {
            sketches[action].add(score)
            all.add(score)
        }
        let estimate = try #require(LabelFreeEstimate(all: all, challenged: sketches[1], blocked: sketches[2], try fixture.calibration))
        let pairs: [(Double?, Double)] = [
            (estimate.fraudRate, fixture.confidence.fraud_rate), (estimate.recallAtBlock, fixture.confidence.recall_block),
            (estimate.recallAtIntervention, fixture.confidence.recall_both), (estimate.precisionAtBlock, fixture.confidence.precision_block),
            (estimate.precisionAtIntervention, fixture.confidence.precision_both),
        ]
        for (ours, theirs) in pairs { #expect(abs((ours ?? -1) - theirs) < 1e-12) }
        // Theirs rounds its counts to five digits, and takes ties in the order of the sort.
        #expect(abs((estimate.auc ?? -1) - fixture.confidence.auc) < 1e-4)
    }

    @Test("reverse hazards") func delays() throws {
        let fixture = try NowcastFixture.read().delays
        let day: Int64 = 86_400_000
        var configuration = NowcastConfiguration()
        configuration.horizonMs = 10 * day
        configuration.halfLifeMs = Int64(fixture.half_life * Double(day))
        var triangle = ReportingTriangle(configuration)
        for (cohort, row) in fixture.cells.enumerated() {
            for (bin, count) in row.enumerated() {
                for _ in 0..<count {
                    triangle.add(.fraudPassed, cohort: Int64(cohort), delay: Int64(bin) * day, weight: 1_000, sign: 1)
                }
            }
        }
        let prior = DelayDistribution(bins: triangle.bins, arrived: fixture.prior)
        let counts = DelayCounts(triangle, [.fraudPassed], at: fixture.now * day, configuration)
        let learned = DelayDistribution(counts, prior: prior, strength: 8)
        for (ours, theirs) in zip(learned.arrived, fixture.arrived) { #expect(abs(ours - theirs) < 1e-12) }
    }
}
