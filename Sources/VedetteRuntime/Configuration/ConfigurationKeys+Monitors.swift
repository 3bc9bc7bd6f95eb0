import VedetteCore

extension ConfigurationKey {
    /// Shapes of a reference, as the reference documentation and the messages name them.
    static let referenceShapes =
        "`previous_window`, `{same_hours: {weeks: N}}`, `{pinned: TIME}` or `{baseline: NAME}`"

    static let monitoring: [ConfigurationKey] = [
        ConfigurationKey("baselines", .map("baseline files"), .none, "Files with the distributions of a good period, by name."),
        ConfigurationKey("baselines.<name>", .text, .none, "Path, relative to the working directory."),
        ConfigurationKey("drift", .list("comparisons"), .none, "Distances that every metric record carries under `drift`."),
        ConfigurationKey("drift[].name", .name, .required, "Name under `drift` in the metric records."),
    ] + reference("drift[].reference", "What each window's scores are compared with.", .required) + [
        ConfigurationKey("monitors", .list("monitors"), .computed("one of each kind, see below"), "What raises alarms; a list replaces the defaults, an empty one watches nothing."),
        ConfigurationKey("monitors[].monitor", .choice(MonitorKind.allCases.map(\.rawValue)), .required, "Kind of monitor."),
        ConfigurationKey("monitors[].id", .name, .computed("`<monitor>_<window>`"), "Unique; part of the fingerprint of its alerts, so keep it when other keys change."),
        ConfigurationKey("monitors[].models", .list("model names"), .computed("all models"), "Models that it watches."),
        ConfigurationKey("monitors[].window", .name, .required, "Name of the window it looks at."),
        ConfigurationKey("monitors[].slices", .variant("`overall`, `all`, or a list of dimensions and combinations"), .value("overall"), "All traffic only, all traffic and every slice, or the slices of these dimensions."),
    ] + reference("monitors[].reference", "What the window is compared with.", .value("previous_window")) + [
        ConfigurationKey("monitors[].severity", .choice(Severity.allCases.map(\.rawValue)), .computed("`P0` for `missing_features`, else `P1`"), "How bad it is: `P0` wakes people, `P3` waits for the week."),
        ConfigurationKey("monitors[].alpha", .number(.openUnit), .value("1e-6"), "Evidence: chance of one false finding per evaluation, over all slices of this monitor."),
        ConfigurationKey("monitors[].min_count", .integer(1...1_000_000_000), .value("200"), "Rows that the window and its reference need before anything is said."),
        ConfigurationKey("monitors[].for", .duration(0...year), .value("0s"), "How long (event time) the condition must hold before the alert fires."),
        ConfigurationKey("monitors[].keep_firing_for", .duration(0...year), .value("0s"), "How long the condition must be clear before the alert resolves."),
        ConfigurationKey("monitors[].clear_ratio", .share(NumberRange(0, 1, includesLower: false)), .value("0.8"), "The effect must fall below this share of its limit to count as clear."),
        ConfigurationKey("monitors[].max_rate", .share(.unit), .value("0.05"), "`missing_features`: the missing rate must exceed this."),
        ConfigurationKey("monitors[].min_increase", .share(.unit), .value("0.05"), "`missing_features`: and exceed the reference's by this."),
        ConfigurationKey("monitors[].min_sigma", .number(NumberRange(0, 100)), .value("0.25"), "`score_drift`: shift of the mean in standard deviations of the reference; this or `min_psi` suffices."),
        ConfigurationKey("monitors[].min_psi", .number(NumberRange(0, 100)), .value("0.25"), "`score_drift`: population stability index over the reference's deciles."),
        ConfigurationKey("monitors[].min_ratio", .number(NumberRange(1, 1_000_000)), .value("2"), "`outcome_rate`: fraud rate over the reference's."),
        ConfigurationKey("monitors[].min_fraud", .integer(1...1_000_000_000), .value("5"), "`outcome_rate`: at least this many fraud labels in the window."),
        ConfigurationKey("monitors[].basis", .choice(OutcomeRateRule.Basis.allCases.map(\.rawValue)), .value("label_arrival"), "`outcome_rate`: labels that arrived in the window, or labels of decisions made in it."),
        ConfigurationKey("monitors[].max_drop_ratio", .number(NumberRange(0, 1, includesUpper: false)), .value("0.5"), "`volume`: volume over the reference's below this is a drop."),
        ConfigurationKey("monitors[].min_surge_ratio", .number(NumberRange(1, 1_000_000, includesLower: false)), .value("2"), "`volume`: volume over the reference's above this is a surge."),
    ]

    private static func reference(_ path: String, _ documentation: String, _ fallback: Default) -> [ConfigurationKey] {
        [
            ConfigurationKey(path, .variant(referenceShapes), fallback, documentation),
            ConfigurationKey("\(path).same_hours", .section, .none, "The same hours of previous weeks, merged; weeks without data are left out."),
            ConfigurationKey("\(path).same_hours.weeks", .integer(1...52), .value("4"), "How many weeks back."),
            ConfigurationKey("\(path).pinned", .timestamp, .none, "Start of the window of this stream to compare with; it must be one where a window starts."),
            ConfigurationKey("\(path).baseline", .name, .none, "Name under `baselines`."),
        ]
    }
}

/// The kinds of monitor, and the keys that only they have.
public enum MonitorKind: String, Sendable, CaseIterable {
    case missingFeatures = "missing_features"
    case scoreDrift = "score_drift"
    case outcomeRate = "outcome_rate"
    case volume

    var ownKeys: [String] {
        switch self {
        case .missingFeatures: ["max_rate", "min_increase"]
        case .scoreDrift: ["min_sigma", "min_psi"]
        case .outcomeRate: ["min_ratio", "min_fraud", "basis"]
        case .volume: ["max_drop_ratio", "min_surge_ratio"]
        }
    }

    var defaultSeverity: Severity { self == .missingFeatures ? .p0 : .p1 }
}
