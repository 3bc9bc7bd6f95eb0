import Testing
import VedetteCore

/// Against scipy, to a relative 1e-9.
@Suite struct ReferenceNumbersTests {
    private let fixture: StatisticsFixture

    init() throws { fixture = try StatisticsFixture.load() }

    private func check(_ rows: [[Double]], _ relative: Double = 1e-9, absolute: Double = 0, _ function: ([Double]) -> Double) {
        #expect(!rows.isEmpty)
        for row in rows {
            let expected = row[row.count - 1]
            let value = function(row)
            #expect(isClose(value, expected, relative, absolute: absolute), "\(row): \(value)")
        }
    }

    @Test func incompleteFunctions() {
        check(fixture.upper_gamma) { IncompleteFunctions.upperGamma($0[0], $0[1]) }
        check(fixture.lower_beta) { IncompleteFunctions.beta($0[0], $0[1], $0[2], 1 - $0[2]) }
        check(fixture.upper_beta) { IncompleteFunctions.beta($0[1], $0[0], 1 - $0[2], $0[2]) }
        check(fixture.beta_quantile) { IncompleteFunctions.betaQuantile($0[0], $0[1], $0[2]) }
    }

    @Test func continuousDistributions() {
        check(fixture.normal_cdf) { NormalDistribution.cdf($0[0]) }
        check(fixture.normal_survival) { NormalDistribution.survival($0[0]) }
        check(fixture.normal_quantile, absolute: 1e-16) { NormalDistribution.quantile($0[0]) }
        check(fixture.chi_square_survival) { ChiSquareDistribution.survival($0[0], degrees: $0[1]) }
    }

    @Test func countingDistributions() {
        check(fixture.binomial_cdf) { CountDistributions.binomialCDF(Int64($0[0]), n: Int64($0[1]), p: $0[2]) }
        check(fixture.binomial_upper_tail) { CountDistributions.binomialUpperTail(Int64($0[0]), n: Int64($0[1]), p: $0[2]) }
    }

    @Test func rateIntervals() throws {
        for row in fixture.wilson {
            let wilson = try #require(WilsonInterval(successes: Int64(row[0]), n: Int64(row[1]), confidence: row[2]))
            #expect(isClose(wilson.interval.lower, row[3], absolute: 1e-15) && isClose(wilson.interval.upper, row[4]), "\(row) \(wilson)")
        }
        for row in fixture.clopper_pearson {
            let exact = ClopperPearson.interval(successes: Int64(row[0]), n: Int64(row[1]), confidence: row[2])
            #expect(isClose(exact.lower, row[3]) && isClose(exact.upper, row[4]), "\(row) \(exact)")
        }
        #expect(WilsonInterval(successes: 0, n: 0) == nil)
        #expect(ClopperPearson.interval(successes: 0, n: 0) == Interval(lower: 0, upper: 1))
    }

    @Test func proportionTests() {
        for row in fixture.fisher {
            let current = (successes: row.counts[0], n: row.counts[1])
            let reference = (successes: row.counts[2], n: row.counts[3])
            for (side, p) in [(Alternative.twoSided, row.twoSided), (.greater, row.greater), (.less, row.less)] {
                let result = ProportionTest.fisher(current: current, reference: reference, alternative: side)
                #expect(isClose(result.pValue, p), "\(row.counts) \(side): \(result.pValue), not \(p)")
            }
        }
        for row in fixture.likelihood_ratio {
            let result = ProportionTest.likelihoodRatio(
                current: (row.counts[0], row.counts[1]), reference: (row.counts[2], row.counts[3]), alternative: .twoSided)
            #expect(isClose(result.statistic * result.statistic, row.g) && isClose(result.pValue, row.p), "\(row)")
        }
        for row in fixture.rate_ratio {
            let ratio = RateRatio(
                events: Int64(row.input[0]), exposure: row.input[1], referenceEvents: Int64(row.input[2]), referenceExposure: row.input[3])
            let interval = ratio.interval()
            #expect(isClose(interval.lower, row.interval[0]) && isClose(interval.upper, row.interval[1]), "\(interval)")
        }
    }

    @Test func moments() {
        for row in fixture.moments {
            var moments = Moments()
            for x in row.values { moments.add(x) }
            #expect(isClose(moments.mean, row.mean) && isClose(moments.variance, row.variance))
            #expect(moments.min == row.min && moments.max == row.max)
        }
    }

    @Test func scoreDistances() throws {
        for row in fixture.distances {
            var reference = ScoreSketch()
            var current = ScoreSketch()
            for unit in row.reference { reference.add(Double(unit) / 1e6) }
            for unit in row.current { current.add(Double(unit) / 1e6) }
            #expect(reference.histogram20 == row.histogram)
            #expect(reference.quantiles([0, 0.01, 0.123, 0.5, 0.77, 0.99, 1]) == row.quantiles)
            #expect(Distances.decileEdges(of: reference) == row.edges)
            let distances = Distances(reference: reference, current: current)
            #expect(isClose(distances.psiDeciles, row.psi_deciles))
            #expect(isClose(distances.psiEqualWidth, row.psi_equal_width))
            #expect(isClose(distances.jensenShannon, row.js, absolute: 1e-15))
            #expect(isClose(distances.kolmogorovSmirnov, row.ks))
            #expect(isClose(distances.wasserstein, row.wasserstein))
            let auc = try #require(AreaUnderCurve(fraud: current, legit: reference))
            #expect(isClose(auc.value, row.auc) && isClose(auc.standardError, row.auc_se, absolute: 1e-15), "\(auc)")
        }
    }

    @Test func eValues() {
        for row in fixture.bernoulli_e {
            for (side, expected) in [(Alternative.twoSided, row.twoSided), (.greater, row.greater), (.less, row.less)] {
                var process = BernoulliEProcess(rate: row.input[0], alternative: side)
                process.add(successes: Int64(row.input[1]), failures: Int64(row.input[2]))
                #expect(isClose(process.logEValue, expected, absolute: 1e-9), "\(row.input) \(side): \(process.logEValue), not \(expected)")
            }
        }
    }
}
