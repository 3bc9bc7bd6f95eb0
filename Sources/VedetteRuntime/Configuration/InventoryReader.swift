import VedetteCore
import Yams

/// Models, features, entities and label sources.
struct InventoryReader {
    private(set) var models: [ModelSpec] = []
    /// The union over the models, in the order of first mention.
    private(set) var features: [EventSchema.Feature] = []
    private(set) var entities: [String] = []
    private(set) var labelSources: [LabelSource] = []

    static func read(_ root: SectionReader) -> InventoryReader {
        var reader = InventoryReader()
        for section in root.sections("models") ?? [] { reader.readModel(section) }
        reader.entities = root.texts("entities", expecting: ConfigurationKey.Kind.name.expectation, ScalarParser.name) ?? []
        for section in root.section("labels").sections("sources") ?? [] {
            let trust = section.word("trust", TrustWord.self)
            var source = LabelSource(pipeline: section.text("pipeline"), tier: trust?.tier ?? 0, samplingWeight: section.number("sampling_weight"))
            source.rights = LabelIntegrityReader.rights(section, models: reader.models.map(\.name))
            source.trainingWeight = section.number("weight")
            reader.labelSources.append(source)
        }
        return reader
    }

    private mutating func readModel(_ section: SectionReader) {
        let owner = team("owner", in: section)
        if owner == nil { section.reportMissing("owner") }
        let security = team("security", in: section)
        var used: [Int] = [], important: [Int] = [], importances: [Int: Double] = [:]
        for (key, value) in section.entries("features") ?? [] {
            guard let name = key.text, let feature = readFeature(name, value, in: section) else { continue }
            guard let index = intern(name, feature.kind, at: section.path(of: "features.\(name)"), value.position, section.sink) else { continue }
            used.append(index)
            if feature.important { important.append(index) }
            if let importance = feature.importance { importances[index] = importance }
        }
        let name = section.text("name")
        if owner != nil, security == nil, !section.has("security") {
            section.sink.add(
                section.path(of: "security"), at: section.sink.position(of: section.path), expected: "a security counterpart",
                found: "none; alerts name the owner instead", .warning)
        }
        let fallback = owner ?? Team(name: "")
        var model = ModelSpec(
            name: name, description: section.optionalText("description") ?? "", owner: fallback, security: security ?? fallback,
            features: used, importantFeatures: important)
        model.importances = importances
        models.append(model)
    }

    /// `team name` or `{team: name, contact: where}`.
    private func team(_ key: String, in section: SectionReader) -> Team? {
        guard let node = section.node(key) else { return nil }
        if let name = node.text { return Team(name: name) }
        guard case .mapping = node else {
            section.sink.add(section.path(of: key), at: node.position, expected: section.spec(key).kind.expectation, found: node.found)
            return Team(name: "")
        }
        let inner = section.section(key)
        return Team(name: inner.text("team"), contact: inner.optionalText("contact") ?? "")
    }

    /// `kind` or `{kind: kind, important: true, importance: 0.8}`.
    private func readFeature(_ name: String, _ node: Node, in section: SectionReader) -> (kind: FeatureKind, important: Bool, importance: Double?)? {
        let path = section.path(of: "features.\(name)")
        let pattern = "models[].features.<name>"
        if name.isEmpty || name.utf8.count > Limits.featureName {
            section.sink.add(path, at: node.position, expected: "a feature name of 1 to \(Limits.featureName) bytes", found: ConfigurationText.quoted(name))
            return nil
        }
        if let word = node.text {
            if let kind = FeatureKind(rawValue: word) { return (kind, false, nil) }
            let words = FeatureKind.allCases.map(\.rawValue)
            section.sink.add(
                path, at: node.position, expected: "one of \(words.joined(separator: ", ")), or {kind, important, importance}",
                found: node.found + Suggestion.phrase(for: word, among: words))
            return nil
        }
        guard case .mapping = node else {
            section.sink.add(path, at: node.position, expected: "one of number, boolean, category, or {kind, important}", found: node.found)
            return nil
        }
        let inner = SectionReader(path: path, pattern: pattern, node: node, sink: section.sink)
        let important = inner.boolean("important")
        let importance = inner.optionalNumber("importance")
        return inner.word("kind", FeatureKind.self).map { ($0, important, importance) }
    }

    /// The index of a feature in the schema; nil where two models disagree about its kind.
    private mutating func intern(_ name: String, _ kind: FeatureKind, at path: String, _ position: Position, _ sink: IssueSink) -> Int? {
        if let index = features.firstIndex(where: { $0.name == name }) {
            guard features[index].kind == kind else {
                sink.add(path, at: position, expected: "the kind \(features[index].kind.rawValue) that another model states", found: "\"\(kind.rawValue)\"")
                return nil
            }
            return index
        }
        features.append(EventSchema.Feature(name: name, kind: kind))
        return features.count - 1
    }

    enum Limits {
        /// Bytes of UTF-8.
        static let featureName = 200
    }
}
