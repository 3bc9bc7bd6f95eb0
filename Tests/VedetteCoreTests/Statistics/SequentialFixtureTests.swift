import Foundation
import Testing
import VedetteCore

/// Against scipy's quadrature, negative binomials and Bayes' rule on a grid: `make_sequential_fixtures.py` made the numbers.
@Suite("Forecasts and evidence that grows label by label are what numeric integration says")
struct SequentialFixtureTests {
    private struct Fixture: Decodable {
        struct Forecast: Decodable {
            var input: [Double]
            var mean: Double
            var variance: Double
            var log_none: Double
        }
        struct Delayed: Decodable {
            var input: [Double]
            var added: Double
        }
        struct Rates: Decodable {
            var strata: Int
            /// By day and stratum: hits, trials.
            var days: [[[Int]]]
            var at: [Int64]
            var evidence: [Double]
            /// Day on which the strongest bet began, -1 where there is none.
            var begun: [Int64]
        }
        struct Peers: Decodable {
            /// By day: three digits a label, of its actor, stratum, and 1 for legit, 3 for legit and contradicted.
            var events: [String]
            var at: [Int]
            /// By time and actor.
            var evidence: [[Double]]
            var deviations: [Double]
        }
        var forecasts: [Forecast]
        var delayed: [Delayed]
        var rate_watch: [Rates]
        var chances: [[Double]]
        var peer_test: [Peers]
    }

    private let fixture: Fixture

    init() throws {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/sequential", withExtension: "json"))
        fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    /// - Parameter given: known labels, decisions, share arrived, rate, dispersion.
    private func forecast(_ given: [Double], delays: (own: Double, level: Double, shared: Double) = (0, 0, 0)) -> StreamForecast {
        StreamForecast.make(
            known: given[0], decisions: given[1], arrived: given[2], arrivedVariance: delays.own,
            level: LevelForecast(rate: given[3], variance: 0, delayVariance: delays.level, sharedVariance: delays.shared), dispersion: given[4], weight: 1)
    }

    @Test("Labels to come, and the chance of none, are the integral over the rate") func forecasts() {
        #expect(fixture.forecasts.count == 5)
        for one in fixture.forecasts {
            let found = forecast(one.input)
            #expect(isClose(found.remaining, one.mean) && isClose(found.variance, one.variance), "\(one) \(found)")
            #expect(isClose(found.logNone, one.log_none), "\(one) \(found.logNone)")
        }
    }

    @Test("What uncertain delays add is within 2 % of the variance under log-normal errors of up to 15 %") func delays() {
        #expect(fixture.delayed.count == 4)
        for one in fixture.delayed {
            let exact = forecast(one.input).variance
            let found = forecast(one.input, delays: (one.input[5], one.input[6], one.input[7])).variance - exact
            #expect(isClose(found, one.added, 0.02), "\(one) \(found)")
        }
    }

    @Test("The evidence of a risen rate is the product of each day's negative binomial predictions") func rates() throws {
        #expect(fixture.rate_watch.count == 3)
        for one in fixture.rate_watch {
            var watch = RateWatch(strata: one.strata)
            for (day, counts) in one.days.enumerated() {
                watch.pass(to: Int64(day))
                if let place = one.at.firstIndex(of: Int64(day)) {
                    #expect(isClose(watch.logEvidence, one.evidence[place], 1e-9, absolute: 1e-9), "day \(day): \(watch.logEvidence)")
                    #expect(watch.strongest?.day ?? -1 == one.begun[place])
                }
                for (stratum, count) in counts.enumerated() {
                    for trial in 0..<count[1] { watch.add(isHit: trial < count[0], stratum: stratum, on: Int64(day)) }
                }
            }
        }
        // The second and third have risen, the first has not.
        let limits = fixture.rate_watch.map { ($0.evidence.last ?? 0) > 15 }
        #expect(limits == [false, true, true])
    }

    @Test("The chance under a Gaussian offset is within 0.006 of the integral") func chances() {
        #expect(fixture.chances.count == 12)
        for row in fixture.chances { #expect(abs(OffsetBelief(mean: row[1], variance: row[2]).chance(row[0]) - row[3]) < 0.006, "\(row)") }
    }

    @Test("The evidence against an actor is within 0.3 nats or 8 % of that of Bayes' rule on a grid; the spread of the honest is equal") func peers() throws {
        #expect(fixture.peer_test.count == 4)
        for one in fixture.peer_test {
            var rule = LabelPeerRule()
            rule.drift = 0
            var test = LabelPeerTest(rule: rule)
            let pool = test.addPool()
            for (day, events) in one.events.enumerated() {
                let digits = events.utf8.map { Int($0) - 48 }
                for start in stride(from: 0, to: digits.count, by: 3) {
                    let (actor, stratum, word) = (UInt64(digits[start] + 1), digits[start + 1], digits[start + 2])
                    let time = Int64(day) * 86_400_000
                    _ = test.observe(pool: pool, stratum: stratum, actor: actor, isLegit: word > 0, at: time)
                    if word == 3 { test.contradict(pool: pool, stratum: stratum, actor: actor, at: time) }
                }
                guard let place = one.at.firstIndex(of: day) else { continue }
                #expect(isClose(test.deviation(ofPool: pool), one.deviations[place], 1e-9))
                for (actor, evidence) in one.evidence[place].enumerated() {
                    let found = try #require(test.trials.first { $0.key == UInt64(actor + 1) }).logEvidence
                    #expect(isClose(found, evidence, 0.08, absolute: 0.3), "day \(day), actor \(actor): \(found), not \(evidence)")
                }
            }
        }
    }
}
