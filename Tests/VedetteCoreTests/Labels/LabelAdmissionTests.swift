import Testing
import VedetteCore

@Suite("What labels count for")
struct LabelAdmissionTests {
    private static let minute = LabelKit.minute

    private func harness(_ change: (inout TopologyConfiguration) -> Void = { _ in }) -> DetectorHarness {
        var configuration = LabelKit.configuration([])
        change(&configuration)
        return DetectorHarness(configuration)
    }

    private func truth(_ joined: [JoinedLabel], of request: Int) -> LabelEntry? {
        var set = LabelSet()
        for one in joined where one.requestID == "request-\(request)" { _ = set.apply(one.label, maxEntries: 16) }
        return set.truth
    }

    @Test("Whoever the registry does not list, or who may not say it, is no truth where nobody else speaks, contradicts nobody and weighs 1")
    func inadmissible() throws {
        let harness = harness()
        var joined: [JoinedLabel] = []
        harness.topology.onLabel = { joined.append($0) }
        let alone = LabelKit.decide(harness, at: 0), beside = LabelKit.decide(harness, at: 0)
        _ = try harness.advance(to: Self.minute)
        LabelKit.label(harness, alone, .fraud, pipeline: "nobody", actor: "x", weight: 50, at: Self.minute)
        LabelKit.label(harness, alone, .fraud, pipeline: "desk", actor: "mallory", weight: 50, at: Self.minute + 1)
        LabelKit.label(harness, beside, .fraud, pipeline: "reports", actor: "r1", weight: 50, at: Self.minute + 2)
        LabelKit.label(harness, beside, .legit, pipeline: "nobody", actor: "x", at: Self.minute + 3)
        LabelKit.label(harness, beside, .legit, pipeline: "chargebacks", actor: "c", at: Self.minute + 4)
        _ = try harness.advance(to: 2 * Self.minute)
        #expect(joined.map(\.label.standing) == [.inadmissible, .inadmissible, .admitted, .inadmissible, .inadmissible])
        #expect(joined.map(\.label.weight) == [1_000, 1_000, 50_000, 1_000, 1_000])
        #expect(truth(joined, of: alone) == nil && truth(joined, of: beside)?.outcome == .fraud)
        let counters = harness.topology.counters
        #expect(counters.labelConflicts == 0 && counters.labelsUnlistedSource == 2 && counters.labelsUnauthorised == 2 && counters.labelsJoined == 5)
    }

    @Test("Where no source is registered every label counts")
    func noRegistry() throws {
        let harness = harness { $0.labelSources = [] }
        var joined: [JoinedLabel] = []
        harness.topology.onLabel = { joined.append($0) }
        let request = LabelKit.decide(harness, at: 0)
        LabelKit.label(harness, request, .fraud, pipeline: "anybody", actor: "x", at: 1)
        LabelKit.label(harness, request, .legit, pipeline: "somebody", actor: "y", at: 2)
        _ = try harness.advance(to: Self.minute)
        #expect(joined.map(\.label.standing) == [.admitted, .admitted] && truth(joined, of: request)?.outcome == .legit)
        #expect(harness.topology.counters.labelConflicts == 1 && joined[0].pipeline == "anybody")
    }

    private func overflowed(_ harness: DetectorHarness, _ table: Cardinality.Kind) -> Int64? { harness.topology.cardinalities.first { $0.kind == table }?.overflowed }

    @Test("Names of labels that do not count, or whose decisions never come, use up nobody's; an exhausted table shows, and a restart changes nothing")
    func names() throws {
        let original = harness { $0.join.maxLabelActors = 3; $0.join.maxLabelKinds = 2 }
        let request = LabelKit.decide(original, at: 0)
        for index in 0..<1_100 { LabelKit.label(original, request, .legit, pipeline: "nobody", actor: "sybil-\(index)", conditions: "c\(index % 50)", at: 1 + Int64(index)) }
        for index in 0..<50 {
            LabelKit.label(original, 1_000 + index, .fraud, pipeline: "reports", actor: "ghost-\(index)", conditions: "g\(index)", at: 2_000 + Int64(index))
        }
        _ = try original.advance(to: 20 * Self.minute)
        #expect(original.topology.counters.orphans == 50)
        // 1,024 names fit: every sybil brings one, and fifty conditions are among them.
        #expect(overflowed(original, .inadmissibleLabel) == 126)
        let harness = try original.restarted()
        var joined: [JoinedLabel] = []
        harness.topology.onLabel = { joined.append($0) }
        for index in 0..<4 {
            let request = LabelKit.decide(harness, at: 20 * Self.minute + Int64(index))
            LabelKit.label(harness, request, .fraud, pipeline: "desk", actor: "desk-\(index)", at: 20 * Self.minute + 100 + Int64(index))
        }
        _ = try harness.advance(to: 21 * Self.minute)
        #expect(overflowed(harness, .labelActor) == 1 && overflowed(harness, .labelCondition) == 0 && overflowed(harness, .labelKind) == 0)
        #expect(overflowed(harness, .inadmissibleLabel) == 126)
        // As an export reads them of the rows.
        var rows: [RowTable: [RequestID: [UInt8]]] = [:]
        harness.topology.drainRows { _, table, id, bytes in rows[table, default: [:]][id] = Array(bytes) }
        var actors: [String] = []
        for one in joined {
            let labels = try #require(rows[.labels]?[one.key]), decision = try #require(rows[.decisions]?[one.key])
            actors += try harness.topology.provenance(key: one.key, segment: 0, decision: decision, labels: labels).map(\.actor)
        }
        #expect(actors == ["desk-0", "desk-1", "desk-2", "(other)"])
    }

    @Test("An export names who is not admitted, and what it counted for")
    func provenance() throws {
        let harness = harness()
        let request = LabelKit.decide(harness, at: 0)
        LabelKit.label(harness, request, .fraud, pipeline: "desk", actor: "desk-1", at: 1)
        LabelKit.label(harness, request, .legit, pipeline: "desk", actor: "mallory", at: 2)
        LabelKit.label(harness, request, .legit, pipeline: "nobody", actor: "eve", at: 3)
        _ = try harness.advance(to: Self.minute)
        var rows: [RowTable: (id: RequestID, bytes: [UInt8])] = [:]
        harness.topology.drainRows { _, table, id, bytes in rows[table] = (id, Array(bytes)) }
        let labels = try #require(rows[.labels]), decision = try #require(rows[.decisions])
        let words = try harness.topology.provenance(key: labels.id, segment: 0, decision: decision.bytes, labels: labels.bytes).sorted { $0.label.time < $1.label.time }
        #expect(words.map(\.actor) == ["desk-1", "mallory", "eve"] && words.map(\.pipeline) == ["desk", "desk", "(unlisted)"])
        #expect(words.map(\.label.standing) == [.admitted, .inadmissible, .inadmissible] && words.map(\.source) == [0, 0, -1])
    }

    // MARK: Owners and names

    @Test("Alerts of labels that fit no decision, or all models, stand under the first model that their source may label")
    func owners() throws {
        let rule = LabelIntegrityRule()
        var configuration = LabelKit.configuration([
            DetectorSpec(id: "label_source", rule: .labelSource(rule)), DetectorSpec(id: "label_burst", rule: .labelBurst(rule)),
            DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule)), DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule)),
        ])
        configuration.labelSources[0].rights = LabelRights()
        configuration.labelSources[2].rights.models = ["logins"]
        configuration.labelSources[2].rights.actors = ["r*"]
        let harness = DetectorHarness(configuration)
        var events: [AlertEvent] = []
        for day in 0..<50 as Range<Int64> {
            let start = day * LabelKit.day, count = day < 40 ? 40 : 300
            for index in 0..<count {
                let time = start + Int64(index)
                let isOrphan = index % (day < 40 ? 20 : 2) == 0
                let request = isOrphan ? 10_000_000 + Int(day) * 1_000 + index : LabelKit.decide(harness, model: 1, at: time)
                LabelKit.label(harness, request, .legit, pipeline: "reports", actor: "r1", at: time + 10_000)
                if !isOrphan { LabelKit.label(harness, request, index % (day < 40 ? 20 : 3) == 1 ? .fraud : .legit, pipeline: "desk", actor: "", at: time + 20_000) }
            }
            if day == 45 { LabelKit.label(harness, 9_999_999, .legit, pipeline: "reports", actor: "mallory", at: start + 30_000) }
            events += try harness.advance(to: start + LabelKit.day)
        }
        let reports = events.filter { $0.subject?.contains("reports") == true }
        #expect(Set(reports.map(\.monitor)) == ["label_source", "label_burst", "label_orphans", "label_conflicts"])
        #expect(reports.allSatisfy { $0.model == "logins" })
    }

    @Test("Two long names with one beginning are two incidents, with fingerprints of their own")
    func longNames() throws {
        let harness = DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_source", rule: .labelSource(LabelIntegrityRule()))]))
        let request = LabelKit.decide(harness, at: 0)
        let beginning = String(repeating: "é", count: 45)
        for name in ["a", "b"] { LabelKit.label(harness, request, .legit, pipeline: beginning + name, actor: "x", at: 1) }
        let events = try harness.advance(to: Self.minute)
        #expect(Set(events.map(\.fingerprint)).count == 2 && Set(events.compactMap(\.subject)).count == 2)
        #expect(events.allSatisfy { $0.subject?.utf8.count == "source/".utf8.count + 80 && $0.subject?.contains("\u{FFFD}") == false })
    }

    @Test("An alert of an unknown pipeline says whether its labels count: not beside a registry, but where there is none", arguments: [true, false])
    func whatCounts(isRegistered: Bool) throws {
        var configuration = LabelKit.configuration([DetectorSpec(id: "label_source", rule: .labelSource(LabelIntegrityRule()))])
        if !isRegistered { configuration.labelSources = [] }
        let harness = DetectorHarness(configuration)
        var joined: [JoinedLabel] = []
        harness.topology.onLabel = { joined.append($0) }
        LabelKit.label(harness, LabelKit.decide(harness, at: 0), .fraud, pipeline: "nobody", actor: "x", at: 1)
        let event = try #require(try harness.advance(to: Self.minute).first)
        #expect(event.monitor == "label_source" && joined.map(\.label.standing) == [isRegistered ? .inadmissible : .admitted])
        let words = ([event.blastRadius] + event.immediateActions).joined(separator: "\n")
        #expect(words.contains("for nothing") == isRegistered && words.contains("count like any") != isRegistered, "\(words)")
    }
}
