import VedetteCore

/// How to find the fields of decisions and labels in the user's own JSON.
///
/// The defaults describe the default shape (`schemas/decision.schema.json`,
/// `schemas/label.schema.json`); whoever has another shape states the differences, and no
/// producer has to change.
public struct EventMapping: Sendable, Equatable {
    public var decision: DecisionMapping
    public var label: LabelMapping

    public init(decision: DecisionMapping = DecisionMapping(), label: LabelMapping = LabelMapping()) {
        self.decision = decision
        self.label = label
    }
}

/// An object whose members are looked up by declared name, and the names that live elsewhere.
public struct ObjectMapping: Sendable, Equatable {
    /// The object whose members carry the declared names; nil if every name has an override.
    public var container: FieldPath?
    /// Sources of single names, instead of the container's member of that name.
    public var overrides: [String: FieldSource]

    public init(container: FieldPath?, overrides: [String: FieldSource] = [:]) {
        self.container = container
        self.overrides = overrides
    }

    /// Where `name` comes from; nil if there is neither override nor container.
    public func source(of name: String) -> FieldSource? {
        overrides[name] ?? container.map { .path($0.appending(name)) }
    }
}

/// Where the fields of a decision are, and how to read them.
///
/// An optional source that is nil is not read at all.
public struct DecisionMapping: Sendable, Equatable {
    /// String or integer; required and never a constant.
    public var requestID: FieldSource = .member("request_id")
    /// Required and never a constant.
    public var time: FieldSource = .member("time")
    public var timeFormat: TimeFormat = .auto
    /// Required; must name a model of the inventory.
    public var modelName: FieldSource = .member("model", "name")
    public var modelVersion: FieldSource? = .member("model", "version")
    /// Required; after division by `scoreScale` in [0, 1].
    public var score: FieldSource = .member("score")
    /// Scores and thresholds are divided by this, such as 1000 for scores from 0 to 1000. Above 0.
    public var scoreScale: Double = 1
    /// Required; a string, boolean or integer whose text `decisionValues` knows.
    public var decision: FieldSource = .member("decision")
    /// The record's words (case counts) and what they mean.
    public var decisionValues: [String: Decision] = DecisionMapping.identityValues
    public var thresholdChallenge: FieldSource? = .member("threshold", "challenge")
    public var thresholdBlock: FieldSource? = .member("threshold", "block")
    public var features = ObjectMapping(container: FieldPath(segments: ["features"]))
    public var slices = ObjectMapping(container: FieldPath(segments: ["slices"]))
    public var entities = ObjectMapping(container: FieldPath(segments: ["entities"]))
    public var latency: FieldSource? = .member("latency_ms")
    /// Latencies are divided by this to give milliseconds: 0.001 for seconds, 1000 for microseconds. Above 0.
    public var latencyScale: Double = 1
    public var amount: FieldSource? = .member("amount")
    /// Amounts are divided by this, such as 100 for cents. Above 0.
    public var amountScale: Double = 1
    /// Array of the names of the signals that the decision rested on.
    public var signals: FieldPath? = FieldPath(segments: ["signals"])
    /// The name in `signals` that stands for the model's own score.
    public var modelSignal: String = "model"

    /// Cost of serving the request, at least 0.
    public var cost: FieldSource? = .member("cost")
    /// Costs are divided by this. Above 0.
    public var costScale: Double = 1
    /// A string, boolean or integer; whether the model answered.
    public var status: FieldSource? = .member("status")
    /// The record's words (case counts) and what they mean; any other word says nothing.
    public var statusValues: [String: RequestStatus] = DecisionMapping.identityStatuses
    /// Probability with which the policy lets a request like this one through, in [0, 1].
    public var explorationProbability: FieldSource? = .member("exploration_probability")
    /// What is decided about, such as `password_reset`.
    public var action: FieldSource? = .member("action")
    /// Who forced the decision, or `true`; absent, null or `false` where it is the policy's own.
    public var override: FieldSource? = .member("override")

    public init() {}

    /// `ok`, `timeout`, `error`, each meaning itself.
    public static let identityStatuses = Dictionary(uniqueKeysWithValues: RequestStatus.stated.map { ($0.description, $0) })

    /// `allow`, `challenge`, `block`, `escalate`, `log`, each meaning itself.
    public static let identityValues = Dictionary(uniqueKeysWithValues: Decision.allCases.map { ($0.description, $0) })
}

/// Where the fields of a label are, and how to read them.
public struct LabelMapping: Sendable, Equatable {
    /// String or integer; required and never a constant.
    public var requestID: FieldSource = .member("request_id")
    /// When the label became known; required and never a constant.
    public var time: FieldSource = .member("time")
    public var timeFormat: TimeFormat = .auto
    /// Required; a string, boolean or integer whose text `outcomeValues` knows.
    public var outcome: FieldSource = .member("outcome")
    /// The record's words (case counts) and what they mean.
    public var outcomeValues: [String: Outcome] = LabelMapping.identityValues
    public var kind: FieldSource? = .member("kind")
    public var pipeline: FieldSource? = .member("source", "pipeline")
    public var actor: FieldSource? = .member("source", "actor")
    /// Under what conditions it was given, such as a guideline or a blind review.
    public var conditions: FieldSource? = .member("source", "conditions")
    /// Event time of the decision, which saves the join a search; in `timeFormat`.
    public var decisionTime: FieldSource? = .member("decision_time")
    /// How many requests the label stands for where labels are a sample, above 0.
    public var samplingWeight: FieldSource? = .member("sampling_weight")

    public init() {}

    /// `legit`, `fraud`, `withdrawn`, each meaning itself.
    public static let identityValues = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.description, $0) })
}
