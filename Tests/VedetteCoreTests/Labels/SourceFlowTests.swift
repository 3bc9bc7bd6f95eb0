import Testing
import VedetteCore

@Suite("Sources whose whole flow turns")
struct SourceFlowTests {
    private static let day = LabelKit.day
    private static let turnsAt: Int64 = 60
    private let rule = LabelIntegrityRule()

    private static func source(_ name: String, tier: UInt8 = 1) -> LabelSource { LabelSource(pipeline: name, tier: tier) }

    private func harness(_ sources: [LabelSource]) -> DetectorHarness {
        var configuration = LabelKit.configuration([DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule))])
        configuration.labelSources = sources
        return DetectorHarness(configuration)
    }

    /// What a source says of 40 borderline decisions and 80 clear ones a day.
    private struct Habit {
        var pipeline = "reports"
        var actor = ""
        /// Of the traffic: fraud among borderline decisions, and how much of it there is.
        var fraudShare = 0.5
        var borderline = 40
        /// Share of its fraud that it calls legit.
        var turned = 0.0
    }

    private func say(_ harness: DetectorHarness, day: Int64, _ habit: Habit, _ random: inout SeededRandom) {
        let start = day * Self.day
        for index in 0..<habit.borderline + 80 {
            let isBorderline = index < habit.borderline, time = start + Int64(index)
            let request = LabelKit.decide(harness, score: isBorderline ? 0.3 + 0.6 * random.uniform() : 0.2 * random.uniform(), at: time)
            let isFraud = isBorderline && random.bernoulli(habit.fraudShare) && !random.bernoulli(habit.turned)
            LabelKit.label(harness, request, isFraud ? .fraud : .legit, pipeline: habit.pipeline, actor: habit.actor, at: time + 10_000)
        }
    }

    private func run(_ harness: DetectorHarness, _ days: Range<Int64>, _ random: inout SeededRandom, _ habits: (Int64) -> [Habit]) throws -> [AlertEvent] {
        var events: [AlertEvent] = []
        for day in days {
            for habit in habits(day) { say(harness, day: day, habit, &random) }
            events += try harness.advance(to: (day + 1) * Self.day)
        }
        return events
    }

    private func number(_ event: AlertEvent, _ name: String) -> Double? {
        event.incident.first { $0.name == name }.flatMap { if case .number(let value) = $0.value { value } else { nil } }
    }

    @Test("A source alone, without actors, that turns half of its fraud is named, quarantined while it fires, and let go", arguments: 1...2)
    func alone(seed: UInt64) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let harness = harness([Self.source("reports")])
        #expect(try run(harness, 0..<Self.turnsAt, &random) { _ in [Habit()] }.isEmpty)
        var quarantined = 0
        harness.topology.onLabel = { if $0.label.standing == .quarantined { quarantined += 1 } }
        let events = try run(harness, Self.turnsAt..<Self.turnsAt + 30, &random) { _ in [Habit(turned: 0.5)] }
        let first = try #require(events.first)
        #expect(first.monitor == "label_poisoning" && first.subject == "reports" && first.severity == .p1 && first.status == .firing)
        #expect(first.measure == "fraud_labels" && first.value < first.limit && first.referenceName == "its own past")
        #expect(first.startedAt >= (Self.turnsAt - 8) * Self.day && first.sampleRequestIDs.count == 10)
        let turned = try #require(number(first, "turned"))
        #expect(turned > 30 && first.economics?.moneyAtRisk.value.map { abs($0 - 100 * turned) < 1e-6 * 100 * turned } == true)
        #expect(quarantined > 100)
        let end = try run(harness, Self.turnsAt + 30..<Self.turnsAt + 150, &random) { _ in [Habit()] }
        #expect(end.last?.status == .resolved)
    }

    @Test("Fraud that becomes rarer, honest traffic that moves up, and a source that labels more turn nothing")
    func innocent() throws {
        var random = SeededRandom(seed: 3)
        // Half of the fraud is gone: 20 legit of 30. Twice the legit traffic: 40 legit of 60. Twice of all.
        for changed in [Habit(fraudShare: 1.0 / 3, borderline: 30), Habit(fraudShare: 1.0 / 3, borderline: 60)] {
            #expect(try run(harness([Self.source("reports")]), 0..<Self.turnsAt + 60, &random) { $0 < Self.turnsAt ? [Habit()] : [changed] }.isEmpty)
        }
        #expect(try run(harness([Self.source("reports")]), 0..<Self.turnsAt + 30, &random) { $0 < Self.turnsAt ? [Habit()] : [Habit(), Habit()] }.isEmpty)
    }

    @Test("Beside two peers a source is measured by both, and by no past of its own")
    func peers() throws {
        var random = SeededRandom(seed: 4)
        let harness = harness([Self.source("reports"), Self.source("desk"), Self.source("review")])
        let others = [Habit(pipeline: "desk", fraudShare: 0.4), Habit(pipeline: "review", fraudShare: 0.6)]
        #expect(try run(harness, 0..<Self.turnsAt, &random) { _ in others + [Habit()] }.isEmpty)
        let events = try run(harness, Self.turnsAt..<Self.turnsAt + 30, &random) { _ in others + [Habit(turned: 0.5)] }
        let first = try #require(events.first)
        #expect(events.allSatisfy { $0.subject == "reports" } && first.referenceName == "its past beside peers" && number(first, "peers") == 2)
    }

    @Test("A peer that has changed incriminates nobody, and one of less trust is none")
    func framed() throws {
        var random = SeededRandom(seed: 5)
        // "app" calls everything fraud: beside it alone the others would seem to turn.
        let others = [Habit(pipeline: "desk"), Habit(pipeline: "review")]
        let framed = harness([Self.source("app"), Self.source("desk"), Self.source("review")])
        #expect(try run(framed, 0..<Self.turnsAt + 40, &random) { others + [Habit(pipeline: "app", fraudShare: $0 < Self.turnsAt ? 0.5 : 0.9)] }.isEmpty)
        let sybils = harness([Self.source("desk", tier: 3), Self.source("app"), Self.source("web")])
        let lies = { (day: Int64) in ["app", "web"].map { Habit(pipeline: $0, fraudShare: day < Self.turnsAt ? 0.5 : 0.9) } }
        #expect(try run(sybils, 0..<Self.turnsAt + 40, &random) { lies($0) + [Habit(pipeline: "desk")] }.isEmpty)
    }

    @Test("Labels without an actor stand beside the named actors of their source")
    func nameless() throws {
        var random = SeededRandom(seed: 6)
        let harness = harness([Self.source("reports")])
        let named = (0..<4).map { Habit(actor: "r\($0)", borderline: 20) }
        // Half of the source's fraud is gone, as if it were rarer, and the nameless call legit what the others call fraud.
        #expect(try run(harness, 0..<Self.turnsAt, &random) { _ in named + [Habit(fraudShare: 0.3, borderline: 20)] }.isEmpty)
        let events = try run(harness, Self.turnsAt..<Self.turnsAt + 60, &random) { _ in named + [Habit(fraudShare: 0.3, borderline: 20, turned: 0.9)] }
        #expect(events.contains { $0.subject == "reports/(no actor)" && $0.status == .firing })
        #expect(events.allSatisfy { $0.subject?.hasPrefix("reports/r") != true })
    }

    @Test("Fraud words that are changed to legit a day later turn the flow as well")
    func secondThoughts() throws {
        var random = SeededRandom(seed: 7)
        let harness = harness([Self.source("reports")])
        var events: [AlertEvent] = [], yesterday: [Int] = []
        for day in 0..<Self.turnsAt + 40 {
            let start = day * Self.day
            for request in yesterday where day > Self.turnsAt && random.bernoulli(0.5) {
                LabelKit.label(harness, request, .legit, pipeline: "reports", actor: "", at: start + 1)
            }
            yesterday = []
            for index in 0..<120 as Range<Int64> {
                let request = LabelKit.decide(harness, score: index < 40 ? 0.3 + 0.6 * random.uniform() : 0.1, at: start + index)
                let isFraud = index < 40 && random.bernoulli(0.5)
                LabelKit.label(harness, request, isFraud ? .fraud : .legit, pipeline: "reports", actor: "", at: start + 10_000 + index)
                if isFraud { yesterday.append(request) }
            }
            events += try harness.advance(to: start + Self.day)
        }
        #expect(events.first?.subject == "reports")
    }

    @Test("Labels outside of their source's rights are nobody's peers")
    func rights() throws {
        var desk = Self.source("reports")
        desk.rights.actors = ["r*"]
        var random = SeededRandom(seed: 8)
        let harness = harness([desk])
        let honest = (0..<5).map { Habit(actor: "r\($0)", borderline: 8) }
        let events = try run(harness, 0..<Self.turnsAt + 40, &random) { honest + ($0 < Self.turnsAt ? [] : [Habit(actor: "mallory", fraudShare: 0.95, borderline: 200)]) }
        #expect(events.isEmpty && harness.topology.counters.labelsUnauthorised > 1_000)
    }

    @Test("A restart in the middle of the evidence changes nothing")
    func restart() throws {
        var random = SeededRandom(seed: 9)
        let original = harness([Self.source("reports"), Self.source("desk"), Self.source("review")])
        let habits = { (day: Int64) in [Habit(turned: day < Self.turnsAt ? 0 : 0.8), Habit(pipeline: "desk"), Habit(pipeline: "review")] }
        _ = try run(original, 0..<Self.turnsAt + 3, &random, habits)
        let restarted = try original.restarted()
        var again = random
        let expected = try run(original, Self.turnsAt + 3..<Self.turnsAt + 40, &random, habits)
        #expect(!expected.isEmpty)
        #expect(try run(restarted, Self.turnsAt + 3..<Self.turnsAt + 40, &again, habits) == expected)
    }
}
