import VedetteCore

extension ConfigurationKey {
    static let alerting: [ConfigurationKey] = [
        ConfigurationKey("alerts", .section, .none, "How many alerts there may be, and when there should be none."),
        ConfigurationKey(
            "alerts.false_alerts_per_month", .number(NumberRange(0, 1_000, includesLower: false)), .value("0.5"),
            "Budget: false alerts of all monitors together in 30 days where nothing changes; spent evenly over monitors and time."),
        ConfigurationKey(
            "alerts.max_per_hour", .integer(1...100_000), .value("30"),
            """
            Alerts of one model that may be announced in an hour of event time, P0 alerts for each kind of monitor apart; the rest are held back, \
            and one `alert_storm` says which.
            """),
        ConfigurationKey(
            "alerts.silences", .list("silences"), .none,
            """
            Maintenance windows. What is silenced is still judged, and raised afterwards if it still holds; `unsilence` and further silences come \
            through the control records (`schemas/control.schema.json`).
            """),
        ConfigurationKey("alerts.silences[].id", .name, .required, "Names the silence."),
        ConfigurationKey("alerts.silences[].from", .timestamp, .required, "Start, inclusive."),
        ConfigurationKey("alerts.silences[].until", .timestamp, .required, "End, exclusive."),
        ConfigurationKey("alerts.silences[].every", .duration(minute...year), .none, "It comes again this often, for ever; not shorter than the silence."),
        ConfigurationKey("alerts.silences[].monitor", .text, .computed("all monitors"), "Id or kind of a monitor; one that is not there is an error."),
        ConfigurationKey("alerts.silences[].model", .text, .computed("all models"), "Model whose alerts are silenced."),
        ConfigurationKey("alerts.silences[].subject", .text, .computed("all subjects"), "Feature or other subject of an alert."),
        ConfigurationKey("alerts.silences[].slice", .map("slice parts"), .computed("all slices"), "Parts that the alert's slice must have, as `dimension: value`."),
        ConfigurationKey("alerts.silences[].slice.<dimension>", .text, .none, "Value of the dimension."),
        ConfigurationKey("alerts.silences[].reason", .text, .required, "Why."),
    ]
}
