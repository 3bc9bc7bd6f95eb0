import VedetteCore

/// The monitors of a configuration that lists none: one of each kind.
///
/// They work without preparation: what must be noticed within minutes compares with the hour
/// before, what follows the rhythm of the week compares with the same hours of past weeks.
public enum DefaultMonitors {
    private static let hour: Int64 = 3_600_000

    /// Those whose windows are among the configured ones.
    public static func make(for topology: TopologyConfiguration) -> [MonitorSpec] {
        makers.compactMap { make in make.make(topology.windows) }
    }

    /// The kinds of monitor that watch by themselves.
    static var names: [String] { makers.map(\.name) }

    private static var makers: [(name: String, make: ([WindowSpec]) -> MonitorSpec?)] {
        [
            (MissingFeaturesRule.name, missingFeatures), (ScoreDriftRule.name, scoreDrift), (OutcomeRateRule.name, outcomeRate),
            (VolumeRule.name, volume),
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

    /// Scores of a day, in every slice, against the same hours of the last four weeks.
    private static func scoreDrift(_ windows: [WindowSpec]) -> MonitorSpec? {
        var monitor = spec(.scoreDrift(ScoreDriftRule()), "24h", .sameHours(weeks: 4), .p1, windows)
        monitor?.slices = .all
        monitor?.minCount = 1_000
        monitor?.keepFiringForMs = 6 * hour
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
        Without `monitors`, one of each kind watches (those whose window is configured):

        | monitor | window | slices | reference | severity | limits |
        |---|---|---|---|---|---|
        | `missing_features` | `1h` | overall | previous window | P0 | missing rate above 5 % and 5 points above the reference |
        | `score_drift` | `24h` | all | same hours of 4 weeks | P1 | mean moved by 0.25 sigma, or PSI of 0.25; at least 1,000 rows |
        | `outcome_rate` | `24h` | all | same hours of 4 weeks | P1 | twice the reference's rate, at least 5 fraud labels and 50 labels |
        | `volume` | `1h` | overall | previous window | P1 | below 0.3 or above 4 times the reference |

        They need no preparation. Once there is a good period to compare with, a `pinned` or `baseline` reference is
        better for `missing_features` and `score_drift`, since it does not move with the trouble that it should show.
        """
}
