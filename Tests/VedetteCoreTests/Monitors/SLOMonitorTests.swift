import Testing
import VedetteCore

@Suite("Monitor slo")
struct SLOMonitorTests {
    /// Lengths in ascending order: 5 m, 30 m, 1 h, 2 h, 6 h, 1 d, 3 d, 30 d.
    private func observation(_ counts: [(Int64, Int64)]) -> Observation {
        let builder = Pane.Builder()
        var observation = Observation(model: 0, slice: SliceName(), current: builder.pane, references: [])
        observation.budget = counts.map { EventCounts(bad: $0.0, all: $0.1) }
        return observation
    }

    private func kit(_ change: (inout SLORule) -> Void = { _ in }) -> MonitorKit {
        var rule = SLORule()
        change(&rule)
        return MonitorKit(rule)
    }

    @Test("A fast burn pages with the binomial tail of its long window; a slow one is less severe")
    func burn() throws {
        // 20 % bad for an hour against 1 %.
        let fast = observation([(20, 100), (120, 600), (240, 1_200), (240, 2_400), (240, 7_200), (240, 28_800), (240, 86_400), (300, 864_000)])
        let finding = try #require(kit().findings(fast)[""])
        #expect(finding.effectPassed && finding.limit == 14.4 && isClose(finding.value, 20) && finding.severity == nil)
        let tail = CountDistributions.binomialUpperTail(240, n: 1_200, p: 0.01)
        #expect(isClose(finding.pValue, 4 * tail, 1e-6))
        let alert = try #require(kit().alert(fast))
        #expect(alert.severity == .p0)
        #expect(alert.summary.contains("budget burns at 20 times its rate (limit 14.4): fraud_rate 20 % of 1,200 (objective 1 %) over 1 h; 96.5 % of the budget of 30 d left"))
        #expect(alert.referenceName == "objective")

        // 2 % bad for three days: only the slowest pair.
        let slow = try #require(
            kit().findings(observation([(2, 100), (12, 600), (24, 1_200), (48, 2_400), (144, 7_200), (576, 28_800), (1_728, 86_400), (3_000, 864_000)]))[""])
        #expect(slow.effectPassed && slow.limit == 1 && isClose(slow.value, 2) && slow.severity == .p1 && slow.pValue < 1e-50)
        // Just within the objective.
        let fine = try #require(
            kit().findings(observation([(1, 100), (6, 600), (12, 1_200), (24, 2_400), (72, 7_200), (288, 28_800), (800, 86_400), (8_000, 864_000)]))[""])
        #expect(!fine.effectPassed && fine.pValue == 1)
    }

    @Test("It ends with the burn: the short window stops it as soon as it contradicts")
    func recovery() throws {
        let over = try #require(
            kit().findings(observation([(0, 100), (0, 600), (200, 1_200), (240, 2_400), (240, 7_200), (240, 28_800), (240, 86_400), (300, 864_000)]))[""])
        #expect(!over.effectPassed)
    }

    @Test("Low traffic: a handful of events does not page, and an outage of three requests an hour is not hidden")
    func lowTraffic() throws {
        // Three bad of three in the last hour, in a service that had 500 good ones.
        let handful = try #require(
            kit().findings(observation([(1, 1), (2, 2), (3, 3), (3, 6), (3, 18), (3, 72), (3, 216), (3, 503)]))[""])
        #expect(!handful.effectPassed)
        // Everything has failed for six hours, and in the last half hour nobody came.
        let outage = try #require(
            kit().findings(observation([(0, 0), (0, 0), (3, 3), (6, 6), (18, 18), (18, 72), (18, 216), (18, 2_000)]))[""])
        #expect(outage.effectPassed && outage.pValue < 1e-20 && outage.limit == 6)
        // One good request in the short window contradicts nothing at a limit of 14.4 % bad.
        let one = try #require(
            kit().findings(observation([(0, 1), (5, 6), (20, 25), (20, 25), (20, 25), (20, 25), (20, 216), (20, 2_000)]))[""])
        #expect(one.effectPassed && one.limit == 14.4)
    }

    @Test("The budget: freezing, exhaustion, and no alarm for a few events")
    func budget() throws {
        func budget(_ bad: Int64, _ all: Int64) -> Finding? {
            kit().findings(observation(Array(repeating: (0, 10), count: 7) + [(bad, all)]))["budget"]
        }
        let half = try #require(budget(500, 100_000))
        #expect(!half.effectPassed && isClose(half.value, 0.5))
        let frozen = try #require(budget(800, 100_000))
        #expect(frozen.effectPassed && frozen.severity == .p2 && frozen.pValue < 1e-20)
        let spent = try #require(budget(1_200, 100_000))
        #expect(spent.effectPassed && spent.severity == .p1 && isClose(spent.value, 1.2))
        let tiny = try #require(budget(3, 200))
        #expect(!tiny.effectPassed && isClose(tiny.value, 1.5))
        let rule = kit().configuration.monitors[0].rule.base
        #expect(rule.headline(spent) == "budget exhausted: fraud_rate 1.2 % of 100,000 (objective 1 %); the budget of 30 d is overspent by 20 %")
        #expect(rule.headline(frozen) == "80 % of the budget spent: fraud_rate 0.8 % of 100,000 (objective 1 %); 20 % of the budget of 30 d left")
    }

    /// Burns in the first window, then sees what is given, hour by hour.
    private func story(_ after: [[(Int64, Int64)]]) -> [AlertStatus?] {
        var judge = Judge(configuration: kit().configuration)
        let burst: [(Int64, Int64)] = [(100, 100), (300, 600), (300, 1_200), (300, 2_400), (300, 7_200), (300, 28_800), (300, 86_400), (300, 864_000)]
        return ([burst] + after).enumerated().map { index, counts in
            let start = JudgeKit.base + Int64(index) * JudgeKit.hour
            return judge.evaluate(EvaluationRound(monitor: 0, start: start, end: start + JudgeKit.hour, observations: [observation(counts)])).first?.status
        }
    }

    @Test("An outage after a burst of errors does not resolve it, nor does a trickle; traffic that is fine does")
    func outage() {
        // Seven hours on, only the windows of a day and more hold events.
        let silent: [(Int64, Int64)] = [(0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (300, 21_600), (300, 79_200), (300, 856_800)]
        let trickle: [(Int64, Int64)] = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 24), (300, 21_600), (300, 79_200), (300, 856_800)]
        let back: [(Int64, Int64)] = [(0, 100), (0, 600), (0, 1_200), (0, 2_400), (0, 7_200), (300, 28_800), (300, 86_400), (300, 864_000)]
        #expect(story([silent, silent, trickle, back]) == [.firing, nil, nil, nil, .resolved])
    }

    @Test("Stationary traffic within the objective stays quiet over a year of looks")
    func quiet() {
        var random = SeededRandom(seed: 8)
        let kit = kit()
        var fired = 0
        // Slices of 3 to 3,000 labels an hour, just at the objective.
        for _ in 0..<3_000 {
            let rate = 3 * RealFunctions.pow(1_000, random.uniform())
            var (bad, all): (Int64, Int64) = (0, 0)
            var counts: [(Int64, Int64)] = []
            var hours = 0.0
            for length in [1.0 / 12, 0.5, 1, 2, 6, 24, 72, 720] {
                let mean = rate * (length - hours)
                let events = mean > 1_000 ? Int64(mean) : random.poisson(mean)
                all += events
                bad += mean > 1_000 ? random.poisson(Double(events) * 0.01) : random.binomial(Int(events), 0.01)
                counts.append((bad, all))
                hours = length
            }
            if let burn = kit.findings(observation(counts))[""], burn.effectPassed, burn.pValue < 1e-3 { fired += 1 }
        }
        // 3 of 3,000 at 1e-3, and three standard deviations.
        #expect(fired <= 8, "\(fired)")
    }

}
