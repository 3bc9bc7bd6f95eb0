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
        feed(harness, (0..<90).map { row(Int64($0)) })
        #expect(try harness.advance(to: Self.minute).isEmpty)
        feed(harness, (0..<8).map { row(Self.minute + Int64($0)) } + [row(Self.minute + 8, score: 0.95, amount: 250), row(Self.minute + 9, score: 0.95)])
        let first = try #require(try harness.advance(to: 2 * Self.minute).first)
        let economics = try #require(first.economics)
        // Two of the ten decisions of the minute in which it began, not of the hundred.
        #expect(economics.challengedShare == .known(0.2) && !economics.isShareBound)
        #expect(economics.moneyAtRisk == .known(350) && economics.moneyAtRiskPerHour == .known(350))
        #expect(economics.timeToDetectMs == Self.minute - 8)
        #expect(economics.attemptsToBypass.reason == "a rule does not say what a try is: each decision that breaks it has passed already")
        #expect(first.blastRadius == "Decisions that match the rule: 2 so far; the action challenges 20 % of the model's traffic; amounts of 350 at risk so far, 350 an hour")
        // It goes on: 30 more decisions, two of them broken, an hour and a half later.
        let later = Self.minute + 8 + 3 * Self.hour / 2
        let restarted = try harness.restarted()
        feed(restarted, (0..<30).map { row(later - 29 + Int64($0), score: $0 >= 28 ? 0.95 : 0.25, amount: 50) })
        let update = try #require(try restarted.advance(to: later + Self.minute).first { $0.status == .updated })
        #expect(update.economics?.challengedShare == .known(0.1) && update.economics?.moneyAtRisk == .known(450))
        #expect(update.economics?.moneyAtRiskPerHour == .known(300) && update.economics?.timeToDetectMs == Self.minute - 8)
    }

    @Test("A floor of decisions without amounts says so")
    func withoutAmounts() throws {
        let harness = try harness(nil)
        feed(harness, [row(0, score: 0.95, amount: nil)])
        let economics = try #require(try harness.advance(to: Self.minute).first?.economics)
        #expect(economics.moneyAtRisk == .none(because: "the decisions that broke it carry no amount") && economics.moneyAtRiskPerHour.value == nil)
        #expect(economics.challengedShare == .known(1))
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
