import VedetteCodec
import VedetteCore
import Yams

/// Topics and mappings of the inputs.
enum MappingReader {
    static func inputs(_ section: SectionReader) -> InputConfiguration {
        section.reportAbsence()
        let decisions = section.section("decisions"), labels = section.section("labels")
        if section.mapping != nil {
            decisions.reportAbsence()
            labels.reportAbsence()
        }
        var inputs = InputConfiguration(
            decisions: .init(topic: decisions.mapping == nil ? "" : decisions.text("topic"), mapping: decision(decisions.section("mapping"))),
            labels: .init(topic: labels.mapping == nil ? "" : labels.text("topic"), mapping: label(labels.section("mapping"))))
        inputs.decisions.encoding = EncodingReader.encoding(decisions)
        inputs.labels.encoding = EncodingReader.encoding(labels)
        inputs.schemaRegistry = EncodingReader.registry(section.section("schema_registry"))
        inputs.control = section.section("control").optionalText("topic")
        inputs.start = start(section) ?? inputs.start
        inputs.history = section.word("history", InputConfiguration.History.self) ?? inputs.history
        inputs.otherModels = section.word("other_models", OtherModels.self) ?? inputs.otherModels
        inputs.gaps = section.word("gaps", InputConfiguration.Gaps.self) ?? inputs.gaps
        return inputs
    }

    private static func start(_ section: SectionReader) -> InputConfiguration.Start? {
        guard let node = section.node("start") else { return nil }
        switch node.text {
        case "earliest": return .earliest
        case "latest": return .latest
        case let text:
            if let text, let time = TimestampText.parse(text) { return .time(time) }
            let hint = text.map { Suggestion.phrase(for: $0, among: ["earliest", "latest"]) } ?? ""
            section.sink.add(section.path(of: "start"), at: node.position, expected: section.spec("start").kind.expectation, found: node.found + hint)
            return nil
        }
    }

    private static func decision(_ section: SectionReader) -> DecisionMapping {
        var mapping = DecisionMapping()
        mapping.requestID = source("request_id", in: section, mapping.requestID, constant: false)
        mapping.time = source("time", in: section, mapping.time, constant: false)
        mapping.timeFormat = section.word("time_format", TimeFormat.self) ?? .auto
        mapping.modelName = source("model_name", in: section, mapping.modelName)
        mapping.modelVersion = optionalSource("model_version", in: section, mapping.modelVersion)
        mapping.score = source("score", in: section, mapping.score, constant: false)
        mapping.scoreScale = section.number("score_scale")
        mapping.decision = source("decision", in: section, mapping.decision)
        mapping.decisionValues = words("decision_values", in: section, Decision.allCases) ?? mapping.decisionValues
        mapping.thresholdChallenge = optionalSource("threshold_challenge", in: section, mapping.thresholdChallenge)
        mapping.thresholdBlock = optionalSource("threshold_block", in: section, mapping.thresholdBlock)
        mapping.features = object("features", in: section, mapping.features)
        mapping.slices = object("slices", in: section, mapping.slices)
        mapping.entities = object("entities", in: section, mapping.entities)
        mapping.latency = optionalSource("latency", in: section, mapping.latency)
        mapping.latencyScale = section.number("latency_scale")
        mapping.amount = optionalSource("amount", in: section, mapping.amount)
        mapping.amountScale = section.number("amount_scale")
        if let node = section.raw("signals") {
            mapping.signals = node.isNull ? nil : path(node, section.path(of: "signals"), section.sink, section.spec("signals").kind.expectation) ?? mapping.signals
        }
        mapping.modelSignal = section.text("model_signal")
        mapping.cost = optionalSource("cost", in: section, mapping.cost)
        mapping.costScale = section.number("cost_scale")
        mapping.status = optionalSource("status", in: section, mapping.status)
        mapping.statusValues = words("status_values", in: section, RequestStatus.stated) ?? mapping.statusValues
        mapping.explorationProbability = optionalSource("exploration_probability", in: section, mapping.explorationProbability)
        mapping.action = optionalSource("action", in: section, mapping.action)
        mapping.override = optionalSource("override", in: section, mapping.override)
        return mapping
    }

    private static func label(_ section: SectionReader) -> LabelMapping {
        var mapping = LabelMapping()
        mapping.requestID = source("request_id", in: section, mapping.requestID, constant: false)
        mapping.time = source("time", in: section, mapping.time, constant: false)
        mapping.timeFormat = section.word("time_format", TimeFormat.self) ?? .auto
        mapping.outcome = source("outcome", in: section, mapping.outcome)
        mapping.outcomeValues = words("outcome_values", in: section, Outcome.allCases) ?? mapping.outcomeValues
        mapping.kind = optionalSource("kind", in: section, mapping.kind)
        mapping.pipeline = optionalSource("pipeline", in: section, mapping.pipeline)
        mapping.actor = optionalSource("actor", in: section, mapping.actor)
        mapping.conditions = optionalSource("conditions", in: section, mapping.conditions)
        mapping.decisionTime = optionalSource("decision_time", in: section, mapping.decisionTime, constant: false)
        mapping.samplingWeight = optionalSource("sampling_weight", in: section, mapping.samplingWeight)
        return mapping
    }

    // MARK: - Sources

    private static func source(_ key: String, in section: SectionReader, _ fallback: FieldSource, constant: Bool = true) -> FieldSource {
        guard let node = section.node(key) else {
            if section.has(key) {
                section.sink.add(section.path(of: key), expected: section.spec(key).kind.expectation, found: "nothing; this field is required")
            }
            return fallback
        }
        return parse(node, section.path(of: key), section.spec(key), constant: constant, section.sink) ?? fallback
    }

    /// `null` says that the record has no such field.
    private static func optionalSource(_ key: String, in section: SectionReader, _ fallback: FieldSource?, constant: Bool = true) -> FieldSource? {
        guard let node = section.raw(key) else { return fallback }
        return node.isNull ? nil : parse(node, section.path(of: key), section.spec(key), constant: constant, section.sink) ?? fallback
    }

    private static func parse(_ node: Node, _ place: String, _ spec: ConfigurationKey, constant: Bool, _ sink: IssueSink) -> FieldSource? {
        if case .mapping(let mapping) = node, constant {
            let inner = SectionReader(path: place, pattern: spec.path, node: node, sink: sink)
            if mapping.count == 1, inner.has("constant") { return inner.optionalText("constant").map(FieldSource.constant) }
            sink.add(place, at: node.position, expected: spec.kind.expectation, found: node.found)
            return nil
        }
        guard let path = path(node, place, sink, spec.kind.expectation) else { return nil }
        if path.segments.isEmpty {
            sink.add(place, at: node.position, expected: spec.kind.expectation, found: "the record itself")
            return nil
        }
        return .path(path)
    }

    private static func path(_ node: Node, _ place: String, _ sink: IssueSink, _ expected: String) -> FieldPath? {
        guard let text = node.text else {
            sink.add(place, at: node.position, expected: expected, found: node.found)
            return nil
        }
        do {
            return try FieldPath(parsing: text)
        } catch {
            sink.add(place, at: node.position, expected: expected, found: error.message)
            return nil
        }
    }

    /// A path, or `{container: path, fields: {name: source}}`.
    private static func object(_ key: String, in section: SectionReader, _ fallback: ObjectMapping) -> ObjectMapping {
        guard let node = section.node(key) else { return fallback }
        let place = section.path(of: key), expected = section.spec(key).kind.expectation
        guard case .mapping = node else {
            return path(node, place, section.sink, expected).map { ObjectMapping(container: $0) } ?? fallback
        }
        let inner = section.section(key)
        var mapping = fallback
        if let container = inner.raw("container") {
            mapping.container = container.isNull ? nil : path(container, "\(place).container", section.sink, inner.spec("container").kind.expectation)
        }
        let fieldSpec = ConfigurationKey.byPath["\(inner.pattern).fields.<name>"]
        for (name, value) in inner.entries("fields") ?? [] {
            guard let text = name.text, let fieldSpec else { continue }
            mapping.overrides[text] = parse(value, "\(place).fields.\(text)", fieldSpec, constant: true, section.sink)
        }
        return mapping
    }

    /// A map from the record's words to ours; nil where the key is absent.
    private static func words<Word: CustomStringConvertible>(_ key: String, in section: SectionReader, _ all: [Word]) -> [String: Word]? {
        guard let entries = section.entries(key) else { return nil }
        let known = all.map(\.description)
        var words: [String: Word] = [:]
        for (name, value) in entries {
            guard let text = name.string else { continue }
            if let word = value.text, let index = known.firstIndex(of: word) {
                words[text] = all[index]
            } else {
                let suggestion = value.text.map { Suggestion.phrase(for: $0, among: known) } ?? ""
                section.sink.add(
                    section.path(of: "\(key).\(text)"), at: value.position, expected: "one of \(known.joined(separator: ", "))",
                    found: value.found + suggestion)
            }
        }
        if entries.isEmpty { section.sink.add(section.path(of: key), expected: "at least one word", found: "an empty section") }
        return words
    }
}
