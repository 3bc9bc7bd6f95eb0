import Foundation
import Testing
import VedetteCore

/// Against scikit-learn, scipy and numpy: `make_metrics_fixtures.py` made the numbers.
@Suite("Calibration, entropy and feature distances are those of independent libraries")
struct CalibrationTests {
    private struct Fixture: Decodable {
        struct Calibrated: Decodable {
            var scores: [Double]
            var truth: [Int]
            var weights: [Double]?
            var brier: Double
            var ece: Double
            var ece_groups: Double
            var bias: Double
        }
        struct Categories: Decodable {
            var reference: [String: Int]
            var current: [String: Int]
            var entropy: Double
            var psi: Double
            var js: Double
            var unseen: Double
        }
        struct Numbers: Decodable {
            var reference: [Double]
            var current: [Double]
            var ks: Double
            var wasserstein: Double
            var mean_shift: Double
        }
        var calibration: [Calibrated]
        var categories: [Categories]
        var numbers: [Numbers]
    }

    private let fixture: Fixture

    init() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/metrics", withExtension: "json"))
        fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    @Test func calibration() throws {
        #expect(fixture.calibration.count == 3)
        for one in fixture.calibration {
            let builder = Pane.Builder()
            for index in one.scores.indices {
                builder.addOutcomes(1, one.truth[index] == 1 ? .fraud : .legit, score: one.scores[index], weight: one.weights?[index] ?? 1)
            }
            let found = try #require(builder.pane.outcomes?.calibration)
            #expect(abs(found.brier - one.brier) < 1e-12)
            #expect(abs(found.expectedError - one.ece) < 1e-12)
            #expect(abs(found.expectedErrorOfGroups - one.ece_groups) < 1e-12)
            #expect(abs(found.bias - one.bias) < 1e-12)
        }
        #expect(Calibration(fraud: ScoreSketch(), legit: ScoreSketch()) == nil)
    }

    private func aggregate(_ counts: [String: Int], capacity: Int = 64) -> FeatureAggregate {
        var configuration = PaneConfiguration()
        configuration.categories = capacity
        let builder = Pane.Builder(configuration, features: 1)
        for (word, count) in counts.sorted(by: { $0.key < $1.key }) { builder.addCategory(0, word, count: count) }
        return builder.pane.features[0]
    }

    @Test func categories() throws {
        #expect(fixture.categories.count == 2)
        for one in fixture.categories {
            let current = aggregate(one.current)
            #expect(abs((current.entropy ?? -1) - one.entropy) < 1e-12)
            #expect(current.distinct == Double(one.current.count))
            let drift = try #require(FeatureDrift(reference: aggregate(one.reference), current: current))
            #expect(abs((drift.psi ?? -1) - one.psi) < 1e-12)
            #expect(abs((drift.jensenShannon ?? -1) - one.js) < 1e-12)
            #expect(drift.unseen == one.unseen)
        }
    }

    @Test func numbers() throws {
        #expect(fixture.numbers.count == 1)
        for one in fixture.numbers {
            let sides = [one.reference, one.current].map { values in
                let builder = Pane.Builder(features: 1)
                for value in values { builder.addFeature(0, present: 1, value: value) }
                return builder.pane.features[0]
            }
            let drift = try #require(FeatureDrift(reference: sides[0], current: sides[1]))
            #expect(abs((drift.meanShift ?? 0) - one.mean_shift) < 1e-9)
            // Binned to 1 %: a value may pass its neighbours within that.
            #expect(abs((drift.kolmogorovSmirnov ?? 0) - one.ks) < 0.02)
            let scale = (one.reference + one.current).map { abs($0) }.reduce(0, +) / Double(one.reference.count)
            #expect(abs((drift.wasserstein ?? 0) - one.wasserstein) < 0.01 * scale)
            #expect(drift.counts.reduce(0, +) == Int64(one.current.count))
            #expect(drift.counts.count == drift.edges.count + 1)
        }
    }

    @Test("distinct values beyond what is kept are estimated, and merging is counting")
    func distinct() throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<3_000).map { ("value \($0)", 1) })
        let all = aggregate(many, capacity: 32)
        #expect(all.categories.isTruncated)
        // Three standard errors of 3.3 %.
        #expect(abs((all.distinct ?? 0) - 3_000) < 300)

        var configuration = PaneConfiguration()
        configuration.categories = 32
        let merged = Pane.Builder(configuration, features: 1)
        for part in 0..<10 {
            let piece = Pane.Builder(configuration, features: 1)
            for number in (part * 300)..<(part * 300 + 300) { piece.addCategory(0, "value \(number)", count: 1) }
            merged.merge(piece.pane)
        }
        #expect(merged.pane.features[0].distinct == all.distinct)
    }
}
