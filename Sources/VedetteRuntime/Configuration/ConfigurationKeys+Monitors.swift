import VedetteCore

extension ConfigurationKey {
    /// Shapes of a reference, as the reference documentation and the messages name them.
    static let referenceShapes =
        "`previous_window`, `{same_hours: {weeks: N}}`, `{pinned: TIME}`, `{baseline: NAME}` or `{version: VERSION}`"

    /// Shapes of a severity.
    static let severityShapes = "`P0` to `P3`, or `{P0: {above: X}, P1: {times: N}, otherwise: P2}`"

    private static var severityDefaults: String {
        let groups = Dictionary(grouping: MonitorRegistry.rules) { $0.defaultSeverity }
        return groups.keys.sorted(by: >).map { severity in
            "`\(severity.rawValue)` for " + (groups[severity] ?? []).map { "`\($0.name)`" }.joined(separator: ", ")
        }.joined(separator: "; ")
    }

    private static func severityStep(_ severity: Severity) -> [ConfigurationKey] {
        let path = "monitors[].severity.\(severity.rawValue)"
        return [
            ConfigurationKey(path, .section, .none, "From which effect on it is \(severity.rawValue); either key."),
            ConfigurationKey("\(path).above", .number(NumberRange(0, 1e12)), .none, "The value, in the unit of the alert's `value`, is at least this."),
            ConfigurationKey("\(path).times", .number(NumberRange(1, 1_000)), .none, "The effect is at least this many times its limit."),
        ]
    }

    static let monitoring: [ConfigurationKey] = [
        ConfigurationKey("baselines", .map("baseline files"), .none, "Files with the distributions of a good period, by name."),
        ConfigurationKey("baselines.<name>", .text, .none, "Path, relative to the working directory."),
        ConfigurationKey("drift", .list("comparisons"), .none, "Distances that every metric record carries under `drift`."),
        ConfigurationKey("drift[].name", .name, .required, "Name under `drift` in the metric records."),
    ] + reference("drift[].reference", "What each window's scores are compared with.", .required) + [
        ConfigurationKey(
            "monitors", .list("monitors"), .computed("one of each kind but `slo`, see below"),
            "What raises alarms; a list replaces the defaults, an empty one watches nothing."),
        ConfigurationKey("monitors[].monitor", .choice(MonitorRegistry.names), .required, "Kind of monitor."),
        ConfigurationKey("monitors[].id", .name, .computed("`<monitor>_<window>`"), "Unique; part of the fingerprint of its alerts, so keep it when other keys change."),
        ConfigurationKey("monitors[].models", .list("model names"), .computed("all models"), "Models that it watches."),
        ConfigurationKey("monitors[].window", .name, .required, "Name of the window it looks at."),
        ConfigurationKey(
            "monitors[].slices", .variant("`overall`, `all`, or a list of dimensions and combinations"), .value("overall"),
            "All traffic only, all traffic and every slice, or the slices of these dimensions; an element such as `{country: FR}` is that slice alone."),
    ] + reference("monitors[].reference", "What the window is compared with.", .value("previous_window")) + [
        ConfigurationKey(
            "monitors[].severity", .variant(severityShapes), .computed(severityDefaults),
            "How bad it is: `P0` wakes people, `P3` waits for the week; one word, or by the size of the effect."),
        ConfigurationKey("monitors[].severity.otherwise", .choice(Severity.allCases.map(\.rawValue)), .computed("as without `severity`"), "Where no step is reached."),
    ] + Severity.allCases.flatMap(severityStep) + [
        ConfigurationKey(
            "monitors[].alpha", .number(.openUnit), .computed("its part of `alerts.false_alerts_per_month`"),
            "Evidence: chance of one false finding per evaluation, over all slices of this monitor."),
        ConfigurationKey("monitors[].min_count", .integer(1...1_000_000_000), .value("200"), "Rows that the window and its reference need before anything is said."),
        ConfigurationKey("monitors[].for", .duration(0...year), .value("0s"), "How long (event time) the condition must hold before the alert fires."),
        ConfigurationKey("monitors[].keep_firing_for", .duration(0...year), .value("0s"), "How long the condition must be clear before the alert resolves."),
        ConfigurationKey(
            "monitors[].clear_ratio", .share(NumberRange(0, 1, includesLower: false)), .value("0.8"),
            "The effect must fall below this share of its limit to count as clear."),
    ] + monitorParameters

    /// The keys that only some kinds of monitor have, from the monitors themselves; those of one name are one key.
    private static var monitorParameters: [ConfigurationKey] {
        var names: [String] = []
        var owners: [String: [(monitor: String, parameter: MonitorParameter)]] = [:]
        for rule in MonitorRegistry.rules {
            for parameter in rule.parameters {
                if owners[parameter.name] == nil { names.append(parameter.name) }
                owners[parameter.name, default: []].append((rule.name, parameter))
            }
        }
        return names.map { name in
            let owners = owners[name] ?? []
            let documentation = owners.map { "`\($0.monitor)`: \($0.parameter.documentation)" }.joined(separator: " ")
            let defaults = owners.map(\.parameter.fallbackText)
            let fallback: Default =
                Set(defaults).count == 1
                ? .value(defaults[0]) : .computed(zip(owners, defaults).map { "`\($1)` for `\($0.monitor)`" }.joined(separator: ", "))
            return ConfigurationKey("monitors[].\(name)", owners[0].parameter.kind.configured, fallback, documentation)
        }
    }

    private static func reference(_ path: String, _ documentation: String, _ fallback: Default) -> [ConfigurationKey] {
        [
            ConfigurationKey(path, .variant(referenceShapes), fallback, documentation),
            ConfigurationKey(
                "\(path).same_hours", .section, .none,
                """
                The same hours of previous weeks, merged; weeks without data are left out, and of three or more the one that deviates most. Where \
                the window hops more often than panes are kept, those windows are judged whose reference is whole.
                """),
            ConfigurationKey("\(path).same_hours.weeks", .integer(1...52), .value("4"), "How many weeks back."),
            ConfigurationKey("\(path).pinned", .timestamp, .none, "Start of the window of this stream to compare with; it must be one where a window starts."),
            ConfigurationKey("\(path).baseline", .name, .none, "Name under `baselines`."),
            ConfigurationKey("\(path).version", .text, .none, "Model version; the other versions of the same window are compared with it."),
        ]
    }
}

extension MonitorParameter {
    /// As one would write it in the file.
    var fallbackText: String {
        switch fallback {
        case .real(let value): NumberText.format(value)
        case .whole(let value): if case .duration = kind { DurationText.format(value) } else { String(value) }
        case .word(let word): word
        }
    }
}

extension MonitorParameter.Kind {
    var configured: ConfigurationKey.Kind {
        switch self {
        case .number(let range): .number(range)
        case .share(let range): .share(range)
        case .integer(let range): .integer(range)
        case .duration(let range): .duration(range)
        case .word(let words): .choice(words)
        }
    }
}
