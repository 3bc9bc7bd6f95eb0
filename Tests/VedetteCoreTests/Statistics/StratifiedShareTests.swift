import Foundation
import Testing
import VedetteCore

/// Numbers of scipy and numpy, made by `make_stratified_fixtures.py`.
@Suite("Stratified shares")
struct StratifiedShareTests {
    private struct Case: Decodable {
        var rows: [[Double]]
        var exact: Double
        var bound: Double
        var events: Double
        var expected: Double
        var odds: Double
    }

    private static func cases() throws -> [Case] {
        let url = try #require(Bundle.module.url(forResource: "stratified", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    }

    @Test("tails are scipy's binomial ones, never below the exact ones, and the odds ratio is Mantel and Haenszel's") func fixture() throws {
        for one in try Self.cases() {
            var shares = StratifiedShare()
            for row in one.rows { shares.add(events: row[0], of: row[1], reference: row[2], of: row[3]) }
            #expect(shares.events == one.events)
            #expect(abs(shares.expected / one.expected - 1) < 1e-12)
            #expect(abs((shares.oddsRatio ?? 0) / one.odds - 1) < 1e-12)
            guard one.events >= one.expected + 1 else { continue }
            let tail = shares.upperTail()
            #expect(abs(tail / one.bound - 1) < 1e-9, "\(tail) \(one.bound)")
            #expect(tail >= one.exact * (1 - 1e-9), "\(tail) \(one.exact)")
            // As evidence it is worth most of what the exact tail is.
            #expect(RealFunctions.log(tail) < 0.6 * RealFunctions.log(one.exact), "\(tail) \(one.exact)")
        }
    }

    @Test("a stratum without a reference says nothing; more of the same events are no smaller evidence per label") func edges() {
        var alone = StratifiedShare()
        alone.add(events: 50, of: 50, reference: 0, of: 0)
        #expect(alone.upperTail() == 1 && alone.oddsRatio == nil && alone.total == 0)
        var all = StratifiedShare()
        all.add(events: 9, of: 9, reference: 4, of: 400)
        let plain = all.upperTail()
        #expect(plain < 1e-8 && all.upperTail(designEffect: 3) > plain)
        // Nothing but events on both sides is what the margins demand.
        var only = StratifiedShare()
        only.add(events: 9, of: 9, reference: 40, of: 40)
        #expect(only.upperTail() == 1)
    }
}
