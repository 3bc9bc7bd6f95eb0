import VedetteCore

/// The monitors of a configuration that lists none: one of each kind that needs no decision of yours.
///
/// They work without preparation: what must be noticed within minutes compares with the hour
/// before, what follows the rhythm of the week compares with the same hours of past weeks.
public enum DefaultMonitors {
    private static let hour: Int64 = 3_600_000

    /// Those whose windows are among the configured ones.
    public static func make(for topology: TopologyConfiguration) -> [MonitorSpec] {
        makers.compactMap { make in make.make(topology.windows) }
    }

    /// The kinds of monitor that watch by themselves, each with the window that it is for first.
    static var windowByName: [(name: String, window: String)] {
        let windows = ["1h", "24h", "7d", "30d"].map { WindowSpec(name: $0, sizeMs: hour, hopMs: hour) }
        return makers.reduce(into: []) { found, maker in
            guard !found.contains(where: { $0.name == maker.name }), let monitor = maker.make(windows) else { return }
            found.append((maker.name, windows[monitor.window].name))
        }
    }

    private static var makers: [(name: String, make: ([WindowSpec]) -> MonitorSpec?)] {
        [
            (MissingFeaturesRule.name, missingFeatures), (FeatureCollapseRule.name, featureCollapse), (SchemaChangeRule.name, schemaChange),
            (FeatureDriftRule.name, featureDrift), (ScoreDriftRule.name, scoreDrift), (DecisionShareRule.name, decisionShare),
            (OutcomeRateRule.name, outcomeRate), (PerformanceRule.name, performance),
            (VersionChangeRule.name, versionChange), (VersionRegressionRule.name, versionRegression), (VolumeRule.name, volume),
            (LatencyRule.name, latency), (ErrorRateRule.name, errorRate), (CostRule.name, cost),
            (MissingFeaturesRule.name, missingFeaturesOfADay), (OutcomeRateRule.name, outcomeRateOfAWeek),
        ]
    }

    private static func spec(
        _ rule: MonitorSpec.Rule, _ window: String, _ reference: Reference, _ severity: Severity, _ windows: [WindowSpec]
    ) -> MonitorSpec? {
        guard let index = windows.firstIndex(where: { $0.name == window }) else { return nil }
        return MonitorSpec(id: "\(rule.name)_\(window)", rule: rule, window: index, reference: reference, severity: severity)
    }

    /// An important feature is missing: noticed within two hops, against the hour before.
    private static func missingFeatures(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.missingFeatures(MissingFeaturesRule()), "1h", .previousWindow, .p0, windows)
        monitor?.keepFiringForMs = hour
        return monitor
    }

    /// A frozen feature, hour by hour against the same hours: a feature that follows the clock is constant within one.
    private static func featureCollapse(_ windows: [WindowSpec]) -> MonitorSpec? {
        spec(.featureCollapse(FeatureCollapseRule()), "1h", .sameHours(weeks: 4), .p0, windows)
    }

    private static func schemaChange(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.schemaChange(SchemaChangeRule()), "1h", .previousWindow, .p0, windows)
        monitor?.keepFiringForMs = hour
        return monitor
    }

    /// Features of a day against the same hours of the last four weeks.
    private static func featureDrift(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.featureDrift(FeatureDriftRule()), "24h", .sameHours(weeks: 4), .p1, windows)
        monitor?.minCount = 1_000
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// Of a day, so that a change at night is seen on little traffic; from a twentieth on, so that
    /// it is said before the day's scores have moved with it.
    private static func versionChange(_ windows: [WindowSpec]) -> MonitorSpec? {
        var rule = VersionChangeRule()
        rule.minShare = 0.05
        return spec(.versionChange(rule), "24h", .previousWindow, .p2, windows)
    }

    /// Two versions side by side over a day.
    private static func versionRegression(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.versionRegression(VersionRegressionRule()), "24h", .previousWindow, .p1, windows)
        monitor?.minCount = 1_000
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// p99 of an hour twice that of the hour before, for a while.
    private static func latency(_ windows: [WindowSpec]) -> MonitorSpec? {
        var rule = LatencyRule()
        rule.minRatio = 2
        var monitor = spec(.latency(rule), "1h", .previousWindow, .p2, windows)
        monitor?.forMs = hour / 6
        monitor?.keepFiringForMs = hour
        return monitor
    }

    /// Time-outs and errors of an hour; nothing where records state no `status`.
    private static func errorRate(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.errorRate(ErrorRateRule()), "1h", .previousWindow, .p1, windows)
        monitor?.keepFiringForMs = hour
        return monitor
    }

    /// The mean cost of a day; nothing where records state no `cost`.
    private static func cost(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.cost(CostRule()), "24h", .sameHours(weeks: 4), .p2, windows)
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// Scores of a day, in every slice, against the same hours of the last four weeks.
    private static func scoreDrift(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.scoreDrift(ScoreDriftRule()), "24h", .sameHours(weeks: 4), .p1, windows)
        monitor?.slices = .all
        monitor?.minCount = 1_000
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// What the model stops in a day, in every slice, against the same hours of the last four weeks.
    private static func decisionShare(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.decisionShare(DecisionShareRule()), "24h", .sameHours(weeks: 4), .p2, windows)
        monitor?.slices = .all
        monitor?.minCount = 1_000
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// A little of an important feature is missing: too little for an hour's evidence.
    private static func missingFeaturesOfADay(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.missingFeatures(MissingFeaturesRule()), "24h", .sameHours(weeks: 4), .p0, windows)
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// A lesser rise of fraud, or one in a slice with few labels, adds up over a week.
    private static func outcomeRateOfAWeek(_ windows: [WindowSpec]) -> MonitorSpec? {
        var rule = OutcomeRateRule()
        rule.minRatio = 1.5
        var monitor = spec(.outcomeRate(rule), "7d", .sameHours(weeks: 4), .p2, windows)
        monitor?.slices = .all
        monitor?.minCount = 50
        monitor?.keepFiringForMs = 24 * hour
        return monitor
    }

    /// Fraud among the labels that arrive in a day, in every slice, against the last four weeks.
    private static func outcomeRate(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.outcomeRate(OutcomeRateRule()), "24h", .sameHours(weeks: 4), .p1, windows)
        monitor?.slices = .all
        monitor?.minCount = 50
        monitor?.keepFiringForMs = 6 * hour
        return monitor
    }

    /// Recall of the cohorts of a month, once a day, against all cohorts before.
    private static func performance(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.performance(PerformanceRule()), "30d", .previousWindow, .p1, windows)
        monitor?.minCount = 50
        return monitor
    }

    /// An hour's traffic against the hour before; wide limits, since every morning is a surge.
    private static func volume(_ windows: [WindowSpec]) -> MonitorSpec? {
        var rule = VolumeRule()
        rule.maxDropRatio = 0.3
        rule.minSurgeRatio = 4
        var monitor = spec(.volume(rule), "1h", .previousWindow, .p1, windows)
        monitor?.keepFiringForMs = hour
        return monitor
    }

    /// For the configuration reference.
    static let documentation = """
        Without `monitors`, these watch (those whose window is configured):

        | monitor | window | slices | reference | severity | limits |
        |---|---|---|---|---|---|
        | `missing_features` | `1h` | overall | previous window | P0, P2 for a surge | missing rate above 5 % and 5 points above the reference; \
        or above 0.5 % and ten times the reference |
        | `missing_features` | `24h` | overall | same hours of 4 weeks | P0, P2 for a surge | the same, for what an hour holds too little evidence of |
        | `feature_collapse` | `1h` | overall | same hours of 4 weeks, each full hour | P0, P2 where not important | spread, entropy or distinct values below a fifth |
        | `schema_change` | `1h` | overall | previous window | P0, P2 where not important | absent in 99 %, or wrong type in 5 % and 5 points above \
        the reference; P2 where a field that is not declared is new and in 5 % |
        | `feature_drift` | `24h` | overall | same hours of 4 weeks | P1, P2 where not important | PSI of 0.25 or 0.5 sigma, Jensen-Shannon 0.03, over the importance; \
        P3 from 0.05 sigma where the weeks differ by less than a quarter of it; at least 1,000 rows |
        | `score_drift` | `24h` | all | same hours of 4 weeks | P1 | mean moved by 0.25 sigma, or PSI of 0.25; at least 1,000 rows |
        | `decision_share` | `24h` | all | same hours of 4 weeks | P2, P1 from twice or half | share of challenged, blocked and escalated 1.15 times or the inverse, \
        and four times what the weeks differ by; at least 1,000 rows |
        | `outcome_rate` | `24h` | all | same hours of 4 weeks | P1 | twice the reference's rate, at least 5 fraud labels and 50 labels |
        | `outcome_rate` | `7d` | all | same hours of 4 weeks | P2 | 1.5 times the reference's rate, at least 5 fraud labels and 50 labels |
        | `performance` | `30d` | overall | its own past | P1 | recall at block 20 points below what it was; at least 8 labels since, 50 before |
        | `version_change` | `24h` | overall | previous window | P2 | 5 % of the decisions by a version that made less of the reference's |
        | `version_regression` | `24h` | overall | the other version, same window | P1 | recall 10 points, AUC 0.03, allow share 10 points, \
        score 0.5 sigma, false positives 1.5 times; at least 1,000 rows each |
        | `volume` | `1h` | overall | previous window | P1 | below 0.3 or above 4 times the reference |
        | `latency` | `1h` | overall | previous window | P2 | p99 above twice the reference for 10 min |
        | `error_rate` | `1h` | overall | previous window | P1 | time-outs and errors above 1 % and twice the reference |
        | `cost` | `24h` | overall | same hours of 4 weeks | P2 | mean cost above 1.5 times or below half the reference |

        They need no preparation. There is no default `slo`: an objective is yours to state. Once there is a good period to compare with, a `pinned` or `baseline` reference is
        better for `missing_features` and `score_drift`, since it does not move with the trouble that it should show.
        """
}
