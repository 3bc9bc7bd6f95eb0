/// The kinds of monitor there are, in the order of the documentation.
public enum MonitorRegistry {
    /// One type a kind.
    public static let rules: [any MonitorRule.Type] = [
        MissingFeaturesRule.self,
        FeatureCollapseRule.self,
        SchemaChangeRule.self,
        FeatureDriftRule.self,
        ScoreDriftRule.self,
        DecisionShareRule.self,
        OutcomeRateRule.self,
        PerformanceRule.self,
        SLORule.self,
        VersionChangeRule.self,
        VersionRegressionRule.self,
        VolumeRule.self,
        LatencyRule.self,
        ErrorRateRule.self,
        CostRule.self,
    ]

    /// As the configuration and alerts write them.
    public static let names: [String] = rules.map { $0.name }

    /// The kind of that name; nil where there is none.
    public static func rule(named name: String) -> (any MonitorRule.Type)? { rules.first { $0.name == name } }
}
