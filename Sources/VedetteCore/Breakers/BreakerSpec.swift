/// What makes a breaker trip.
public enum BreakerTrigger: Sendable, Equatable {
    /// An alert of one of these monitors (ids or kinds; empty for any) that is at least this severe.
    case alert(monitors: [String], severity: Severity)
    /// A number of the windows that close.
    case metric(BreakerMetricRule)
}

/// A number of a window, over a bound. Judged only with enough rows.
public struct BreakerMetricRule: Sendable, Equatable {
    public enum Metric: String, Sendable, CaseIterable {
        /// Fraud among labelled decisions, by decision time.
        case fraudRate = "fraud_rate"
        /// Fraud among labelled decisions that were allowed.
        case allowedFraudRate = "allowed_fraud_rate"
        /// What the scores alone expect, through the model's calibration (``LabelFreeEstimate``); unknown before the first one.
        case labelFreeFraudRate = "label_free_fraud_rate"
        case meanScore = "mean_score"
        case allowShare = "allow_share"
        case challengeShare = "challenge_share"
        case blockShare = "block_share"
        /// Decisions on the model score alone, of those that say.
        case modelOnlyShare = "model_only_share"
    }

    public var metric: Metric
    /// Index into the configured windows.
    public var window: Int
    /// Trips above this; for rates, only when the lower end of the 99.9 % Wilson interval is above it.
    public var above: Double
    /// Clear again at or below `above` times this, in (0, 1].
    public var clearRatio = 0.8
    /// Rows behind the number below which nothing is said.
    public var minCount: Int64 = 200

    public init(metric: Metric, window: Int, above: Double) {
        self.metric = metric
        self.window = window
        self.above = above
    }
}

/// What a decision service should do instead while the breaker is not closed.
public struct BreakerPolicy: Sendable, Equatable {
    public var insteadOf: Decision
    public var action: Decision

    public init(insteadOf: Decision = .allow, action: Decision = .challenge) {
        self.insteadOf = insteadOf
        self.action = action
    }
}

/// One breaker of the configuration: a state per model and slice that it covers.
public struct BreakerSpec: Sendable, Equatable {
    public var id: String
    /// Models it covers; empty for all.
    public var models: [String] = []
    public var slices = SliceSelection.overall
    public var triggers: [BreakerTrigger]
    public var policy = BreakerPolicy()
    public var timing = BreakerTiming()
    /// A record is published again after this long without a change, ms.
    public var heartbeatMs: Int64 = 60_000
    /// A record is stale this long after it was made, ms; above the heartbeat.
    public var expiryMs: Int64 = 300_000

    public init(id: String, triggers: [BreakerTrigger]) {
        self.id = id
        self.triggers = triggers
    }
}

/// What a person orders through the control topic.
public struct BreakerOrder: Sendable, Equatable {
    public var breaker: String
    public var model: String
    /// Part by part as in the breaker's records; empty is all traffic.
    public var slice: SliceName
    /// The state to hold; nil gives the breaker back to its triggers.
    public var state: BreakerState?
    public var author: String
    public var reason: String
    /// When the order ends by itself, ms; nil until it is taken back.
    public var until: Int64?

    public init(breaker: String, model: String, slice: SliceName, state: BreakerState?, author: String, reason: String, until: Int64?) {
        self.breaker = breaker
        self.model = model
        self.slice = slice
        self.state = state
        self.author = author
        self.reason = reason
        self.until = until
    }
}
