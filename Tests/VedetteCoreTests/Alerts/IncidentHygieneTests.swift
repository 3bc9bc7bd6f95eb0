import Testing
import VedetteCore

/// Incidents of stream detectors under the cap and behind their causes.
@Suite struct IncidentHygieneTests {
    private static let minute: Int64 = 60_000

    private static func configuration(perHour: Int = 30) -> TopologyConfiguration {
        var configuration = JudgeKit.configuration([])
        configuration.detectors = [
            DetectorSpec(id: "sources", rule: .labelSource(LabelIntegrityRule())), DetectorSpec(id: "actors", rule: .labelPoisoning(LabelIntegrityRule())),
        ]
        configuration.maxAlertsPerHour = perHour
        return configuration
    }

    private static func report(
        _ monitor: String, _ subject: String, severity: Severity = .p1, size: Double = 10, phase: IncidentReport.Phase = .open
    ) -> IncidentReport {
        var report = IncidentReport(
            detector: monitor == "label_source" ? 0 : 1, monitor: monitor, model: 0, severity: severity, startedAt: 0, lastAt: 100 * minute,
            headline: "labels", measure: "labels", value: size, limit: 5, referenceName: "none", count: Int64(size), pValue: 1e-9,
            control: .init(method: "e-value", alpha: 1e-6, tests: 1), size: size, immediateActions: ["look"], escalation: "call",
            recommendedAction: "quarantine", blastRadius: "one",
            stakes: IncidentStakes(attempts: .none(because: "no tries"), challenge: .nothing, money: .known(0)))
        report.subject = subject
        report.phase = phase
        return report
    }

    @Test("More incidents than an hour may hold are kept back, counted by one notice, and said when the hour has room")
    func cap() {
        let configuration = Self.configuration(perHour: 2)
        var judge = Judge(configuration: configuration)
        var book = IncidentBook(configuration: configuration)
        var said: [String] = []
        var storms: [AlertEvent] = []
        for step in 0..<130 {
            let now = Int64(step) * Self.minute
            // The worst is the last in the order of the detectors.
            let reports = ["a", "b", "c", "d"].map { Self.report("label_poisoning", $0, severity: $0 == "d" ? .p0 : .p1) }
            said += judge.settle(reports, &book, at: now).filter { $0.status == .firing }.map { "\(step) \($0.subject ?? "")" }
            storms += judge.settle(at: now)
        }
        // A P0 takes no room from the others, nor they from it.
        #expect(said.count == 4 && said[0] == "0 d" && said[1].hasPrefix("0 ") && said[2].hasPrefix("0 "))
        #expect(said[3].hasPrefix("60 "))
        #expect(storms.first?.monitor == "alert_storm" && storms.first?.status == .firing && storms.first?.value == 1)
        #expect(storms.last?.status == .resolved)
    }

    @Test("A P0 is held back by as many of its own kind and by nothing else; a broken floor by nothing")
    func p0() {
        var configuration = Self.configuration(perHour: 2)
        configuration.detectors.append(DetectorSpec(id: "policy", rule: .policy(PolicyRuleSet(rules: []))))
        func said(_ reports: [IncidentReport]) -> [String] {
            var judge = Judge(configuration: configuration)
            var book = IncidentBook(configuration: configuration)
            return judge.settle(reports, &book, at: 0).map { "\($0.monitor) \($0.subject ?? "")" }
        }
        func reports(_ monitor: String, _ count: Int, _ severity: Severity) -> [IncidentReport] {
            (0..<count).map { Self.report(monitor, "\(severity)\($0)", severity: severity) }
        }
        let lesser = reports("label_burst", 9, .p1), same = reports("label_source", 2, .p0)
        #expect(said(lesser).count == 2)
        #expect(said(lesser + same).filter { $0.hasPrefix("label_source") }.count == 2, "at the edge")
        #expect(said(lesser + reports("label_source", 3, .p0)).filter { $0.hasPrefix("label_source") }.count == 2, "beyond it")
        let other = [Self.report("probing.fingerprint", "case", severity: .p0)]
        #expect(said(reports("label_source", 30, .p0) + other).contains("probing.fingerprint case"))
        for severity in Severity.allCases {
            let floors = (0..<7).map { Self.report("policy_floor", "rule \($0)", severity: severity) }
            #expect(said(lesser + reports("label_source", 30, .p0) + floors).filter { $0.hasPrefix("policy_floor") }.count == 7)
        }
    }

    @Test("What becomes a P0 while it is held back speaks up; the room survives a restart")
    func risesToP0() throws {
        let configuration = Self.configuration(perHour: 1)
        var judge = Judge(configuration: configuration)
        var book = IncidentBook(configuration: configuration)
        let first = Self.report("label_burst", "a")
        var second = Self.report("label_burst", "b")
        #expect(judge.settle([first, second], &book, at: 0).count == 1)
        let held = judge.settle([first, second], &book, at: Self.minute)
        #expect(held.isEmpty)
        var reader = ByteReader(JudgeKit.bytes(judge))
        judge = try Judge(configuration: configuration, from: &reader)
        #expect(judge.settle([first, second], &book, at: 2 * Self.minute).isEmpty)
        let known = Set(book.firingSignals().filter { $0.alertID != nil }.map(\.fingerprint))
        second = Self.report("label_burst", "b", severity: .p0)
        let both = [Self.report("label_burst", "a", severity: .p0), second]
        let risen = judge.settle(both, &book, at: 3 * Self.minute)
        #expect(known.count == 1 && Set(risen.map { "\($0.status.rawValue) \($0.severity.rawValue)" }) == ["firing P0", "updated P0"])
    }

    @Test("Breakers hear of incidents that the cap, a cause or a silence holds back, and of their end")
    func signals() throws {
        var configuration = Self.configuration(perHour: 1)
        configuration.silences = [Silence(id: "s", matcher: .init(subject: "quiet"), from: 0, until: 1_000 * Self.minute, reason: "r", author: "a")]
        configuration.breakers = [BreakerSpec(id: "guard", triggers: [.alert(monitors: ["label_poisoning"], severity: .p1)])]
        for subjects in [["b"], ["quiet"]] {
            var judge = Judge(configuration: configuration)
            var book = IncidentBook(configuration: configuration)
            var board = BreakerBoard(configuration: configuration)
            let flood = Self.report("label_burst", "a"), source = Self.report("label_source", "pipe", severity: .p0)
            let open = [flood, source] + subjects.map { Self.report("label_poisoning", $0) }
            let said = judge.settle(open, &book, at: 0).map(\.monitor)
            #expect(!said.contains("label_poisoning"))
            board.take(book.takeSignals(), at: 0)
            #expect(BreakerKit.open(&board, 1) == [SliceName()])
            // A restart does not change what it hears.
            var writer = ByteWriter()
            book.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            var restored = try IncidentBook(configuration: configuration, from: &reader)
            #expect(restored.firingSignals() == book.firingSignals() && restored.firingSignals().count == 3)
            let over = [flood, source] + subjects.map { Self.report("label_poisoning", $0, phase: .closed(reason: "quiet")) }
            #expect(judge.settle(over, &restored, at: Self.minute).allSatisfy { $0.monitor != "label_poisoning" })
            let signals = restored.takeSignals()
            #expect(signals.filter { $0.monitor == "label_poisoning" }.map(\.isFiring) == [false])
            board.take(signals, at: Self.minute)
            #expect((2...200).contains { minute in BreakerKit.close(&board, minute).contains { $0.state == .halfOpen } })
        }
    }

    @Test("An unknown source of labels explains the actors that it brings, names them, and they speak up when it is over")
    func cause() throws {
        let configuration = Self.configuration()
        var judge = Judge(configuration: configuration)
        var book = IncidentBook(configuration: configuration)
        let source = Self.report("label_source", "pipe", severity: .p0), actor = Self.report("label_poisoning", "eve")
        let first = judge.settle([actor, source], &book, at: 0)
        #expect(first.map(\.monitor) == ["label_source"])
        let next = judge.settle([source, actor], &book, at: Self.minute)
        #expect(next.map(\.status) == [.updated] && next[0].contributors.map(\.name) == ["label_poisoning eve all traffic"])
        #expect(judge.settle([source, actor], &book, at: 2 * Self.minute).isEmpty)
        // What is kept back survives a restart.
        var writer = ByteWriter()
        book.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = try IncidentBook(configuration: configuration, from: &reader)
        var again = ByteWriter()
        restored.encode(into: &again)
        #expect(again.bytes == writer.bytes)
        let over = judge.settle([Self.report("label_source", "pipe", severity: .p0, phase: .closed(reason: "quiet")), actor], &restored, at: 3 * Self.minute)
        #expect(over.map { "\($0.monitor) \($0.status.rawValue) \($0.episode)" } == ["label_source resolved 1", "label_poisoning firing 1"])
    }

    @Test("Of two days' and what is less severe nothing is explained away; growth speaks for itself")
    func limits() {
        let configuration = Self.configuration()
        var judge = Judge(configuration: configuration)
        var book = IncidentBook(configuration: configuration)
        let mild = Self.report("label_source", "pipe", severity: .p2)
        #expect(judge.settle([mild, Self.report("label_poisoning", "eve")], &book, at: 0).count == 2)
        var other = IncidentBook(configuration: configuration)
        let source = Self.report("label_source", "pipe", severity: .p0)
        _ = judge.settle([source, Self.report("label_poisoning", "eve", size: 10)], &other, at: 0)
        let late = Judge.causeSettlesMs + Self.minute
        #expect(!judge.settle([source, Self.report("label_poisoning", "eve", size: 14)], &other, at: late).contains { $0.monitor == "label_poisoning" })
        #expect(judge.settle([source, Self.report("label_poisoning", "eve", size: 15)], &other, at: late + 1).contains { $0.monitor == "label_poisoning" })
    }

    @Test("Pressure in every slice is one alert of all traffic, which names them; slices alone speak for themselves")
    func boundary() {
        let configuration = Self.configuration()
        func report(_ country: String?) -> IncidentReport {
            var report = Self.report("probing.boundary", "", severity: .p2)
            report.subject = nil
            if let country { report.slice = JudgeKit.slice(country) }
            return report
        }
        var judge = Judge(configuration: configuration)
        var book = IncidentBook(configuration: configuration)
        let everywhere = [report("FR"), report(nil), report("DE")]
        #expect(judge.settle(everywhere, &book, at: 0).map(\.slice.text) == ["all traffic"])
        let next = judge.settle(everywhere, &book, at: Self.minute)
        #expect(next.map(\.status) == [.updated])
        #expect(Set(next.flatMap(\.contributors).map(\.name)) == ["probing.boundary country=FR", "probing.boundary country=DE"])
        var other = IncidentBook(configuration: configuration)
        #expect(judge.settle([report("FR"), report("DE")], &other, at: 0).count == 2)
    }

    @Test("An incident that turns out to be part of another sends there; news of a younger part makes it no younger")
    func merged() throws {
        let configuration = Self.configuration()
        var book = IncidentBook(configuration: configuration)
        let first = book.take(Self.report("probing.fingerprint", "case 2"), at: 0)
        #expect(first?.immediateActions == ["look"])
        var younger = Self.report("probing.fingerprint", "case 2", size: 20)
        younger.startedAt = 5 * Self.minute
        let grown = book.take(younger, at: 6 * Self.minute)
        #expect(grown?.status == .updated && grown?.startedAt == 0)
        let last = book.take(Self.report("probing.fingerprint", "case 2", phase: .merged(into: "case 1")), at: 7 * Self.minute)
        let end = try #require(last)
        #expect(end.status == .resolved && end.reason == "part of case 1, which goes on" && end.recommendedAction == "Follow case 1.")
    }

    @Test("An incident explains an alert of a window, and tells of it")
    func explainsWindows() {
        var configuration = JudgeKit.configuration([JudgeKit.outcome()])
        configuration.detectors = Self.configuration().detectors
        var judge = Judge(configuration: configuration)
        var book = IncidentBook(configuration: configuration)
        var source = Self.report("label_source", "pipe", severity: .p0)
        (source.startedAt, source.lastAt) = (JudgeKit.base, JudgeKit.base + 30 * Self.minute)
        _ = judge.settle([source], &book, at: JudgeKit.base + 30 * Self.minute)
        let doubled = JudgeKit.arrivals(fraud: 300, legit: 700), usual = JudgeKit.arrivals(fraud: 100, legit: 900)
        judge.consider(JudgeKit.round(0, [(SliceName(), doubled, [usual])]))
        var explained: [(cause: RequestID, effect: AlertEvent.Contributor)] = []
        let end = JudgeKit.base + JudgeKit.hour
        #expect(judge.settle(at: end, incidents: book.causes(), explained: &explained).isEmpty)
        #expect(explained.map { $0.effect.name } == ["outcome_rate all traffic"] && explained.map { $0.cause } == [book.key(of: source)])
    }
}
