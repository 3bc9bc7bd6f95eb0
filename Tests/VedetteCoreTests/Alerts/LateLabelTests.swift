import Testing
import VedetteCore

/// Alerts that rest on labels, when late ones take back what they rest on.
@Suite struct LateLabelTests {
    private func round(_ observation: Observation) -> EvaluationRound {
        EvaluationRound(monitor: 0, start: JudgeKit.base, end: JudgeKit.base + JudgeKit.hour, observations: [observation])
    }

    @Test("A burn that late labels show to be none is withdrawn; one of latency is not looked at again")
    func slo() {
        // Lengths in ascending order: 5 m, 30 m, 1 h, 2 h, 6 h, 1 d, 3 d, 30 d.
        func observation(_ bad: Int64) -> Observation {
            var observation = Observation(model: 0, slice: SliceName(), current: Pane.Builder().pane, references: [])
            observation.budget = [100, 600, 1_200, 2_400, 7_200, 28_800, 86_400, 864_000].map { EventCounts(bad: min(bad, $0 / 5), all: $0) }
            return observation
        }
        for indicator in [SLORule.Indicator.falsePositiveRate, .latency] {
            var rule = SLORule()
            rule.indicator = indicator
            let kit = MonitorKit(rule)
            var judge = Judge(configuration: kit.configuration)
            #expect(judge.evaluate(round(observation(300))).map(\.status) == [.firing])
            let later = judge.recheckNow(round(observation(2)), at: JudgeKit.base + 5 * JudgeKit.hour)
            if indicator == .latency {
                #expect(later.isEmpty && judge.recheckRequests().isEmpty)
            } else {
                #expect(later.map(\.status) == [.withdrawn] && later.first?.reason?.contains("late labels") == true)
            }
        }
    }

    @Test("A regression of a version is withdrawn when its labels are corrected, and when they are all taken back")
    func version() {
        func pane(caught: Int, frauds: Int) -> Pane {
            let builder = Pane.Builder()
            builder.addDecisions(3_000, .allow, score: 0.1)
            builder.addOutcomes(caught, .fraud, decision: .block, score: 0.5)
            builder.addOutcomes(frauds - caught, .fraud, decision: .allow, score: 0.5)
            return builder.pane
        }
        func observation(caught: Int, frauds: Int) -> Observation {
            let builder = Pane.Builder()
            let versions = [("1", pane(caught: 180, frauds: 200)), ("2", pane(caught: caught, frauds: frauds))]
            for version in versions { builder.merge(version.1) }
            var observation = Observation(model: 0, slice: SliceName(), current: builder.pane, references: [])
            observation.versions = versions.map { VersionPane(name: $0.0, current: $0.1, referenceTotal: 0) }
            return observation
        }
        for after in [observation(caught: 180, frauds: 200), observation(caught: 0, frauds: 0)] {
            var judge = Judge(configuration: MonitorKit(VersionRegressionRule()).configuration)
            #expect(judge.evaluate(round(observation(caught: 100, frauds: 200))).map(\.subject) == ["2: recall"])
            #expect(judge.recheckNow(round(after), at: JudgeKit.base + 5 * JudgeKit.hour).map(\.status) == [.withdrawn])
        }
    }
}
