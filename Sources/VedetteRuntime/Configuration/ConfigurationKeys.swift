import VedetteCodec
import VedetteCore

/// The table of keys, in the order of the reference.
extension ConfigurationKey {
    /// Every key that a configuration file may have.
    public static let all: [ConfigurationKey] =
        process + inputs + schemaRegistry + encoding("decisions") + encoding("labels") + decisionMapping + labelMapping + outputs + kafka
            + inventory + labelIntegrity + slicing + panes + time + join + nowcast + monitoring + detecting + alerting + policy + breakers + state
        + limits + http + forwarding + secrets

    static let byPath: [String: ConfigurationKey] = Dictionary(all.map { ($0.path, $0) }) { first, _ in first }

    /// Keys that may stand directly in a section, by the section's path.
    static let children: [String: [String]] = Dictionary(grouping: all.filter { !$0.name.isEmpty }, by: \.parent).mapValues { $0.map(\.name) }

    /// The path of the section that the key stands in; empty for the root.
    var parent: String { path.lastIndex(of: ".").map { String(path[..<$0]) } ?? "" }

    /// The last part of the path; empty for the elements of a list.
    var name: String {
        guard !path.hasSuffix("[]") else { return "" }
        return path.lastIndex(of: ".").map { String(path[path.index(after: $0)...]) } ?? path
    }
}

extension ConfigurationKey {
    static let process: [ConfigurationKey] = [
        ConfigurationKey("application", .name, .required, "Name of this deployment: stem of the output topics and the consumer group, and part of every alert's fingerprint."),
        ConfigurationKey("log_level", .choice(LogLevel.allCases.map(\.rawValue)), .value("info"), "Least severe log line that is written."),
        ConfigurationKey("runbooks", .text, .value("runbooks"), "Where runbooks are served; an alert links `<runbooks>/<monitor>.md`."),
    ]

    static let inputs: [ConfigurationKey] = [
        ConfigurationKey("inputs", .section, .required, "The topics that are read."),
        ConfigurationKey("inputs.decisions", .section, .required, "What the model saw, scored and decided: one record a request."),
        ConfigurationKey("inputs.decisions.topic", .topic, .required, "Topic of the decisions."),
        ConfigurationKey("inputs.labels", .section, .required, "Ground truth that arrives late."),
        ConfigurationKey("inputs.labels.topic", .topic, .required, "Topic of the labels."),
        ConfigurationKey("inputs.control", .section, .none, "What people tell a running Vedette, such as silences (`schemas/control.schema.json`)."),
        ConfigurationKey("inputs.control.topic", .topic, .none, "Topic of the control records; without it there are none."),
        ConfigurationKey(
            "inputs.start", .variant("`earliest`, `latest`, or a time such as `2026-01-05T08:30:00Z`"), .value("earliest"),
            """
            Where the first start of all, with neither state nor progress, begins to read: the oldest records, the newest, or those whose Kafka \
            timestamp is not before a time.
            """),
        ConfigurationKey(
            "inputs.history", .choice(InputConfiguration.History.allCases.map(\.rawValue)), .value("quiet"),
            """
            What the first start does with the records that are there already: `quiet` builds references and state from them and puts nothing out, \
            so that nobody is paged for what is long past; `aloud` puts everything out.
            """),
        ConfigurationKey(
            "inputs.other_models", .choice(OtherModels.allCases.map(\.rawValue)), .value("reject"),
            """
            Decisions whose model `models` does not list: `reject` makes them dead letters; `ignore` leaves them to another deployment that reads \
            the same topic: they are not measured, and their labels are no orphans.
            """),
        ConfigurationKey(
            "inputs.gaps", .choice(InputConfiguration.Gaps.allCases.map(\.rawValue)), .value("stop"),
            """
            Where a topic has deleted records before they were read (its retention is too short, or Vedette was away for too long): `stop` ends with \
            an error that names them; `skip` goes on behind them, warns, and counts them.
            """),
    ]

    static let outputs: [ConfigurationKey] = [
        ConfigurationKey("outputs", .section, .none, "The topics that are written; `null` switches one off."),
        ConfigurationKey("outputs.alerts", .optionalTopic, .computed("`<application>.alerts`"), "Alert events."),
        ConfigurationKey("outputs.metrics", .optionalTopic, .computed("`<application>.metrics`"), "One record per model, version, slice and closed window."),
        ConfigurationKey("outputs.dead_letters", .optionalTopic, .computed("`<application>.dead_letters`"), "Rejected records with the reason and the original bytes."),
        ConfigurationKey("outputs.late", .optionalTopic, .computed("`<application>.late`"), "Late records, and how late they were."),
        ConfigurationKey("outputs.breakers", .optionalTopic, .computed("`<application>.breakers`"), "Circuit-breaker state; make the topic compacted."),
        ConfigurationKey(
            "outputs.progress", .optionalTopic, .computed("`<application>.progress`"),
            "Progress records of the commit protocol; one partition, compacted. Without them a restart may repeat alerts, and a standby starts cold."),
    ]

    static let kafka: [ConfigurationKey] = [
        ConfigurationKey("kafka", .section, .none, "The connection to Kafka."),
        ConfigurationKey("kafka.brokers", .property, .value("localhost:9092"), "Brokers to start from, `host:port,host:port`."),
        ConfigurationKey(
            "kafka.group", .name, .computed("`<application>`"),
            "Consumer group, and stem of the transactional id. Any number of instances may run in it: one judges, the others stand by."),
        ConfigurationKey(
            "kafka.transactional", .boolean, .value("true"),
            "Outputs, offsets and progress commit in one transaction (exactly once); `false` is at least once, with ids that let a consumer drop repeats."),
        ConfigurationKey(
            "kafka.properties", .map("librdkafka properties"), .none,
            "Passed to librdkafka as they are, such as `security.protocol`; the few that Vedette sets itself are refused."),
        ConfigurationKey("kafka.properties.<property>", .property, .none, "Value of one property. Passwords belong in the environment or a file; they are never printed."),
        ConfigurationKey("kafka.properties.<property>.env", .text, .none, "Environment variable that holds the value."),
        ConfigurationKey("kafka.properties.<property>.file", .text, .none, "File that holds the value; one trailing line break is cut."),
        ConfigurationKey("kafka.brokers.env", .text, .none, "Environment variable that holds the brokers."),
        ConfigurationKey("kafka.brokers.file", .text, .none, "File that holds the brokers."),
    ]

    static let state: [ConfigurationKey] = [
        ConfigurationKey("state", .section, .none, "Where the join and the checkpoints live."),
        ConfigurationKey("state.directory", .text, .value("state"), "Directory, relative to the working directory; made if it is not there."),
        ConfigurationKey("state.checkpoint_interval", .duration(1_000...3_600_000), .value("30s"), "Wall-clock time between checkpoints."),
        ConfigurationKey("state.spill_rows", .integer(1_000...50_000_000), .value("500_000"), "Decision rows of one segment held in memory before they are written out."),
        ConfigurationKey("state.block_cache", .size(1 << 20...1 << 40), .value("64MiB"), "Memory for RocksDB's block cache."),
    ]

    private static func wide(_ range: ClosedRange<Int>) -> ClosedRange<Int64> { Int64(range.lowerBound)...Int64(range.upperBound) }

    static let limits: [ConfigurationKey] = [
        ConfigurationKey("limits", .section, .none, "What a record may be at most; beyond it, it is a dead letter."),
        ConfigurationKey("limits.record_bytes", .size(wide(DecodeLimits.recordBytesRange)), .value("1MiB"), "Size of a record."),
        ConfigurationKey("limits.depth", .integer(wide(DecodeLimits.depthRange)), .value("32"), "Nested objects and arrays, the record itself included."),
        ConfigurationKey("limits.features", .integer(wide(DecodeLimits.featuresRange)), .value("512"), "Members of the features object, declared or not."),
        ConfigurationKey(
            "limits.undeclared_features", .integer(wide(DecodeLimits.undeclaredFeaturesRange)), .value("32"),
            "Members of the features object that are not declared and are followed by name, of one record; the rest of them counts together. 0: none is."),
        ConfigurationKey("limits.string_bytes", .size(wide(DecodeLimits.stringBytesRange)), .value("1KiB"), "Length of an ID or of any text that is kept."),
        ConfigurationKey(
            "limits.dead_letter_bytes", .size(wide(DecodeLimits.deadLetterBytesRange)), .value("512KiB"),
            """
            How much of a rejected record its dead letter keeps. Base64 makes it a third longer, and it has to fit into \
            `kafka.properties.message.max.bytes`.
            """),
        ConfigurationKey(
            "limits.metric_bytes", .size(wide(MetricEncoder.recordBytesRange)), .value("900KiB"),
            """
            Size of a metric record. A longer one is written without the counts of each category, then with half of the features, and so on, and \
            says what it left out.
            """),
    ]

    static let http: [ConfigurationKey] = [
        ConfigurationKey("http", .section, .none, "The process's own `/metrics`, `/healthz` and `/readyz`."),
        ConfigurationKey("http.enabled", .boolean, .value("true"), "Whether to listen at all."),
        ConfigurationKey("http.host", .text, .value("127.0.0.1"), "Address to listen on; the default is this machine only."),
        ConfigurationKey("http.port", .integer(0...65_535), .value("9464"), "Port; 0 takes a free one."),
        ConfigurationKey("http.ready_max_lag", .integer(1...1_000_000_000_000), .value("1_000_000"), "Records behind in any partition above which `/readyz` says not ready."),
    ]

    static let secrets: [ConfigurationKey] = [
        ConfigurationKey("secrets", .section, .none, "Keys of this deployment."),
        ConfigurationKey(
            "secrets.hash_key", .secret, .none,
            """
            Key of the hash over request IDs, entities and slice values. Without it, or with `public`, the key is one that everybody knows. Changing \
            it makes stored state unreadable.
            """),
        ConfigurationKey("secrets.hash_key.env", .text, .none, "Environment variable that holds the key."),
        ConfigurationKey("secrets.hash_key.file", .text, .none, "File that holds the key; one trailing line break is cut."),
    ]
}
