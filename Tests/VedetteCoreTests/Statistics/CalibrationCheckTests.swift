import Foundation
import Testing
import VedetteCore

/// Against exact convolutions: `make_calibration_fixtures.py` made the numbers.
@Suite("Calibration as evidence")
struct CalibrationCheckTests {
    private struct Fixture: Decodable {
        struct Case: Decodable {
            var scores: [Double]
            var fraud: [Int]
            var weights: [Double]
            var error: Double
            var p: Double
        }
        var cases: [Case]
    }

    private static func check(_ scores: [Double], _ fraud: [Bool], weights: (Double, Double) = (1, 1)) -> CalibrationCheck {
        let builder = Pane.Builder()
        for (score, isFraud) in zip(scores, fraud) {
            builder.addOutcomes(1, isFraud ? .fraud : .legit, score: score, weight: isFraud ? weights.0 : weights.1)
        }
        let outcomes = builder.pane.outcomes
        return CalibrationCheck(fraud: outcomes?.scoredLabels(.fraud) ?? [], legit: outcomes?.scoredLabels(.legit) ?? [])
    }

    @Test("The error is numpy's; the p-value is never below the exact tail, and within a factor of 100 of it") func fixtures() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/calibration", withExtension: "json"))
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        #expect(fixture.cases.count == 7 && fixture.cases.contains { $0.p < 1e-30 })
        for one in fixture.cases {
            let check = Self.check(one.scores, one.fraud.map { $0 == 1 }, weights: (one.weights[0], one.weights[1]))
            #expect(isClose(check.expectedError ?? -1, one.error))
            #expect(check.pValue >= one.p * 0.999 && check.pValue <= min(1, 100 * one.p), "\(check.pValue) for \(one.p)")
        }
    }

    /// Scores as fraud models have them: nearly all near 0.
    private static func score(_ random: inout SeededRandom) -> Double { RealFunctions.pow(random.uniform(), 8) }

    private static func labels(_ random: inout SeededRandom, _ count: Int, sampled: Double, truth: (Double) -> Double) -> ([Double], [Bool]) {
        var (scores, fraud): ([Double], [Bool]) = ([], [])
        for _ in 0..<count {
            let score = (score(&random) * 1e6).rounded() / 1e6
            let isFraud = random.bernoulli(truth(score))
            guard isFraud || random.bernoulli(sampled) else { continue }
            scores.append(score)
            fraud.append(isFraud)
        }
        return (scores, fraud)
    }

    @Test("Calibrated scores are no evidence, however few frauds there are, and whether or not honest labels are a sample", arguments: [1, 0.2])
    func falseAlarms(_ sampled: Double) {
        var random = SeededRandom(seed: 41)
        var values: [Double] = []
        for _ in 0..<3_000 {
            let (scores, fraud) = Self.labels(&random, 300, sampled: sampled) { $0 }
            values.append(Self.check(scores, fraud, weights: (1, 1 / sampled)).pValue)
        }
        // Three standard deviations of a binomial count above the level; the squares of the labels themselves gave 9 % below 1e-6.
        for (level, allowed) in [(0.05, 186), (0.01, 46), (1e-3, 8), (1e-6, 0)] { #expect(values.count { $0 < level } <= allowed, "\(level)") }
    }

    @Test("Scores that are off are found: all too low, twice too low, and the order right but the numbers not") func power() {
        var random = SeededRandom(seed: 42)
        let wrongs: [(Double) -> Double] = [{ min(1, $0 + 0.12) }, { min(1, 2 * $0 + 0.02) }, { $0 * $0 * $0 }]
        for (index, truth) in wrongs.enumerated() {
            let found = (0..<100).count { _ in
                let (scores, fraud) = Self.labels(&random, 1_000, sampled: 1, truth: truth)
                return Self.check(scores, fraud).pValue < 1e-6
            }
            #expect(found >= 90, "\(index): \(found)")
        }
    }

    @Test("Labels that are still to come are taken in favour of the scores") func immature() {
        var random = SeededRandom(seed: 43)
        let (scores, fraud) = Self.labels(&random, 2_000, sampled: 1) { $0 }
        // Half of the fraud is not known yet.
        let known = scores.indices.filter { !fraud[$0] || $0 % 2 == 0 }
        let builder = Pane.Builder()
        for index in known { builder.addOutcomes(1, fraud[index] ? .fraud : .legit, score: scores[index]) }
        let outcomes = builder.pane.outcomes
        func pValue(_ share: CalibrationCheck.Arrived) -> Double {
            CalibrationCheck(
                fraud: outcomes?.scoredLabels(.fraud) ?? [], legit: outcomes?.scoredLabels(.legit) ?? [], arrived: (share, .init())
            ).pValue
        }
        #expect(pValue(.init(1)) < 1e-6)
        #expect(pValue(.init(0.5)) > 0.01)
        #expect(pValue(.init(0.8, low: 0.4, high: 1)) > 0.01)
    }
}
