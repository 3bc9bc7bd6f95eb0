import VedetteCore

extension ConfigurationKey {
    static let breakers: [ConfigurationKey] = [
        ConfigurationKey("breakers", .list("circuit breakers"), .none, "States on the topic `outputs.breakers` that a decision service may follow."),
        ConfigurationKey("breakers[].id", .name, .required, "Unique; part of the key of its records."),
        ConfigurationKey("breakers[].models", .list("model names"), .computed("all models"), "Models that it covers."),
        ConfigurationKey(
            "breakers[].slices", .variant("`overall`, `all`, or a list of dimensions and combinations"), .value("overall"),
            "Where it can open: for all traffic of a model, for every slice too, or for the slices of these dimensions."),
        ConfigurationKey("breakers[].alerts", .list("alert triggers"), .none, "Alerts that open it, in the slice that they are about."),
        ConfigurationKey("breakers[].alerts[].monitors", .list("monitors"), .computed("any"), "Monitors, by kind or id."),
        ConfigurationKey("breakers[].alerts[].severity", .choice(Severity.allCases.map(\.rawValue)), .value("P0"), "At least this severe."),
        ConfigurationKey("breakers[].metrics", .list("metric triggers"), .none, "Numbers of closed windows that open it."),
        ConfigurationKey(
            "breakers[].metrics[].metric", .choice(BreakerMetricRule.Metric.allCases.map(\.rawValue)), .required,
            "`label_free_fraud_rate` is what the scores alone expect, through the calibration learned from mature labels."),
        ConfigurationKey("breakers[].metrics[].window", .name, .required, "Name of the window."),
        ConfigurationKey("breakers[].metrics[].above", .share(.openUnit), .required, "Opens above this; for rates, when the lower end of the 99.9 % interval is above it."),
        ConfigurationKey("breakers[].metrics[].clear_ratio", .share(NumberRange(0, 1, includesLower: false)), .value("0.8"), "Clear at or below `above` times this."),
        ConfigurationKey(
            "breakers[].metrics[].min_count", .integer(1...1_000_000_000), .value("200"),
            "Rows behind the number below which nothing is said; too little data is never read as clear."),
        ConfigurationKey(
            "breakers[].instead_of", .choice(Decision.allCases.map(\.description)), .value("allow"),
            "Decision of the model that is not relied on while it is not closed."),
        ConfigurationKey("breakers[].do", .choice(Decision.allCases.map(\.description)), .value("challenge"), "What to do instead."),
        ConfigurationKey("breakers[].min_open", .duration(1_000...year), .value("30m"), "Shortest stay in open; twice as long with each trip in a row."),
        ConfigurationKey("breakers[].max_open", .duration(1_000...year), .value("8h"), "Longest stay that repeated trips lead to."),
        ConfigurationKey("breakers[].clear_for", .duration(1_000...year), .value("15m"), "Observed clear time before it is half open."),
        ConfigurationKey(
            "breakers[].ramp", .list("shares"), .value("[0.1, 0.5]"),
            "Share of the traffic that relies on the model in each stage of the way back, ascending; `[]` closes at once."),
        ConfigurationKey("breakers[].stage", .duration(1_000...year), .value("15m"), "Observed clear time in each stage."),
        ConfigurationKey("breakers[].flap_window", .duration(0...year), .value("6h"), "A trip within this long after closing counts as one in a row."),
        ConfigurationKey("breakers[].heartbeat", .duration(1_000...day), .value("1m"), "A record is published again after this long without a change."),
        ConfigurationKey("breakers[].expiry", .duration(1_000...day), .value("5m"), "A record is stale this long after it was made; more than the heartbeat."),
    ]
}
