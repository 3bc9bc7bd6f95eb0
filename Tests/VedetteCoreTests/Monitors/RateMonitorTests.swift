import Testing
import VedetteCore

@Suite("Monitors of rates")
struct RateMonitorTests {
    private func missing(_ now: (Int, Int), _ before: (Int, Int), minCount: Int64 = 200) -> Finding? {
        let monitor = MissingFeaturesMonitor(rule: MissingFeaturesRule(), minCount: minCount)
        guard let reference = monitor.reference(of: 0, in: [JudgeKit.featurePane(before.1, missing: before.0)]) else { return nil }
        return monitor.finding(0, name: "f", in: JudgeKit.featurePane(now.1, missing: now.0), against: reference)
    }

    @Test("missing_features: both bounds must be passed, or those of a surge, with evidence")
    func missingTruthTable() throws {
        // (now missing, total), (reference missing, total), effect passes, p below 1e-9
        let rows: [((Int, Int), (Int, Int), Bool, Bool)] = [
            ((862, 2_000), (4, 2_000), true, true),
            ((740, 2_000), (740, 2_000), false, false),  // legitimately missing in 37 %
            ((860, 2_000), (740, 2_000), true, false),  // 43 % against 37 %: beyond both bounds, p is 6e-5
            ((100, 2_000), (4, 2_000), true, true),  // just at the limit of 5 % is not above it, but 25 times the reference
            ((120, 2_000), (40, 2_000), false, false),  // 6 % against 2 %: above the rate, not 5 points up
            ((16, 200), (2, 200), true, false),  // 8 % against 1 %: 16 rows are no proof at 1e-9
            ((40_100, 1_000_000), (40_000, 1_000_000), false, false),  // huge n, trivial effect
            ((200, 200), (0, 200), true, true),
            ((0, 200), (200, 200), false, false),  // fewer missing is no alarm
        ]
        for (now, before, passes, proves) in rows {
            let finding = try #require(missing(now, before))
            #expect(finding.isSufficient)
            #expect(finding.effectPassed == passes, "\(now) \(before)")
            #expect((finding.pValue < 1e-9) == proves, "\(now) \(before) \(finding.pValue)")
            #expect(finding.strength.isFinite && (finding.effectPassed ? finding.strength >= 1 : true))
        }
    }

    @Test("missing_features: a max_rate given alone is enough for what was within it, with evidence; what was above it must rise by min_increase")
    func missingRateAlone() throws {
        var rule = MissingFeaturesRule()
        rule.maxRate = 0.01
        let rise = ((80, 2_000), (10, 2_000)), slight = ((21, 2_000), (18, 2_000)), above = ((800, 2_000), (740, 2_000)), lost = ((860, 2_000), (740, 2_000))
        func finding(_ counts: ((Int, Int), (Int, Int))) throws -> Finding {
            let kit = MonitorKit(rule) { $0.minCount = 200 }
            func pane(_ count: (Int, Int)) -> Pane {
                let builder = Pane.Builder(features: 4)
                builder.addDecisions(count.1)
                builder.addFeature(0, present: count.1 - count.0, value: 1, null: count.0)
                return builder.pane
            }
            return try #require(kit.finding("amount", pane(counts.0), [pane(counts.1)]))
        }
        #expect(try finding(rise).effectPassed == false, "4 % is neither 5 points above 0.5 % nor ten times it")
        rule.settle(given: ["max_rate", "min_increase"])
        #expect(try finding(rise).effectPassed == false)
        rule.settle(given: ["max_rate"])
        let found = try finding(rise)
        #expect(found.effectPassed && found.severity == nil && found.limit == 0.01 && found.pValue < 1e-12)
        #expect(try finding(slight).pValue > 0.3)
        #expect(try finding(above).effectPassed == false)
        #expect(try finding(lost).effectPassed)
    }

    @Test("missing_features: few rows say nothing")
    func missingSmall() throws {
        #expect(missing((199, 200), (1, 199)) == nil)
        #expect(try #require(missing((199, 199), (1, 200))).isSufficient == false)
        #expect(try #require(missing((200, 200), (1, 200))).isSufficient)
        let none = MissingFeaturesMonitor(rule: MissingFeaturesRule(), minCount: 0)
        #expect(none.reference(of: 0, in: []) == nil)
        #expect(none.reference(of: 0, in: [JudgeKit.volumePane(500)]) == nil)
    }

    @Test("missing_features: the p-value in small counts is Fisher's exact one")
    func missingExact() throws {
        // scipy.stats.fisher_exact([[9, 11], [0, 200]], alternative="greater"): C(20,9)/C(220,9).
        let finding = try #require(missing((9, 20), (0, 200), minCount: 1))
        var exact = 1.0
        for k in 0..<9 { exact *= Double(20 - k) / Double(220 - k) }
        #expect(abs(finding.pValue / exact - 1) < 1e-9)
    }

    private func outcome(_ now: (Int, Int), _ before: (Int, Int), minCount: Int64 = 200) -> Finding? {
        let monitor = OutcomeRateMonitor(rule: OutcomeRateRule(), minCount: minCount)
        guard let reference = monitor.reference(in: [JudgeKit.arrivals(fraud: before.0, legit: before.1 - before.0)]) else { return nil }
        return monitor.finding(in: JudgeKit.arrivals(fraud: now.0, legit: now.1 - now.0), against: reference)
    }

    @Test("outcome_rate: ratio, frauds and evidence")
    func outcomeTruthTable() throws {
        let rows: [((Int, Int), (Int, Int), Bool, Bool)] = [
            ((80, 1_000), (20, 1_000), true, true),
            ((39, 1_000), (20, 1_000), false, false),  // 1.95 times
            ((40, 1_000), (20, 1_000), true, false),  // twice, p is 0.007
            ((4, 1_000), (0, 1_000), false, false),  // too few frauds
            ((5, 1_000), (0, 1_000), true, false),  // no fraud in the reference: a finite ratio, weak evidence
            ((60, 1_000), (0, 1_000), true, true),
            ((0, 1_000), (0, 1_000), false, false),
            ((10_500, 1_000_000), (10_000, 1_000_000), false, false),  // huge n, trivial effect
            ((900, 1_000), (800, 1_000), false, false),
        ]
        for (now, before, passes, proves) in rows {
            let finding = try #require(outcome(now, before))
            #expect(finding.effectPassed == passes, "\(now) \(before)")
            #expect((finding.pValue < 1e-6) == proves, "\(now) \(before) \(finding.pValue)")
            #expect(finding.value.isFinite && finding.strength.isFinite)
        }
        #expect(outcome((5, 1_000), (0, 199)) == nil)
        #expect(try #require(outcome((100, 199), (0, 200))).isSufficient == false)
    }

    @Test("outcome_rate: by decision time it counts the decisions' labels, by arrival those that arrived")
    func outcomeBasis() throws {
        let builder = Pane.Builder()
        builder.addDecisions(2_000)
        builder.addOutcomes(90, .fraud)
        builder.addOutcomes(910, .legit)
        builder.addArrivals(10, .fraud)
        builder.addArrivals(490, .legit)
        var rule = OutcomeRateRule()
        rule.basis = .decisionTime
        let past = Pane.Builder()
        past.addOutcomes(10, .fraud)
        past.addOutcomes(990, .legit)
        past.addArrivals(10, .fraud)
        past.addArrivals(990, .legit)
        let reference = try #require(OutcomeRateMonitor(rule: rule, minCount: 200).reference(in: [past.pane]))
        let byDecision = try #require(OutcomeRateMonitor(rule: rule, minCount: 200).finding(in: builder.pane, against: reference))
        #expect(byDecision.value == 9 && byDecision.count == 1_000 && byDecision.effectPassed)
        // Not the share of decisions with a label, which labels by sample keep from 1: only a nowcast knows.
        #expect(byDecision.labelMaturity == nil)
        rule.basis = .labelArrival
        let byArrival = try #require(OutcomeRateMonitor(rule: rule, minCount: 200).finding(in: builder.pane, against: reference))
        #expect(byArrival.value == 2 && byArrival.count == 500)
    }

    /// Labels of an hour (2 % fraud) and of a month (30 % fraud).
    private func aged(_ young: Int, _ old: Int, oldFraud: Double = 0.3) -> Pane {
        let builder = Pane.Builder()
        for (count, share, delay) in [(young, 0.02, Int64(3_500_000)), (old, oldFraud, 30 * 86_400_000)] {
            builder.addArrivals(Int(Double(count) * share), .fraud, delayMs: delay)
            builder.addArrivals(count - Int(Double(count) * share), .legit, delayMs: delay)
        }
        return builder.pane
    }

    @Test("outcome_rate: labels are compared with labels of the same delay")
    func outcomeAges() throws {
        let monitor = OutcomeRateMonitor(rule: OutcomeRateRule(), minCount: 200)
        // The mix alone: four times the crude rate, and nothing has changed.
        let young = try #require(monitor.reference(in: [aged(2_000, 200)]))
        let older = try #require(monitor.finding(in: aged(1_000, 1_000), against: young))
        #expect(older.value == 1 && !older.effectPassed && abs(older.reference.level - 0.16) < 1e-12)
        // Labels that the reference can not have yet say nothing.
        let first = try #require(monitor.reference(in: [aged(2_000, 0)]))
        let later = try #require(monitor.finding(in: aged(1_000, 1_000), against: first))
        #expect(later.value == 1 && later.count == 1_000 && !later.effectPassed)
        // A change in one class of two is a change.
        let changed = try #require(monitor.finding(in: aged(1_000, 1_000, oldFraud: 0.9), against: young))
        #expect(changed.effectPassed && changed.pValue < 1e-9)
    }
}
