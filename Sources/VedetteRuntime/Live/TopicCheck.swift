import Logging
import VedetteKafka

/// Looks at the topics that a configuration names: do they exist, with which partitions,
/// and what is to be created?
public struct TopicCheck {
    static let timeoutMs = 10_000

    public struct Report {
        public var text: String
        public var isComplete: Bool
    }

    private let configuration: VedetteConfiguration
    public init(_ configuration: VedetteConfiguration) { self.configuration = configuration }

    /// - Throws: `KafkaError` where no broker answers, `SecretError`.
    public func run() throws -> Report {
        let admin = try AdminClient(properties: configuration.kafkaProperties(), logger: Logger(label: "vedette.check"))
        let inputs = configuration.inputs.topics.map { ($0.stream.word, $0.topic) }
        var outputs = configuration.outputs.named.filter { $0.key != "breakers" || configuration.topic(of: .breakers) != nil }.map { ($0.key, $0.topic) }
        if let topic = configuration.forward?.topic, topic != configuration.outputs.alerts { outputs.append(("forward", topic)) }
        let found: [String: TopicDescription]
        let brokers: Int
        do {
            found = try admin.describeTopics((inputs + outputs).map(\.1), timeoutMs: Self.timeoutMs)
            brokers = try admin.brokerCount(timeoutMs: Self.timeoutMs)
        } catch {
            throw Self.explained(error)
        }
        var lines = ["TOPICS"]
        var create: [String] = []
        var isComplete = true
        for (name, topic) in inputs + outputs {
            switch found[topic] {
            case .partitions(let count): lines.append("  \(name): \(topic), \(count) partition\(count == 1 ? "" : "s")")
            case .unavailable(let error) where error.code == .unknownTopicOrPartition:
                lines.append("  \(name): \(topic) is MISSING")
                create.append(command(name, topic, partitions: found[inputs[0].1]?.partitionCount ?? 4, replicas: min(3, max(1, brokers))))
                isComplete = false
            case .unavailable(let error):
                lines.append("  \(name): \(topic) cannot be used: \(error)")
                isComplete = false
            case nil:
                lines.append("  \(name): \(topic) was not described")
                isComplete = false
            }
        }
        lines.append(join(inputs.map { found[$0.1]?.partitionCount }))
        if !create.isEmpty { lines += ["TO CREATE WHAT IS MISSING"] + create }
        return Report(text: lines.joined(separator: "\n"), isComplete: isComplete)
    }

    /// The reason (refused, unknown host, certificate, credentials) comes from the client's own thread, as a log line.
    static func explained(_ error: KafkaError) -> KafkaError {
        guard error.code == .transport || error.code == .timedOut else { return error }
        let remedy = "what each broker of kafka.brokers refused is logged above; see also kafka.properties (security.protocol, ssl.*, sasl.*)"
        return KafkaError(
            code: error.code, message: "\(error.message); \(remedy)", operation: "connect to the brokers", isRetriable: error.isRetriable)
    }

    /// To be pasted into a shell; where the brokers' addresses come from elsewhere, it takes them from there too.
    private func command(_ name: String, _ topic: String, partitions: Int, replicas: Int) -> String {
        let brokers =
            switch configuration.kafka.brokers {
            case .literal(let text): text
            case .env(let variable): "\"$\(variable)\""
            case .file(let path): "\"$(cat '\(path)')\""
            }
        let count = name == "progress" || name == "breakers" ? 1 : partitions
        let isCompacted = ["alerts", "forward", "breakers", "progress"].contains(name)
        return "  kafka-topics.sh --bootstrap-server \(brokers) --create --topic \(topic) --partitions \(count) --replication-factor \(replicas)"
            + (isCompacted ? " --config cleanup.policy=compact" : "")
    }

    private func join(_ counts: [Int?]) -> String {
        guard let decisions = counts[0], let labels = counts[1] else { return "  join: not known until both inputs exist" }
        let relation = decisions == labels ? "the same number of partitions" : "\(decisions) and \(labels) partitions"
        return "  join: decisions and labels have \(relation); one instance reads all of them, so they need not correspond"
    }
}
