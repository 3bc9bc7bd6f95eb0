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
        return properties
    }

    /// Properties of the output's producer.
    func producerProperties(brokers: String? = nil, transactional: Bool) throws -> KafkaProperties {
        var properties = try kafkaProperties(brokers: brokers)
        if transactional { properties["transactional.id"] = kafka.group }
        return properties
    }

    /// Topic of an output kind; nil where it is off.
    func topic(of kind: OutputKind) -> String? {
        switch kind {
        case .alerts: outputs.alerts
        case .metrics: outputs.metrics
        case .deadLetters: outputs.deadLetters
        case .late: outputs.late
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
}
