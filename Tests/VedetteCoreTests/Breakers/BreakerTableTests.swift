import Testing
import VedetteCore

/// Machine states x inputs x orders x time, through the board; and what its metrics say.
@Suite("Circuit breakers: truth tables")
struct BreakerTableTests {
    private typealias Kit = BreakerKit

    /// How the triggers have brought it to where it is.
    enum Place: CaseIterable, Sendable { case closed, open, firstStage, secondStage }
    enum Order: CaseIterable, Sendable {
        case none, closed, open, halfOpen
        var state: BreakerState? { [nil, .closed, .open, .halfOpen][Order.allCases.firstIndex(of: self) ?? 0] }
    }
    enum Until: CaseIterable, Sendable { case unlimited, later, now }

    private static let configuration = BreakerKit.configuration {
        $0.models = ["payments"]
        $0.slices = .overall
        $0.triggers.append(BreakerKit.metric())
        $0.heartbeatMs = BreakerKit.minute
    }

    private func say(_ condition: BreakerCondition, _ board: inout BreakerBoard, at minute: Int64) {
        let rows = condition == .unknown ? 3 : 100
        board.take(Kit.alert(condition == .tripped ? .firing : .resolved), at: minute * Kit.minute)
        board.take(Kit.pane(blocked: 0, of: rows), window: 0, model: 0, slice: SliceName(), at: minute * Kit.minute)
    }

    /// A board that has just reached the place, and the minute.
    private func board(at place: Place) -> (BreakerBoard, Int64) {
        var board = BreakerBoard(configuration: Self.configuration)
        say(place == .closed ? .clear : .tripped, &board, at: 0)
        _ = Kit.close(&board, 1)
        say(.clear, &board, at: 1)
        let end: Int64 = [.closed: 1, .open: 2, .firstStage: 31, .secondStage: 46][place] ?? 0
        for minute in 1...end { _ = Kit.close(&board, minute) }
        return (board, end)
    }

    /// By place: the state a minute later when tripped; otherwise it stays.
    private static let tripped: [Place: BreakerState] = [.closed: .open, .open: .open, .firstStage: .open, .secondStage: .open]
    private static let calm: [Place: BreakerState] = [.closed: .closed, .open: .open, .firstStage: .halfOpen, .secondStage: .halfOpen]
    private static let share: [Place: Double] = [.closed: 1, .open: 0, .firstStage: 0.1, .secondStage: 0.5]

    @Test("Every place, input, order and end of an order", arguments: Place.allCases, BreakerCondition.allCases)
    func orders(place: Place, condition: BreakerCondition) throws {
        for order in Order.allCases {
            for until in Until.allCases {
                var (board, minute) = board(at: place)
                say(condition, &board, at: minute)
                let end: Int64? = until == .unlimited ? nil : (minute + (until == .now ? 1 : 60)) * Kit.minute
                let saidAt = minute * Kit.minute + 1_000
                if order != .none { board.take(Kit.order(order.state, until: end), at: saidAt) }
                let record = try #require(Kit.close(&board, minute + 1).first)
                let machine = try #require((condition == .tripped ? Self.tripped : Self.calm)[place])
                let isHeld = order != .none && until != .now
                let expected = isHeld ? order.state : machine
                let ownShare = condition == .tripped ? 0 : Self.share[place]
                #expect(record.state == expected, "\(order), \(until)")
                let share: Double? = !isHeld ? ownShare : order == .closed ? 1 : order == .open ? 0 : machine == .halfOpen ? ownShare : 0.1
                #expect(record.relianceShare == share, "\(order), \(until)")
                #expect((record.forced != nil) == isHeld && record.causes.isEmpty == (condition != .tripped))
                if isHeld { #expect(record.since == saidAt && record.notBefore == end) }
                if order != .none, until == .now { #expect(record.since == (minute + 1) * Kit.minute) }
                #expect(record.isHeartbeat == (order == .none && (condition != .tripped || place == .open)))
                #expect(record.economics?.challengedShare == (share.map { 0.4 * (1 - $0) }))
            }
        }
    }

    @Test("Orders come after one another, in every pair, and the last one holds", arguments: Order.allCases, Order.allCases)
    func pairs(first: Order, second: Order) throws {
        for place in Place.allCases {
            var (board, minute) = board(at: place)
            let own = try #require(Kit.close(&board, minute + 1).first?.state)
            // `auto` is an order without a state.
            board.take(Kit.order(first.state), at: (minute + 1) * Kit.minute + 1)
            #expect(Kit.close(&board, minute + 2).first?.state == first.state ?? own)
            board.take(Kit.order(second.state), at: (minute + 2) * Kit.minute + 1)
            #expect(Kit.close(&board, minute + 3).first?.state == second.state ?? own)
            board.take(Kit.order(nil), at: (minute + 3) * Kit.minute + 1)
            #expect(Kit.close(&board, minute + 4).first.map { $0.state == own && $0.forced == nil } == true)
        }
    }

    @Test("A restart at every place, under every order and input, changes nothing that follows", arguments: Place.allCases, Order.allCases)
    func restarts(place: Place, order: Order) throws {
        for condition in BreakerCondition.allCases {
            var (board, minute) = board(at: place)
            say(condition, &board, at: minute)
            if order != .none { board.take(Kit.order(order.state, until: (minute + 30) * Kit.minute), at: minute * Kit.minute) }
            var restored = try Kit.restarted(board, Self.configuration)
            for later in 1...200 as ClosedRange<Int64> {
                if later == 40 {
                    say(.clear, &board, at: minute + later)
                    say(.clear, &restored, at: minute + later)
                }
                #expect(Kit.close(&restored, minute + later) == Kit.close(&board, minute + later), "\(condition), \(later) minutes later")
                if later % 7 == 0 { restored = try Kit.restarted(restored, Self.configuration) }
            }
        }
    }

    // MARK: Missing data

    @Test("Too few rows clear nothing: what was clear is unknown, what was over its bound still is")
    func tooFewRows() {
        let clear = Kit.pane(blocked: 0, of: 100), over = Kit.pane(blocked: 0.9, of: 100), few = Kit.pane(blocked: 0, of: 3)
        // The windows before, one every five minutes, and how many minutes later it is half open; nil where it never is.
        for (windows, minutes) in [
            ([over, clear], 30), ([over, clear, clear], 30), ([over], nil), ([over, few, few], nil), ([over, clear, few], nil), ([over, few, clear], 30),
            ([over, clear, few, clear], 30),
        ] as [([Pane], Int64?)] {
            var board = BreakerBoard(configuration: Self.configuration)
            for minute in 0..<Int64(5 * windows.count) {
                if minute % 5 == 0 { board.take(windows[Int(minute / 5)], window: 0, model: 0, slice: SliceName(), at: minute * Kit.minute) }
                _ = Kit.close(&board, minute)
            }
            var half: Int64?
            for minute in Int64(5 * windows.count)...200 where half == nil {
                if Kit.close(&board, minute).contains(where: { $0.state == .halfOpen }) { half = minute }
            }
            #expect((half == nil) == (minutes == nil), "\(windows.map(\.total))")
            if let minutes { #expect(half == minutes, "\(windows.map(\.total))") }
        }
    }

    @Test("Half open, it does not go on while there is too little data")
    func tooFewRowsHalfOpen() {
        var (board, minute) = board(at: .firstStage)
        say(.unknown, &board, at: minute)
        for later in 1...300 as ClosedRange<Int64> { #expect(Kit.close(&board, minute + later).allSatisfy { $0.relianceShare == 0.1 }) }
        say(.clear, &board, at: minute + 300)
        let shares = (301...340).flatMap { Kit.close(&board, minute + $0) }.map(\.relianceShare)
        #expect(shares.contains(0.5) && shares.last == 1)
    }

    // MARK: Hysteresis

    @Test("A number that wavers between its bound and the one to be clear opens it once, and holds it open")
    func wavering() {
        var board = BreakerBoard(configuration: Self.configuration)
        var states: [BreakerState] = []
        for minute in 0...600 as ClosedRange<Int64> {
            if minute % 5 == 0 {
                board.take(Kit.pane(blocked: minute % 10 == 0 ? 0.9 : 0.45, of: 100), window: 0, model: 0, slice: SliceName(), at: minute * Kit.minute)
            }
            states += Kit.close(&board, minute).map(\.state)
        }
        #expect(states.allSatisfy { $0 == .open } && states.count == 601)
        // Without having been over it, the same number is clear.
        var other = BreakerBoard(configuration: Self.configuration)
        for minute in 0...60 as ClosedRange<Int64> {
            if minute % 5 == 0 { other.take(Kit.pane(blocked: 0.45, of: 100), window: 0, model: 0, slice: SliceName(), at: minute * Kit.minute) }
            #expect(Kit.close(&other, minute).allSatisfy { $0.state == .closed })
        }
    }

    @Test("An alert that comes and goes every few minutes opens it at most once per stay, and each stay is longer", arguments: [1, 3, 7, 16, 40] as [Int64])
    func flapping(every: Int64) {
        var board = BreakerBoard(configuration: BreakerKit.configuration { $0.models = ["payments"] })
        var openings: [Int64] = []
        var before = BreakerState.closed
        for minute in 0..<2_880 as Range<Int64> {
            if minute % every == 0 { board.take(Kit.alert(minute / every % 2 == 0 ? .firing : .resolved), at: minute * Kit.minute) }
            for record in Kit.close(&board, minute) {
                if record.state == .open, before != .open { openings.append(minute) }
                before = record.state
            }
        }
        // Half an hour, one, two, four, then eight each.
        let stays = zip(openings, openings.dropFirst()).map { $1 - $0 }
        for (stay, least) in zip(stays, [30, 60, 120, 240] + Array(repeating: 480, count: stays.count) as [Int64]) { #expect(stay >= least) }
        #expect(openings.count <= 10)
    }

    // MARK: Metrics

    private static func pane(_ metric: BreakerMetricRule.Metric, _ share: Double, of count: Int) -> Pane {
        let builder = Pane.Builder()
        let hits = Int((share * Double(count)).rounded())
        switch metric {
        case .fraudRate:
            builder.addDecisions(count + 60)
            builder.addOutcomes(hits, .fraud, decision: .block)
            builder.addOutcomes(count - hits, .legit)
        case .allowedFraudRate:
            builder.addDecisions(count + 50)
            builder.addOutcomes(hits, .fraud)
            builder.addOutcomes(count - hits, .legit)
            builder.addOutcomes(50, .fraud, decision: .block)
        case .meanScore, .labelFreeFraudRate: builder.addDecisions(count, score: share)
        case .allowShare: builder.addDecisions(hits, .allow); builder.addDecisions(count - hits, .block)
        case .challengeShare: builder.addDecisions(hits, .challenge); builder.addDecisions(count - hits, .allow)
        case .blockShare: builder.addDecisions(hits, .block); builder.addDecisions(count - hits, .challenge)
        case .modelOnlyShare: builder.addDecisions(count + 70); builder.addSignals(modelOnly: Int64(hits), several: Int64(count - hits))
        }
        return builder.pane
    }

    private func take(_ metric: BreakerMetricRule.Metric, _ share: Double, of count: Int, _ board: inout BreakerBoard, at time: Int64) {
        board.take(Self.pane(metric, share, of: count), window: 0, model: 0, slice: SliceName(), at: time) {
            #expect(metric == .labelFreeFraudRate)
            return share
        }
    }

    @Test("Before scores are calibrated nothing is expected of them: neither over its bound nor clear")
    func uncalibrated() {
        var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.triggers = [Kit.metric(.labelFreeFraudRate)] })
        let pane = Kit.pane(blocked: 0, of: 100)
        board.take(pane, window: 0, model: 0, slice: SliceName(), at: 0)
        #expect(Kit.close(&board, 1).first?.state == .closed)
        board.take(pane, window: 0, model: 0, slice: SliceName(), at: 0) { 0.9 }
        #expect(Kit.close(&board, 2).first?.state == .open)
        board.take(pane, window: 0, model: 0, slice: SliceName(), at: 0)
        #expect((3...100).flatMap { Kit.close(&board, $0) }.allSatisfy { $0.state == .open })
        board.take(pane, window: 0, model: 0, slice: SliceName(), at: 0) { 0.1 }
        #expect((101...120).flatMap { Kit.close(&board, $0) }.contains { $0.state == .halfOpen })
    }

    @Test("Every metric: over its bound with evidence, in between, clear, and with too few rows", arguments: BreakerMetricRule.Metric.allCases)
    func metrics(metric: BreakerMetricRule.Metric) {
        // The lower end of the 99.9 % Wilson interval of 1,000 rows is above 0.5 from 553 on; a mean needs no interval.
        let isMean = metric == .meanScore || metric == .labelFreeFraudRate
        for (share, count, expected) in [
            (0.553, 1_000, true), (0.551, 1_000, isMean), (0.501, 1_000, isMean), (0.5, 1_000, false), (1, 19, false), (1, 20, true),
            (0.6, 20, isMean), (0, 1_000, false), (1, 1_000, true),
        ] as [(Double, Int, Bool)] {
            var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.triggers = [Kit.metric(metric)] })
            take(metric, share, of: count, &board, at: 0)
            let record = Kit.close(&board, 1).first
            #expect((record?.state == .open) == expected, "\(share) of \(count)")
            #expect(record?.causes.first?.name == (expected ? metric.rawValue : nil))
        }
        // From open: clear at 0.4 and below, and not above it.
        for (share, isClear) in [(0.4, true), (0.401, false)] {
            var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.triggers = [Kit.metric(metric)] })
            take(metric, 1, of: 1_000, &board, at: 0)
            _ = Kit.close(&board, 1)
            take(metric, share, of: 1_000, &board, at: 60_000)
            #expect(Kit.close(&board, 2).allSatisfy { $0.state == .open })
            #expect((3...40).flatMap { Kit.close(&board, $0) }.contains { $0.state == .halfOpen } == isClear)
        }
    }

    /// Labels of decisions that were allowed; the legit ones stand for `weight` requests each.
    private static func labelled(fraud: Int, legit: Int, weight: Double) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(legit * Int(weight) + fraud)
        builder.addOutcomes(fraud, .fraud)
        builder.addOutcomes(legit, .legit, weight: weight)
        return builder.pane
    }

    @Test("Labels that are a sample count as many requests as they stand for", arguments: [BreakerMetricRule.Metric.fraudRate, .allowedFraudRate])
    func weights(metric: BreakerMetricRule.Metric) {
        func opens(_ pane: Pane, above: Double, minCount: Int64 = 20) -> Bool {
            var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.triggers = [Kit.metric(metric, above: above, minCount: minCount)] })
            board.take(pane, window: 0, model: 0, slice: SliceName(), at: 0)
            return Kit.close(&board, 1).first?.state == .open
        }
        // 2 % fraud; of the legit ones a fifth is labelled, so that 9 % of the labels are fraud.
        let sampled = Self.labelled(fraud: 100, legit: 1_000, weight: 4.9)
        #expect(!opens(sampled, above: 0.02) && !opens(sampled, above: 0.05))
        // The interval is that of the labels there are: the frauds alone leave some 30 % of play.
        #expect(opens(sampled, above: 0.013) && !opens(sampled, above: 0.0155))
        #expect(!opens(sampled, above: 0.013, minCount: 1_101) && opens(sampled, above: 0.013, minCount: 1_100))
        // A weight that all have changes nothing.
        for count in [552, 553] {
            let plain = Self.labelled(fraud: count, legit: 1_000 - count, weight: 1)
            let builder = Pane.Builder()
            builder.addDecisions(3_000)
            builder.addOutcomes(count, .fraud, weight: 3)
            builder.addOutcomes(1_000 - count, .legit, weight: 3)
            #expect(opens(plain, above: 0.5) == (count == 553) && opens(builder.pane, above: 0.5) == (count == 553))
        }
        // All of one outcome.
        #expect(opens(Self.labelled(fraud: 0, legit: 100, weight: 5), above: 0.01) == false)
    }

    @Test("A metric's condition begins with the first window over its bound; of several conditions the first counts")
    func beginning() {
        var board = BreakerBoard(configuration: Self.configuration)
        func close(_ minute: Int64, blocked: Double) -> BreakerRecord? {
            board.take(Kit.pane(blocked: blocked, of: 100), window: 0, model: 0, slice: SliceName(), at: minute * Kit.minute)
            return Kit.close(&board, minute).first
        }
        #expect(close(10, blocked: 0)?.economics?.timeToDetectMs == nil)
        for minute in [15, 20, 25] as [Int64] {
            let record = close(minute, blocked: 0.9)
            #expect(record?.causes.map(\.startedAt) == [10 * Kit.minute] && record?.economics?.timeToDetectMs == 5 * Kit.minute)
        }
        var both = BreakerBoard(configuration: Self.configuration)
        both.take(Kit.pane(blocked: 0.9, of: 100), window: 0, model: 0, slice: SliceName(), at: 15 * Kit.minute)
        both.take(Kit.alert(.firing), at: 15 * Kit.minute)
        #expect(Kit.close(&both, 15).first?.economics?.timeToDetectMs == 15 * Kit.minute - 7)
    }

    @Test("A window drives what is of its length, its model and its slices only")
    func windows() {
        let over = Kit.pane(blocked: 1, of: 100)
        for (window, model, slice, opens) in [(0, 0, SliceName(), true), (1, 0, SliceName(), false), (0, 1, SliceName(), false), (0, 0, Kit.fr, false)] {
            var board = BreakerBoard(configuration: Self.configuration)
            #expect(board.watches(window: 0) && !board.watches(window: 1))
            board.take(over, window: window, model: model, slice: slice, at: 0)
            #expect(Kit.close(&board, 1).contains { $0.state == .open } == opens)
        }
        for (slices, slice, opens) in [
            (SliceSelection.all, Kit.fr, true), (.groups([[0]]), Kit.fr, true), (.groups([[1]]), Kit.fr, false), (.groups([[0, 1]]), Kit.fr, false),
            (.groups([[1]]), SliceName(), true),
        ] {
            var board = BreakerBoard(configuration: Kit.configuration { $0.models = ["payments"]; $0.slices = slices; $0.triggers = [Kit.metric()] })
            board.take(over, window: 0, model: 0, slice: slice, at: 0)
            #expect(Kit.close(&board, 1).filter { $0.state == .open }.map(\.slice) == (opens ? [slice] : []))
        }
    }
}
