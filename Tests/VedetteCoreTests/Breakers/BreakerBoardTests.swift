import Testing
import VedetteCore

@Suite("Circuit breakers: the board")
struct BreakerBoardTests {
    private static let minute: Int64 = 60_000
    private static let fr = SliceName([.init(dimension: "country", value: "FR")])

    private func configuration(_ change: (inout BreakerSpec) -> Void = { _ in }) -> TopologyConfiguration {
        let schema = EventSchema(models: ["payments", "logins"], features: [], dimensions: ["country", "channel"], entities: [])
        var configuration = DetectorHarness.configuration(schema: schema, detectors: [])
        var spec = BreakerSpec(id: "guard", triggers: [.alert(monitors: ["missing_features"], severity: .p1)])
        spec.slices = .all
        spec.heartbeatMs = 5 * Self.minute
        spec.expiryMs = 15 * Self.minute
        change(&spec)
        configuration.breakers = [spec]
        return configuration
    }

    private func alert(
        _ status: AlertStatus, monitor: String = "missing_features", severity: Severity = .p0, model: String = "payments",
        slice: SliceName = SliceName(), fingerprint: String = "f"
    ) -> AlertEvent {
        var configuration = configuration()
        configuration.detectors = [DetectorSpec(id: "any", rule: .policy(PolicyRuleSet(rules: [])))]
        var book = IncidentBook(configuration: configuration)
        let report = IncidentReport(
            detector: 0, monitor: monitor, model: 0, severity: severity, startedAt: 7, lastAt: 8, headline: "h", measure: "m", value: 1, limit: 0,
            referenceName: "r", count: 1, pValue: 0, control: .init(method: "m", alpha: 0.1, tests: 1), size: 1, immediateActions: [], escalation: "",
            recommendedAction: "", blastRadius: "")
        guard var event = book.take(report, at: 9) else { preconditionFailure("a first report is an alert") }
        event.id = "\(fingerprint)-1-0"
        event.fingerprint = fingerprint
        event.status = status
        event.monitorID = "\(monitor)_1h"
        event.model = model
        event.slice = slice
        return event
    }

    private func close(_ board: inout BreakerBoard, _ minute: Int64) -> [BreakerRecord] {
        board.close(at: minute * Self.minute) { _, _, _ in BreakerTraffic(model: 100, slice: 50, touched: 40, amount: nil) }
    }

    @Test("All traffic has a record from the start, with a heartbeat and an expiry")
    func heartbeats() {
        var board = BreakerBoard(configuration: configuration { $0.models = ["payments"] })
        let first = close(&board, 1)
        #expect(first.count == 1 && first[0].state == .closed && first[0].sequence == 0 && !first[0].isHeartbeat && first[0].relianceShare == 1)
        #expect(first[0].expiresAt == 16 * Self.minute && first[0].economics?.challengedShare == 0)
        #expect((2...5).allSatisfy { close(&board, $0).isEmpty })
        let beat = close(&board, 6)
        #expect(beat.count == 1 && beat[0].isHeartbeat && beat[0].sequence == 1 && beat[0].expiresAt == 21 * Self.minute)
    }

    @Test("Alerts open by monitor, severity, model and slice", arguments: [
        (AlertStatus.firing, "missing_features", Severity.p0, "payments", true), (.updated, "missing_features", .p1, "payments", true),
        (.firing, "missing_features", .p2, "payments", false), (.firing, "score_drift", .p0, "payments", false),
        (.resolved, "missing_features", .p0, "payments", false), (.withdrawn, "missing_features", .p0, "payments", false),
        (.firing, "missing_features", .p0, "logins", false),
    ])
    func triggers(status: AlertStatus, monitor: String, severity: Severity, model: String, opens: Bool) {
        var board = BreakerBoard(configuration: configuration { $0.models = ["payments"] })
        board.take(alert(status, monitor: monitor, severity: severity, model: model, slice: Self.fr), at: 0)
        let open = close(&board, 1).filter { $0.state == .open }
        #expect(open.map(\.slice) == (opens ? [Self.fr] : []))
        guard let record = open.first else { return }
        #expect(record.causes == [BreakerCause(alertID: "f-1-0", fingerprint: "f", name: "missing_features", severity: severity, startedAt: 7)])
        #expect(record.economics == BreakerEconomics(challengedShare: 0.4, moneyAtRiskPerHour: nil, attemptsToBypass: nil, timeToDetectMs: 59_993))
        #expect(record.summary == "open: missing_features fires" && record.relianceShare == 0 && record.notBefore == 31 * Self.minute)
    }

    @Test("Money at risk is the last hour's amount times the share of such amounts that labels call fraud")
    func moneyAtRisk() throws {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.breakers = [BreakerSpec(id: "guard", triggers: [.alert(monitors: [], severity: .p0)])]
        configuration.labelSources = [LabelSource(pipeline: "desk", tier: 3)]
        configuration.nowcast.isEnabled = false
        let harness = DetectorHarness(configuration)
        for minute in 0..<100 as Range<Int64> {
            let request = LabelKit.decide(harness, at: minute * Self.minute)
            if minute % 5 == 0 { LabelKit.label(harness, request, .fraud, pipeline: "desk", actor: "", at: minute * Self.minute + 30_000) }
        }
        _ = try harness.advance(to: 100 * Self.minute)
        let economics = try #require(harness.breakers.last { $0.model == "payments" }?.economics)
        #expect(economics.amountPerHour == 6_000)
        #expect(economics.moneyAtRiskPerHour.map { abs($0 - 1_200) < 1e-6 } == true, "\(economics)")
        #expect(harness.breakers.first { $0.model == "payments" }?.economics?.challengedShare == 0)
    }

    @Test("A trigger may name a monitor's id, or none")
    func names() {
        for (monitors, opens) in [(["missing_features_1h"], true), (["missing_features_5m"], false), ([], true)] as [([String], Bool)] {
            var board = BreakerBoard(configuration: configuration { $0.triggers = [.alert(monitors: monitors, severity: .p0)] })
            board.take(alert(.firing), at: 0)
            #expect(close(&board, 1).contains { $0.state == .open } == opens)
        }
    }

    @Test("It stays open until the last alert is over, then comes back by the ramp")
    func wayBack() {
        var board = BreakerBoard(configuration: configuration { $0.models = ["payments"] })
        board.take(alert(.firing, fingerprint: "a"), at: 0)
        board.take(alert(.firing, fingerprint: "b"), at: 0)
        #expect(close(&board, 1).first?.summary == "open: missing_features fires and 1 more")
        board.take(alert(.resolved, fingerprint: "a"), at: 0)
        for minute in 2...120 as ClosedRange<Int64> { #expect(close(&board, minute).allSatisfy { $0.state == .open }) }
        board.take(alert(.withdrawn, fingerprint: "b"), at: 0)
        var changes: [(Int64, BreakerState, Double)] = []
        for minute in 121...200 as ClosedRange<Int64> {
            for record in close(&board, minute) where !record.isHeartbeat { changes.append((minute, record.state, record.relianceShare)) }
        }
        #expect(changes.map(\.0) == [135, 150, 165] && changes.map(\.2) == [0.1, 0.5, 1])
        #expect(changes.map(\.1) == [.halfOpen, .halfOpen, .closed])
    }

    @Test("A person's order goes before the machine, is recorded, and ends")
    func orders() {
        var board = BreakerBoard(configuration: configuration { $0.models = ["payments"] })
        _ = close(&board, 1)
        func order(_ state: BreakerState?, until: Int64? = nil) -> BreakerOrder {
            BreakerOrder(breaker: "guard", model: "payments", slice: SliceName(), state: state, author: "j.doe", reason: "drill", until: until)
        }
        board.take(order(.open, until: 10 * Self.minute), at: 0)
        let forced = close(&board, 2)
        #expect(forced.map(\.state) == [.open] && forced[0].forced?.author == "j.doe" && forced[0].summary == "open by hand: j.doe, drill" && forced[0].sequence == 1)
        board.take(alert(.firing), at: 0)
        board.take(order(.closed), at: 0)
        #expect(close(&board, 3).map(\.state) == [.closed], "closed by hand against an alert")
        board.take(order(nil), at: 0)
        #expect(close(&board, 4).map(\.state) == [.open], "given back to what the machine did beneath")
        board.take(order(.halfOpen, until: 6 * Self.minute), at: 0)
        #expect(close(&board, 5).map(\.relianceShare) == [0.1])
        let ended = close(&board, 6)
        #expect(ended.map(\.state) == [.open] && ended[0].forced == nil)
        for bad in ["none", "guard"] {
            board.take(
                BreakerOrder(breaker: bad, model: bad == "guard" ? "nobody" : "payments", slice: SliceName(), state: .open, author: "x", reason: "y", until: nil), at: 0)
        }
        #expect(board.refused == 2)
    }

    @Test("A flood of slices is bounded, and what has no room opens all traffic")
    func flood() {
        var board = BreakerBoard(configuration: configuration { $0.models = ["payments"] })
        _ = close(&board, 1)
        for number in 0..<BreakerBoard.maxEntries + 5 {
            board.take(alert(.firing, slice: SliceName([.init(dimension: "country", value: "c\(number)")]), fingerprint: "f\(number)"), at: 0)
        }
        let records = close(&board, 2)
        #expect(records.count == BreakerBoard.maxEntries && records.contains { $0.slice.isOverall && $0.state == .open })
        #expect(board.refused == 6)
    }

    @Test("A restored board goes on as if nothing had happened, in every state", arguments: 1...5)
    func snapshot(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var board = BreakerBoard(configuration: configuration())
        for minute in 1...600 as ClosedRange<Int64> {
            if random.bernoulli(0.05) {
                let slice = random.bernoulli(0.5) ? SliceName() : Self.fr
                board.take(alert(random.bernoulli(0.3) ? .firing : .resolved, model: random.bernoulli(0.5) ? "payments" : "logins", slice: slice, fingerprint: slice.text), at: minute)
            }
            if random.bernoulli(0.02) {
                let state = [BreakerState.open, .closed, .halfOpen, nil][random.below(4)]
                board.take(
                    BreakerOrder(breaker: "guard", model: "payments", slice: SliceName(), state: state, author: "a", reason: "r", until: random.bernoulli(0.5) ? (minute + 9) * Self.minute : nil),
                    at: minute)
            }
            var writer = ByteWriter()
            board.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            var restored = BreakerBoard(configuration: configuration())
            try restored.restore(from: &reader)
            #expect(reader.isAtEnd)
            #expect(close(&restored, minute) == close(&board, minute), "seed \(seed), minute \(minute)")
        }
    }
}
