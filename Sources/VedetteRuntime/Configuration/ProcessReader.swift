import VedetteCodec
import VedetteKafka
import Yams

/// Outputs, Kafka, state, limits, HTTP and secrets.
enum ProcessReader {
    static func read(_ root: SectionReader, into configuration: inout VedetteConfiguration) {
        configuration.outputs = outputs(root.section("outputs"), application: configuration.application)
        configuration.kafka = kafka(root.section("kafka"), application: configuration.application)

        let state = root.section("state")
        configuration.state.directory = state.text("directory")
        configuration.state.checkpointIntervalMs = state.integer("checkpoint_interval")
        configuration.state.spillRows = Int(state.integer("spill_rows"))
        configuration.state.blockCacheBytes = Int(state.integer("block_cache"))

        let limits = root.section("limits")
        configuration.limits = DecodeLimits(
            recordBytes: Int(limits.integer("record_bytes")), depth: Int(limits.integer("depth")), features: Int(limits.integer("features")),
            undeclaredFeatures: Int(limits.integer("undeclared_features")), stringBytes: Int(limits.integer("string_bytes")),
            deadLetterBytes: Int(limits.integer("dead_letter_bytes")))

        configuration.outputs.metricBytes = Int(limits.integer("metric_bytes"))

        let http = root.section("http")
        configuration.http.enabled = http.boolean("enabled")
        configuration.http.host = http.text("host")
        configuration.http.port = Int(http.integer("port"))
        configuration.http.readyMaxLag = http.integer("ready_max_lag")

        let secrets = root.section("secrets")
        // `public` says that the known key is meant, for tests and demonstrations.
        if secrets.node("hash_key")?.text != SecretsConfiguration.publicWord {
            configuration.secrets.hashKey = property("hash_key", in: secrets, literalAllowed: false)
        }
        if !secrets.has("hash_key") {
            root.sink.add(
                "secrets.hash_key", at: root.sink.position(of: "secrets"), expected: ConfigurationKey.Kind.secret.expectation,
                found: "none; hashes use a key that everybody knows", .warning)
        }
    }

    private static func outputs(_ section: SectionReader, application: String) -> OutputConfiguration {
        var outputs = OutputConfiguration(application: application)
        func topic(_ key: String, _ current: String?) -> String? {
            guard let node = section.raw(key) else { return current }
            return node.isNull ? nil : section.optionalText(key) ?? current
        }
        outputs.alerts = topic("alerts", outputs.alerts)
        outputs.metrics = topic("metrics", outputs.metrics)
        outputs.deadLetters = topic("dead_letters", outputs.deadLetters)
        outputs.late = topic("late", outputs.late)
        outputs.breakers = topic("breakers", outputs.breakers)
        outputs.progress = topic("progress", outputs.progress)
        return outputs
    }

    private static func kafka(_ section: SectionReader, application: String) -> KafkaConfiguration {
        var kafka = KafkaConfiguration(group: section.optionalText("group") ?? application)
        if let brokers = property("brokers", in: section, literalAllowed: true) { kafka.brokers = brokers }
        kafka.transactional = section.boolean("transactional")
        for (key, value) in section.entries("properties") ?? [] {
            guard let name = key.text else { continue }
            let path = section.path(of: "properties.\(name)")
            if let instead = KafkaConfiguration.reserved[name] {
                let remedy = instead.isEmpty ? "no such property, Vedette sets it itself" : "the key \(instead) instead"
                section.sink.add(path, at: key.position, expected: remedy, found: "the property")
                continue
            }
            if let complaint = KafkaProperties.complaint(about: name, value: value.text) {
                let hint = complaint.isUnknown ? Suggestion.phrase(for: name, among: KafkaProperties.known) : ""
                section.sink.add(path, at: complaint.isUnknown ? key.position : value.position, expected: complaint.expected, found: complaint.found + hint)
                continue
            }
            kafka.properties[name] = property(
                value, path: path, pattern: "kafka.properties.<property>", literalAllowed: true, sink: section.sink)
            if KafkaConfiguration.isSecret(name), value.text != nil {
                section.sink.add(path, at: value.position, expected: "{env: NAME} or {file: PATH} for a secret", found: "it in the file itself", .warning)
            }
        }
        return kafka
    }

    static func property(_ key: String, in section: SectionReader, literalAllowed: Bool) -> PropertyValue? {
        guard let node = section.node(key) else { return nil }
        return property(node, path: section.path(of: key), pattern: section.spec(key).path, literalAllowed: literalAllowed, sink: section.sink)
    }

    /// Never quotes what it found: it may be a secret.
    static func property(_ node: Node, path: String, pattern: String, literalAllowed: Bool, sink: IssueSink) -> PropertyValue? {
        let expected = (ConfigurationKey.byPath[pattern]?.kind ?? .property).expectation
        switch node {
        case .scalar:
            if literalAllowed, let text = node.text, !text.isEmpty { return .literal(text) }
            sink.add(path, at: node.position, expected: expected, found: node.isNull || node.text == "" ? "nothing" : "a text in the file itself")
        case .mapping(let mapping):
            let section = SectionReader(path: path, pattern: pattern, node: node, sink: sink)
            if mapping.count == 1, section.has("env"), let name = section.optionalText("env") { return .env(name) }
            if mapping.count == 1, section.has("file"), let file = section.optionalText("file") { return .file(file) }
            if mapping.count != 1 || section.has("env") || section.has("file") {
                sink.add(path, at: node.position, expected: expected, found: mapping.isEmpty ? "an empty section" : "a section that is neither")
            }
        default:
            sink.add(path, at: node.position, expected: expected, found: node.found)
        }
        return nil
    }
}
