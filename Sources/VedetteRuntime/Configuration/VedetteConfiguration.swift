import VedetteCodec
import VedetteCore

/// Everything a process needs to know, resolved and checked: names are indices, times are
/// milliseconds, sizes are bytes. Secrets are still references; nothing here holds one.
public struct VedetteConfiguration: Sendable, Equatable {
    /// Name of this deployment; default of the topics' prefix and of the consumer group.
    public var application: String
    public var logLevel: LogLevel = .info
    /// The domain: models, time, join, panes, slices, windows, monitors.
    public var topology: TopologyConfiguration
    public var inputs: InputConfiguration
    public var outputs: OutputConfiguration
    public var kafka: KafkaConfiguration
    public var state = StateConfiguration()
    public var limits = DecodeLimits()
    public var http = HTTPConfiguration()
    public var secrets = SecretsConfiguration()
    /// Files that `reference: {baseline: name}` refers to.
    public var baselines: [BaselineFile] = []
    /// Where `vedette forward` brings alerts; nil where nothing is said of it.
    public var forward: ForwardConfiguration?

    public init(application: String, topology: TopologyConfiguration, inputs: InputConfiguration) {
        self.application = application
        self.topology = topology
        self.inputs = inputs
        outputs = OutputConfiguration(application: application)
        kafka = KafkaConfiguration(group: application)
    }

    /// How decisions and labels are found in the user's JSON.
    public var mapping: EventMapping {
        EventMapping(decision: inputs.decisions.mapping, label: inputs.labels.mapping)
    }
}

/// The levels of swift-log, least severe first.
public enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}

/// What is read: the topics, how their records are written, and where reading begins.
public struct InputConfiguration: Sendable, Equatable {
    /// The topic of what the models decided.
    public struct Decisions: Sendable, Equatable {
        public var topic: String
        public var mapping: DecisionMapping
        public var encoding: RecordEncoding
        public init(topic: String, mapping: DecisionMapping = DecisionMapping(), encoding: RecordEncoding = RecordEncoding()) {
            self.topic = topic
            self.mapping = mapping
            self.encoding = encoding
        }
    }

    /// The topic of what turned out to be true.
    public struct Labels: Sendable, Equatable {
        public var topic: String
        public var mapping: LabelMapping
        public var encoding: RecordEncoding
        public init(topic: String, mapping: LabelMapping = LabelMapping(), encoding: RecordEncoding = RecordEncoding()) {
            self.topic = topic
            self.mapping = mapping
            self.encoding = encoding
        }
    }

    /// Where the first start of all begins to read.
    public enum Start: Sendable, Equatable, CustomStringConvertible {
        case earliest, latest
        /// Records whose Kafka timestamp is not before this, ms.
        case time(Int64)

        public var description: String {
            switch self {
            case .earliest: "earliest"
            case .latest: "latest"
            case .time(let time): RFC3339.string(time)
            }
        }
    }

    /// What the first start of all does with the records that are there already.
    public enum History: String, Sendable, CaseIterable { case quiet, aloud }

    /// What is done where a topic has deleted records before they were read.
    public enum Gaps: String, Sendable, CaseIterable { case stop, skip }

    public var decisions: Decisions
    public var labels: Labels
    /// Where schemas of Avro records are looked up; nil for nowhere.
    public var schemaRegistry: SchemaRegistryConfiguration?
    /// Topic of the control records; nil for none.
    public var control: String?
    public var start = Start.earliest
    public var history = History.quiet
    public var gaps = Gaps.stop
    public var otherModels = OtherModels.reject

    public init(decisions: Decisions, labels: Labels) {
        self.decisions = decisions
        self.labels = labels
    }

    /// Every topic that is read, in the order of the streams.
    public var topics: [(stream: StreamKind, topic: String)] {
        [(.decisions, decisions.topic), (.labels, labels.topic)] + (control.map { [(.control, $0)] } ?? [])
    }
}

/// How the records of a topic are written, and where their schemas are.
public struct RecordEncoding: Sendable, Equatable {
    public var format = RecordFormat.json
    public var framing = RecordFraming.none
    /// File with the schema of all records; a descriptor set for Protobuf.
    public var schemaFile: String?
    /// Files with Avro schemas, by id.
    public var schemaFiles: [UInt32: String] = [:]
    /// Full name of the records' Protobuf message type; nil for the first of the last file.
    public var message: String?

    public init(format: RecordFormat = .json) {
        self.format = format
        framing = format == .json ? .none : .confluent
    }
}

/// A schema registry with Confluent's API.
public struct SchemaRegistryConfiguration: Sendable, Equatable {
    /// `http` or `https`, without a trailing slash.
    public var url: String
    public var user: PropertyValue?
    public var password: PropertyValue?
    public var token: PropertyValue?
    public var timeoutMs: Int64 = 5_000

    public init(url: String) { self.url = url }
}

/// Topics that are written; nil switches an output off.
public struct OutputConfiguration: Sendable, Equatable {
    public var alerts: String?
    public var metrics: String?
    public var deadLetters: String?
    public var late: String?
    public var breakers: String?
    /// The commit protocol's own topic.
    public var progress: String?
    /// `limits.metric_bytes`: longest metric record, its key, model and version apart.
    public var metricBytes = MetricEncoder.defaultRecordBytes

    /// `<application>.alerts` and so on.
    public init(application: String) {
        alerts = "\(application).alerts"
        metrics = "\(application).metrics"
        deadLetters = "\(application).dead_letters"
        late = "\(application).late"
        breakers = "\(application).breakers"
        progress = "\(application).progress"
    }

    /// Key in the configuration and topic, of those that are on.
    public var named: [(key: String, topic: String)] {
        [
            ("alerts", alerts), ("metrics", metrics), ("dead_letters", deadLetters), ("late", late), ("breakers", breakers),
            ("progress", progress),
        ].compactMap { key, topic in topic.map { (key, $0) } }
    }
}

/// The connection to Kafka.
public struct KafkaConfiguration: Sendable, Equatable {
    /// `host:port,host:port`.
    public var brokers: PropertyValue = .literal("localhost:9092")
    /// The consumer group; also the stem of the transactional id.
    public var group: String
    /// Exactly-once output.
    public var transactional = true
    /// Passed to librdkafka as they are.
    public var properties: [String: PropertyValue] = [:]

    public init(group: String) { self.group = group }
}

/// Where the join and the checkpoints live.
public struct StateConfiguration: Sendable, Equatable {
    /// Relative to the working directory.
    public var directory = "state"
    public var checkpointIntervalMs: Int64 = 30_000
    /// Decision rows of a segment held in memory before they are written out.
    public var spillRows = 500_000
    /// Bytes of RocksDB's block cache.
    public var blockCacheBytes = 64 << 20

    public init() {}
}

/// The process's own metrics and health.
public struct HTTPConfiguration: Sendable, Equatable {
    public var enabled = true
    public var host = "127.0.0.1"
    public var port = 9464
    /// Records behind in any partition above which `/readyz` says not ready.
    public var readyMaxLag: Int64 = 1_000_000

    public init() {}
}

/// What is known to the deployment only.
public struct SecretsConfiguration: Sendable, Equatable {
    /// Key of the hash over request IDs and entity values; nil is a fixed key that everybody knows.
    public var hashKey: PropertyValue?

    public init() {}
}

/// A baseline file and the name it is known by.
public struct BaselineFile: Sendable, Equatable {
    public var name: String
    /// Relative to the working directory.
    public var path: String

    public init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}
