import Testing
import VedetteCore

@Suite("Nowcast")
struct NowcastTests {
    private static let day = TriangleTests.day
    private static let key = NowcastBook.Key(model: 0, slice: 0)

    @Test("delays are learned in spite of truncation")
    func delays() throws {
        let book = TriangleTests.simulated(days: 140, seed: 7)
        for stream in [LabelStream.fraudPassed, .fraudBlocked, .legitPassed] {
            let delay = book.series[0].delays[stream.rawValue]
            // Uniform over 20 days.
            for age in [5.0, 10, 15] {
                #expect(abs(delay.arrived(by: age * Double(Self.day)) - age / 20) < 0.05, "\(stream) by day \(age)")
            }
            #expect(delay.arrived(by: 20 * Double(Self.day)) > 0.97)
        }
    }

    @Test("young cohorts are expected to end as old ones did; mature ones as they are")
    func estimates() throws {
        let book = TriangleTests.simulated(days: 140, seed: 8)
        let young = try #require(book.estimate(Self.key, book.question(0, cohort: 137), at: 140 * Self.day))
        let rate = try #require(young[.fraudRate])
        #expect(rate.interval95.lower < 0.05 && 0.05 < rate.interval95.upper)
        let recall = try #require(young[.recallAtBlock])
        #expect(recall.interval95.lower < 0.5 && 0.5 < recall.interval95.upper)
        let mature = try #require(book.estimate(Self.key, book.question(0, cohort: 100), at: 140 * Self.day)?[.fraudRate])
        #expect(abs(mature.value - (mature.raw ?? 0)) < 0.002)
        #expect(mature.interval95.upper - mature.interval95.lower < (rate.interval95.upper - rate.interval95.lower) / 4)
    }

    @Test("maturity rises with age to 1")
    func maturity() throws {
        let book = TriangleTests.simulated(days: 140, seed: 9)
        let shares = try [139, 135, 130, 125, 110].map { (day: Int64) in
            try #require(book.maturity(Self.key, day * Self.day, (day + 1) * Self.day, at: 140 * Self.day)).fraud
        }
        #expect(zip(shares, shares.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs(shares[2] - 9.5 / 20) < 0.06)
        #expect(shares[4] > 0.99)
    }

    /// Of 60 nowcasts 48 and 57 should hold; the bounds are three standard deviations, the five streams being alike.
    @Test("intervals hold what they promise")
    func coverage() throws {
        var hits80 = 0
        var hits95 = 0
        var made = 0
        for seed in [21, 22, 23, 24, 25] as [UInt64] {
            let book = TriangleTests.simulated(days: 90, seed: seed)
            let early = (45..<70).map { day in
                (Int64(day), TriangleTests.simulated(days: day + 5, seed: seed))
            }
            for (cohort, then) in early.prefix(12) {
                let actual = try #require(book.estimate(Self.key, book.question(0, cohort: cohort), at: 90 * Self.day)?[.fraudRate]?.raw)
                let value = try #require(then.estimate(Self.key, then.question(0, cohort: cohort), at: (cohort + 5) * Self.day)?[.fraudRate])
                made += 1
                if value.interval80.lower <= actual, actual <= value.interval80.upper { hits80 += 1 }
                if value.interval95.lower <= actual, actual <= value.interval95.upper { hits95 += 1 }
            }
        }
        #expect(made == 60)
        #expect((40...58).contains(hits80), "\(hits80) of 60 in 80 %")
        #expect(hits95 >= 52, "\(hits95) of 60 in 95 %")
    }
}
