import Testing
import VedetteCore

@Suite("References, and what is said where they are not there")
struct ReferenceTests {
    /// 10,000 labels of which a share says fraud.
    private func labels(_ percent: Int) -> Pane { JudgeKit.arrivals(fraud: 100 * percent, legit: 10_000 - 100 * percent) }

    private func scores(high: Int) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(2_000 - high, score: 0.1)
        builder.addDecisions(high, score: 0.9)
        return builder.pane
    }

    @Test("One bad week among the references neither hides the next one nor makes a good one look like a change")
    func badWeek() throws {
        let kit = MonitorKit(OutcomeRateRule())
        let usual = [labels(2), labels(2), labels(2)]
        for place in 0...3 {
            var weeks = usual
            weeks.insert(labels(14), at: place)
            let finding = try #require(kit.finding("", labels(6), weeks))
            #expect(finding.effectPassed && isClose(finding.reference.level, 0.02) && isClose(finding.value, 3) && finding.pValue < 1e-6)
        }
        let drift = MonitorKit(ScoreDriftRule())
        let good = try #require(drift.finding("", scores(high: 40), [scores(high: 1_500), scores(high: 38), scores(high: 41), scores(high: 42)]))
        #expect(!good.effectPassed && good.isClear(0.8))
        let bad = try #require(drift.finding("", scores(high: 1_500), [scores(high: 1_500), scores(high: 38), scores(high: 41), scores(high: 42)]))
        #expect(bad.effectPassed && bad.pValue < 1e-12)
        // Of two weeks none can be told to be the bad one.
        let two = try #require(kit.finding("", labels(6), [labels(2), labels(14)]))
        #expect(isClose(two.reference.level, 0.08))
    }

    @Test("The severity goes by the size of the effect: by the value, by times its limit, and otherwise")
    func severityByRule() throws {
        let kit = MonitorKit(OutcomeRateRule()) { spec in
            spec.severity = .p3
            spec.severitySteps = [SeverityStep(severity: .p0, above: 20), SeverityStep(severity: .p1, times: 4), SeverityStep(severity: .p2, times: 2)]
        }
        for (percent, severity) in [(3, Severity.p3), (5, .p2), (9, .p1), (25, .p0)] {
            let observation = Observation(model: 0, slice: SliceName(), current: labels(percent), references: [labels(1)])
            #expect(try #require(kit.alert(observation), "\(percent)").severity == severity, "\(percent)")
        }
    }

    private func tally(_ round: EvaluationRound, _ configuration: TopologyConfiguration) -> MonitorStatus.Tally {
        var tally = MonitorStatus.Tally()
        let evaluation = MonitorEvaluation(configuration: configuration)
        for observation in round.observations {
            let isJudged = evaluation.subjects(of: observation, monitor: round.monitor).contains {
                evaluation.finding($0, in: observation, monitor: round.monitor, frozen: nil)?.isSufficient == true
            }
            tally.add(observation, isJudged: isJudged, configuration.monitors[round.monitor], models: configuration.models)
        }
        return tally
    }

    @Test("New slices without a reference are counted as such, and judged once it is there")
    func coverage() {
        let configuration = MonitorKit(OutcomeRateRule()).configuration
        var status = MonitorStatus(monitors: 1)
        func note(_ references: [Pane]) {
            let panes = [
                (SliceName(), labels(2), [labels(2)]), (JudgeKit.slice("FR"), labels(2), references),
                (JudgeKit.slice("DE"), JudgeKit.arrivals(fraud: 1, legit: 9), [labels(2)])]
            status.note(tally(JudgeKit.round(0, panes), configuration), monitor: 0)
        }
        note([])
        #expect(status.coverage[0] == .init(judged: 1, withoutReference: 1, withTooFew: 1))
        note([labels(2)])
        #expect(status.coverage[0] == .init(judged: 2, withoutReference: 0, withTooFew: 1))
    }

    @Test("What waits is named, whole models and busy slices first, and told once it is judged; labels count for a monitor of labels, not decisions")
    func waiting() {
        let configuration = MonitorKit(OutcomeRateRule()).configuration
        var status = MonitorStatus(monitors: 1)
        let builder = Pane.Builder()
        builder.addDecisions(50_000)
        builder.addArrivals(3, .fraud)
        let busy = builder.pane
        func note(_ references: [Pane]) {
            let panes = [(JudgeKit.slice("FR"), labels(2), references), (JudgeKit.slice("DE"), busy, [labels(2)]), (SliceName(), busy, [labels(2)])]
            status.note(tally(JudgeKit.round(0, panes), configuration), monitor: 0)
        }
        let france = MonitorStatus.Place(model: "payments", slice: JudgeKit.slice("FR"))
        note([])
        #expect(status.coverage[0] == .init(judged: 0, withoutReference: 1, withTooFew: 2))
        #expect(status.waiting[0].map(\.place.slice.text) == ["all traffic", "country=DE", "country=FR"])
        #expect(status.waiting[0].map(\.reason) == [.tooFew, .tooFew, .noReference])
        #expect(status.takeBegun() == [[]])
        note([labels(2)])
        #expect(status.coverage[0].judged == 1 && status.waiting[0].count == 2)
        #expect(status.takeBegun() == [[france]])
        note([labels(2)])
        #expect(status.takeBegun() == [[]], "said once")
    }

    @Test("What is left of an objective's budget is shown, the least first, overspent below 0, bounded")
    func budgets() {
        let configuration = MonitorKit(SLORule()).configuration
        var status = MonitorStatus(monitors: 1)
        var round = JudgeKit.round(0, (0..<60).map { (JudgeKit.slice("c\($0)"), labels(2), []) })
        for index in round.observations.indices {
            // 1 % is promised: one bad event of a hundred thousand for each thousandth of the budget.
            round.observations[index].budget = [EventCounts(bad: Int64(20 * index), all: 100_000)]
        }
        status.note(tally(round, configuration), monitor: 0)
        #expect(status.budgets[0].count == MonitorStatus.maxBudgets)
        #expect(status.budgets[0].map(\.slice).prefix(2) == [JudgeKit.slice("c59"), JudgeKit.slice("c58")])
        #expect(isClose(status.budgets[0][0].remaining, 1 - 1.18) && isClose(status.budgets[0][10].remaining, 1 - 0.98))
        #expect(status.budgets[0].allSatisfy { $0.model == "payments" && $0.events == 100_000 })
    }
}
