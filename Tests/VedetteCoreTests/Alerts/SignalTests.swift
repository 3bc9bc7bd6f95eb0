import Testing
import VedetteCore

/// What circuit breakers hear of the judge: what fires, whatever is said.
@Suite("What breakers hear of alerts")
struct SignalTests {
    private typealias Kit = JudgeKit
    private let fr = JudgeKit.slice("FR")

    private func pane(_ missing: Double, total: Int = 2_000) -> Pane { Kit.featurePane(total, missing: Int(missing * Double(total))) }

    private func round(_ index: Int, monitor: Int = 0, _ panes: [(SliceName, Pane)]) -> EvaluationRound {
        Kit.round(index, monitor: monitor, panes.map { ($0.0, $0.1, [pane(0.01)]) })
    }

    private func end(_ index: Int) -> Int64 { Kit.base + Int64(index + 1) * Kit.hour }

    private func configuration(_ monitors: [MonitorSpec], slices: SliceSelection = .overall, severity: Severity = .p3) -> TopologyConfiguration {
        var configuration = Kit.configuration(monitors)
        var spec = BreakerSpec(id: "guard", triggers: [.alert(monitors: [], severity: severity)])
        spec.slices = slices
        configuration.breakers = [spec]
        return configuration
    }

    private func open(_ board: inout BreakerBoard, _ judge: inout Judge, at time: Int64) -> [SliceName] {
        board.take(judge.takeSignals(), at: time)
        return board.close(at: time) { _, _, _ in nil }.filter { $0.state == .open }.map(\.slice)
    }

    @Test("What a silence, a cause or the cap holds back opens a breaker, and shuts it when it is over")
    func heldBack() throws {
        for reason in ["silence", "cause", "cap"] {
            var configuration = configuration([Kit.missing(), Kit.missing { ($0.id, $0.severity) = ("other", .p2) }])
            configuration.breakers[0].triggers = [.alert(monitors: ["other"], severity: .p2)]
            configuration.maxAlertsPerHour = 1
            if reason == "cause" { configuration.monitors[1] = Kit.drift { ($0.id, $0.severity) = ("other", .p2) } }
            var judge = Judge(configuration: configuration)
            var board = BreakerBoard(configuration: configuration)
            if reason == "silence" {
                judge.apply(.silence(Silence(id: "s", matcher: .init(monitor: "other"), from: 0, until: end(99), reason: "r", author: "a")))
            }
            let builder = Pane.Builder(features: 2)
            builder.addDecisions(1_000, score: 0.4)
            builder.addDecisions(1_000, score: 0.6)
            builder.addFeature(0, present: 1_000, value: 1, null: 1_000)
            builder.addFeature(1, present: 2_000, value: 1)
            let calm = Pane.Builder(features: 2)
            calm.addDecisions(1_000, score: 0.1)
            calm.addDecisions(1_000, score: 0.3)
            calm.addFeature(0, present: 2_000, value: 1)
            calm.addFeature(1, present: 2_000, value: 1)
            func hour(_ index: Int, _ pane: Pane) -> [AlertEvent] {
                judge.evaluate((0...1).map { Kit.round(index, monitor: $0, [(SliceName(), pane, [calm.pane])]) }, at: end(index))
            }
            let said = hour(0, builder.pane)
            #expect(!said.contains { $0.monitorID == "other" }, "\(reason): \(said.map(\.monitorID))")
            #expect(open(&board, &judge, at: end(0)) == [SliceName()], "\(reason)")
            // What it hears is in the checkpoint.
            var reader = ByteReader(Kit.bytes(judge))
            judge = try Judge(configuration: configuration, from: &reader)
            #expect(judge.firingSignals().contains { $0.monitorID == "other" && $0.alertID == nil })
            _ = hour(1, calm.pane)
            #expect(judge.firingSignals().allSatisfy { $0.monitorID != "other" })
            board.take(judge.takeSignals(), at: end(1))
            _ = board.close(at: end(1)) { _, _, _ in nil }
            #expect(board.close(at: end(2)) { _, _, _ in nil }.contains { $0.state != .open }, "\(reason)")
        }
    }

    @Test("What becomes worse in a silence is heard by the breaker that waits for it")
    func worseInSilence() {
        let configuration = configuration(
            [Kit.missing { ($0.severity, $0.severitySteps) = (.p2, [SeverityStep(severity: .p0, above: 0.5)]) }], severity: .p1)
        var judge = Judge(configuration: configuration)
        #expect(judge.evaluate(round(0, [(SliceName(), pane(0.2))])).map(\.severity) == [.p2])
        let before = judge.takeSignals().map(\.severity)
        judge.apply(.silence(Silence(id: "s", matcher: .init(), from: 0, until: end(99), reason: "r", author: "a")))
        #expect(judge.evaluate(round(1, [(SliceName(), pane(0.9))])).isEmpty)
        let after = judge.takeSignals().map(\.severity)
        #expect(before == [.p2] && after == [.p0])
    }

    @Test("Of slices that hold one another a breaker opens in the one that the thing is about, if it covers it, and in the other when that is over")
    func leaders() {
        func story(_ slices: SliceSelection) -> [[SliceName]] {
            let configuration = configuration([Kit.missing { $0.slices = .all }], slices: slices)
            var judge = Judge(configuration: configuration)
            var board = BreakerBoard(configuration: configuration)
            func hour(_ index: Int, _ all: Double, _ france: Double) -> [SliceName] {
                _ = judge.evaluate(round(index, [(SliceName(), pane(all, total: 10_000)), (fr, pane(france)), (Kit.slice("DE"), pane(0.01, total: 8_000))]))
                return open(&board, &judge, at: end(index))
            }
            // In the second hour all traffic is neither beyond its limit nor clear: nothing is to be said of it.
            return [hour(0, 0.128, 0.6), hour(1, 0.052, 0.01)]
        }
        #expect(story(.all)[0] == [fr], "France says it, and the breaker guards France")
        #expect(story(.overall)[0] == [SliceName()], "France says it, and the breaker guards all traffic only")
        #expect(story(.all)[1].contains(SliceName()), "France is over")
    }

    @Test("A change of version that explains a drift opens nothing but what waits for it")
    func versions() {
        var judge = Judge(configuration: configuration([Kit.drift()]))
        let moved = Pane.Builder(), usual = Pane.Builder()
        for (builder, score) in [(moved, 0.4), (usual, 0.2)] {
            builder.addDecisions(1_000, score: score - 0.1)
            builder.addDecisions(1_000, score: score + 0.1)
        }
        var round = Kit.round(0, [(SliceName(), moved.pane, [usual.pane])])
        round.observations[0].versionShift = 1
        #expect(judge.evaluate(round).map(\.monitor) == ["version_change"])
        let heard = judge.takeSignals().filter(\.isFiring)
        #expect(heard.map(\.monitor) == ["version_change"])
    }

    @Test("A restart under another configuration resolves what nobody judges any more, aloud and once; what stays goes on")
    func abandoned() throws {
        let original = configuration([Kit.missing { $0.slices = .all }])
        let changes: [(String, (inout TopologyConfiguration) -> Void, Bool)] = [
            ("removed", { $0.monitors = [] }, true), ("renamed", { $0.monitors[0].id = "new" }, true),
            ("another kind", { $0.monitors[0].rule = .volume(VolumeRule()) }, true),
            ("another reference", { $0.monitors[0].reference = .sameHours(weeks: 4) }, true),
            ("other windows", { $0.windows[0].sizeMs = 2 * Kit.hour }, true),
            ("another model", { $0.monitors[0].models = ["other"] }, true),
            ("all traffic only", { $0.monitors[0].slices = .overall }, true), ("another feature", { $0.models[0].importantFeatures = [1] }, true),
            ("other slices", { $0.monitors[0].slices = .groups([[1]]) }, true),
            ("its slices", { $0.monitors[0].slices = .groups([[0]]) }, false), ("another limit", { $0.monitors[0].minCount += 1 }, false),
            ("nothing", { _ in }, false),
        ]
        for (name, change, isGone) in changes {
            var judge = Judge(configuration: original)
            let fired = judge.evaluate(round(0, [(SliceName(), pane(0.01, total: 10_000)), (fr, pane(0.6)), (Kit.slice("DE"), pane(0.01))]))
            let alert = try #require(fired.first)
            #expect(fired.count == 1 && alert.slice == fr)
            var other = original
            change(&other)
            var reader = ByteReader(Kit.bytes(judge))
            var restored = try Judge(configuration: other, from: &reader)
            #expect(restored.firingSignals().isEmpty == isGone, "\(name)")
            // A second restart before anything was said forgets nothing.
            var again = ByteReader(Kit.bytes(restored))
            restored = try Judge(configuration: other, from: &again)
            let last = restored.takeAbandoned(at: end(1))
            #expect(last.map(\.fingerprint) == (isGone ? [alert.fingerprint] : []), "\(name)")
            #expect(restored.takeAbandoned(at: end(1)).isEmpty)
            guard let event = last.first else { continue }
            #expect(event.status == .resolved && event.episode == 1 && event.revision == 1 && event.id != alert.id && event.monitor == "missing_features")
            #expect(event.monitorID == "missing" && event.slice == fr && event.subject == alert.subject && event.severity == alert.severity)
            #expect(event.reason == "the configuration no longer has the rule that it is about" && event.windowStart < event.windowEnd)
        }
    }
}
