import Foundation
import Testing
import VedetteCore

/// Against statsmodels, mpmath, scipy and scikit-learn: `make_evidence_fixtures.py` made the numbers.
@Suite("What raises an alert is what independent libraries compute")
struct EvidenceFixtureTests {
    private struct Fixture: Decodable {
        struct Holm: Decodable {
            var p: [Double]
            var alpha: Double
            var rejected: [Bool]
        }
        struct EBH: Decodable {
            var log_e: [Double]
            var level: Double
            var believed: [Bool]
        }
        struct Ledger: Decodable {
            var p: [Double]
            var log_e: [Double]
        }
        struct Homogeneity: Decodable {
            var reference: [Int64]
            var current: [Int64]
            var g: Double
            var p: Double
        }
        struct BetaBinomial: Decodable {
            var input: [Double]
            var tail: Double
        }
        struct Permutation: Decodable {
            var current: [Double]
            var reference: [Double]
            var p: Double
        }
        var holm: [Holm]
        var e_bh: [EBH]
        var calibrator: [[Double]]
        var ledger: Ledger
        var homogeneity: [Homogeneity]
        var beta_binomial: [BetaBinomial]
        var permutation: [Permutation]
        var betting: [[Double]]
    }

    private let fixture: Fixture

    init() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/evidence", withExtension: "json"))
        fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    @Test("Holm's procedure and e-BH are statsmodels' multipletests") func falseDiscovery() {
        #expect(fixture.holm.contains { $0.rejected.contains(true) && $0.rejected.contains(false) })
        for one in fixture.holm { #expect(HolmProcedure.rejected(one.p, alpha: one.alpha) == one.rejected) }
        #expect(fixture.e_bh.contains { $0.believed.contains(true) })
        for one in fixture.e_bh { #expect(FalseDiscovery.eBH(logEValues: one.log_e, level: one.level) == one.believed) }
    }

    @Test("The mixed calibrator is mpmath's integral, and the ledger its recursion") func ledger() {
        for row in fixture.calibrator { #expect(isClose(FalseDiscovery.logMixtureEValue(pValue: row[0]), row[1], 1e-9, absolute: 1e-9), "\(row)") }
        let day: Int64 = 86_400_000
        var ledger = EvidenceLedger(spanMs: 7 * day)
        #expect(fixture.ledger.p.count == 24)
        for (index, p) in fixture.ledger.p.enumerated() {
            let found = ledger.add(RequestID(high: 1, low: 2), pValue: p, end: Int64(index + 1) * day)
            #expect(isClose(found, fixture.ledger.log_e[index], 1e-9), "day \(index): \(found)")
        }
    }

    @Test("Homogeneity of histograms is scipy's chi2_contingency over pooled bins") func homogeneity() throws {
        for one in fixture.homogeneity {
            let test = try #require(HomogeneityTest.evaluate(reference: one.reference, current: one.current))
            #expect(isClose(test.statistic, one.g) && isClose(test.pValue, one.p), "\(test) \(one.g) \(one.p)")
        }
    }

    @Test("The tail of a window's traffic is scipy's beta-binomial one, from 0.5 to 1e-160") func betaBinomial() {
        for one in fixture.beta_binomial {
            let (count, others, windows, v) = (one.input[0], one.input[1], one.input[2], one.input[3])
            let tail = Evidence.countTail(Int64(count), others: others, windows: Int64(windows), relativeVariance: v)
            #expect(isClose(tail, one.tail, 1e-8), "\(one.input): \(tail), not \(one.tail)")
        }
    }

    @Test("The permutation tail of a mean is never below the exact one, and within a factor of 30 of its two sides") func permutation() {
        func bins(_ values: [Double]) -> [(value: Double, count: Int64)] { values.sorted().map { ($0, 1) } }
        for one in fixture.permutation {
            let tail = PermutationMeanTail.twoSided(bins(one.current), bins(one.reference))
            #expect(tail >= min(1, 2 * one.p) * 0.999 && tail < 30 * 2 * one.p, "\(tail) for \(one.p)")
        }
    }

    @Test("Betting confidence sequences end where scipy's root finder says") func betting() {
        for row in fixture.betting {
            let interval = BettingConfidenceSequence.interval(successes: Int64(row[0]), n: Int64(row[1]), confidence: row[2])
            #expect(isClose(interval.lower, row[3], 1e-9) && isClose(interval.upper, row[4], 1e-9), "\(row): \(interval)")
        }
    }
}
