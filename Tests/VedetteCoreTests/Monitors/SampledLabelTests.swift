import Testing
import VedetteCore

/// Rates where honest requests are labelled by sample, or not at all.
@Suite("Monitors of rates count labels for what they stand for")
struct SampledLabelTests {
    /// Labels of `requests` of which a share is fraud; a sample of the honest ones, each standing for the inverse.
    private func arrivals(_ requests: Int, fraud: Double, sampled: Double) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(requests)
        let frauds = Int((Double(requests) * fraud).rounded())
        builder.addArrivals(frauds, .fraud)
        builder.addArrivals(Int((Double(requests - frauds) * sampled).rounded()), .legit, weight: 1 / sampled)
        return builder.pane
    }

    @Test("outcome_rate: a doubling is a doubling, whatever share of the honest requests is labelled", arguments: [1, 0.2, 0.01]) func doubling(_ sampled: Double) throws {
        let monitor = OutcomeRateMonitor(rule: OutcomeRateRule(), minCount: 50)
        let reference = try #require(monitor.reference(in: [arrivals(100_000, fraud: 0.01, sampled: sampled)]))
        let finding = try #require(monitor.finding(in: arrivals(50_000, fraud: 0.02, sampled: sampled), against: reference))
        #expect(abs(finding.value - 2) < 0.01 && abs(finding.level - 0.02) < 1e-4 && abs(finding.reference.level - 0.01) < 1e-4)
        let more = try #require(monitor.finding(in: arrivals(50_000, fraud: 0.022, sampled: sampled), against: reference))
        #expect(more.effectPassed && more.pValue < 1e-9)
        let interval = try #require(more.interval)
        #expect(interval.low < 2.2 && interval.high > 2.2)
    }

    @Test("outcome_rate: another sample is no fraud; a change beside it is found") func resampled() throws {
        var rule = OutcomeRateRule()
        rule.minRatio = 1.0001
        let monitor = OutcomeRateMonitor(rule: rule, minCount: 50)
        for (before, now) in [(0.2, 0.05), (0.05, 0.2), (1.0, 0.02)] {
            let reference = try #require(monitor.reference(in: [arrivals(100_000, fraud: 0.01, sampled: before)]))
            let same = try #require(monitor.finding(in: arrivals(50_000, fraud: 0.01, sampled: now), against: reference))
            #expect(abs(same.value - 1) < 0.01 && same.pValue > 0.2, "\(before) \(now): \(same.value) \(same.pValue)")
            let twice = try #require(monitor.finding(in: arrivals(50_000, fraud: 0.02, sampled: now), against: reference))
            #expect(abs(twice.value - 2) < 0.02 && twice.pValue < 1e-9, "\(before) \(now)")
        }
    }

    @Test("outcome_rate: p-values under sampling are no smaller than chance makes them, also where it changes or labels weigh differently", arguments: [0, 1, 2])
    func level(_ kind: Int) throws {
        var rule = OutcomeRateRule()
        (rule.minRatio, rule.minFraud) = (1, 1)
        let monitor = OutcomeRateMonitor(rule: rule, minCount: 1)
        var random = SeededRandom(seed: UInt64(600 + kind))
        func pane(_ sampled: [Double]) -> Pane {
            let builder = Pane.Builder()
            builder.addArrivals(Int(random.poisson(30)), .fraud)
            for share in sampled { builder.addArrivals(Int(random.poisson(900 * share / Double(sampled.count))), .legit, weight: 1 / share) }
            return builder.pane
        }
        let mixes: [([Double], [Double])] = [([0.2], [0.2]), ([0.5], [0.1]), ([1, 0.1], [1, 0.1])]
        var values: [Double] = []
        for _ in 0..<2_000 {
            let reference = try #require(monitor.reference(in: [pane(mixes[kind].0)]))
            values.append(try #require(monitor.finding(in: pane(mixes[kind].1), against: reference)).pValue)
        }
        for (level, allowed) in [(0.05, 130), (0.01, 34), (1e-3, 7), (1e-4, 2)] {
            #expect(values.count { $0 < level } <= allowed, "\(kind) \(level): \(values.count { $0 < level })")
        }
    }

    @Test("outcome_rate: where nobody says legit, a rise shows per decision and nowhere else") func fraudAlone() throws {
        func pane(_ frauds: Int) -> Pane {
            let builder = Pane.Builder()
            builder.addDecisions(20_000)
            builder.addArrivals(frauds, .fraud)
            return builder.pane
        }
        var rule = OutcomeRateRule()
        let blind = OutcomeRateMonitor(rule: rule, minCount: 50)
        let before = try #require(blind.reference(in: [pane(100)]))
        let always = try #require(blind.finding(in: pane(400), against: before))
        #expect(always.value == 1 && !always.effectPassed)
        rule.basis = .fraudPerDecision
        let kit = MonitorKit(rule)
        let finding = try #require(kit.finding("", pane(400), [pane(100), pane(100)]))
        #expect(finding.effectPassed && isClose(finding.value, 4) && finding.count == 20_000 && isClose(finding.level, 0.02))
        // 400 of 600 frauds in a third of the decisions.
        #expect(isClose(finding.pValue, CountDistributions.binomialUpperTail(400, n: 600, p: 1.0 / 3), 1e-9))
        #expect(kit.configuration.monitors[0].rule.base.headline(finding).hasPrefix("fraud in 2 % of 20,000 decisions, 4 times the reference 0.5 %"))
        #expect(try #require(kit.finding("", pane(110), [pane(100)])).effectPassed == false)
    }

    private func counts(_ rule: SLORule, _ pane: Pane) -> EventCounts { rule.count(pane, importantFeatures: []) }

    @Test("slo: budgets are of requests, evidence of labels") func budgets() throws {
        var rule = SLORule()
        let counted = counts(rule, arrivals(10_000, fraud: 0.01, sampled: 0.2))
        #expect(isClose(counted.rate, 0.01, 1e-3) && counted.bad == 100 && counted.all == 100 + 1_980)
        // Just at the objective: half of the time there are as many.
        #expect(abs(counted.share.upperTail(at: 0.01) - 0.5) < 0.05)
        #expect(counted.share.upperTail(at: 0.005) < 1e-8)
        // As if all were labelled, the same frauds are five times the objective's.
        let plain = EventCounts(bad: 100, all: 2_080)
        #expect(plain.share.upperTail(at: 0.01) < 1e-30)
        let kit = MonitorKit(rule)
        var observation = Observation(model: 0, slice: SliceName(), current: Pane.Builder().pane, references: [])
        observation.budget = Array(repeating: counted, count: 8)
        #expect(kit.findings(observation)[""]?.effectPassed == false)
        observation.budget = Array(repeating: plain, count: 8)
        #expect(kit.findings(observation)[""]?.effectPassed == true)

        // Nobody says legit.
        let alone = Pane.Builder()
        alone.addDecisions(10_000)
        alone.addArrivals(100, .fraud)
        #expect(counts(rule, alone.pane).rate == 1)
        rule.indicator = .fraudPerDecision
        let perDecision = counts(rule, alone.pane)
        #expect(isClose(perDecision.rate, 0.01) && perDecision.bad == 100 && perDecision.all == 10_000)
        #expect(isClose(perDecision.share.upperTail(at: 0.005), CountDistributions.binomialUpperTail(100, n: 10_000, p: 0.005), 1e-9))
    }

    @Test("slo and version_regression: honest traffic that is reviewed by sample counts in full among false positives") func falsePositives() throws {
        // All 100 challenged are reviewed, and one in ten of the 9,900 that passed.
        func pane(challenged: Int) -> Pane {
            let builder = Pane.Builder()
            builder.addDecisions(10_000)
            builder.addOutcomes(challenged, .legit, decision: .challenge, score: 0.6)
            builder.addOutcomes((10_000 - challenged) / 10, .legit, decision: .allow, score: 0.1, weight: 10)
            return builder.pane
        }
        var rule = SLORule()
        rule.indicator = .falsePositiveRate
        #expect(isClose(counts(rule, pane(challenged: 100)).rate, 0.01))
        rule.indicator = .missedFraud
        let fraud = Pane.Builder()
        fraud.addOutcomes(10, .fraud, decision: .allow, weight: 9)
        fraud.addOutcomes(10, .fraud, decision: .block)
        #expect(isClose(counts(rule, fraud.pane).rate, 0.9))

        var observation = Observation(model: 0, slice: SliceName(), current: pane(challenged: 100), references: [])
        observation.versions = [("1", 100), ("2", 200)].map { VersionPane(name: $0.0, current: pane(challenged: $0.1), referenceTotal: 0) }
        let finding = try #require(MonitorKit(VersionRegressionRule()).findings(observation)["2: false positives"])
        #expect(isClose(finding.value, 2) && isClose(finding.level, 0.02) && finding.effectPassed && finding.pValue < 1e-6)
    }
}
