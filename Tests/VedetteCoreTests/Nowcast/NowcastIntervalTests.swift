import Testing
import VedetteCore

@Suite("Intervals of nowcasts")
struct NowcastIntervalTests {
    private struct Tally {
        var count = 0
        var in80 = 0
        var in95 = 0
        var holds80 = 0.0
        var ones = 0

        var shares: (in80: Double, in95: Double) { (Double(in80) / Double(count), Double(in95) / Double(count)) }
    }

    /// Every nowcast of a stream at an age, against what became of its cohort.
    private static func follow(_ seed: UInt64, days: Int64, age: Int64, _ measure: NowcastMeasure) -> Tally {
        var stream = DriftingStream(seed: seed)
        var tally = Tally()
        for _ in 0..<days {
            stream.nextDay()
            guard let (cohort, estimate) = stream.estimate(age: age), let value = estimate[measure], let actual = stream.final(measure, of: cohort)
            else { continue }
            tally.count += 1
            if value.interval80.lower - 1e-9 <= actual, actual <= value.interval80.upper + 1e-9 { tally.in80 += 1 }
            if value.interval95.lower - 1e-9 <= actual, actual <= value.interval95.upper + 1e-9 { tally.in95 += 1 }
            tally.holds80 += value.holds80
            if value.interval80.upper == 1 { tally.ones += 1 }
        }
        return tally
    }

    /// Errors are alike for weeks and known only a month later; quantiles of the last ones alone hold 73 to 76 %.
    @Test("hold what they promise where delays drift", arguments: [3, 7, 14] as [Int64])
    func drift(age: Int64) {
        var all = Tally()
        for seed in [31, 32, 33] as [UInt64] {
            let one = Self.follow(seed, days: 700, age: age, .fraudRate)
            all.count += one.count
            all.in80 += one.in80
            all.in95 += one.in95
        }
        #expect(abs(all.shares.in80 - 0.8) < 0.03, "\(all.shares.in80) at \(age) days")
        #expect(abs(all.shares.in95 - 0.95) < 0.03, "\(all.shares.in95) at \(age) days")
    }

    /// A precision is exactly 1 on seven days of eight: an 80 % interval that holds it holds more, and says how much.
    @Test("end at the single value that is likelier than what may be missed")
    func singleValue() {
        let tally = Self.follow(41, days: 400, age: 7, .precisionAtBlock)
        #expect(Double(tally.ones) > 0.9 * Double(tally.count), "the end is 1 in \(tally.ones) of \(tally.count)")
        #expect(abs(tally.shares.in80 - tally.holds80 / Double(tally.count)) < 0.03, "\(tally.shares.in80), promised \(tally.holds80 / Double(tally.count))")
        #expect(tally.shares.in80 > 0.83)
    }

    @Test("lie in one another about the expected value, between 0 and 1")
    func order() throws {
        var stream = DriftingStream(seed: 51)
        var seen = 0
        for _ in 0..<150 {
            stream.nextDay()
            for age in [0, 1, 5, 12, 29, 40] as [Int64] {
                guard let (_, estimate) = stream.estimate(age: age) else { continue }
                for measure in NowcastMeasure.allCases {
                    guard let value = estimate[measure] else { continue }
                    seen += 1
                    let ends = [0, value.interval95.lower, value.interval80.lower, value.value, value.interval80.upper, value.interval95.upper, 1]
                    #expect(ends == ends.sorted(), "\(measure) at \(age) days: \(ends)")
                    #expect(value.holds80 > 0.8 - 1e-9 && value.holds95 > 0.95 - 1e-9)
                    #expect(value.holds80 < value.holds95 + 1e-9 && value.holds95 < 1 + 1e-9)
                }
            }
        }
        #expect(seen > 3_000)
    }

    /// After cohorts have become final, so that the factors have moved and nowcasts wait in all states.
    @Test("go on after a restart as if there had been none")
    func restart() throws {
        var stream = DriftingStream(seed: 61)
        for _ in 0..<120 { stream.nextDay() }
        var restarted = stream
        try restarted.restart()
        #expect(restarted.bytes == stream.bytes)
        for _ in 0..<60 {
            stream.nextDay()
            restarted.nextDay()
            #expect(restarted.estimate(age: 7)?.estimate == stream.estimate(age: 7)?.estimate)
        }
        #expect(restarted.bytes == stream.bytes)
    }

    @Test("need no more memory as time goes on")
    func bounded() {
        var stream = DriftingStream(seed: 71)
        for _ in 0..<400 { stream.nextDay() }
        let before = stream.bytes.count
        for _ in 0..<200 { stream.nextDay() }
        // The last lists of past errors fill up; 200 days of nowcasts that wait for ever would be five times as much.
        #expect(Double(stream.bytes.count) < 1.1 * Double(before), "\(before) bytes, then \(stream.bytes.count)")
    }

    /// Nothing comes on the first day: how uncertain that nothing is, relatively, must not spread over the second.
    @Test("next to nothing makes nothing uncertain")
    func nothing() {
        var configuration = NowcastConfiguration()
        configuration.horizonMs = 10 * DriftingStream.day
        var triangle = ReportingTriangle(configuration)
        for cohort in 0..<60 as Range<Int64> {
            for label in 0..<100 as Range<Int64> {
                triangle.add(.legitPassed, cohort: cohort, delay: (1 + label % 8) * DriftingStream.day, weight: 1_000, sign: 1)
            }
        }
        let prior = DelayDistribution(bins: triangle.bins, median: 4 * Double(DriftingStream.day), spread: 0.5)
        let counts = DelayCounts(triangle, [.legitPassed], at: 61 * DriftingStream.day, configuration)
        let learned = DelayDistribution(counts, prior: prior, strength: 20)
        // 5,000 labels of which an eighth comes on the second day: half a day in, a sixteenth is known to a few per cent.
        let middle = 1.5 * Double(DriftingStream.day)
        #expect(abs(learned.arrived(by: middle) - 1.0 / 16) < 0.005)
        #expect(learned.relativeVariance(at: middle) < 0.01, "\(learned.relativeVariance(at: middle))")
    }
}
