import Testing
import VedetteCore

@Suite("Policy detector")
struct PolicyDetectorTests {
    private static let minute: Int64 = 60_000
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 86_400_000
    private static let reset = "action == \"password_reset\" and decision == allow and signals only [\"model\"]"

    private func program(_ source: String) throws -> PolicyProgram { try PolicyProgram(source, vocabulary: PolicyKit.vocabulary) }

    private func floor(_ source: String = reset, missingBreaks: Bool = false) throws -> PolicyRule {
        var rule = PolicyRule(name: "floor", reason: "because", condition: try program(source))
        rule.missingBreaks = missingBreaks
        return rule
    }

    private func cap(share: Double) throws -> PolicyRule {
        var rule = PolicyRule(name: "cap", severity: .p2, condition: try program("decision in [allow, block]"))
        rule.cap = PolicyCap(counted: try program("signals only [\"model\"]"), share: share)
        return rule
    }

    private func configuration(_ rules: [PolicyRule], watched: [String] = []) -> TopologyConfiguration {
        DetectorHarness.configuration(
            schema: PolicyKit.schema, detectors: [DetectorSpec(id: "policy", rule: .policy(PolicyRuleSet(rules: rules)), models: watched)])
    }

    private func feed(_ harness: DetectorHarness, _ rows: [PolicyKit.Row]) {
        let first = rows.map { _ in Int(harness.offset(0)) }.first ?? 0
        harness.ingest(PolicyKit.batch(rows, first: first))
    }

    private func fact(_ event: AlertEvent, _ name: String) -> IncidentFact.Value? { event.incident.first { $0.name == name }?.value }

    @Test("One broken floor is one alert that grows and ends")
    func floorLifecycle() throws {
        let harness = DetectorHarness(configuration([try floor()]))
        var row = PolicyKit.Row()
        row.time = 5 * Self.minute
        row.decision = .challenge
        feed(harness, [row])
        #expect(try harness.advance(to: 6 * Self.minute).isEmpty)
        row.decision = .allow
        row.time = 6 * Self.minute
        var other = row
        other.amount = nil
        feed(harness, [row, other])
        let events = try harness.advance(to: 7 * Self.minute)
        let first = try #require(events.first)
        #expect(events.count == 1 && first.monitor == "policy_floor" && first.subject == "floor" && first.severity == .p0 && first.status == .firing)
        #expect(first.count == 2 && first.value == 2 && first.startedAt == 6 * Self.minute && first.sampleRequestIDs == ["request-1", "request-2"])
        #expect(first.summary.contains("2 decisions broke the floor floor (limit 0)"))
        #expect(first.economics?.moneyAtRisk == .known(100) && fact(first, "reason") == .text("because") && fact(first, "versions") == .list(["v1"]))
        #expect(fact(first, "rule") == .text(Self.reset) && first.economics?.timeToDetectMs == 60_000)
        row.time = 8 * Self.minute
        feed(harness, [row, row])
        let update = try harness.advance(to: 9 * Self.minute)
        #expect(update.map(\.status) == [.updated] && update.first?.economics?.timeToDetectMs == 60_000, "it was seen when it was first said")
        #expect(try harness.advance(to: 8 * Self.minute + Self.hour - 1).isEmpty)
        let end = try harness.advance(to: 8 * Self.minute + Self.hour)
        #expect(end.map(\.status) == [.resolved] && end.first?.reason == "no decision broke it for 1 h")
        #expect(try harness.advance(to: 3 * Self.hour).isEmpty)
        row.time = 3 * Self.hour
        feed(harness, [row])
        #expect(try harness.advance(to: 3 * Self.hour + Self.minute).map(\.episode) == [2])
    }

    @Test("What cannot be told breaks a floor only where the rule says so")
    func missing() throws {
        var row = PolicyKit.Row()
        row.signals = 0
        for breaks in [false, true] {
            let harness = DetectorHarness(configuration([try floor(missingBreaks: breaks)]))
            feed(harness, [row])
            let events = try harness.advance(to: 2 * Self.minute)
            #expect(events.count == (breaks ? 1 : 0))
            if let event = events.first { #expect(fact(event, "undecidable") == .number(1)) }
        }
    }

    @Test("Rules hold for the models that are watched, each for itself")
    func models() throws {
        let harness = DetectorHarness(configuration([try floor()], watched: ["logins"]))
        var row = PolicyKit.Row()
        feed(harness, [row])
        #expect(try harness.advance(to: Self.minute).isEmpty)
        row.model = 1
        row.time = Self.minute
        feed(harness, [row])
        #expect(try harness.advance(to: 2 * Self.minute).map(\.model) == ["logins"])
    }

    private func shares(_ time: Int64, single: Int, several: Int) -> [PolicyKit.Row] {
        (0..<(single + several)).map { index in
            var row = PolicyKit.Row()
            row.time = time
            row.signals = index < single ? 0b001 : 0b011
            return row
        }
    }

    @Test("A cap fires with share and evidence, and ends with a good period")
    func capLifecycle() throws {
        let harness = DetectorHarness(configuration([try cap(share: 0.5)]))
        feed(harness, shares(Self.hour, single: 110, several: 90))
        #expect(try harness.advance(to: 2 * Self.hour).isEmpty, "above the bound, but not proven")
        feed(harness, shares(2 * Self.hour, single: 400, several: 0))
        let event = try #require(try harness.advance(to: 3 * Self.hour).first)
        #expect(event.subject == "cap" && event.count == 600 && event.value == 510.0 / 600 && event.limit == 0.5 && event.severity == .p2)
        #expect(event.pValue <= 1e-6 && event.startedAt == 0)
        #expect(try harness.advance(to: 2 * Self.day).isEmpty, "an empty period ends nothing")
        feed(harness, shares(2 * Self.day, single: 50, several: 250))
        let end = try harness.advance(to: 3 * Self.day)
        #expect(end.map(\.status) == [.resolved] && end.first?.reason == "16.7 % in the period that ended, within the bound")
    }

    @Test("A period ends it at its bound, not above it, and not with too few decisions", arguments: [(150, 150, true), (151, 149, false), (60, 139, false), (100, 100, true)])
    func capEnds(single: Int, several: Int, ends: Bool) throws {
        let harness = DetectorHarness(configuration([try cap(share: 0.5)]))
        feed(harness, shares(Self.hour, single: 400, several: 0))
        #expect(try harness.advance(to: Self.day).map(\.status) == [.firing])
        feed(harness, shares(Self.day, single: single, several: several))
        #expect(try harness.advance(to: 2 * Self.day).map(\.status) == (ends ? [.resolved] : []))
        // What did not end it goes on: a better period later does.
        feed(harness, shares(2 * Self.day, single: 0, several: 200))
        #expect(try harness.advance(to: 3 * Self.day).map(\.status) == (ends ? [] : [.resolved]))
    }

    @Test("An honest share at its bound raises no more alerts than alpha allows")
    func capFalseAlarms() throws {
        var rule = try cap(share: 0.5)
        rule.cap?.alpha = 1e-2
        rule.cap?.periodMs = Self.hour
        let harness = DetectorHarness(configuration([rule]))
        var random = SeededRandom(seed: 7)
        var fired = 0
        for minute in 0..<Int64(300 * 60) where minute % 6 == 0 {
            let single = (0..<60).count { _ in random.bernoulli(0.5) }
            feed(harness, shares(minute * Self.minute, single: single, several: 60 - single))
            fired += try harness.advance(to: (minute + 6) * Self.minute).count { $0.status == .firing }
        }
        // At most 3 expected in 300 periods; 10 or more has a chance of 1e-3.
        #expect(fired < 10, "\(fired)")
    }

    @Test("A restarted detector goes on as if nothing had happened, also with other rules")
    func snapshot() throws {
        let rules = [try floor(), try cap(share: 0.4)]
        let original = DetectorHarness(configuration(rules))
        // Above the bound, but not proven: what proves it comes after the restart.
        feed(original, shares(Self.hour, single: 100, several: 100))
        _ = try original.advance(to: 2 * Self.hour - Self.minute)
        let restarted = try original.restarted()
        let fewer = try original.restarted(configuration([rules[1]]))
        var expected: [AlertEvent] = []
        for (index, harness) in [original, restarted, fewer].enumerated() {
            feed(harness, shares(2 * Self.hour - Self.minute, single: 600, several: 0))
            let events = try harness.advance(to: 2 * Self.hour)
            if index == 0 { expected = events }
            // A floor that was told as broken ends with its rule.
            let own = index == 2 ? events.filter { $0.subject == "cap" } : events
            #expect(index != 2 || events.filter { $0.subject == "floor" }.map(\.status) == [.resolved])
            #expect(
                !own.isEmpty && own == (index == 2 ? expected.filter { $0.subject == "cap" } : expected),
                "harness \(index): \(events.map(\.summary)) \(expected.map { [$0.subject ?? "", $0.summary] })")
        }
    }

    @Test("What breaks a floor hours late is told, and ends an hour after it came", arguments: [0, 59, 60, 61, 180] as [Int64])
    func lateFloor(lateBy minutes: Int64) throws {
        let harness = DetectorHarness(configuration([try floor()]))
        var row = PolicyKit.Row()
        row.decision = .challenge
        feed(harness, [row])
        let now = 4 * Self.hour
        #expect(try harness.advance(to: now).isEmpty)
        row.decision = .allow
        row.time = now - minutes * Self.minute
        feed(harness, [row])
        let first = try harness.advance(to: now + Self.minute)
        #expect(first.map(\.status) == [.firing] && first.first?.startedAt == row.time)
        #expect(first.first.flatMap { fact($0, "last_violation") } == .time(row.time))
        let restarted = try harness.restarted()
        for one in [harness, restarted] {
            #expect(try one.advance(to: now + Self.hour - Self.minute).isEmpty)
            #expect(try one.advance(to: now + Self.hour + Self.minute).map(\.status) == [.resolved])
        }
    }

    @Test("A decision under an ID that was used before breaks a floor like any, and counts nowhere else; the same one again does not")
    func conflict() throws {
        let harness = DetectorHarness(configuration([try floor(), try cap(share: 0.5)]))
        var row = PolicyKit.Row()
        row.decision = .challenge
        feed(harness, [row])
        #expect(try harness.advance(to: Self.minute).isEmpty)
        row.decision = .allow
        row.time = Self.minute
        for content in [0, 1] as [UInt64] {
            let batch = PolicyKit.batch([row], first: Int(harness.offset(0)))
            batch.requestID.removeLast()
            batch.requestID.append(DetectorHarness.hash.hash128("request-0"))
            batch.contentHash.removeLast()
            batch.contentHash.append(content)
            harness.ingest(batch)
            let events = try harness.advance(to: row.time + Self.minute)
            #expect(events.map(\.monitor) == (content == 0 ? [] : ["policy_floor"]))
            row.time += Self.minute
        }
        #expect(harness.topology.counters.duplicates == 1 && harness.topology.counters.conflicts == 1 && harness.topology.counters.decisions == 3)
    }

    // MARK: Another configuration

    /// A broken floor and a cap that is exceeded, told.
    private func broken(_ rules: [PolicyRule]) throws -> DetectorHarness {
        var configuration = configuration(rules)
        configuration.breakers = [BreakerSpec(id: "guard", triggers: [.alert(monitors: [], severity: .p3)])]
        configuration.breakers[0].timing.clearForMs = Self.minute
        configuration.breakers[0].timing.minOpenMs = Self.minute
        let harness = DetectorHarness(configuration)
        feed(harness, shares(Self.hour, single: 400, several: 0))
        let told = try harness.advance(to: Self.hour + Self.minute)
        #expect(Set(told.map { "\($0.subject ?? "") \($0.status.rawValue)" }) == ["floor firing", "cap firing"])
        return harness
    }

    @Test("A rule that is gone, renamed, of another kind or of a model that is not watched ends aloud, once, and opens no breaker any more")
    func gone() throws {
        let rules = [try floor(), try cap(share: 0.5)]
        let original = try broken(rules)
        var renamed = rules
        for index in renamed.indices { renamed[index].name += " 2" }
        var turned = rules
        (turned[0].cap, turned[1].cap) = (turned[1].cap, nil)
        turned[0].cap?.monitor = .singleSignal
        var other = configuration(rules)
        other.detectors = []
        for (changed, isGone) in [
            (configuration([]), ["floor", "cap"]), (configuration(renamed), ["floor", "cap"]), (configuration(turned), ["floor", "cap"]),
            (configuration([rules[0]]), ["cap"]), (configuration([rules[1]]), ["floor"]), (configuration(rules, watched: ["logins"]), ["floor", "cap"]),
            (other, ["floor", "cap"]), (configuration(rules, watched: ["payments"]), []),
        ] {
            var changed = changed
            changed.breakers = original.configuration.breakers
            let harness = try original.restarted(changed)
            // What this execution makes again, the one before has said.
            let start = Self.hour + 5 * Self.minute
            harness.silentThrough = start
            #expect(try harness.advance(to: start).isEmpty)
            let next = try harness.restarted()
            let events = try next.advance(to: start + Self.minute)
            #expect(Set(events.compactMap(\.subject)) == Set(isGone) && events.count == isGone.count, "\(events.map(\.summary))")
            #expect(events.allSatisfy { $0.status == .resolved && $0.reason == "the configuration no longer has the rule that it is about" })
            #expect(try next.advance(to: start + 2 * Self.minute).isEmpty)
            _ = try next.advance(to: start + 10 * Self.minute)
            let state = next.breakers.last { $0.model == "payments" }?.state
            #expect((state == .open) == (isGone.count < 2), "\(isGone): \(String(describing: state))")
        }
    }

    @Test("An incident of a cap goes on under another bound, and ends with a period within it", arguments: [0.4, 0.6])
    func carried(share: Double) throws {
        let rules = [try cap(share: 0.5)]
        let harness = DetectorHarness(configuration(rules))
        feed(harness, shares(Self.hour, single: 400, several: 0))
        #expect(try harness.advance(to: 2 * Self.hour).map(\.status) == [.firing])
        let other = try harness.restarted(configuration([try cap(share: share)]))
        #expect(try other.advance(to: Self.day).isEmpty)
        feed(other, shares(Self.day, single: 20, several: 280))
        #expect(try other.advance(to: 2 * Self.day).map { "\($0.status.rawValue) \($0.episode)" } == ["resolved 1"])
    }
}
