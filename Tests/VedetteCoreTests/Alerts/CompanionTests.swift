import Testing
import VedetteCore

/// One thing that several slices show is one alert, whatever its severity in each.
@Suite("Slices that show the same thing")
struct CompanionTests {
    private typealias Kit = JudgeKit
    private let france = JudgeKit.slice("FR")

    // MARK: Severities that differ

    /// Decisions of which 3 % are stopped usually.
    private func decisions(_ total: Int, times: Double = 1) -> Pane {
        let builder = Pane.Builder()
        let stopped = Int((0.03 * times * Double(total)).rounded())
        builder.addDecisions(total - stopped, .allow, score: 0.1)
        builder.addDecisions(stopped, .block, score: 0.9)
        return builder.pane
    }

    private static let sharesConfiguration = Kit.configuration([Kit.spec("share", .decisionShare(DecisionShareRule())) { ($0.severity, $0.slices) = (.p2, .all) }])

    private func shares() -> Judge { Judge(configuration: Self.sharesConfiguration) }

    /// An hour in which France stops so many times its usual share, and each of the other countries so many times theirs.
    private func hour(_ index: Int, countries: Int, france: Double, others: Double) -> EvaluationRound {
        let size = 10_000
        let mean = (france + others * Double(countries - 1)) / Double(countries)
        let rest = (1..<countries).map { (Kit.slice("C\($0)"), decisions(size, times: others), [decisions(size)]) }
        let whole = (SliceName(), decisions(size * countries, times: mean), [decisions(size * countries)])
        return Kit.round(index, [whole, (self.france, decisions(size, times: france), [decisions(size)])] + rest)
    }

    @Test("A change of all traffic that is worse in one slice is one alert, as severe as the slice, and names it")
    func worseWithin() throws {
        var judge = shares()
        let events = judge.evaluate(hour(0, countries: 10, france: 2.5, others: 1.3))
        #expect(events.map { "\($0.slice.text) \($0.severity.rawValue) \($0.status.rawValue)" } == ["all traffic P1 firing"])
        #expect(try #require(events.first).contributors.contains { $0.name == "country=FR" })
        #expect(judge.evaluate(hour(1, countries: 10, france: 2.5, others: 1.3)).isEmpty)
        #expect(judge.evaluate(hour(2, countries: 10, france: 1, others: 1)).map(\.status) == [.resolved])
    }

    /// With ten countries all traffic is so much worse itself that it has a record in that hour anyway; with twenty it has not.
    @Test("A slice that becomes worse than the alert of all traffic raises that one, in one record", arguments: [10, 20])
    func becomesWorse(countries: Int) throws {
        var judge = shares()
        let first = judge.evaluate(hour(0, countries: countries, france: 1.3, others: 1.3))
        #expect(first.map { "\($0.slice.text) \($0.severity.rawValue)" } == ["all traffic P2"])
        let worse = judge.evaluate(hour(1, countries: countries, france: 2.5, others: 1.3))
        #expect(worse.map { "\($0.slice.text) \($0.severity.rawValue) \($0.status.rawValue) \($0.revision)" } == ["all traffic P1 updated 1"])
        #expect(try #require(worse.first).contributors.contains { $0.name == "country=FR" })
        var reader = ByteReader(Kit.bytes(judge))
        judge = try Judge(configuration: Self.sharesConfiguration, from: &reader)
        #expect(judge.evaluate(hour(2, countries: countries, france: 2.5, others: 1.3)).isEmpty)
    }

    @Test("A slice that is silenced raises nothing")
    func silenced() {
        var judge = shares()
        #expect(judge.evaluate(hour(0, countries: 20, france: 1.3, others: 1.3)).map(\.severity) == [.p2])
        judge.apply(.silence(Silence(id: "s", matcher: .init(slice: france), from: Kit.base, until: Kit.base + 100 * Kit.hour, reason: "r", author: "a")))
        #expect(judge.evaluate(hour(1, countries: 20, france: 2.5, others: 1.3)).isEmpty)
    }
}
