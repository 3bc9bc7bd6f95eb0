import Testing
import VedetteCore

@Suite("What broken floors and caps cost")
struct PolicyEconomicsTests {
    private static let minute: Int64 = 60_000
    private static let hour: Int64 = 3_600_000

    private func harness(_ cap: PolicyCap.Monitor?) throws -> DetectorHarness {
        func program(_ source: String) throws -> PolicyProgram { try PolicyProgram(source, vocabulary: PolicyKit.vocabulary) }
        var rule = PolicyRule(name: "rule", condition: try program(cap == nil ? "score > 0.9 and decision == allow" : "decision in [allow, block]"))
        if let cap {
            rule.cap = PolicyCap(counted: try program("signals only [\"model\"]"), share: 0.5)
            rule.cap?.monitor = cap
        }
        var set = PolicyRuleSet(rules: [rule])
        set.keepFiringForMs = 3 * Self.hour
        return DetectorHarness(DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [DetectorSpec(id: "policy", rule: .policy(set))]))
    }

    private func feed(_ harness: DetectorHarness, _ rows: [PolicyKit.Row]) {
        let first = rows.map { _ in Int(harness.offset(0)) }.first ?? 0
        harness.ingest(PolicyKit.batch(rows, first: first))
    }

    private func row(_ time: Int64, score: Double = 0.25, amount: Double? = 100, signals: UInt64 = 1) -> PolicyKit.Row {
        var row = PolicyKit.Row()
        (row.time, row.score, row.amount, row.signals) = (time, score, amount, signals)
        return row
    }

    @Test("A floor: the amount of what broke it, and the share of the traffic since then that enforcing it challenges")
    func floor() throws {
        let harness = try harness(nil)
        feed(harness, (0..<900).map { row(Int64($0)) })
        #expect(try harness.advance(to: Self.minute).isEmpty)
        feed(harness, (0..<100).map { row(Self.minute + Int64($0), score: $0 < 80 ? 0.25 : 0.95, amount: $0 == 80 ? 250 : 100) })
        let first = try #require(try harness.advance(to: 2 * Self.minute).first)
        let economics = try #require(first.economics)
        // Twenty of the hundred decisions of the minute in which it began, not of the thousand.
        #expect(economics.challengedShare == .known(0.2) && !economics.isShareBound)
        #expect(economics.moneyAtRisk == .known(2_150) && economics.moneyAtRiskPerHour == .known(2_150))
        #expect(economics.timeToDetectMs == Self.minute - 80)
        #expect(economics.attemptsToBypass.reason == "a rule does not say what a try is: each decision that breaks it has passed already")
        #expect(first.blastRadius == "Decisions that match the rule: 20 so far; the action challenges 20 % of the model's traffic; amounts of 2,150 at risk so far, 2,150 an hour")
        // It goes on: 300 more decisions, twenty of them broken, an hour and a half later.
        let later = Self.minute + 80 + 3 * Self.hour / 2
        let restarted = try harness.restarted()
        feed(restarted, (0..<300).map { row(later - 299 + Int64($0), score: $0 >= 280 ? 0.95 : 0.25, amount: 50) })
        let update = try #require(try restarted.advance(to: later + Self.minute).first { $0.status == .updated })
        #expect(update.economics?.challengedShare == .known(0.1) && update.economics?.moneyAtRisk == .known(3_150))
        #expect(update.economics?.moneyAtRiskPerHour == .known(2_100) && update.economics?.timeToDetectMs == Self.minute - 80)
    }

    @Test("A floor that a few decisions broke has no share of the traffic: one alone would be all of it", arguments: [(1, nil), (9, nil), (10, 0.5)] as [(Int, Double?)])
    func fewBreaks(_ breaks: Int, _ share: Double?) throws {
        let harness = try harness(nil)
        feed(harness, (0..<2 * breaks).map { row(Int64($0), score: $0 < breaks ? 0.25 : 0.95) })
        let event = try #require(try harness.advance(to: Self.minute).first)
        #expect(event.economics?.challengedShare.value == share)
        #expect(event.blastRadius.contains("of the model's traffic") == (share != nil), "\(event.blastRadius)")
        guard share == nil else { return }
        #expect(event.economics?.challengedShare.reason == "fewer than 10 decisions broke it so far, too few for a share of the traffic")
    }

    @Test("A floor of decisions without amounts says so")
    func withoutAmounts() throws {
        let harness = try harness(nil)
        feed(harness, [row(0, score: 0.95, amount: nil)])
        let economics = try #require(try harness.advance(to: Self.minute).first?.economics)
        #expect(economics.moneyAtRisk == .none(because: "the decisions that broke it carry no amount") && economics.moneyAtRiskPerHour.value == nil)
    }

    @Test("A cap: what is above it; of what rests on the score alone all is challenged", arguments: [(PolicyCap.Monitor.policyFloor, 1.0 / 6), (.singleSignal, 4.0 / 6)])
    func cap(monitor: PolicyCap.Monitor, challenged: Double) throws {
        let harness = try harness(monitor)
        feed(harness, (0..<600).map { row(Self.hour + Int64($0), signals: $0 < 400 ? 0b001 : 0b011) })
        let economics = try #require(try harness.advance(to: 2 * Self.hour).first?.economics)
        // 400 of 600 where 300 would be within the cap: a quarter of the 400's amount.
        #expect(economics.challengedShare == .known(challenged) && economics.moneyAtRisk == .known(10_000))
        #expect(economics.moneyAtRiskPerHour.value.map { abs($0 - 10_000 * Double(Self.hour) / Double(Self.hour + 399)) < 1e-9 } == true)
        #expect(economics.attemptsToBypass.reason == "a share is a state of the system: nobody tries anything")
    }
}
