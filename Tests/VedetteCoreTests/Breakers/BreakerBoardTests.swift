import Testing
import VedetteCore

@Suite("Circuit breakers: the board")
struct BreakerBoardTests {
    private typealias Kit = BreakerKit
    private let fr = BreakerKit.fr

    @Test("All traffic has a record from the start, with a heartbeat and an expiry")
    func heartbeats() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"] })
        let first = Kit.close(&board, 1)
        #expect(first.count == 1 && first[0].state == .closed && first[0].sequence == 60 && !first[0].isHeartbeat && first[0].relianceShare == 1)
        #expect(first[0].expiresAt == 16 * Kit.minute && first[0].economics?.challengedShare == 0)
        #expect((2...5).allSatisfy { Kit.close(&board, $0).isEmpty })
        let beat = Kit.close(&board, 6)
        #expect(beat.count == 1 && beat[0].isHeartbeat && beat[0].sequence == 61 && beat[0].expiresAt == 21 * Kit.minute)
    }

    @Test("Alerts open by monitor, severity, model and slice", arguments: [
        (AlertStatus.firing, "missing_features", Severity.p0, "payments", true), (.updated, "missing_features", .p1, "payments", true),
        (.firing, "missing_features", .p2, "payments", false), (.firing, "score_drift", .p0, "payments", false),
        (.resolved, "missing_features", .p0, "payments", false), (.withdrawn, "missing_features", .p0, "payments", false),
        (.firing, "missing_features", .p0, "logins", false),
    ])
    func triggers(status: AlertStatus, monitor: String, severity: Severity, model: String, opens: Bool) {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"] })
        board.take(Kit.alert(status, monitor: monitor, severity: severity, model: model, slice: fr), at: 0)
        let open = Kit.close(&board, 1).filter { $0.state == .open }
        #expect(open.map(\.slice) == (opens ? [fr] : []))
        guard let record = open.first else { return }
        #expect(
            record.causes == [BreakerCause(alertID: "f-1-0", fingerprint: "f", name: "missing_features", severity: severity, startedAt: 7, monitorID: "missing_features_1h")])
        #expect(record.economics == BreakerEconomics(challengedShare: 0.4, moneyAtRiskPerHour: nil, attemptsToBypass: nil, timeToDetectMs: 59_993))
        #expect(record.summary == "open: missing_features fires" && record.relianceShare == 0 && record.notBefore == 31 * Kit.minute)
    }

    @Test("Money at risk is the last hour's amount times the share of such amounts that labels call fraud")
    func moneyAtRisk() throws {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.breakers = [BreakerSpec(id: "guard", triggers: [.alert(monitors: [], severity: .p0)])]
        configuration.labelSources = [LabelSource(pipeline: "desk", tier: 3)]
        configuration.nowcast.isEnabled = false
        let harness = DetectorHarness(configuration)
        for minute in 0..<100 as Range<Int64> {
            let request = LabelKit.decide(harness, at: minute * Kit.minute)
            if minute % 5 == 0 { LabelKit.label(harness, request, .fraud, pipeline: "desk", actor: "", at: minute * Kit.minute + 30_000) }
        }
        _ = try harness.advance(to: 100 * Kit.minute)
        let economics = try #require(harness.breakers.last { $0.model == "payments" }?.economics)
        #expect(economics.amountPerHour == 6_000)
        #expect(economics.moneyAtRiskPerHour.map { abs($0 - 1_200) < 1e-6 } == true, "\(economics)")
        #expect(harness.breakers.first { $0.model == "payments" }?.economics?.challengedShare == 0)
    }

    @Test("While it is not closed it tells of the traffic before, since the decisions that it is about are no longer made", arguments: [false, true])
    func obeyed(byHand: Bool) throws {
        let configuration = Kit.configuration { ($0.models, $0.slices) = (["payments"], .overall) }
        var board = BreakerBoard(configuration: configuration)
        /// What the record of a minute says, where the decision service follows it: it challenges all that it would have allowed.
        func economics(_ minute: Int64, allowed: Int64) -> (state: BreakerState, economics: BreakerEconomics?)? {
            board.close(at: minute * Kit.minute) { _, _, _ in
                BreakerTraffic(model: 100, slice: 100, touched: allowed, amount: Double(allowed) * 10, fraudShare: 0.05)
            }.last.map { ($0.state, $0.economics) }
        }
        #expect(economics(1, allowed: 80)?.economics?.challengedShare == 0)
        if byHand { board.take(Kit.order(.open), at: 0) } else { board.take(Kit.alert(.firing), at: 0) }
        let opened = try #require(economics(2, allowed: 90))
        #expect(opened.state == .open && opened.economics?.challengedShare == 0.9 && opened.economics?.moneyAtRiskPerHour == 45)
        for minute in [7, 12] as [Int64] {
            board = try Kit.restarted(board, configuration)
            let beat = try #require(economics(minute, allowed: 0))
            #expect(beat.state == .open && beat.economics?.challengedShare == 0.9 && beat.economics?.amountPerHour == 900)
        }
        if byHand { board.take(Kit.order(.halfOpen), at: 0) } else { board.take(Kit.alert(.resolved), at: 0) }
        var states: [BreakerState: Double] = [:]
        for minute in 13...60 as ClosedRange<Int64> {
            guard let record = economics(minute, allowed: 30), states[record.state] == nil else { continue }
            states[record.state] = record.economics?.challengedShare
        }
        #expect(states[.halfOpen].map { abs($0 - 0.9 * 0.9) < 1e-12 } == true, "\(states)")
        // Closed again: what it would touch now.
        if byHand { board.take(Kit.order(.closed), at: 0) }
        let closed = try #require((61...200).compactMap { economics($0, allowed: 20) }.last { $0.state == .closed })
        #expect(closed.economics?.challengedShare == 0 && closed.economics?.amountPerHour == 200 && closed.economics?.moneyAtRiskPerHour == 10)
    }

    @Test("A trigger may name a monitor's id, or none")
    func names() {
        for (monitors, opens) in [(["missing_features_1h"], true), (["missing_features_5m"], false), ([], true)] as [([String], Bool)] {
            var board = BreakerBoard(configuration: Kit.configuration { $0.triggers = [.alert(monitors: monitors, severity: .p0)] })
            board.take(Kit.alert(.firing), at: 0)
            #expect(Kit.close(&board, 1).contains { $0.state == .open } == opens)
        }
    }

    @Test("It stays open until the last alert is over, then comes back by the ramp")
    func wayBack() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"] })
        board.take(Kit.alert(.firing, fingerprint: "a"), at: 0)
        board.take(Kit.alert(.firing, fingerprint: "b"), at: 0)
        #expect(Kit.close(&board, 1).first?.summary == "open: missing_features fires and 1 more")
        board.take(Kit.alert(.resolved, fingerprint: "a"), at: 0)
        for minute in 2...120 as ClosedRange<Int64> { #expect(Kit.close(&board, minute).allSatisfy { $0.state == .open }) }
        board.take(Kit.alert(.withdrawn, fingerprint: "b"), at: 0)
        var changes: [(Int64, BreakerState, Double)] = []
        for minute in 121...200 as ClosedRange<Int64> {
            for record in Kit.close(&board, minute) where !record.isHeartbeat { changes.append((minute, record.state, record.relianceShare)) }
        }
        #expect(changes.map(\.0) == [135, 150, 165] && changes.map(\.2) == [0.1, 0.5, 1])
        #expect(changes.map(\.1) == [.halfOpen, .halfOpen, .closed])
    }

    @Test("A person's order goes before the machine, is recorded, and ends")
    func orders() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"] })
        _ = Kit.close(&board, 1)
        board.take(Kit.order(.open, until: 10 * Kit.minute), at: 0)
        let forced = Kit.close(&board, 2)
        #expect(forced.map(\.state) == [.open] && forced[0].forced?.author == "j.doe" && forced[0].summary == "open by hand: j.doe, drill" && forced[0].sequence == 61)
        board.take(Kit.alert(.firing), at: 0)
        board.take(Kit.order(.closed), at: 0)
        #expect(Kit.close(&board, 3).map(\.state) == [.closed], "closed by hand against an alert")
        board.take(Kit.order(nil), at: 0)
        #expect(Kit.close(&board, 4).map(\.state) == [.open], "given back to what the machine did beneath")
        board.take(Kit.order(.halfOpen, until: 6 * Kit.minute), at: 0)
        #expect(Kit.close(&board, 5).map(\.relianceShare) == [0.1])
        let ended = Kit.close(&board, 6)
        #expect(ended.map(\.state) == [.open] && ended[0].forced == nil)
        for bad in ["none", "guard"] {
            board.take(
                BreakerOrder(breaker: bad, model: bad == "guard" ? "nobody" : "payments", slice: SliceName(), state: .open, author: "x", reason: "y", until: nil), at: 0)
        }
        #expect(board.refused == 2)
    }

    @Test("A flood of slices is bounded, and what has no room opens all traffic")
    func flood() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"] })
        _ = Kit.close(&board, 1)
        for number in 0..<BreakerBoard.maxEntries + 5 {
            board.take(Kit.alert(.firing, slice: SliceName([.init(dimension: "country", value: "c\(number)")]), fingerprint: "f\(number)"), at: 0)
        }
        let records = Kit.close(&board, 2)
        #expect(records.count == BreakerBoard.maxEntries && records.contains { $0.slice.isOverall && $0.state == .open })
        #expect(board.refused == 6)
        // Those six hold all traffic open, until they are over like any other.
        for number in 0..<BreakerBoard.maxEntries + 5 {
            let slice = SliceName([.init(dimension: "country", value: "c\(number)")])
            #expect(Kit.close(&board, Int64(3 + number / 100)).allSatisfy { !$0.slice.isOverall || $0.state == .open })
            board.take(Kit.alert(.resolved, slice: slice, fingerprint: "f\(number)"), at: 0)
        }
        #expect((14...60).flatMap { Kit.close(&board, $0) }.contains { $0.slice.isOverall && $0.state == .halfOpen })
    }

    @Test("Of more alerts than a record names none is forgotten: it reads clear when the last one has ended", arguments: [512, 513, 600])
    func manyAlerts(count: Int) throws {
        let configuration = Kit.configuration { $0.models = ["payments"] }
        var board = BreakerBoard(configuration: configuration)
        let alerts = (0..<count).map { Kit.alert(.firing, fingerprint: "f\($0)") }
        board.take(alerts, at: 0)
        board.take(alerts, at: 0)
        #expect(Kit.close(&board, 1).first?.summary == "open: missing_features fires and \(count - 1) more")
        var minute: Int64 = 2
        for number in 0..<count {
            #expect(Kit.close(&board, minute).allSatisfy { $0.state == .open })
            board.take(Kit.alert(.resolved, fingerprint: "f\(number)"), at: 0)
            minute += 1
            if number == 511 {
                board = try Kit.restarted(board, configuration)
                board.reconcile(with: Array(alerts[512...]), at: 0)
                if count > 512 {
                    for later in minute...minute + 120 { #expect(Kit.close(&board, later).allSatisfy { $0.state == .open && $0.causes.isEmpty }) }
                    minute += 121
                }
            }
        }
        #expect((minute...minute + 60).contains { later in Kit.close(&board, later).contains { $0.state == .halfOpen } })
    }

    @Test("Attempts to bypass and time to detect are told until it is closed again")
    func economics() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.heartbeatMs = Kit.minute })
        board.take(Kit.alert(.firing, fingerprint: "a", attempts: 40), at: 0)
        board.take(Kit.alert(.firing, fingerprint: "b", attempts: 12), at: 0)
        board.take(Kit.alert(.updated, fingerprint: "a", attempts: 40), at: 0)
        func expect(_ records: [BreakerRecord], _ share: Double, _ attempts: Double?, _ detect: Int64?) {
            #expect(records.map { $0.economics } == [BreakerEconomics(challengedShare: share, moneyAtRiskPerHour: nil, attemptsToBypass: attempts, timeToDetectMs: detect)])
        }
        expect(Kit.close(&board, 2), 0.4, 12, 119_993)
        for fingerprint in ["a", "b"] { board.take(Kit.alert(.resolved, fingerprint: fingerprint), at: 0) }
        for minute in 3...31 as ClosedRange<Int64> { expect(Kit.close(&board, minute), 0.4, 12, 119_993) }
        for minute in 32...46 as ClosedRange<Int64> { expect(Kit.close(&board, minute), 0.4 * 0.9, 12, 119_993) }
        for minute in 47...61 as ClosedRange<Int64> { expect(Kit.close(&board, minute), 0.4 * 0.5, 12, 119_993) }
        expect(Kit.close(&board, 62), 0, nil, nil)
    }

    @Test("A record made by hand tells since when the order holds, and the one after it since when it does not")
    func sinceOrder() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.heartbeatMs = Kit.minute })
        func since(_ minute: Int64) -> [Int64] { Kit.close(&board, minute).map(\.since) }
        board.take(Kit.alert(.firing), at: 0)
        #expect(since(1) == [60_000])
        board.take(Kit.order(.closed), at: 70_000)
        #expect(since(2) == [70_000] && since(3) == [70_000])
        board.take(Kit.order(.closed, author: "again"), at: 190_000)
        #expect(since(4) == [70_000], "the same state, said again")
        board.take(Kit.order(.halfOpen, until: 7 * Kit.minute), at: 250_000)
        #expect(since(5) == [250_000] && since(6) == [250_000])
        #expect(since(7) == [7 * Kit.minute] && since(8) == [7 * Kit.minute], "open again since then")
        board.take(Kit.order(.open), at: 490_000)
        #expect(since(9) == [490_000])
        board.take(Kit.order(nil), at: 550_000)
        #expect(since(10) == [550_000] && since(11) == [550_000])
        board.take(Kit.order(nil), at: 670_000)
        #expect(since(12) == [550_000], "given back before")
    }

    @Test("A restored board goes on as if nothing had happened, in every state", arguments: 1...5)
    func snapshot(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var board = BreakerBoard(configuration: Kit.configuration())
        for minute in 1...600 as ClosedRange<Int64> {
            if random.bernoulli(0.05) {
                let slice = random.bernoulli(0.5) ? SliceName() : fr
                board.take(
                    Kit.alert(random.bernoulli(0.3) ? .firing : .resolved, model: random.bernoulli(0.5) ? "payments" : "logins", slice: slice, fingerprint: slice.text),
                    at: minute)
            }
            if random.bernoulli(0.02) {
                let state = [BreakerState.open, .closed, .halfOpen, nil][random.below(4)]
                board.take(
                    BreakerOrder(
                        breaker: "guard", model: "payments", slice: SliceName(), state: state, author: "a", reason: "r",
                        until: random.bernoulli(0.5) ? (minute + 9) * Kit.minute : nil),
                    at: minute)
            }
            var writer = ByteWriter()
            board.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            var restored = BreakerBoard(configuration: Kit.configuration())
            try restored.restore(from: &reader)
            #expect(reader.isAtEnd)
            #expect(Kit.close(&restored, minute) == Kit.close(&board, minute), "seed \(seed), minute \(minute)")
        }
    }
}
