import Testing
import VedetteCore

@Suite("Slices, references and withdrawal")
struct JudgeReferenceTests {
    private func feature(_ rate: Double, _ total: Int = 2_000) -> Pane { JudgeKit.featurePane(total, missing: Int(rate * Double(total))) }

    @Test("The slice that it is about speaks for all that show it; when it is over, what still holds speaks up")
    func grouping() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.slices = .all }]))
        let reference = [feature(0.01)]
        let slices: [(SliceName, Pane, [Pane])] = [
            (SliceName(), feature(0.24, 6_000), [feature(0.01, 6_000)]),
            (JudgeKit.slice("FR"), feature(0.11), reference),
            (JudgeKit.slice("DE"), feature(0.01), reference),
            (JudgeKit.slice("BR"), feature(0.6), reference),
        ]
        let events = judge.evaluate(JudgeKit.round(0, slices))
        #expect(events.map(\.slice.text) == ["country=BR"])
        // Without Brazil 240 of 4,000 are missing, 5 points above the reference: at the limit, so Brazil and France explain it.
        #expect(events[0].contributors.map(\.name) == ["all traffic", "country=FR"] || events[0].contributors.map(\.name) == ["country=FR", "all traffic"])
        #expect(events[0].control.tests == 4)
        #expect(events[0].blastRadius == "country=BR of payments-fraud: 2,000 decisions in the window, 33.3 % of the model's 6,000")

        // The one held back speaks up when the other is over, as its first episode.
        let later = judge.evaluate(
            JudgeKit.round(
                1,
                [
                    (SliceName(), feature(0.02, 6_000), [feature(0.01, 6_000)]), (JudgeKit.slice("BR"), feature(0.01), reference),
                    (JudgeKit.slice("FR"), feature(0.11), reference),
                ]))
        #expect(later.map(\.status) == [.resolved, .firing])
        #expect(later[1].slice.text == "country=FR" && later[1].episode == 1 && later[1].revision == 0)
        #expect(later[1].startedAt == JudgeKit.base)
    }

    @Test("What is everywhere is about all traffic, and a slice that began a day later about itself")
    func everywhere() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.slices = .all }]))
        let reference = [feature(0.01)]
        func round(_ index: Int, _ rates: [Double]) -> EvaluationRound {
            let parts = rates.enumerated().map { (JudgeKit.slice("C\($0.offset)"), feature($0.element), reference) }
            let all = rates.reduce(0, +) / Double(rates.count)
            return JudgeKit.round(index, [(SliceName(), feature(all, 2_000 * rates.count), [feature(0.01, 6_000)])] + parts)
        }
        #expect(judge.evaluate(round(0, [0.3, 0.3, 0.3, 0.3])).map(\.slice.text) == ["all traffic"])
        var other = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.slices = .all }]))
        let quiet = Array(repeating: 0.01, count: 20)
        #expect(other.evaluate(round(0, [0.4, 0.01] + quiet)).map(\.slice.text) == ["country=C0"])
        #expect(other.evaluate(round(24, [0.4, 0.4] + quiet)).map(\.slice.text) == ["country=C0", "country=C1"])
    }

    @Test("Models do not speak for each other")
    func models() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.slices = .all }], models: 2))
        var round = JudgeKit.round(
            0,
            [
                (SliceName(), feature(0.3), [feature(0.01)]), (JudgeKit.slice("FR"), feature(0.3), [feature(0.01)]),
                (SliceName(), feature(0.01), [feature(0.01)]), (JudgeKit.slice("FR"), feature(0.3), [feature(0.01)]),
            ])
        round.observations[2].model = 1
        round.observations[3].model = 1
        let events = judge.evaluate(round)
        #expect(events.map { "\($0.model) \($0.slice.text)" } == ["payments-fraud all traffic", "model-1 country=FR"])
        #expect(events[0].fingerprint != events[1].fingerprint && events[1].contributors.isEmpty)
    }

    @Test("A slice held back that clears says nothing")
    func silentEnd() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.slices = .all }]))
        let reference = [feature(0.01)]
        func round(_ index: Int, _ rate: Double) -> EvaluationRound {
            JudgeKit.round(index, [(SliceName(), feature(0.2, 6_000), reference), (JudgeKit.slice("FR"), feature(rate), reference)])
        }
        #expect(judge.evaluate(round(0, 0.2)).count == 1)
        #expect(judge.evaluate(round(1, 0.01)).isEmpty)
        #expect(judge.evaluate(round(2, 0.2)).isEmpty)
        #expect(judge.firingCount == 1)
    }

    @Test("With the previous window as reference a lasting fault is not its own cure, and its end no new fault")
    func previousWindow() {
        let specs = [
            JudgeKit.missing { $0.reference = .previousWindow }, JudgeKit.volume { $0.reference = .previousWindow },
            JudgeKit.drift { $0.reference = .previousWindow },
        ]
        let faulty: [Bool] = [false, true, true, true, true, false, false, false, true, false, false]
        let panes = faulty.map { isFaulty -> Pane in
            let builder = Pane.Builder(features: 2)
            let total = isFaulty ? 1_000 : 4_000
            builder.addDecisions(total / 2, score: isFaulty ? 0.5 : 0.1)
            builder.addDecisions(total / 2, score: isFaulty ? 0.7 : 0.3)
            builder.addFeature(0, present: isFaulty ? 500 : 4_000, value: 1, null: isFaulty ? 500 : 0)
            return builder.pane
        }
        for monitor in specs.indices {
            var judge = Judge(configuration: JudgeKit.configuration(specs))
            let story = panes.indices.map { index -> String in
                let references = index > 0 ? [panes[index - 1]] : []
                let events = judge.evaluate(JudgeKit.round(index, monitor: monitor, [(SliceName(), panes[index], references)]))
                return events.map { "\($0.status.rawValue) \($0.episode).\($0.revision)" }.joined()
            }
            #expect(
                story == ["", "firing 1.0", "", "", "", "resolved 1.1", "", "", "firing 2.0", "resolved 2.1", ""],
                "\(specs[monitor].id)")
        }
    }

    @Test("A new level that lasts a week counts as normal from then on")
    func acceptedLevel() {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing { $0.reference = .previousWindow }]))
        let events = (0..<(24 * 9)).flatMap { index in
            judge.evaluate(JudgeKit.round(index, [(SliceName(), feature(index < 10 ? 0.01 : 0.3), [feature(index <= 10 ? 0.01 : 0.3)])]))
        }
        #expect(events.first?.status == .firing && events.last?.status == .resolved)
        #expect(events.filter { $0.status != .updated }.count == 2)
        #expect(events.last?.reason == "the new level has held for 7 d and counts as normal from here on")
    }

    // MARK: Withdrawal

    private static func labels(_ fraud: Int, _ legit: Int) -> Pane { JudgeKit.arrivals(fraud: fraud, legit: legit) }
    private func labelRound(_ index: Int, _ fraud: Int, _ legit: Int) -> EvaluationRound {
        JudgeKit.round(index, [(SliceName(), Self.labels(fraud, legit), [Self.labels(20, 980)])])
    }

    @Test("Late labels withdraw an alert in words, once")
    func withdrawn() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.outcome()]))
        #expect(judge.recheckRequests().isEmpty)
        let fired = try #require(judge.evaluate(labelRound(0, 100, 900)).first)
        #expect(fired.status == .firing)
        let requests = judge.recheckRequests()
        #expect(requests.map(\.start) == [JudgeKit.base] && requests.map(\.end) == [JudgeKit.base + JudgeKit.hour])
        let at = JudgeKit.base + 50 * JudgeKit.hour
        #expect(judge.recheckNow(labelRound(0, 98, 902), at: at).isEmpty)
        let event = try #require(judge.recheckNow(labelRound(0, 25, 975), at: at).first)
        #expect(event.status == .withdrawn && event.id == "\(fired.fingerprint)-1-1")
        #expect(event.emittedAt == at && event.startedAt == fired.startedAt && event.windowStart == JudgeKit.base)
        #expect(event.reason == "late labels changed the window that it rests on: 5 times when it fired, 1.25 times now (limit 2 times)")
        #expect(judge.recheckNow(labelRound(0, 25, 975), at: at).isEmpty && judge.recheckRequests().isEmpty)
        #expect(judge.firingCount == 0)
    }

    @Test("Labels that are taken back altogether withdraw; a round without the slice does not")
    func tooFewLeft() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.outcome()]))
        _ = judge.evaluate(labelRound(0, 100, 900))
        #expect(judge.recheckNow(JudgeKit.round(0, []), at: JudgeKit.base).isEmpty)
        #expect(judge.recheckNow(JudgeKit.round(0, [(SliceName(), Self.labels(0, 0), [])]), at: JudgeKit.base).isEmpty)
        let event = try #require(judge.recheckNow(labelRound(0, 10, 90), at: JudgeKit.base + JudgeKit.hour).first)
        #expect(event.status == .withdrawn)
        #expect(event.reason?.contains("only 100 labels stand now, 200 are needed") == true)
    }

    @Test("An alert that also held later rests on the later window; growth is an update")
    func restsOnLatest() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.outcome()]))
        _ = judge.evaluate(labelRound(0, 100, 900))
        _ = judge.evaluate(labelRound(1, 90, 910))
        #expect(judge.recheckRequests().count == 2)
        #expect(judge.recheckNow(labelRound(0, 20, 980), at: JudgeKit.base + 9 * JudgeKit.hour).isEmpty)
        #expect(judge.firingCount == 1)
        #expect(judge.recheckRequests().map(\.start) == [JudgeKit.base + JudgeKit.hour])
        let grown = try #require(judge.recheckNow(labelRound(1, 300, 700), at: JudgeKit.base + 9 * JudgeKit.hour).first)
        #expect(grown.status == .updated && grown.value == 15)
        #expect(judge.recheckNow(labelRound(1, 20, 980), at: JudgeKit.base + 10 * JudgeKit.hour).map(\.status) == [.withdrawn])
    }

    @Test("A resolved alert can still be withdrawn, until its labels are mature")
    func resolvedThenWithdrawn() {
        var configuration = JudgeKit.configuration([JudgeKit.outcome()])
        configuration.join.maturityMs = 10 * JudgeKit.hour
        var judge = Judge(configuration: configuration)
        _ = judge.evaluate(labelRound(0, 100, 900))
        #expect(judge.evaluate(labelRound(1, 20, 980)).map(\.status) == [.resolved])
        #expect(judge.recheckRequests().count == 1)
        var other = judge
        #expect(other.recheckNow(labelRound(0, 20, 980), at: JudgeKit.base + 5 * JudgeKit.hour).map(\.status) == [.withdrawn])
        for index in 2...12 { _ = judge.evaluate(labelRound(index, 20, 980)) }
        #expect(judge.recheckRequests().isEmpty)
        #expect(judge.recheckNow(labelRound(0, 20, 980), at: JudgeKit.base + 13 * JudgeKit.hour).isEmpty)
    }
}
