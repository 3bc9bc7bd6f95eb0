import VedetteCore

extension ConfigurationKey {
    static let policy: [ConfigurationKey] = [
        ConfigurationKey("policy", .section, .none, "Floors under the decisions: what may never happen, and how much of it may."),
        ConfigurationKey("policy.keep_firing_for", .duration(minute...year), .value("1h"), "An incident ends after this long without a decision that breaks its rule."),
        ConfigurationKey("policy.rules", .list("rules"), .none, "Rules; each has exactly one of `never`, `require`, `forbid_override` and `max_share`."),
        ConfigurationKey("policy.rules[].name", .name, .required, "Unique; the subject of its alerts."),
        ConfigurationKey("policy.rules[].reason", .text, .none, "Why the rule is there, for the person who is paged."),
        ConfigurationKey("policy.rules[].severity", .choice(Severity.allCases.map(\.rawValue)), .computed("`P0`; `P2` for `max_share`"), "How bad a break is."),
        ConfigurationKey("policy.rules[].models", .list("model names"), .computed("all models"), "Models that it is about."),
        ConfigurationKey(
            "policy.rules[].when", .text, .none,
            "Expression: the decisions that the rule is about; all of them without it. Joined with the rule's other conditions by `and`."),
        ConfigurationKey(
            "policy.rules[].never", .variant("an expression, or a map of fields to a value or a list"), .none,
            "A decision for which this holds breaks the rule."),
        ConfigurationKey(
            "policy.rules[].never.<field>", .variant("a value or a list; `signals_only`, `signals_with` and `signals_without` take signal names"), .none,
            "`field == value`, or `field in [values]`; all of them together."),
        ConfigurationKey("policy.rules[].require", .section, .none, "Signals that every decision that the rule is about must rest on."),
        ConfigurationKey("policy.rules[].require.count", .integer(1...64), .none, "At least so many."),
        ConfigurationKey("policy.rules[].require.any_of", .list("signal names"), .none, "At least one of these."),
        ConfigurationKey("policy.rules[].require.all_of", .list("signal names"), .none, "All of these."),
        ConfigurationKey("policy.rules[].forbid_override", .boolean, .value("false"), "A decision that somebody forced past the model breaks the rule."),
        ConfigurationKey("policy.rules[].max_share", .section, .none, "A cap on a share of the decisions that the rule is about."),
        ConfigurationKey(
            "policy.rules[].max_share.of", .text, .value("decision in [allow, block]"),
            "Expression: the decisions that are counted; by default those that were automated."),
    ] + cap("policy.rules[].max_share", share: .required) + [
        ConfigurationKey(
            "policy.rules[].missing", .choice(["breaks", "ignored"]), .computed("`breaks` for `require`, else `ignored`"),
            "Whether a decision breaks the rule of which that cannot be told, because a field is missing."),
        ConfigurationKey("policy.single_signal", .section, .none, "Monitor `single_signal`: automated decisions (allow, block) that rest on the score alone."),
    ] + cap("policy.single_signal", share: .required) + [
        ConfigurationKey("policy.single_signal.severity", .choice(Severity.allCases.map(\.rawValue)), .value("P2"), "How bad it is."),
    ]

    private static func cap(_ path: String, share: Default) -> [ConfigurationKey] {
        [
            ConfigurationKey("\(path).share", .share(.openUnit), share, "Fires above this share, with evidence."),
            ConfigurationKey("\(path).period", .duration(minute...year), .value("1d"), "The share is that of one period, aligned to the epoch."),
            ConfigurationKey("\(path).min_count", .integer(1...1_000_000_000), .value("200"), "Decisions in the period before anything is said."),
            ConfigurationKey("\(path).alpha", .number(.openUnit), .value("1e-6"), "Evidence: chance of a false alert in one period and model, however often one looks."),
        ]
    }
}
