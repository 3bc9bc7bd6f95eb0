import Logging
import VedetteKafka

extension VedetteConfiguration {
    /// Client properties from the configuration, secrets resolved.
    ///
    /// - Parameter brokers: overrides `kafka.brokers`.
    /// - Throws: `SecretError`, or `SetupError` where the brokers' addresses hold a user.
    func kafkaProperties(brokers: String? = nil) throws -> KafkaProperties {
        var properties = KafkaProperties(try kafka.resolvedProperties().map { (key: $0.name, value: $0.value) })
        if let brokers { properties["bootstrap.servers"] = brokers }
        // librdkafka would take it for a part of the host's name, and put it into each of its log lines.
        guard properties["bootstrap.servers"]?.contains("@") != true else { throw SetupError.userInBrokers }
        return properties
    }

    /// Properties of consumers that read what they are told to and join no group.
    func readerProperties(brokers: String? = nil) throws -> KafkaProperties {
        var properties = try kafkaProperties(brokers: brokers)
        // librdkafka wants a name even here; with this one no further access rights are needed.
        properties["group.id"] = kafka.group
        properties["group.instance.id"] = nil
        return properties
    }

    /// The same for the inputs: a place that is gone is told, and never silently exchanged for another.
    func inputReaderProperties(brokers: String? = nil) throws -> KafkaProperties {
        var properties = try readerProperties(brokers: brokers)
        properties["auto.offset.reset"] = "error"
        return properties
    }

    /// Properties of the consumer that is a member of the group.
    func memberProperties(brokers: String? = nil) throws -> KafkaProperties {
        var properties = try kafkaProperties(brokers: brokers)
        properties["group.id"] = kafka.group
        // The place of a killed member is kept until its session ends, and its successor waits for that: so the least
        // that brokers allow by default. To lose the session by mistake costs this group nothing but joining again.
        if properties["session.timeout.ms"] == nil {
            properties["session.timeout.ms"] = "6000"
            if properties["heartbeat.interval.ms"] == nil { properties["heartbeat.interval.ms"] = "1500" }
        }
        return properties
    }

    /// Properties of a forwarder's consumer of the alert topic, in a group of its own.
    package func forwarderProperties(group: String) throws -> KafkaProperties {
        var properties = try kafkaProperties()
        properties["group.id"] = group
        // That name is an instance's of `vedette run`; all destinations of a forwarder would share it.
        properties["group.instance.id"] = nil
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

    static let userInBrokers = SetupError(
        what: "kafka.brokers has an @ in it, as if a user and a password stood before it; it is not shown",
        remedy: "give host:port,host:port there, and credentials in kafka.properties (sasl.username, sasl.password, sasl.mechanism, security.protocol)")

    package static func missing(topic: String, section: String) -> SetupError {
        SetupError(
            what: "topic \(topic) does not exist",
            remedy: "create it, or correct \(section) in the configuration; `vedette check --brokers` lists what is missing")
    }

    /// Two processes under one name in the group: the broker lets the later one have it.
    static func sameInstance(_ name: String, group: String) -> SetupError {
        SetupError(
            what: "another process has joined the group \(group) as the same instance, \(name), and takes this one's place",
            remedy: "give each instance a kafka.properties: {group.instance.id: ...} of its own, or none; or stop the other process")
    }
}
