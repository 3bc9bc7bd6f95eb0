import Testing
import VedetteCore
import VedetteRuntime

/// The sections of ``everyKey`` that say what is judged and told.
@Suite struct EveryKeyAlertTests {
    @Test func driftAndMonitors() throws {
        let configuration = try loadedConfiguration(everyKey)
        let monday: Int64 = 1_767_571_200_000
        #expect(configuration.baselines == [BaselineFile(name: "good", path: "baselines/good.json")])
        #expect(
            configuration.topology.driftReferences == [
                DriftReference(name: "pinned", reference: .pinned(startMs: monday)), DriftReference(name: "good", reference: .baseline(name: "good")),
                DriftReference(name: "hours", reference: .sameHours(weeks: 2)),
            ])
        var missing = MissingFeaturesRule()
        (missing.surgeRate, missing.surgeRatio) = (0.02, 7)
        missing.maxRate = 0.1
        missing.minIncrease = 0.2
        var first = MonitorSpec(id: "mf", rule: .missingFeatures(missing), window: 2, reference: .baseline(name: "good"), severity: .p1)
        first.models = ["risk"]
        first.slices = .all
        first.alpha = 1e-3
        first.minCount = 7
        first.forMs = 60_000
        first.keepFiringForMs = 120_000
        first.clearRatio = 0.5
        var drift = ScoreDriftRule()
        drift.minSigma = 1
        drift.minPSI = 0.5
        var second = MonitorSpec(id: "score_drift_week", rule: .scoreDrift(drift), window: 1, reference: .pinned(startMs: monday), severity: .p2)
        second.severitySteps = [
            SeverityStep(severity: .p0, above: 3, times: 9), SeverityStep(severity: .p1, times: 4), SeverityStep(severity: .p2, above: 2),
            SeverityStep(severity: .p3, above: 1),
        ]
        second.slices = .groups([[0], [0, 1]])
        var outcome = OutcomeRateRule()
        outcome.minRatio = 3
        outcome.minFraud = 9
        outcome.basis = .decisionTime
        let third = MonitorSpec(id: "outcome_rate_week", rule: .outcomeRate(outcome), window: 1, reference: .sameHours(weeks: 3), severity: .p3)
        var volume = VolumeRule()
        volume.maxDropRatio = 0.25
        volume.minSurgeRatio = 8
        let fourth = MonitorSpec(id: "volume_short", rule: .volume(volume), window: 0, reference: .previousWindow, severity: .p1)
        #expect(Array(configuration.topology.monitors.prefix(4)) == [first, second, third, fourth])
    }

    @Test func newerMonitors() throws {
        var collapse = FeatureCollapseRule()
        collapse.maxRatio = 0.1
        var schema = SchemaChangeRule()
        (schema.minAbsent, schema.minWrongType, schema.minUndeclared) = (0.9, 0.1, 0.2)
        var drift = FeatureDriftRule()
        (drift.statistic, drift.scope) = (.kolmogorovSmirnov, .important)
        (drift.minPSI, drift.minJensenShannon, drift.minSigma, drift.minKolmogorovSmirnov, drift.minWasserstein) = (1, 0.1, 2, 0.3, 3)
        drift.noticeSigma = 0.2
        var objective = SLORule()
        (objective.indicator, objective.objective, objective.periodMs) = (.latency, 0.999, 7 * 86_400_000)
        (objective.latencyMs, objective.minBad, objective.freezeAt) = (80, 7, 0.6)
        var change = VersionChangeRule()
        change.minShare = 0.2
        var regression = VersionRegressionRule()
        (regression.minRecallDrop, regression.minFalsePositiveRatio, regression.minAUCDrop) = (0.05, 2, 0.01)
        (regression.minShareChange, regression.minSigma) = (0.2, 3)
        var latency = LatencyRule()
        (latency.level, latency.minRatio, latency.maxMs) = (.p95, 4, 500)
        var performance = PerformanceRule()
        (performance.metric, performance.point, performance.minValue) = (.precision, .challengeOrBlock, 0.5)
        (performance.minDrop, performance.maxError, performance.minLabels, performance.minAgeMs) = (0.1, 0.3, 4, 3 * 86_400_000)
        var errors = ErrorRateRule()
        (errors.maxErrorRate, errors.minRatio) = (0.03, 5)
        var cost = CostRule()
        (cost.minRatio, cost.maxDropRatio) = (6, 0.1)
        var share = DecisionShareRule()
        share.minRatio = 1.4
        let rules: [any MonitorRule] = [performance, collapse, schema, drift, objective, change, regression, latency, errors, cost, share]
        let monitors = try loadedConfiguration(everyKey).topology.monitors.dropFirst(4)
        #expect(monitors.map(\.rule) == rules.map { MonitorSpec.Rule($0) })
        #expect(monitors.map(\.severity) == rules.map { type(of: $0).defaultSeverity })
        let slo = monitors.first { $0.rule.name == "slo" }
        #expect(slo?.slices == .groups([]))
        #expect(slo?.sliceValues.map(\.text) == ["country=FR", "country=(missing) channel=app"])
        #expect(monitors.first { $0.rule.name == "feature_drift" }?.reference == .version(name: "1.2"))
    }

    @Test func alerts() throws {
        let inputs = try loadedConfiguration(everyKey).inputs
        #expect(inputs.control == "c" && inputs.topics.map(\.stream) == [.decisions, .labels, .control])
        let topology = try loadedConfiguration(everyKey).topology
        let monday: Int64 = 1_767_571_200_000
        #expect(topology.falseAlertsPerMonth == 0.25 && topology.maxAlertsPerHour == 12)
        let matcher = Silence.Matcher(
            monitor: "volume", model: "risk", subject: "amount", slice: SliceName([.init(dimension: "country", value: "FR")]))
        #expect(
            topology.silences == [
                Silence(
                    id: "nightly", matcher: matcher, from: monday, until: monday + 3_600_000, everyMs: 86_400_000, reason: "batch", author: "configuration")
            ])
    }
}
