import Logging
import VedetteKafka

extension VedetteConfiguration {
    /// Client properties from the configuration, secrets resolved.
    ///
    /// - Parameter brokers: overrides `kafka.brokers`.
    /// - Throws: `SecretError`.
    func kafkaProperties(brokers: String? = nil) throws -> KafkaProperties {
        var properties = KafkaProperties(try kafka.resolvedProperties().map { (key: $0.name, value: $0.value) })
        if let brokers { properties["bootstrap.servers"] = brokers }
        return properties
    }

    /// Properties of consumers: only what librdkafka accepts for both kinds of client is in `kafka.properties`.
    func consumerProperties(brokers: String? = nil, group: String? = nil) throws -> KafkaProperties {
        var properties = try kafkaProperties(brokers: brokers)
        properties["group.id"] = group ?? kafka.group
        guard group == nil else { return properties }
        // The place of a killed member is kept until its session ends, and its successor waits for that: so the least
        // that brokers allow by default. To lose the session by mistake costs this group nothing but joining again.
        if properties["session.timeout.ms"] == nil {
            properties["session.timeout.ms"] = "6000"
            if properties["heartbeat.interval.ms"] == nil { properties["heartbeat.interval.ms"] = "1500" }
        }
        return properties
    }

    /// Properties of the output's producer.
    func producerProperties(brokers: String? = nil, transactional: Bool) throws -> KafkaProperties {
        var properties = try kafkaProperties(brokers: brokers)
        if transactional {
            properties["transactional.id"] = kafka.group
        } else if properties["message.timeout.ms"] == nil {
            // Records wait for the brokers as long as it takes.
            properties["message.timeout.ms"] = "0"
        }
        return properties
    }

    /// Topic of an output kind; nil where it is off.
    func topic(of kind: OutputKind) -> String? {
        switch kind {
        case .alerts: outputs.alerts
        case .metrics: outputs.metrics
        case .deadLetters: outputs.deadLetters
        case .late: outputs.late
        // Without a breaker nothing is ever written there, and nobody needs to make the topic.
        case .breakers: topology.breakers.isEmpty ? nil : outputs.breakers
        }
    }

    /// Output kinds that have a topic.
    var wantedOutputs: Set<OutputKind> { Set(OutputKind.allCases.filter { topic(of: $0) != nil }) }
}

/// Something that only a person can mend: it says what and how.
public struct SetupError: Error, Sendable, CustomStringConvertible {
    public var what: String
    public var remedy: String
    public init(what: String, remedy: String) {
        self.what = what
        self.remedy = remedy
    }
    public var description: String { "\(what); \(remedy)" }

    static func missing(topic: String, section: String) -> SetupError {
        SetupError(
            what: "topic \(topic) does not exist",
            remedy: "create it, or correct \(section) in the configuration; `vedette check --brokers` lists what is missing")
    }

    /// What a fatal error of a client means to a person.
    static func takenOver(_ error: KafkaError, group: String) -> any Error {
        guard error.isFenced else { return error }
        return SetupError(
            what: "another instance has taken over the group \(group) (\(error))",
            remedy: "run one instance per group, or give each a kafka.group and a state.directory of its own")
    }
}
