import Testing
import VedetteCore

@Suite("Label monitors: bursts, orphans, conflicts, normalisation")
struct LabelMonitorTests {
    private static let day = LabelKit.day
    private let rule = LabelIntegrityRule()

    private func harness(_ spec: DetectorSpec) -> DetectorHarness { DetectorHarness(LabelKit.configuration([spec])) }

    /// `count` decisions with a label of `reports` each, on one day; every `orphanEvery`th label is of no decision.
    private func report(_ harness: DetectorHarness, day: Int64, count: Int, actor: String = "r1", orphanEvery: Int = 0) throws -> [AlertEvent] {
        let start = day * Self.day
        for index in 0..<count {
            let isOrphan = orphanEvery > 0 && index % orphanEvery == 0
            let request = isOrphan ? 10_000_000 + Int(day) * 1_000 + index : LabelKit.decide(harness, at: start + Int64(index))
            LabelKit.label(harness, request, index % 2 == 0 ? .fraud : .legit, pipeline: "reports", actor: actor, at: start + 10_000 + Int64(index))
        }
        return try harness.advance(to: start + Self.day)
    }

    @Test("A day three times the largest one is a burst, while it lasts: of the actor, where it is the source's only one")
    func burst() throws {
        let harness = harness(DetectorSpec(id: "label_burst", rule: .labelBurst(rule)))
        for day in 0..<30 as Range<Int64> { #expect(try report(harness, day: day, count: 20 + Int(day % 5)).isEmpty) }
        #expect(try report(harness, day: 30, count: 60).isEmpty, "not three times the largest day")
        let events = try report(harness, day: 31, count: 250)
        #expect(events.map(\.subject) == ["reports/r1"])
        #expect(events.allSatisfy { $0.monitor == "label_burst" && $0.severity == .p1 && $0.startedAt == 31 * Self.day && $0.value > $0.limit && $0.pValue < 1e-6 })
        #expect(events.first?.sampleRequestIDs.count == 10)
        let end = try report(harness, day: 32, count: 20) + report(harness, day: 33, count: 20)
        #expect(end.map(\.status) == [.resolved])
    }

    /// Labels of one actor, or of none, from a minute of a day on.
    private func send(_ harness: DetectorHarness, _ count: Int, actor: String, day: Int64, minute: Int64 = 0) {
        let start = day * Self.day + minute * LabelKit.minute
        for index in 0..<count {
            let request = LabelKit.decide(harness, at: start + Int64(index))
            LabelKit.label(harness, request, .legit, pipeline: "reports", actor: actor, at: start + 10_000 + Int64(index))
        }
    }

    /// Labels of two actors and of nobody on a day, where each actor has 20 a day; who has a burst then.
    private static let shares: [([Int], [String])] = [
        ([250, 250, 0], ["reports", "reports/r1", "reports/r2"]), ([250, 20, 0], ["reports/r1"]), ([20, 20, 300], ["reports"]), ([20, 20, 0], []),
    ]

    @Test("What two actors do is also their source's; what labels without an actor do is the source's alone", arguments: shares)
    func sourceItself(counts: [Int], subjects: [String]) throws {
        let harness = harness(DetectorSpec(id: "label_burst", rule: .labelBurst(rule)))
        for day in 0..<30 as Range<Int64> {
            for actor in ["r1", "r2"] { send(harness, 20, actor: actor, day: day) }
            #expect(try harness.advance(to: (day + 1) * Self.day).isEmpty)
        }
        for (count, actor) in zip(counts, ["r1", "r2", ""]) { send(harness, count, actor: actor, day: 30) }
        #expect(try harness.advance(to: 31 * Self.day).compactMap(\.subject).sorted() == subjects)
    }

    @Test("A source's burst that turns out to be one actor's becomes part of that one, over a restart as well")
    func culprit() throws {
        let harness = harness(DetectorSpec(id: "label_burst", rule: .labelBurst(rule)))
        for day in 0..<30 as Range<Int64> { #expect(try report(harness, day: day, count: 20).isEmpty) }
        send(harness, 30, actor: "r1", day: 30)
        send(harness, 40, actor: "", day: 30)
        let first = try harness.advance(to: 30 * Self.day + LabelKit.minute)
        #expect(first.map { "\($0.subject ?? "") \($0.status.rawValue)" } == ["reports firing"])
        let restarted = try harness.restarted()
        send(restarted, 90, actor: "r1", day: 30, minute: 1)
        let second = try restarted.advance(to: 30 * Self.day + 2 * LabelKit.minute)
        #expect(Set(second.map { "\($0.subject ?? "") \($0.status.rawValue)" }) == ["reports resolved", "reports/r1 firing"])
        #expect(second.first { $0.subject == "reports" }?.reason == "part of reports/r1, which goes on")
    }

    @Test("A state of other label sources is refused by name, whatever monitors there are", arguments: [[], ["label_burst"]])
    func otherSources(detectors: [String]) throws {
        let specs = detectors.map { DetectorSpec(id: $0, rule: .labelBurst(rule)) }
        let harness = DetectorHarness(LabelKit.configuration(specs))
        _ = LabelKit.decide(harness, at: 1)
        _ = try harness.advance(to: LabelKit.minute)
        for (sources, words) in [(["desk", "reports", "chargebacks"], "desk, reports, chargebacks"), (["desk", "chargebacks"], "desk, chargebacks")] {
            var other = harness.configuration
            other.labelSources = sources.map { LabelSource(pipeline: $0, tier: 1) }
            let error = #expect(throws: CorruptBytes.self) { _ = try harness.restarted(other) }
            #expect(error?.expected == "the label sources \(words), not desk, chargebacks, reports")
        }
        // Rights and trust may change.
        var other = harness.configuration
        other.labelSources[0].rights.actors = ["nobody"]
        _ = try harness.restarted(other)
    }

    @Test("A new actor is held against the largest of its source, and the first weeks of all against nothing")
    func newcomer() throws {
        let harness = harness(DetectorSpec(id: "label_burst", rule: .labelBurst(rule)))
        #expect(try report(harness, day: 0, count: 300).isEmpty, "nothing is known yet")
        for day in 1..<150 as Range<Int64> { #expect(try report(harness, day: day, count: 20).isEmpty) }
        let events = try report(harness, day: 150, count: 280, actor: "new")
        #expect(events.map(\.subject).contains("reports/new"))
    }

    @Test("A flood of actors is bounded, and shows as a burst of its source")
    func flood() throws {
        var small = rule
        small.peers.maxActors = 10
        let harness = harness(DetectorSpec(id: "label_burst", rule: .labelBurst(small)))
        for day in 0..<20 as Range<Int64> { #expect(try report(harness, day: day, count: 20).isEmpty) }
        let start = 20 * Self.day
        for index in 0..<400 {
            let request = LabelKit.decide(harness, at: start + Int64(index))
            LabelKit.label(harness, request, .legit, pipeline: "reports", actor: "sybil-\(index)", at: start + 10_000 + Int64(index))
        }
        let events = try harness.advance(to: start + Self.day)
        #expect(events.compactMap(\.subject).contains("reports"))
        #expect(events.compactMap(\.subject).allSatisfy { ["reports", "reports/(other)"].contains($0) })
    }

    @Test("Orphans of a source above its own rate, and no alarm at the rate that it always had")
    func orphans() throws {
        let harness = harness(DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule)))
        for day in 0..<60 as Range<Int64> { #expect(try report(harness, day: day, count: 100, orphanEvery: 25).isEmpty) }
        var events: [AlertEvent] = []
        for day in 60..<90 as Range<Int64> where events.isEmpty { events += try report(harness, day: day, count: 100, orphanEvery: 6) }
        let first = try #require(events.first)
        #expect(first.monitor == "label_orphans" && first.subject == "reports" && first.status == .firing && first.severity == .p1)
        #expect(first.value > first.limit && first.detectedAt < 80 * Self.day && first.startedAt >= 52 * Self.day)
        #expect(first.referenceValue.map { abs($0 - 0.04) < 0.01 } == true)
    }

    /// Reports say legit; the desk judges each, and says fraud of every `wrongEvery`th.
    private func judge(_ harness: DetectorHarness, day: Int64, wrongEvery: Int) throws -> [AlertEvent] {
        let start = day * Self.day
        for index in 0..<40 {
            let request = LabelKit.decide(harness, at: start + Int64(index))
            LabelKit.label(harness, request, .legit, pipeline: "reports", actor: "r1", at: start + 10_000 + Int64(index))
            LabelKit.label(harness, request, index % wrongEvery == 0 ? .fraud : .legit, pipeline: "desk", actor: "desk-1", at: start + 20_000 + Int64(index))
        }
        return try harness.advance(to: start + Self.day)
    }

    @Test("Words that more trusted labels contradict, above the source's own rate; the trusted source is not blamed")
    func conflicts() throws {
        let harness = harness(DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule)))
        for day in 0..<60 as Range<Int64> { #expect(try judge(harness, day: day, wrongEvery: 20).isEmpty) }
        var events: [AlertEvent] = []
        for day in 60..<100 as Range<Int64> { events += try judge(harness, day: day, wrongEvery: 5) }
        #expect(!events.isEmpty && events.allSatisfy { $0.monitor == "label_conflicts" && $0.subject == "reports" })
        #expect(events.first.map { $0.detectedAt < 80 * Self.day && $0.measure == "conflict_share" } == true)
        #expect(events.first?.sampleRequestIDs.isEmpty == false)
    }

    /// One actor gives two fifths of Italy's labels, and calls them all legit from day 100 on. Alone the slice's monitor sees it.
    @Test("What an accused actor says makes no slice legit: its own alert says it", arguments: [false, true])
    func accused(hasPoisoning: Bool) throws {
        let poisoning = DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule))
        let harness = DetectorHarness(
            LabelKit.configuration([DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule))] + (hasPoisoning ? [poisoning] : [])))
        var random = SeededRandom(seed: 22)
        var events: [AlertEvent] = []
        for day in 0..<200 as Range<Int64> {
            for index in 0..<60 {
                let time = day * Self.day + Int64(index)
                let country = ["FR", "DE", "IT", "ES"][index % 4]
                let isTurned = country == "IT" && index / 4 % 5 < 2
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), country: country, at: time)
                let isLegit = random.bernoulli(0.5) || isTurned && day >= 100
                LabelKit.label(
                    harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: isTurned ? "turned" : "r\(random.below(9))", at: time + 10_000)
            }
            events += try harness.advance(to: (day + 1) * Self.day)
        }
        #expect(Set(events.map { "\($0.monitor) \($0.subject ?? $0.slice.text)" }) == [hasPoisoning ? "label_poisoning reports/turned" : "label_normalisation country=IT"])
    }

    @Test("A slice whose borderline labels turn legit by many hands, a little each")
    func normalisation() throws {
        let harness = harness(DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule)))
        var random = SeededRandom(seed: 21)
        var events: [AlertEvent] = []
        for day in 0..<200 as Range<Int64> {
            for index in 0..<60 {
                let time = day * Self.day + Int64(index)
                let country = ["FR", "DE", "IT", "ES"][index % 4]
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), country: country, at: time)
                // From day 100 on a share of the fraud in Italy counts as legit, up to 60 % after 60 days.
                let turned = country == "IT" ? min(0.6, max(0, Double(day - 100) * 0.01)) : 0
                let isLegit = random.bernoulli(0.5) || random.bernoulli(turned)
                LabelKit.label(harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: "r\(random.below(500))", at: time + 10_000)
            }
            events += try harness.advance(to: (day + 1) * Self.day)
        }
        let first = try #require(events.first)
        #expect(events.allSatisfy { $0.monitor == "label_normalisation" && $0.slice.text == "country=IT" && $0.severity == .p2 })
        #expect(first.detectedAt > 100 * Self.day && first.startedAt >= 60 * Self.day)
    }

    @Test("Chargebacks against what an actor cleared are evidence, though its share of legit is like its peers'")
    func contradictions() throws {
        let harness = harness(DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule)))
        var random = SeededRandom(seed: 22)
        var events: [AlertEvent] = []
        for day in 0..<150 as Range<Int64> {
            for index in 0..<80 {
                let time = day * Self.day + Int64(index)
                let actor = index % 10
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), at: time)
                let isLegit = random.bernoulli(0.5)
                LabelKit.label(harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: "r\(actor)", at: time + 10_000)
                if isLegit, random.bernoulli(actor == 9 && day >= 80 ? 0.3 : 0.02) {
                    LabelKit.label(harness, request, .fraud, pipeline: "chargebacks", actor: "issuer", at: time + 20_000)
                }
            }
            events += try harness.advance(to: (day + 1) * Self.day)
        }
        let first = try #require(events.first)
        #expect(events.allSatisfy { $0.subject == "reports/r9" } && first.detectedAt > 80 * Self.day && first.detectedAt < 120 * Self.day)
        #expect(first.summary.contains("contradicted by trusted labels"))
    }
}
