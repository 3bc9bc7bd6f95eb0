import Testing
import VedetteCore

@Suite("Alert hygiene")
struct HygieneTests {
    private static let day = 24 * JudgeKit.hour

    /// Decisions with a share of feature 0 missing and the scores that go with it.
    private func pane(missing: Double = 0.01, score: Double = 0.2, total: Int = 2_000) -> Pane {
        let builder = Pane.Builder(features: 2)
        builder.addDecisions(total / 2, score: score - 0.1)
        builder.addDecisions(total / 2, score: score + 0.1)
        let lost = Int(missing * Double(total))
        builder.addFeature(0, present: total - lost, value: 1, null: lost)
        builder.addFeature(1, present: total, value: 1)
        return builder.pane
    }

    private func round(_ index: Int, _ monitor: Int, _ panes: [(SliceName, Pane)], versionShift: Double = 0) -> EvaluationRound {
        var round = JudgeKit.round(index, monitor: monitor, panes.map { ($0.0, $0.1, [pane()]) })
        for place in round.observations.indices { round.observations[place].versionShift = versionShift }
        return round
    }

    private func end(_ index: Int) -> Int64 { JudgeKit.base + Int64(index + 1) * JudgeKit.hour }

    // MARK: Causes

    @Test("A missing feature explains the scores that it moves, in whatever order they are judged; alone they speak up")
    func cause() {
        let configuration = JudgeKit.configuration([JudgeKit.drift { $0.slices = .all }, JudgeKit.missing()])
        var results: [[AlertEvent]] = []
        for order in [[0, 1], [1, 0]] {
            var judge = Judge(configuration: configuration)
            let broken = pane(missing: 0.5, score: 0.4)
            let panes = [(SliceName(), broken), (JudgeKit.slice("FR"), broken)]
            let rounds = [round(0, 0, panes), round(0, 1, [(SliceName(), broken)])]
            var events = judge.evaluate(order.map { rounds[$0] }, at: end(0))
            #expect(events.map(\.monitor) == ["missing_features"])
            #expect(events[0].contributors.map(\.name) == ["score_drift all traffic"])
            // The feature is back, the scores are not: they were not its doing.
            let moved = pane(score: 0.4)
            events += judge.evaluate([round(1, 0, [(SliceName(), moved)]), round(1, 1, [(SliceName(), moved)])], at: end(1))
            events += judge.evaluate([round(2, 0, [(SliceName(), moved)]), round(2, 1, [(SliceName(), moved)])], at: end(2))
            #expect(events.map { "\($0.monitor) \($0.status.rawValue)" } == ["missing_features firing", "missing_features resolved", "score_drift firing"])
            results.append(events)
        }
        #expect(results[0] == results[1])
    }

    @Test("A day's window does not call again for a fault that an hour's told of; what no hour told of, it tells")
    func dayAfterHour() throws {
        var configuration = JudgeKit.configuration([
            JudgeKit.missing(),
            JudgeKit.missing {
                $0.id = "missing_day"
                $0.window = 1
            },
        ])
        configuration.windows.append(WindowSpec(name: "24h", sizeMs: 24 * JudgeKit.hour, hopMs: JudgeKit.hour))
        var judge = Judge(configuration: configuration)
        var events: [AlertEvent] = []
        for index in 23..<62 {
            // Hours 24 and 25 lack the feature; so do the days that hold one of them, and one day later on by itself.
            let isFault = index == 24 || index == 25
            var day = round(index, 1, [(SliceName(), pane(missing: (24...48).contains(index) || index == 60 ? 0.2 : 0.01))])
            day.start = end(index) - 24 * JudgeKit.hour
            events += judge.evaluate([round(index, 0, [(SliceName(), pane(missing: isFault ? 0.5 : 0.01))]), day], at: end(index))
            if index == 30 {
                // Memory of what is over outlives a restart.
                var reader = ByteReader(JudgeKit.bytes(judge))
                judge = try Judge(configuration: configuration, from: &reader)
            }
        }
        #expect(events.map { "\($0.monitorID) \($0.status.rawValue)" } == ["missing firing", "missing resolved", "missing_day firing", "missing_day resolved"])
        #expect(events.first?.contributors.map(\.name) == ["missing_features device_age_days all traffic in 24h"])
    }

    @Test("What was seen in one slice first and is everywhere by then is told of the whole; what stays there is not")
    func outgrown() {
        func said(_ elsewhere: Double) -> [String] {
            var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.slices = .all }]))
            func hour(_ index: Int, _ rest: Double) -> [AlertEvent] {
                let panes = [
                    (SliceName(), pane(missing: 0.2 * 0.25 + 0.8 * rest, total: 10_000)), (JudgeKit.slice("FR"), pane(missing: 0.25)),
                    (JudgeKit.slice("DE"), pane(missing: rest, total: 8_000)),
                ]
                return judge.evaluate([round(index, 0, panes)], at: end(index))
            }
            return (hour(0, 0.01) + hour(1, elsewhere) + hour(2, elsewhere)).filter { $0.status == .firing }.map(\.slice.text)
        }
        #expect(said(0.01) == ["country=FR"])
        #expect(said(0.2) == ["country=FR", "all traffic"])
    }

    @Test("What is less severe explains nothing away")
    func lessSevere() {
        let configuration = JudgeKit.configuration([JudgeKit.drift(), JudgeKit.missing { $0.severity = .p3 }])
        var judge = Judge(configuration: configuration)
        let broken = [(SliceName(), pane(missing: 0.5, score: 0.4))]
        let events = judge.evaluate([round(0, 0, broken), round(0, 1, broken)], at: end(0))
        #expect(Set(events.map(\.monitor)) == ["missing_features", "score_drift"])
    }

    @Test("A change of version explains what it moves: one notice, which grows and ends")
    func version() throws {
        let configuration = JudgeKit.configuration([JudgeKit.drift { $0.slices = .all }, JudgeKit.drift { $0.id = "second" }])
        var judge = Judge(configuration: configuration)
        let moved = pane(score: 0.4)
        let first = judge.evaluate([round(0, 0, [(SliceName(), moved)], versionShift: 1)], at: end(0))
        #expect(first.map(\.monitor) == ["version_change"] && first[0].severity == .p1 && first[0].status == .firing)
        #expect(first[0].contributors.map(\.name) == ["score_drift all traffic"] && first[0].runbook == "runbooks/version_change.md")
        #expect(judge.evaluate([round(1, 0, [(SliceName(), moved)], versionShift: 1)], at: end(1)).isEmpty)
        let second = judge.evaluate([round(2, 1, [(SliceName(), moved)], versionShift: 1)], at: end(2))
        #expect(second.map(\.status) == [.updated] && second[0].value == 2 && second[0].revision == 1)
        let over = (3..<200).flatMap { judge.evaluate([round($0, 0, [(SliceName(), pane())]), round($0, 1, [(SliceName(), pane())])], at: end($0)) }
        #expect(over.map(\.status) == [.resolved] && over[0].monitor == "version_change" && over[0].emittedAt == end(2 + 7 * 24))
    }

    @Test("Where the monitor that told of changes of version has gone, a notice tells of the next one")
    func versionMonitorGoes() throws {
        var configuration = JudgeKit.configuration([JudgeKit.drift(), JudgeKit.spec("change", .versionChange(VersionChangeRule())) { _ in }])
        var judge = Judge(configuration: configuration)
        var release = round(0, 1, [(SliceName(), pane())])
        release.observations[0].versions = [
            VersionPane(name: "1", current: pane(), referenceTotal: 2_000), VersionPane(name: "2", current: pane(), referenceTotal: 0),
        ]
        #expect(judge.evaluate([release], at: end(0)).map(\.monitorID) == ["change"])
        var reader = ByteReader(JudgeKit.bytes(judge))
        configuration.monitors.removeLast()
        judge = try Judge(configuration: configuration, from: &reader)
        let events = judge.evaluate([round(1, 0, [(SliceName(), pane(score: 0.4))], versionShift: 1)], at: end(1))
        #expect(events.map(\.monitorID) == ["version_change"] && events.first?.contributors.map(\.name) == ["score_drift all traffic"])
    }

    @Test("What grows long after a change of version is not explained by it")
    func growsLater() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.drift()]))
        var events: [AlertEvent] = []
        for hour in 0..<72 {
            let score = hour < 60 ? 0.24 : 0.6
            events += judge.evaluate([round(hour, 0, [(SliceName(), pane(score: score))], versionShift: 1)], at: end(hour))
        }
        #expect(events.map(\.monitor) == ["version_change", "score_drift"])
        #expect(events[1].detectedAt == end(0) && events[1].emittedAt == end(60))
    }

    // MARK: Silences

    private func silence(from: Int, until: Int, _ matcher: Silence.Matcher = .init()) -> ControlRecord.Action {
        .silence(Silence(id: "s", matcher: matcher, from: end(from), until: end(until), reason: "r", author: "a"))
    }

    private func missing(_ index: Int, _ rate: Double) -> EvaluationRound { round(index, 0, [(SliceName(), pane(missing: rate))]) }

    @Test("A silence holds at its start and not at its end; what still holds then is raised, as its first episode")
    func silenced() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]))
        judge.apply(silence(from: 0, until: 3))
        let story = (0..<6).map { judge.evaluate(missing($0, 0.4)).map(\.status) }
        #expect(story == [[], [], [], [.firing], [], []])
        var other = Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]))
        other.apply(silence(from: 0, until: 3, .init(subject: "amount")))
        #expect(other.evaluate(missing(0, 0.4)).count == 1)
        var over = Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]))
        over.apply(silence(from: 0, until: 3))
        #expect((0..<6).flatMap { over.evaluate(missing($0, $0 < 2 ? 0.4 : 0.01)) }.isEmpty)
    }

    @Test("What was raised before is not updated in a silence, but ends aloud; `unsilence` ends it early")
    func raisedBefore() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]))
        #expect(judge.evaluate(missing(0, 0.2)).map(\.status) == [.firing])
        judge.apply(silence(from: 1, until: 9))
        #expect(judge.evaluate(missing(1, 0.6)).isEmpty)
        #expect(judge.evaluate(missing(2, 0.01)).map(\.status) == [.resolved])
        #expect(judge.evaluate(missing(3, 0.6)).isEmpty)
        judge.apply(.unsilence(id: "s"))
        #expect(judge.evaluate(missing(4, 0.6)).map(\.status) == [.firing])
    }

    // MARK: The cap

    @Test("Beyond the cap one notice says what is held back; as the hour moves on, the rest is raised")
    func cap() {
        var configuration = JudgeKit.configuration((0..<6).map { number in JudgeKit.missing { $0.id = "m\(number)"; $0.severity = number == 5 ? .p0 : .p2 } })
        configuration.maxAlertsPerHour = 2
        var judge = Judge(configuration: configuration)
        func all(_ hour: Int, _ rate: Double) -> [AlertEvent] {
            judge.evaluate((0..<6).map { round(hour, $0, [(SliceName(), pane(missing: rate))]) }, at: end(hour))
        }
        let first = all(0, 0.4)
        // The P0 has an hour of its own.
        #expect(first.count == 4 && first.contains { $0.monitorID == "m5" } && first[3].monitorID == "alert_storm" && first[3].value == 3 && first[3].limit == 2)
        // Breakers hear of all six, and of the storm.
        #expect(judge.takeSignals().count { $0.isFiring && $0.monitor == "missing_features" } == 6)
        #expect(all(1, 0.4).map(\.monitor) == ["missing_features", "missing_features"])
        #expect(all(2, 0.4).map { "\($0.monitor) \($0.status.rawValue)" } == ["missing_features firing", "alert_storm resolved"])
        #expect(all(3, 0.4).isEmpty)
        #expect(judge.firingCount == 6)
    }

    // MARK: Accumulated evidence

    @Test("Evidence too weak for any one window adds up over windows that do not overlap, and the alert says so")
    func accumulated() throws {
        func labels(_ fraud: Int) -> Pane { JudgeKit.arrivals(fraud: fraud, legit: 1_000 - fraud) }
        func run(hopMs: Int64, hours: Int) throws -> (Int64, AlertEvent)? {
            var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.outcome { $0.slices = .all }], hopMs: hopMs))
            let quiet = (0..<400).map { (JudgeKit.slice("Q\($0)"), labels(30), [labels(30)]) }
            for index in 0..<(hours * Int(JudgeKit.hour / hopMs)) {
                let slices = quiet + [(JudgeKit.slice("X"), labels(62), [labels(30)])]
                if let event = judge.evaluate(JudgeKit.round(index, hopMs: hopMs, slices)).first { return (event.detectedAt, event) }
            }
            return nil
        }
        let (at, event) = try #require(try run(hopMs: JudgeKit.hour, hours: 20))
        #expect(event.slice == JudgeKit.slice("X") && event.control.method == "e_bh")
        #expect(event.control.windows >= 3 && (event.control.logEValue ?? 0) > 10 && event.control.tests == 401)
        // Twelve looks an hour at overlapping windows are not twelve times the evidence.
        let hopping = try #require(try run(hopMs: 5 * JudgeKit.minute, hours: 20))
        #expect(hopping.0 >= at)
    }

    @Test("Evidence of what is over speaks for nothing that comes by chance afterwards, nor for slices that were part of it")
    func over() {
        func said(_ windows: [[(SliceName, Pane)]]) -> [String] {
            let monitor = JudgeKit.outcome {
                $0.slices = .all
                $0.minCount = 50
            }
            var judge = Judge(configuration: JudgeKit.configuration([monitor]))
            return windows.enumerated().flatMap { index, slices in
                judge.evaluate(JudgeKit.round(index, slices.map { ($0.0, $0.1, [JudgeKit.arrivals(fraud: 30, legit: 970)]) }))
            }.filter { $0.status == .firing }.map(\.slice.text)
        }
        let (y, z) = (JudgeKit.slice("Y"), JudgeKit.slice("Z"))
        func window(_ inY: (Int, Int), _ inZ: (Int, Int)) -> [(SliceName, Pane)] {
            [
                (SliceName(), JudgeKit.arrivals(fraud: inY.0 + inZ.0, legit: inY.1 + inZ.1)), (y, JudgeKit.arrivals(fraud: inY.0, legit: inY.1)),
                (z, JudgeKit.arrivals(fraud: inZ.0, legit: inZ.1)),
            ]
        }
        let surge = Array(repeating: window((300, 700), (300, 700)), count: 3), calm = window((30, 970), (30, 970))
        #expect(said(surge + [window((6, 84), (27, 983))]) == ["all traffic"])
        #expect(said(surge + [calm, calm, window((7, 93), (30, 970))]) == ["all traffic"])
        // What shows something itself is believed on less than it would need alone.
        #expect(said(surge + [window((12, 118), (30, 970))]) == ["all traffic", "country=Y"])
        #expect(said([calm, window((12, 118), (30, 970))]).isEmpty)
    }

    @Test("Evidence is of what was compared: a monitor that compares otherwise under the same id begins without it")
    func evidenceOfAnotherComparison() throws {
        func labels(_ fraud: Int) -> Pane { JudgeKit.arrivals(fraud: fraud, legit: 1_000 - fraud) }
        func configuration(_ change: (inout MonitorSpec) -> Void) -> TopologyConfiguration {
            JudgeKit.configuration([JudgeKit.outcome { $0.slices = .all; change(&$0) }])
        }
        let slices = (0..<400).map { (JudgeKit.slice("Q\($0)"), labels(30), [labels(30)]) } + [(JudgeKit.slice("X"), labels(62), [labels(30)])]
        func fires(_ hour: Int, _ judge: inout Judge) -> Bool { !judge.evaluate(JudgeKit.round(hour, slices)).isEmpty }
        var judge = Judge(configuration: configuration { _ in }), bytes: [UInt8] = [], hour = 0
        while hour < 20 {
            bytes = JudgeKit.bytes(judge)
            if fires(hour, &judge) { break }
            hour += 1
        }
        #expect((2..<20).contains(hour))
        let changes: [(String, (inout MonitorSpec) -> Void, Bool)] = [
            ("another severity", { $0.severity = .p0 }, true), ("another reference", { $0.reference = .sameHours(weeks: 2) }, false),
            ("another kind", { $0.rule = .volume(VolumeRule()) }, false),
            ("another measure", { spec in
                var rule = OutcomeRateRule()
                rule.basis = .fraudPerDecision
                spec.rule = .outcomeRate(rule)
            }, false),
        ]
        for (name, change, isKept) in changes {
            var reader = ByteReader(bytes)
            var restored = try Judge(configuration: configuration(change), from: &reader)
            #expect(reader.isAtEnd && fires(hour, &restored) == isKept, "\(name)")
        }
    }

    // MARK: Restart

    @Test("A snapshot at any boundary of a stormy, silenced, shifting stream changes nothing")
    func restart() throws {
        var configuration = JudgeKit.configuration([
            JudgeKit.drift { $0.slices = .all; $0.keepFiringForMs = JudgeKit.hour }, JudgeKit.missing { $0.slices = .all },
            JudgeKit.volume { $0.slices = .all; $0.forMs = JudgeKit.hour },
        ])
        configuration.maxAlertsPerHour = 1
        configuration.silences = [
            Silence(
                id: "weekly", matcher: .init(monitor: "volume"), from: JudgeKit.base, until: JudgeKit.base + 6 * JudgeKit.hour,
                everyMs: Self.day, reason: "r", author: "c")
        ]
        let names = [SliceName()] + (0..<5).map { JudgeKit.slice("C\($0)") }
        func boundary(_ hour: Int, _ judge: inout Judge) -> [AlertEvent] {
            var random = SeededRandom(seed: UInt64(1_000 + hour / 3))
            let panes = names.map { name in
                (name, pane(missing: random.bernoulli(0.3) ? 0.4 : 0.01, score: random.bernoulli(0.3) ? 0.45 : 0.2, total: random.bernoulli(0.1) ? 400 : 2_000))
            }
            if hour % 10 == 3 { judge.apply(silence(from: hour, until: hour + 4, .init(monitor: "missing_features"))) }
            if hour % 20 == 15 { judge.apply(.unsilence(id: "s")) }
            let shift = (20..<30).contains(hour) ? 1.0 : 0
            return judge.evaluate((0..<3).map { round(hour, $0, panes, versionShift: shift) }, at: end(hour))
        }
        var whole = Judge(configuration: configuration)
        let expected = (0..<60).map { boundary($0, &whole) }
        let monitors = Set(expected.joined().map(\.monitor))
        #expect(monitors.isSuperset(of: ["score_drift", "missing_features", "version_change", "alert_storm"]))
        #expect(Set(expected.joined().map(\.id)).count == expected.joined().count)
        for cut in 1..<60 {
            var first = Judge(configuration: configuration)
            for hour in 0..<cut { _ = boundary(hour, &first) }
            let bytes = JudgeKit.bytes(first)
            var reader = ByteReader(bytes)
            var second = try Judge(configuration: configuration, from: &reader)
            #expect(reader.isAtEnd && JudgeKit.bytes(second) == bytes)
            for hour in cut..<min(60, cut + 12) { #expect(boundary(hour, &second) == expected[hour], "cut at \(cut), hour \(hour)") }
        }
    }

    @Test("Missing data resolves nothing, neither an alert nor what it holds back")
    func missingData() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.drift(), JudgeKit.missing()]))
        let broken = pane(missing: 0.5, score: 0.4)
        #expect(judge.evaluate([round(0, 0, [(SliceName(), broken)]), round(0, 1, [(SliceName(), broken)])], at: end(0)).count == 1)
        for hour in 1..<50 {
            let few = pane(total: 20)
            let rounds = hour % 2 == 0 ? [round(hour, 0, []), round(hour, 1, [])] : [round(hour, 0, [(SliceName(), few)]), round(hour, 1, [(SliceName(), few)])]
            #expect(judge.evaluate(rounds, at: end(hour)).isEmpty)
        }
        #expect(judge.firingCount == 1)
    }
}
