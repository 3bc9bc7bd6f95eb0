/// What an expression may be of.
public enum PolicyType: String, Sendable {
    case number = "a number"
    case truth = "true or false"
    case text = "a text"
    case decision = "a decision"
    case model = "a model"
    case status = "a status"
    /// The set of signals that a decision rested on.
    case signals = "a set of signals"
    /// Only `is missing` and `is present` can be asked of it: its value is a keyed digest.
    case entity = "an entity"
}

/// A column that an expression reads.
enum PolicyField: Equatable, Sendable {
    case model, version, action, override, decision, status, score, amount, latency, cost, exploration
    case thresholdChallenge, thresholdBlock
    case signals, signalCount
    /// Index into the schema's dimensions, features, entities.
    case slice(Int), feature(Int, FeatureKind), entity(Int)

    var type: PolicyType {
        switch self {
        case .model: .model
        case .status: .status
        case .version, .action, .override, .slice, .feature(_, .category): .text
        case .decision: .decision
        case .score, .amount, .latency, .cost, .exploration, .thresholdChallenge, .thresholdBlock, .signalCount, .feature(_, .number): .number
        case .feature(_, .boolean): .truth
        case .signals: .signals
        case .entity: .entity
        }
    }
}

/// The names that an expression may use: those of every decision, and those that a schema declares.
public struct PolicyVocabulary: Sendable, Equatable {
    public let schema: EventSchema

    public init(schema: EventSchema) { self.schema = schema }

    private static let plain: [(name: String, field: PolicyField)] = [
        ("model", .model), ("version", .version), ("action", .action), ("override", .override), ("decision", .decision),
        ("status", .status), ("score", .score), ("amount", .amount), ("latency", .latency), ("cost", .cost),
        ("exploration", .exploration), ("signals", .signals),
    ]

    /// The names of values, for a reference: alone, or as `head.member`.
    public static let names: [String] =
        plain.map(\.name) + ["signals.count", "threshold.challenge", "threshold.block", "slice.<dimension>", "feature.<name>", "entity.<kind>"]

    /// The names that stand alone, and those that a member follows.
    static let words = plain.map(\.name) + heads
    private static let heads = ["slice", "feature", "entity", "threshold", "signals"]

    static let decisions = Decision.allCases.map(\.description)
    static let statuses = RequestStatus.stated.map(\.description)

    /// The bit of a declared signal in a row's signal set.
    func signalBit(_ name: String, at position: PolicyPosition) throws(PolicyProblem) -> UInt64 {
        1 << UInt64(try index(of: name, in: schema.signals, "a declared signal", at: position))
    }

    /// The field of that name; nil for a bare word that is none.
    func field(_ head: String, _ member: String?, at position: PolicyPosition) throws(PolicyProblem) -> PolicyField? {
        guard let member else { return try plain(head, at: position) }
        switch head {
        case "slice": return .slice(try index(of: member, in: schema.dimensions, "a slice dimension", at: position))
        case "entity": return .entity(try index(of: member, in: schema.entities, "an entity kind", at: position))
        case "feature":
            let index = try index(of: member, in: schema.features.map(\.name), "a feature", at: position)
            return .feature(index, schema.features[index].kind)
        case "threshold": return try index(of: member, in: ["challenge", "block"], "a threshold", at: position) == 0 ? .thresholdChallenge : .thresholdBlock
        case "signals":
            _ = try index(of: member, in: ["count"], "a property of signals", at: position)
            return .signalCount
        default:
            throw PolicyProblem(
                position, expected: "slice, feature, entity, threshold or signals before a member", unknown: head, among: Self.heads, isWord: true)
        }
    }

    private func plain(_ name: String, at position: PolicyPosition) throws(PolicyProblem) -> PolicyField? {
        if let entry = Self.plain.first(where: { $0.name == name }) { return entry.field }
        let members = ["slice": "slice.<dimension>", "feature": "feature.<name>", "entity": "entity.<kind>", "threshold": "threshold.block"]
        guard let whole = members[name] else { return nil }
        throw PolicyProblem(position, expected: "\(whole)", found: "'\(name)' alone")
    }

    private func index(of name: String, in known: [String], _ what: String, at position: PolicyPosition) throws(PolicyProblem) -> Int {
        if let index = known.firstIndex(of: name) { return index }
        throw PolicyProblem(position, expected: "\(what) (\(Self.list(known)))", unknown: name, among: known)
    }

    /// At most twelve of them, so that a message stays one line.
    static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none is declared" }
        return names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", and \(names.count - 12) more" : "")
    }
}
