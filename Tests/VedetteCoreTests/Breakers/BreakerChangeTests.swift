import Testing
import VedetteCore

/// A configuration that changes under a state, and keys that nobody guards any more.
@Suite("Circuit breakers: another configuration")
struct BreakerChangeTests {
    private typealias Kit = BreakerKit
    private let fr = BreakerKit.fr

    /// Open for all traffic of payments and in France, told until minute 3.
    private func open(_ configuration: TopologyConfiguration = BreakerKit.configuration()) -> BreakerBoard {
        var board = BreakerBoard(configuration: configuration)
        _ = Kit.close(&board, 1)
        board.take(Kit.alert(.firing, fingerprint: "all"), at: 90_000)
        board.take(Kit.alert(.firing, slice: fr, fingerprint: "fr"), at: 90_000)
        _ = Kit.close(&board, 2)
        _ = Kit.close(&board, 3)
        return board
    }

    /// What the last record of each key says, for whoever follows it.
    private func expectLast(_ records: [BreakerRecord], at minute: Int64) {
        for record in records {
            #expect(record.isRetired && record.state == .closed && record.relianceShare == 1 && record.causes.isEmpty && record.forced == nil)
            #expect(record.expiresAt == BreakerRecord.never && record.notBefore == nil && !record.isHeartbeat && record.at == minute * Kit.minute)
            #expect(record.sequence == minute * 60)
        }
    }

    @Test("A breaker that the configuration no longer names ends each of its keys with a record that does not expire, once")
    func removed() throws {
        var other = Kit.configuration { $0.id = "other" }
        for names in [["other"], []] {
            if names.isEmpty { other.breakers = [] }
            var board = try Kit.restarted(open(), other)
            #expect(!board.isEmpty)
            let last = Kit.close(&board, 4).filter { $0.breaker == "guard" }
            #expect(last.map(\.model) == ["payments", "logins", "payments"] && last.map(\.slice) == [SliceName(), SliceName(), fr])
            expectLast(last, at: 4)
            #expect(Kit.close(&board, 5).allSatisfy { $0.breaker == "other" } && board.isEmpty == names.isEmpty)
            board = try Kit.restarted(board, other)
            #expect(Kit.close(&board, 60).allSatisfy { $0.breaker == "other" })
        }
    }

    @Test("It is said when this execution speaks for the first time, not before, and a restart does not forget it")
    func removedInSilence() throws {
        let other = Kit.configuration { $0.id = "other" }
        var board = try Kit.restarted(open(), other)
        for minute in 4...8 as ClosedRange<Int64> {
            #expect(!Kit.close(&board, minute, isSilent: true).contains { $0.breaker == "guard" })
            board = try Kit.restarted(board, other)
        }
        expectLast(Kit.close(&board, 9).filter { $0.breaker == "guard" }, at: 9)
        // The breaker comes back before anything was said: it goes on with its own records.
        var back = try Kit.restarted(Kit.restarted(open(), other), Kit.configuration())
        let records = Kit.close(&back, 9)
        #expect(records.filter { $0.slice.isOverall }.allSatisfy { !$0.isRetired && $0.sequence == 540 })
        #expect(records.filter { $0.slice == fr }.map(\.isRetired) == [true])
    }

    @Test("So do models and slices that it no longer covers; what a person holds stays")
    func covered() throws {
        var narrow = try Kit.restarted(open(), Kit.configuration { $0.models = ["payments"]; $0.slices = .overall })
        let last = Kit.close(&narrow, 4).filter(\.isRetired)
        #expect(last.map(\.model) == ["logins", "payments"] && last.map(\.slice) == [SliceName(), fr])
        expectLast(last, at: 4)
        var board = open()
        board.take(Kit.order(.open, slice: fr), at: 200_000)
        var held = try Kit.restarted(board, Kit.configuration { $0.slices = .overall })
        #expect(Kit.close(&held, 4).contains { $0.slice == fr && $0.state == .open && $0.forced != nil })
    }

    @Test("Other triggers keep the state, since when, and a sequence that rises")
    func otherTriggers() throws {
        let board = open()
        for triggers in [[], [Kit.metric()], [Kit.metric(), Kit.metric(.allowShare, window: 1)]] {
            var restored = try Kit.restarted(board, Kit.configuration { $0.triggers += triggers })
            var same = try Kit.restarted(board, Kit.configuration())
            for minute in 4...20 as ClosedRange<Int64> {
                let (now, before) = (Kit.close(&restored, minute), Kit.close(&same, minute))
                #expect(now.map(\.state) == before.map(\.state) && now.map(\.since) == before.map(\.since) && now.map(\.causes) == before.map(\.causes))
                #expect(zip(now, before).allSatisfy { $0.sequence >= $1.sequence && $0.sequence <= minute * 60 })
            }
        }
    }

    @Test("What is known of a metric stays with it, wherever it stands among the triggers")
    func metricsByName() throws {
        let (blocks, allows) = (Kit.metric(), Kit.metric(.allowShare, window: 1, above: 0.9))
        func configuration(_ triggers: [BreakerTrigger]) -> TopologyConfiguration { Kit.configuration { $0.models = ["payments"]; $0.triggers = triggers } }
        var board = BreakerBoard(configuration: configuration([blocks, allows]))
        board.take(Kit.pane(blocked: 0.9, of: 100), window: 0, model: 0, slice: SliceName(), at: 5 * Kit.minute)
        board.take(Kit.pane(blocked: 0.9, of: 100), window: 1, model: 0, slice: SliceName(), at: 5 * Kit.minute)
        #expect(Kit.close(&board, 5).map(\.causes.first?.name) == ["block_share"])
        var moved = try Kit.restarted(board, configuration([allows, .alert(monitors: [], severity: .p0), blocks]))
        let record = try #require(Kit.close(&moved, 10).first)
        #expect(record.causes == [BreakerCause(alertID: nil, fingerprint: nil, name: "block_share", severity: nil, startedAt: 0)])
        // The other metric was clear: with the first one clear too, the way back begins at once.
        moved.take(Kit.pane(blocked: 0.1, of: 100), window: 0, model: 0, slice: SliceName(), at: 10 * Kit.minute)
        #expect((11...40).flatMap { Kit.close(&moved, $0) }.contains { $0.state == .halfOpen })
        // One that was not there before is unknown: no clear time passes.
        var new = try Kit.restarted(board, configuration([Kit.metric(.challengeShare)]))
        #expect(Kit.close(&new, 10).first?.causes == [])
        #expect((11...80).flatMap { Kit.close(&new, $0) }.allSatisfy { $0.state == .open })
    }

    @Test("Alerts that no trigger names any more, or that fire no more, hold nothing open")
    func goneMonitor() throws {
        let firing = [Kit.alert(.firing, fingerprint: "all"), Kit.alert(.firing, slice: fr, fingerprint: "fr")]
        for (isGone, firing, triggers) in [
            (true, [], [.alert(monitors: ["missing_features"], severity: .p1)]), (true, firing, [.alert(monitors: ["score_drift"], severity: .p1)]),
            (false, firing, [.alert(monitors: [], severity: .p0)]), (false, firing, [.alert(monitors: ["missing_features"], severity: .p1)]),
        ] as [(Bool, [AlertSignal], [BreakerTrigger])] {
            var board = try Kit.restarted(open(Kit.configuration { $0.models = ["payments"] }), Kit.configuration { $0.models = ["payments"]; $0.triggers = triggers })
            board.reconcile(with: firing, at: 3 * Kit.minute)
            let records = (4...120).flatMap { Kit.close(&board, $0) }
            #expect(records.contains { $0.state != .open } == isGone)
        }
    }

    @Test("A breaker that is new, or listens to more, hears of what fires already; an unchanged one hears nothing new")
    func hearsWhatFires() throws {
        let firing = [Kit.alert(.firing, fingerprint: "all"), Kit.alert(.firing, slice: fr, fingerprint: "fr")]
        var new = try Kit.restarted(open(), Kit.configuration { $0.id = "new" })
        new.reconcile(with: firing, at: 3 * Kit.minute)
        #expect(Kit.close(&new, 4).filter { $0.breaker == "new" && $0.state == .open }.map(\.slice) == [SliceName(), fr])
        let board = open()
        var same = try Kit.restarted(board, Kit.configuration()), reconciled = try Kit.restarted(board, Kit.configuration())
        reconciled.reconcile(with: firing.reversed(), at: 3 * Kit.minute)
        for minute in 4...20 as ClosedRange<Int64> { #expect(Kit.close(&reconciled, minute) == Kit.close(&same, minute)) }
    }

    @Test("A ramp that is shorter now, or gone, goes on from its end")
    func shorterRamp() throws {
        func configuration(_ ramp: [Double]) -> TopologyConfiguration { Kit.configuration { $0.models = ["payments"]; $0.timing.ramp = ramp; $0.heartbeatMs = Kit.minute } }
        var board = open(configuration([0.1, 0.2, 0.3]))
        board.take(Kit.alert(.resolved, fingerprint: "all"), at: 190_000)
        for minute in 4...65 as ClosedRange<Int64> { _ = Kit.close(&board, minute) }
        #expect(Kit.close(&board, 66).first?.relianceShare == 0.3)
        for (ramp, share) in [([0.1, 0.2, 0.3, 0.4], 0.3), ([0.5], 0.5), ([], 1)] {
            var restored = try Kit.restarted(board, configuration(ramp))
            #expect(Kit.close(&restored, 67).first.map { $0.state == .halfOpen && $0.relianceShare == share } == true)
            #expect((68...100).compactMap { Kit.close(&restored, $0).first }.last?.state == .closed)
        }
    }

    @Test("A sequence never goes back, however many records another configuration put out after the checkpoint")
    func sequence() throws {
        let checkpoint = open(Kit.configuration { $0.heartbeatMs = Kit.minute })
        var crashed = try Kit.restarted(checkpoint, Kit.configuration { $0.heartbeatMs = Kit.minute })
        var told: [SliceName: Int64] = [:]
        for minute in 4...300 as ClosedRange<Int64> { for record in Kit.close(&crashed, minute) where record.model == "payments" { told[record.slice] = record.sequence } }
        var board = try Kit.restarted(checkpoint, Kit.configuration { $0.heartbeatMs = 10 * Kit.minute })
        for minute in 4...300 as ClosedRange<Int64> {
            _ = Kit.close(&board, minute, isSilent: true)
            if minute % 50 == 0 { board = try Kit.restarted(board, Kit.configuration { $0.heartbeatMs = 10 * Kit.minute }) }
        }
        var last = told
        for minute in 301...330 as ClosedRange<Int64> {
            for record in Kit.close(&board, minute) where record.model == "payments" {
                let before = try #require(last[record.slice])
                #expect(told[record.slice] == before ? record.sequence > before : record.sequence == before + 1)
                last[record.slice] = record.sequence
            }
        }
        #expect(last.count == 2 && last.allSatisfy { $0.value > told[$0.key] ?? .max })
    }

    @Test("A state that was lost begins above what it had said")
    func lostState() {
        var board = open()
        var last: Int64 = 0
        for minute in 4...100 as ClosedRange<Int64> { last = Kit.close(&board, minute).map(\.sequence).max() ?? last }
        var anew = BreakerBoard(configuration: Kit.configuration())
        #expect(Kit.close(&anew, 101).allSatisfy { $0.sequence > last })
    }

    @Test("A slice follows all traffic again once its last trip counts for nothing, and may come back")
    func calmSlice() {
        var board = open()
        board.take(Kit.alert(.resolved, fingerprint: "all"), at: 190_000)
        board.take(Kit.alert(.resolved, slice: fr, fingerprint: "fr"), at: 190_000)
        var records: [BreakerRecord] = []
        for minute in 4...500 as ClosedRange<Int64> { records += Kit.close(&board, minute).filter { $0.model == "payments" } }
        let ofSlice = records.filter { $0.slice == fr }
        // Open for half an hour, two stages of a quarter, then six hours in which a trip would count as flapping.
        #expect(ofSlice.last?.isRetired == true && ofSlice.last?.at == (2 + 30 + 15 + 15 + 360 + 1) * Kit.minute)
        #expect(ofSlice.last?.expiresAt == BreakerRecord.never && ofSlice.last?.summary == "closed for good: country=FR follows all traffic again")
        #expect(ofSlice.filter(\.isRetired).count == 1 && !records.contains { $0.slice.isOverall && $0.isRetired })
        for (a, b) in zip(ofSlice, ofSlice.dropFirst()) { #expect(b.sequence == a.sequence + 1) }
        board.take(Kit.alert(.firing, slice: fr, fingerprint: "fr"), at: 501 * Kit.minute)
        let back = Kit.close(&board, 502).first { $0.slice == fr }
        #expect(back?.state == .open && back?.sequence == 502 * 60 && back?.notBefore == (502 + 30) * Kit.minute)
    }

    @Test("A slice that nothing was ever said of needs no last word")
    func neverTold() {
        var board = BreakerBoard(configuration: Kit.configuration())
        board.take(Kit.alert(.firing, slice: fr), at: 0)
        board.take(Kit.alert(.resolved, slice: fr), at: 0)
        #expect(Kit.close(&board, 1).allSatisfy { $0.slice.isOverall })
        board.take(Kit.order(.open, slice: fr, until: 3 * Kit.minute), at: 70_000)
        #expect(Kit.close(&board, 2).filter { $0.slice == fr }.map(\.state) == [.open])
        #expect(Kit.close(&board, 3).filter { $0.slice == fr }.map(\.isRetired) == [true])
    }

    @Test("Configurations are told apart by all that decides what is published, and only by that")
    func marks() throws {
        for (change, expected) in [
            ({ _ in }, 62), ({ $0.maxAlertsPerHour = 3 }, 200 * 60), ({ $0.monitors[0].minCount += 1 }, 200 * 60),
            ({ $0.models[0].importances = [3: 0.5] }, 200 * 60),
        ] as [((inout TopologyConfiguration) -> Void, Int64)] {
            var other = Kit.configuration()
            change(&other)
            var board = try Kit.restarted(open(), other)
            let record = Kit.close(&board, 200).first { $0.model == "payments" && $0.slice.isOverall }
            #expect(record?.sequence == expected)
        }
    }
}
