import Testing
import VedetteCore

@Suite("Lifecycle of alerts")
struct LifecycleTests {
    @Test("Fires at once, resolves at once, and a new episode counts on")
    func episodes() {
        var story = MissingStory()
        #expect(story.run([0.01, 0.4, 0.4, 0.01, 0.01, 0.4, 0.01]) == ["-", "firing 1.0", "-", "resolved 1.1", "-", "firing 2.0", "resolved 2.1"])
    }

    @Test("`for` waits; a break starts over")
    func waits() {
        var story = MissingStory { $0.forMs = 2 * JudgeKit.hour }
        #expect(story.run([0.4, 0.4, 0.01, 0.4, 0.4, 0.4, 0.4]) == ["-", "-", "-", "-", "-", "firing 1.0", "-"])
    }

    @Test("Hopping windows: `for` and `keep_firing_for` count hops of event time")
    func hops() {
        var story = MissingStory(hopMs: 5 * JudgeKit.minute) {
            $0.forMs = 10 * JudgeKit.minute
            $0.keepFiringForMs = 5 * JudgeKit.minute
        }
        #expect(story.run([0.4, 0.4, 0.4, 0.01, 0.01, 0.01]) == ["-", "-", "firing 1.0", "-", "resolved 1.1", "-"])
    }

    @Test("startedAt is the first window of the condition, detectedAt the one that made it fire")
    func times() throws {
        var story = MissingStory { $0.forMs = JudgeKit.hour }
        _ = story.step(0.01)
        _ = story.step(0.4)
        let event = try #require(story.step(0.4).first)
        #expect(event.startedAt == JudgeKit.base + JudgeKit.hour)
        #expect(event.detectedAt == JudgeKit.base + 3 * JudgeKit.hour && event.emittedAt == event.detectedAt)
        #expect(event.windowStart == JudgeKit.base + 2 * JudgeKit.hour)
    }

    @Test("keep_firing_for rides out flapping")
    func keepsFiring() {
        var story = MissingStory { $0.keepFiringForMs = 2 * JudgeKit.hour }
        #expect(
            story.run([0.4, 0.01, 0.4, 0.01, 0.01, 0.4, 0.01, 0.01, 0.01, 0.01])
                == ["firing 1.0", "-", "-", "-", "-", "-", "-", "-", "resolved 1.1", "-"])
    }

    @Test("Between the clear threshold and the limit nothing happens")
    func hysteresis() {
        // Limit: 5 points above the reference's 1 %; clear below 0.8 of it, 4 points.
        var story = MissingStory()
        #expect(story.run([0.4, 0.055, 0.052, 0.055, 0.045]) == ["firing 1.0", "-", "-", "-", "resolved 1.1"])
    }

    @Test("Missing data neither resolves nor advances a clock")
    func missingData() {
        var story = MissingStory { $0.keepFiringForMs = 2 * JudgeKit.hour }
        #expect(
            story.run([0.4, nil, nil, nil, nil, 0.01, nil, nil, nil, 0.01, 0.01])
                == ["firing 1.0", "-", "-", "-", "-", "-", "-", "-", "-", "-", "resolved 1.1"])
        var waiting = MissingStory { $0.forMs = 2 * JudgeKit.hour }
        #expect(waiting.run([0.4, nil, nil, nil, 0.4, 0.4]) == ["-", "-", "-", "-", "-", "firing 1.0"])
    }

    @Test("A slice that is absent, or has no reference, stays as it is")
    func absence() {
        var story = MissingStory()
        _ = story.run([0.4])
        let absent = JudgeKit.round(1, [])
        #expect(story.judge.evaluate(absent).isEmpty)
        let noReference = JudgeKit.round(2, [(SliceName(), JudgeKit.featurePane(2_000, missing: 0), [])])
        #expect(story.judge.evaluate(noReference).isEmpty)
        #expect(story.judge.firingCount == 1)
    }

    @Test("Updates only when it matters: worse by a quarter, or a day later")
    func updates() {
        var story = MissingStory()
        #expect(story.run([0.3, 0.31, 0.33, 0.4, 0.41, 0.2, 0.4, 0.7]) == ["firing 1.0", "-", "-", "updated 1.1", "-", "-", "-", "updated 1.2"])
        var long = MissingStory()
        let events = (0..<100).flatMap { _ in long.step(0.3) }
        #expect(events.map(\.status) == [.firing, .updated, .updated, .updated, .updated])
    }

    @Test("A more severe finding is told, a less severe one is not")
    func severity() throws {
        let configuration = JudgeKit.configuration([JudgeKit.volume { $0.severity = .p2 }])
        var judge = Judge(configuration: configuration)
        let reference = JudgeKit.volumePane(4_000)
        let events = [4_000, 10, 0, 10, 0].enumerated().flatMap { index, total in
            judge.evaluate(JudgeKit.round(index, [(SliceName(), JudgeKit.volumePane(total), [reference])]))
        }
        #expect(events.map(\.severity) == [.p2, .p1])
        #expect(events.map(\.status) == [.firing, .updated])
    }

    @Test("Records are bounded however the value wobbles")
    func bounded() {
        var story = MissingStory { $0.keepFiringForMs = 3 * JudgeKit.hour }
        var random = SeededRandom(seed: 5)
        let events = (0..<500).flatMap { _ in story.step(0.1 + 0.8 * random.uniform()) }
        // One firing, at most 11 steps of a quarter between 0.1 and 0.9, one reminder a day.
        #expect(events.count <= 1 + 11 + 21)
        #expect(events.map(\.revision) == Array(0..<events.count))
    }

    @Test("The id and the words")
    func words() throws {
        var story = MissingStory()
        let event = try #require(story.step(0.431).first)
        let fingerprint = Fingerprint.text(
            application: "test", monitor: "missing", model: "payments-fraud", slice: SliceName(), subject: "device_age_days")
        #expect(event.fingerprint == fingerprint && fingerprint.count == 32)
        #expect(event.id == "\(fingerprint)-1-0")
        #expect(
            event.summary
                == "missing_features: device_age_days missing in 43.1 % of 2,000 decisions (limit 5 %, reference 1 %) — "
                + "payments-fraud, all traffic, 2026-01-05 00:00–01:00 UTC")
        // Half of half a false alert in 720 rounds of an hour.
        #expect(event.control.method == "holm" && event.control.tests == 1 && event.control.windows == 1)
        #expect(abs(event.control.alpha - 0.25 / 720) < 1e-12 && event.control.falseAlertsPerMonth == 0.5)
        #expect(event.runbook == "runbooks/missing_features.md" && event.owner.name == "fraud-ml")
        #expect(event.sampleRequestIDs.count == 5 && event.immediateActions.count >= 2)
        #expect(event.blastRadius == "all traffic of payments-fraud: 2,000 decisions in the window")
        #expect(event.reason == nil)
        let resolved = try #require(story.step(0.01).first)
        #expect(resolved.reason == "clear: the effect is below 80 % of the limit (1 % now, limit 5 %)")
    }

    @Test("Every record says since when, also a late one; whether the feature is null or absent; and one that ends what is left to do")
    func actions() throws {
        var story = MissingStory { $0.keepFiringForMs = 2 * JudgeKit.hour }
        let first = try #require(story.step(0.1).first)
        #expect(first.immediateActions[0].hasSuffix("since 2026-01-05 00:00 UTC."))
        #expect(first.immediateActions[1].hasPrefix("Of the decisions without device_age_days: 100 null (the look-up failed), 100 absent"))
        let later = story.step(0.1) + story.step(0.5)
        let update = try #require(later.first)
        #expect(update.status == .updated && update.windowStart > first.windowStart && update.immediateActions[0] == first.immediateActions[0])
        let last = story.step(0.01) + story.step(0.01) + story.step(0.01)
        let ended = try #require(last.first)
        #expect(ended.status == .resolved && Set(ended.immediateActions).isDisjoint(with: first.immediateActions))
        #expect(ended.immediateActions.contains { $0.contains("since 2026-01-05 00:00 UTC") } && ended.recommendedAction != first.recommendedAction)
    }

    @Test("A drop that is over lies between two limits, and not below the one of a surge")
    func bothLimits() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.volume()]))
        let reference = [JudgeKit.volumePane(12_340)]
        #expect(judge.evaluate(JudgeKit.round(0, [(SliceName(), JudgeKit.volumePane(1_234), reference)])).count == 1)
        let over = try #require(judge.evaluate(JudgeKit.round(1, [(SliceName(), JudgeKit.volumePane(13_000), reference)])).first)
        #expect(over.summary.contains("1.05 times the reference 12,340 (limits 0.5 and 2 times)"), "\(over.summary)")
        #expect(over.reason == "clear: 1.05 times now, which is between the limits (0.5 and 2 times)")
    }

    @Test("The words of the other monitors: summary, blast radius, sensible actions")
    func otherWords() throws {
        func event(_ spec: MonitorSpec, _ current: Pane, _ reference: Pane, hour: Int = 0) throws -> AlertEvent {
            var judge = Judge(configuration: JudgeKit.configuration([spec]))
            let event = try #require(judge.evaluate(JudgeKit.round(hour, [(JudgeKit.slice("FR"), current, [reference])])).first)
            #expect(event.immediateActions.count >= 2 && !event.escalation.isEmpty && !event.recommendedAction.isEmpty)
            #expect(event.runbook == "runbooks/\(event.monitor).md")
            return event
        }
        let drop = try event(JudgeKit.volume(), JudgeKit.volumePane(1_234), JudgeKit.volumePane(12_340), hour: 23)
        #expect(
            drop.summary == "volume: 1,234 decisions, 0.1 times the reference 12,340 (limit 0.5 times) — "
                + "payments-fraud, country=FR, 2026-01-05 23:00 – 2026-01-06 00:00 UTC")
        #expect(drop.interval.map { $0.low < 0.1 && $0.high > 0.1 } == true)
        let surge = try event(JudgeKit.volume(), JudgeKit.volumePane(12_340), JudgeKit.volumePane(1_234))
        #expect(surge.value == 10 && surge.recommendedAction != drop.recommendedAction)
        #expect(surge.fingerprint == drop.fingerprint)

        let fraud = try event(JudgeKit.outcome(), JudgeKit.arrivals(fraud: 150, legit: 850), JudgeKit.arrivals(fraud: 25, legit: 4_975))
        #expect(
            fraud.summary == "outcome_rate: fraud in 15 % of 1,000 labels, 30 times the reference 0.5 % (limit 2 times) — "
                + "payments-fraud, country=FR, 2026-01-05 00:00–01:00 UTC")
        #expect(fraud.interval.map { $0.low < 30 && $0.high > 30 } == true && fraud.labelMaturity == nil)

        func scores(_ low: Double, _ high: Double) -> Pane {
            let builder = Pane.Builder()
            builder.addDecisions(900, score: low)
            builder.addDecisions(900, score: high)
            return builder.pane
        }
        let drift = try event(JudgeKit.drift { $0.alpha = 1e-9 }, scores(0.15, 0.35), scores(0.1, 0.3))
        #expect(
            drift.summary == "score_drift: mean score 0.25 against 0.2, 0.5 sigma over 1,800 decisions (limit 0.25 sigma) — "
                + "payments-fraud, country=FR, 2026-01-05 00:00–01:00 UTC")
    }

    @Test("Fingerprints part what differs, and do not change between releases")
    func fingerprints() {
        func text(_ slice: SliceName, _ subject: String?, app: String = "a", monitor: String = "m") -> String {
            Fingerprint.text(application: app, monitor: monitor, model: "x", slice: slice, subject: subject)
        }
        let all: Set = [
            text(SliceName(), nil), text(SliceName(), ""), text(SliceName(), "f"), text(JudgeKit.slice("FR"), nil),
            text(SliceName([.init(dimension: "country", value: nil)]), nil), text(SliceName([.init(dimension: "country", value: "")]), nil),
            text(SliceName(), nil, app: "am", monitor: ""), text(SliceName(), nil, app: "", monitor: "am"),
        ]
        #expect(all.count == 8)
        #expect(text(JudgeKit.slice("FR"), "f") == "7a6f4636d7b879e70b1d9647e44304aa")
    }
}
