import VedetteCore

/// Numbers of a decision's fields; the declared names follow, features, dimensions, entities.
enum DecisionTarget {
    static let requestID = 0
    static let time = 1
    static let modelName = 2
    static let modelVersion = 3
    static let score = 4
    static let decision = 5
    static let thresholdChallenge = 6
    static let thresholdBlock = 7
    static let latency = 8
    static let amount = 9
    static let signals = 10
    static let cost = 11
    static let status = 12
    static let exploration = 13
    static let action = 14
    static let override = 15
    static let named = 16
}

extension ReadPlan {
    /// The plan of a decision mapping for a schema, with everything that is wrong with it.
    init(decisions mapping: DecisionMapping, schema: EventSchema, limits: DecodeLimits) {
        self.init(key: "decisions")
        problems += limits.problems
        check(unique: schema.models, "models")
        check(unique: schema.features.map(\.name), "features")
        check(unique: schema.dimensions, "slices")
        check(unique: schema.entities, "entities")
        if schema.models.count > Int(UInt16.max) { complain("models", "\(schema.models.count) models; expected at most \(UInt16.max)") }
        check(scale: mapping.scoreScale, "score_scale")
        check(scale: mapping.latencyScale, "latency_scale")
        check(scale: mapping.amountScale, "amount_scale")
        check(scale: mapping.costScale, "cost_scale")
        check(unique: schema.signals, "signals")

        add(varying: mapping.requestID, "request_id")
        add(varying: mapping.time, "time")
        add(text: mapping.modelName, "model.name", limit: limits.stringBytes)
        if case .constant(let name) = mapping.modelName, !schema.models.contains(name) {
            complain("model.name", "the constant '\(name)' is not in the inventory; listed are: \(schema.models.joined(separator: ", "))")
        }
        add(text: mapping.modelVersion, "model.version", limit: limits.stringBytes)
        add(number: mapping.score, "score", scale: mapping.scoreScale, within: 0...1)
        add(word: mapping.decision, "decision", known: Array(mapping.decisionValues.keys), values: "decision_values")
        add(number: mapping.thresholdChallenge, "threshold.challenge", scale: mapping.scoreScale, within: 0...1)
        add(number: mapping.thresholdBlock, "threshold.block", scale: mapping.scoreScale, within: 0...1)
        add(number: mapping.latency, "latency", scale: mapping.latencyScale, within: 0...Double.greatestFiniteMagnitude)
        add(
            number: mapping.amount, "amount", scale: mapping.amountScale,
            within: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
        sources.append(mapping.signals.map { .path($0) })
        add(number: mapping.cost, "cost", scale: mapping.costScale, within: 0...Double.greatestFiniteMagnitude)
        add(text: mapping.status, "status", limit: limits.stringBytes)
        add(number: mapping.explorationProbability, "exploration_probability", scale: 1, within: 0...1)
        add(text: mapping.action, "action", limit: limits.stringBytes)
        add(text: mapping.override, "override", limit: limits.stringBytes)

        let fits = { (text: String) in text.utf8.count <= limits.stringBytes }
        add(object: mapping.features, names: schema.features.map(\.name), "features", isFeatures: true) { index, text in
            switch schema.features[index].kind {
            case .number: Double(text)?.isFinite == true ? .double : nil
            case .boolean: text == "true" ? .yes : text == "false" ? .no : nil
            case .category: fits(text) ? .string : nil
            }
        }
        add(object: mapping.slices, names: schema.dimensions, "slices", optional: schema.learnedDimensions) { _, text in fits(text) ? .string : nil }
        add(object: mapping.entities, names: schema.entities, "entities") { _, text in fits(text) ? .string : nil }
    }
}
