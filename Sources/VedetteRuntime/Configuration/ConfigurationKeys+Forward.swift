import VedetteCore

extension ConfigurationKey {
    static let forwarding: [ConfigurationKey] = [
        ConfigurationKey("forward", .section, .none, "Where `vedette forward` brings alerts; `vedette run` ignores it."),
        ConfigurationKey("forward.topic", .topic, .computed("`outputs.alerts`"), "Topic of the alerts."),
        ConfigurationKey(
            "forward.group", .name, .computed("`<application>.forward`"),
            "Stem of the consumer groups: a destination's is `<group>.<name>`, so that each has its own place in the topic."),
        ConfigurationKey(
            "forward.start", .choice(ForwardConfiguration.Start.allCases.map(\.rawValue)), .value("latest"),
            "Where a destination begins that was never served: with alerts that are said from now on, or with the newest state of all that the topic holds."),
        ConfigurationKey(
            "forward.max_age", .duration(0...year), .value("1h"),
            "With `start: earliest`: an alert in the topic whose newest record was made longer ago opens nothing."),
        ConfigurationKey("forward.http", .section, .none, "The forwarder's own `/metrics`, `/healthz` and `/readyz`."),
        ConfigurationKey("forward.http.enabled", .boolean, .value("true"), "Whether to listen at all."),
        ConfigurationKey("forward.http.host", .text, .value("127.0.0.1"), "Address to listen on; the default is this machine only."),
        ConfigurationKey("forward.http.port", .integer(0...65_535), .value("9466"), "Port; 0 takes a free one."),
        ConfigurationKey("forward.destinations", .list("destinations"), .required, "Where alerts are brought to, each by itself: one that is down holds up no other."),
        ConfigurationKey(
            "forward.destinations[].name", .name, .required,
            "Unique; part of its consumer group, its metrics and its log lines. Under another name it is another destination and begins anew."),
        ConfigurationKey(
            "forward.destinations[].type", .choice(ForwardDestination.Kind.allCases.map(\.rawValue)), .required,
            "PagerDuty Events API v2, Alertmanager API v2, or a POST of the alert record as it is."),
        ConfigurationKey(
            "forward.destinations[].url", .property, .computed("PagerDuty's for `pagerduty`, else required"),
            "http or https; redirects are not followed. For `alertmanager` without `/api/v2/alerts`. Only its host is ever shown."),
        ConfigurationKey("forward.destinations[].url.env", .text, .none, "Environment variable that holds the URL."),
        ConfigurationKey("forward.destinations[].url.file", .text, .none, "File that holds the URL."),
        ConfigurationKey(
            "forward.destinations[].routing_key", .credential, .computed("required for `pagerduty`"),
            "Integration key of an Events API v2 integration; `pagerduty` only."),
        ConfigurationKey("forward.destinations[].routing_key.env", .text, .none, "Environment variable that holds the key."),
        ConfigurationKey("forward.destinations[].routing_key.file", .text, .none, "File that holds the key; one trailing line break is cut."),
        ConfigurationKey("forward.destinations[].signing_key", .credential, .none, "With it every request carries `Vedette-Signature`; `webhook` only."),
        ConfigurationKey("forward.destinations[].signing_key.env", .text, .none, "Environment variable that holds the key."),
        ConfigurationKey("forward.destinations[].signing_key.file", .text, .none, "File that holds the key; one trailing line break is cut."),
        ConfigurationKey("forward.destinations[].headers", .map("headers"), .none, "Sent with every request, such as `Authorization`."),
        ConfigurationKey(
            "forward.destinations[].headers.<header>", .property, .none,
            "Value of one header. Tokens belong in the environment or a file; none is ever printed."),
        ConfigurationKey("forward.destinations[].headers.<header>.env", .text, .none, "Environment variable that holds the value."),
        ConfigurationKey("forward.destinations[].headers.<header>.file", .text, .none, "File that holds the value; one trailing line break is cut."),
        ConfigurationKey("forward.destinations[].ca_file", .text, .computed("the system's"), "PEM file of the authorities to trust for https."),
        ConfigurationKey("forward.destinations[].match", .section, .none, "What an alert must be to open something here. What was opened is followed to its end."),
        ConfigurationKey("forward.destinations[].match.severities", .list("severities"), .computed("all"), "Such as `[P0, P1]`."),
        ConfigurationKey("forward.destinations[].match.models", .list("model names"), .computed("all models"), "Models of the alert."),
        ConfigurationKey("forward.destinations[].match.monitors", .list("monitors"), .computed("all monitors"), "Monitors, by kind or id."),
        ConfigurationKey("forward.destinations[].match.teams", .list("teams"), .computed("all teams"), "Teams that the alert names as owner or as security counterpart."),
        ConfigurationKey("forward.destinations[].resolve", .boolean, .value("true"), "Whether ends are told too, resolved and withdrawn; `false` leaves closing to people."),
        ConfigurationKey("forward.destinations[].timeout", .duration(100...60_000), .value("10s"), "Longest wait for an answer."),
        ConfigurationKey(
            "forward.destinations[].min_retry_delay", .duration(10...minute), .value("1s"),
            "Pause after the first failure; doubled with each in a row, and half of it drawn by lot."),
        ConfigurationKey(
            "forward.destinations[].max_retry_delay", .duration(10...3_600_000), .value("1m"),
            "Longest such pause; where a `Retry-After` asks for more, up to an hour is waited. Nothing is given up."),
        ConfigurationKey(
            "forward.destinations[].resend", .duration(1_000...3_600_000), .value("1m"),
            "`alertmanager` only: how often it is told again what fires. An alert that is not said again for four times as long ends there by itself."),
        ConfigurationKey(
            "forward.destinations[].forget_after", .duration(minute...year), .value("30d"),
            "An open alert without a record for this long is not said again, and no longer known to be open."),
    ]
}
