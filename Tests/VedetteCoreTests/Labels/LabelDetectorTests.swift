import Testing
import VedetteCore

@Suite("Label detectors")
struct LabelDetectorTests {
    private static let minute: Int64 = 60_000
    private static let day: Int64 = 86_400_000

    private func configuration(rules: [DetectorSpec]) -> TopologyConfiguration { LabelKit.configuration(rules) }

    private func label(_ harness: DetectorHarness, _ request: Int, _ outcome: Outcome, pipeline: String, actor: String, at time: Int64) {
        LabelKit.label(harness, request, outcome, pipeline: pipeline, actor: actor, at: time)
    }

    private func decide(_ harness: DetectorHarness, score: Double = 0.6, model: Int = 0, at time: Int64) -> Int {
        LabelKit.decide(harness, score: score, model: model, at: time)
    }

    @Test("Labels outside of the registry are incidents, by kind of breach, and count for nothing")
    func sources() throws {
        let harness = DetectorHarness(configuration(rules: [DetectorSpec(id: "label_source", rule: .labelSource(LabelIntegrityRule()))]))
        var joined: [JoinedLabel] = []
        harness.topology.onLabel = { joined.append($0) }
        let first = decide(harness, at: 0), second = decide(harness, model: 1, at: 0)
        _ = try harness.advance(to: Self.minute)
        label(harness, first, .fraud, pipeline: "desk", actor: "desk-1", at: Self.minute)
        label(harness, first, .legit, pipeline: "desk", actor: "mallory", at: Self.minute + 1)
        label(harness, first, .legit, pipeline: "chargebacks", actor: "c", at: Self.minute + 2)
        label(harness, second, .fraud, pipeline: "desk", actor: "desk-1", at: Self.minute + 3)
        label(harness, first, .legit, pipeline: "nobody", actor: "x", at: Self.minute + 4)
        label(harness, 999, .legit, pipeline: "nobody", actor: "x", at: Self.minute + 5)
        let events = try harness.advance(to: 2 * Self.minute)
        #expect(Set(events.compactMap(\.subject)) == ["actor/desk", "outcome/chargebacks", "model/desk", "source/nobody"])
        #expect(events.allSatisfy { $0.status == .firing && $0.severity == .p0 && $0.count == 1 })
        #expect(joined.map(\.label.tier) == [3, 0, 0, 0, 0])
        #expect(joined.map(\.label.standing) == [.admitted, .inadmissible, .inadmissible, .inadmissible, .inadmissible])
        // What the desk said by right still stands.
        var set = LabelSet()
        for one in joined where one.requestID == "request-\(first)" { _ = set.apply(one.label, maxEntries: 16) }
        #expect(set.entries.count == 4 && set.truth?.outcome == .fraud && set.truth?.tier == 3)
        #expect(harness.topology.counters.labelsUnauthorised == 3)
        let orphan = try harness.advance(to: 20 * Self.minute)
        #expect(orphan.map(\.status) == [.updated], "an orphan of nobody doubles its incident")
        let end = try harness.advance(to: Self.day + 20 * Self.minute)
        #expect(end.count == 4 && end.allSatisfy { $0.status == .resolved })
    }

    @Test("Pipelines that nobody knows have eight alerts of their own and share the ninth, which counts them; P0 of other kinds get out")
    func madeUpPipelines() throws {
        var configuration = configuration(rules: [
            DetectorSpec(id: "label_source", rule: .labelSource(LabelIntegrityRule())),
            DetectorSpec(id: "policy", rule: .policy(PolicyRuleSet(rules: [
                PolicyRule(name: "floor", severity: .p0, condition: try PolicyProgram("decision == block", vocabulary: PolicyKit.vocabulary)),
            ]))),
        ])
        configuration.maxAlertsPerHour = 9
        for count in [8, 9, 40] {
            let harness = DetectorHarness(configuration)
            let request = decide(harness, at: 0)
            _ = try harness.advance(to: Self.minute)
            for number in 0..<count {
                for repeated in 0..<2 as Range<Int64> {
                    label(harness, request, .legit, pipeline: "made-up-\(number)", actor: "x", at: Self.minute + 2 * Int64(number) + repeated)
                }
            }
            _ = LabelKit.decide(harness, decision: .block, at: Self.minute)
            let events = try harness.advance(to: 2 * Self.minute)
            let sources = events.filter { $0.monitor == "label_source" && $0.status == .firing }
            #expect(sources.count == min(count, 9) && events.contains { $0.monitor == "policy_floor" } && !events.contains { $0.monitor == "alert_storm" })
            let shared = sources.first { $0.subject == "source/(other)" }
            #expect((shared != nil) == (count > 8))
            guard let shared else { continue }
            #expect(shared.incident.contains { $0.name == "pipelines" && $0.value == .number(Double(count - 8)) })
            #expect(shared.summary.contains("from \(count - 8) pipeline"))
            // A restart forgets no name: a known one counts once.
            let next = try harness.restarted()
            for number in 0..<8 * count { label(next, request, .legit, pipeline: number == 0 ? "new" : "made-up-8", actor: "x", at: 3 * Self.minute) }
            let grown = try next.advance(to: 4 * Self.minute)
            #expect(grown.first { $0.subject == "source/(other)" }?.incident.contains { $0.name == "pipelines" && $0.value == .number(Double(count - 7)) } == true)
        }
    }

    @Test("The conditions under which a label was given go with it, also when it waited for its decision, and over a restart")
    func conditions() throws {
        let harness = DetectorHarness(configuration(rules: []))
        var joined: [JoinedLabel] = []
        func listen(_ harness: DetectorHarness) { harness.topology.onLabel = { joined.append($0) } }
        listen(harness)
        let first = decide(harness, at: 0)
        LabelKit.label(harness, first, .fraud, pipeline: "desk", actor: "desk-1", conditions: "guideline 4, blind", at: 1)
        LabelKit.label(harness, first, .fraud, pipeline: "reports", actor: "r", at: 2)
        LabelKit.label(harness, first + 1, .legit, pipeline: "reports", actor: "r", conditions: "phone", at: 3)
        _ = try harness.advance(to: Self.minute)
        let restarted = try harness.restarted()
        listen(restarted)
        let second = decide(restarted, at: Self.minute)
        LabelKit.label(restarted, second, .fraud, pipeline: "desk", actor: "desk-1", conditions: "guideline 4, blind", at: Self.minute + 1)
        _ = try restarted.advance(to: 2 * Self.minute)
        #expect(joined.map(\.conditions) == ["guideline 4, blind", "", "phone", "guideline 4, blind"])
        // Interned once, over the restart too; none is 0.
        let numbers = joined.map(\.label.conditions)
        #expect(numbers[0] != 0 && numbers[1] == 0 && numbers[2] != numbers[0] && numbers[3] == numbers[0])
    }

    /// Ten reviewers label forty borderline decisions a day; the last one calls everything legit from day 70 on.
    private func review(_ harness: DetectorHarness, days: Range<Int64>, _ random: inout SeededRandom) throws -> [AlertEvent] {
        var events: [AlertEvent] = []
        for day in days {
            let start = day * Self.day
            for index in 0..<40 {
                let request = decide(harness, score: 0.3 + 0.6 * random.uniform(), at: start + Int64(index))
                let actor = index % 10
                let isLegit = random.bernoulli(0.5) || (actor == 9 && day >= 70)
                label(harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: "r\(actor)", at: start + 1_000 + Int64(index))
            }
            events += try harness.advance(to: start + Self.day)
        }
        return events
    }

    @Test("An actor that turns is named, and its labels are quarantined while it fires")
    func poisoning() throws {
        let harness = DetectorHarness(configuration(rules: [DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(LabelIntegrityRule()))]))
        var random = SeededRandom(seed: 11)
        #expect(try review(harness, days: 0..<70, &random).isEmpty)
        var quarantined: Set<String> = []
        harness.topology.onLabel = { if $0.label.standing == .quarantined { quarantined.insert($0.actor) } }
        let events = try review(harness, days: 70..<110, &random)
        let first = try #require(events.first)
        #expect(events.allSatisfy { $0.subject == "reports/r9" } && first.monitor == "label_poisoning" && first.status == .firing && first.severity == .p1)
        #expect(first.pValue <= 1e-4 && first.value > first.limit && first.startedAt >= 40 * Self.day && first.sampleRequestIDs.count >= 3)
        #expect(quarantined == ["r9"] && harness.topology.counters.labelsQuarantined > 20)
    }

    @Test("Label detectors go on after a restart as if nothing had happened")
    func snapshot() throws {
        let rule = LabelIntegrityRule()
        let original = DetectorHarness(
            configuration(rules: [
                DetectorSpec(id: "label_source", rule: .labelSource(rule)), DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule)),
                DetectorSpec(id: "label_canary", rule: .labelCanary(rule)), DetectorSpec(id: "label_burst", rule: .labelBurst(rule)),
                DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule)), DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule)),
                DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule)),
            ]))
        var random = SeededRandom(seed: 12)
        _ = try review(original, days: 0..<75, &random)
        label(original, 5, .legit, pipeline: "nobody", actor: "x", at: 75 * Self.day)
        _ = try original.advance(to: 75 * Self.day + Self.minute)
        let restarted = try original.restarted()
        var again = random
        let expected = try review(original, days: 76..<100, &random)
        #expect(!expected.isEmpty)
        #expect(try review(restarted, days: 76..<100, &again) == expected)
    }
}
