/// One record of the breaker topic: how far to rely on a model in a slice, and until when this is to be believed.
public struct BreakerRecord: Sendable, Equatable {
    public var breaker: String
    public var model: String
    public var slice: SliceName
    public var state: BreakerState
    public var policy: BreakerPolicy
    /// Share of the traffic that relies on the model.
    public var relianceShare: Double
    /// When the state was entered, event time, ms.
    public var since: Int64
    /// Event time up to which everything had been judged when the record was made, ms.
    public var at: Int64
    /// Nobody should act on it from this event time on, ms; ``never`` of a key's last record.
    public var expiresAt: Int64
    public var notBefore: Int64?
    /// One more with each record of this key. The first of a key, or after a change of the configuration, has the seconds of its
    /// event time: more than any before it, even of a state that was lost.
    public var sequence: Int64
    /// The same state as before, published so that it does not expire.
    public var isHeartbeat: Bool
    /// The last record of this key: nobody guards it any more, or a slice follows all traffic again.
    public var isRetired: Bool
    /// What drives it, most severe first; empty when nothing does.
    public var causes: [BreakerCause]
    public var forced: BreakerOrder?
    public var economics: BreakerEconomics?
    public var summary: String

    /// 9999-12-31T23:59:59.999Z, the last time that RFC 3339 can write.
    public static let never: Int64 = 253_402_300_799_999
}

/// A trigger that holds.
public struct BreakerCause: Sendable, Equatable {
    /// Id and fingerprint of the alert, or nil for a metric.
    public var alertID: String?
    public var fingerprint: String?
    /// Monitor of the alert, or name of the metric.
    public var name: String
    public var severity: Severity?
    /// Event time at which the condition began, ms.
    public var startedAt: Int64
    /// Id of the alert's monitor in the configuration; nil for a metric.
    public var monitorID: String?

    public init(alertID: String?, fingerprint: String?, name: String, severity: Severity?, startedAt: Int64, monitorID: String? = nil) {
        self.alertID = alertID
        self.fingerprint = fingerprint
        self.name = name
        self.severity = severity
        self.startedAt = startedAt
        self.monitorID = monitorID
    }
}

/// What a state costs and what it guards, from the alerts behind it and the traffic of the last hour; while it is not closed, of the
/// hour before, since a decision service that follows it no longer makes the decisions that the policy is about.
public struct BreakerEconomics: Sendable, Equatable {
    /// Share of the model's traffic whose decision the policy changes.
    public var challengedShare: Double
    /// Fraud expected among the decisions of the slice that the policy is about, in money per hour: their amount in the last hour times
    /// the share of such amounts that labels of the last 30 days call fraud, over the share of those labels that is expected to be in.
    /// Nil where decisions carry no amounts or labels do not say.
    public var moneyAtRiskPerHour: Double?
    /// The whole amount of those decisions; nil where decisions carry none.
    public var amountPerHour: Double?
    /// Least attempts to bypass that an incident behind it told of, since the trip; nil where none says.
    public var attemptsToBypass: Double?
    /// From the start of the condition to the last trip, ms, until it is closed again; nil where nothing tripped it. For a metric the
    /// condition begins with the first window over its bound.
    public var timeToDetectMs: Int64?

    public init(challengedShare: Double, moneyAtRiskPerHour: Double?, amountPerHour: Double? = nil, attemptsToBypass: Double?, timeToDetectMs: Int64?) {
        self.challengedShare = challengedShare
        self.moneyAtRiskPerHour = moneyAtRiskPerHour
        self.amountPerHour = amountPerHour
        self.attemptsToBypass = attemptsToBypass
        self.timeToDetectMs = timeToDetectMs
    }
}
