import Testing
import VedetteCore

/// One thing that several slices show is one alert, whatever its severity in each, and for as long as their windows show it.
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

    @Test("A small slice that is worse than all others is named though more of them show it than an alert names", arguments: [0, 1])
    func smallAndWorse(hourOfFrance: Int) throws {
        var judge = shares()
        var events: [AlertEvent] = []
        for index in 0...hourOfFrance {
            let rest = (0..<12).map { (Kit.slice("C\($0)"), decisions(10_000, times: 1.5), [decisions(10_000)]) }
            let times = index == hourOfFrance ? 2.5 : 1
            let whole = (SliceName(), decisions(122_000, times: (120 * 1.5 + 2 * times) / 122), [decisions(122_000)])
            events = judge.evaluate(Kit.round(index, [whole, (france, decisions(2_000, times: times), [decisions(2_000)])] + rest))
        }
        #expect(events.map { "\($0.slice.text) \($0.severity.rawValue)" } == ["all traffic P1"])
        #expect(try #require(events.first).contributors.map(\.name).suffix(1) == ["decision_share country=FR"])
        // Told once.
        #expect(events.first?.revision == hourOfFrance)
    }

    @Test("A slice that is silenced raises nothing")
    func silenced() {
        var judge = shares()
        #expect(judge.evaluate(hour(0, countries: 20, france: 1.3, others: 1.3)).map(\.severity) == [.p2])
        judge.apply(.silence(Silence(id: "s", matcher: .init(slice: france), from: Kit.base, until: Kit.base + 100 * Kit.hour, reason: "r", author: "a")))
        #expect(judge.evaluate(hour(1, countries: 20, france: 2.5, others: 1.3)).isEmpty)
    }

    // MARK: Windows that slide

    private static let hopMs = 15 * JudgeKit.minute

    private func missing(_ rate: Double, _ total: Int) -> Pane { Kit.featurePane(total, missing: Int(rate * Double(total))) }

    /// Statuses and slices by window of an hour that slides by a quarter: the feature is missing in all traffic in the first four.
    private func story(keepMs: Int64 = 0, france: (Int) -> Double) throws -> [String] {
        let configuration = Kit.configuration([Kit.missing { ($0.slices, $0.keepFiringForMs) = (.all, keepMs) }], hopMs: Self.hopMs)
        var judge = Judge(configuration: configuration)
        var said: [String] = []
        for index in 0..<10 {
            let all = missing(index < 4 ? 0.2 : 0.01, 10_000)
            let round = Kit.round(
                index, hopMs: Self.hopMs,
                [(SliceName(), all, [missing(0.01, 10_000)]), (self.france, missing(france(index), 2_000), [missing(0.01, 2_000)])])
            said += judge.evaluate(round).map { "\(index) \($0.slice.text) \($0.status.rawValue)" }
            // What is remembered is in the states.
            var reader = ByteReader(Kit.bytes(judge))
            judge = try Judge(configuration: configuration, from: &reader)
        }
        return said
    }

    @Test("A slice whose window still shows what the alert of all traffic told of is not told again when that one is over", arguments: [0, 1])
    func lingers(keepHours: Int64) throws {
        let said = try story(keepMs: keepHours * Kit.hour) { $0 < 7 ? 0.2 : 0.01 }
        #expect(said.first == "0 all traffic firing" && said.count == 2 && said.last?.hasSuffix("all traffic resolved") == true, "\(said)")
    }

    @Test("It speaks up once its window no longer reaches back to that time, and at once where it has grown")
    func speaksUp() throws {
        #expect(try story { _ in 0.2 } == ["0 all traffic firing", "4 all traffic resolved", "7 country=FR firing"])
        #expect(try story { $0 < 5 ? 0.2 : 0.6 } == ["0 all traffic firing", "4 all traffic resolved", "5 country=FR firing"])
    }

    @Test("A slice that begins after all traffic was last beyond its limit is news")
    func beginsLater() throws {
        #expect(try story { $0 < 5 ? 0.01 : 0.2 } == ["0 all traffic firing", "4 all traffic resolved", "5 country=FR firing"])
    }
}
