/// What a detector says about one incident at a pane boundary.
///
/// It says so whenever it still stands; the ``IncidentBook`` decides which reports are worth a record.
public struct IncidentReport: Sendable, Equatable {
    public enum Phase: Sendable, Equatable {
        case open
        /// Over, and why.
        case closed(reason: String)
        /// It was wrong, and why.
        case withdrawn(reason: String)
        /// It turned out to be part of another one, which goes on: `case 3`.
        case merged(into: String)
    }

    /// Index into the configured detectors.
    public var detector: Int
    /// Name of the monitor in alerts and runbooks, such as `probing.trajectory`.
    public var monitor: String
    /// Index into the inventory.
    public var model: Int
    public var version = "*"
    public var slice = SliceName()
    /// What it is about, such as an actor or a cluster. With monitor, model and slice it names the
    /// incident: reports with the same name are one incident. At most some dozens of characters.
    public var subject: String?
    public var phase = Phase.open
    public var severity: Severity
    /// Event time of the first and newest evidence, ms.
    public var startedAt: Int64
    public var lastAt: Int64
    /// Observed against limit, in one line, without model, slice and time.
    public var headline: String
    /// What `value` and `limit` measure, with its unit: lower-case words joined by `_`.
    public var measure: String
    public var value: Double
    public var limit: Double
    public var referenceName: String
    public var referenceValue: Double?
    /// Records behind it.
    public var count: Int64
    public var interval: AlertEvent.Interval?
    public var pValue: Double
    public var control: AlertEvent.FalseDiscoveryControl
    /// How large it is, in a unit of the detector's own (tries, labels, violations): growth is judged by it.
    public var size: Double
    /// How often something became known of it, since its first report, that is worth a record by itself.
    public var news: Int64 = 0
    /// What is known of it, in the order in which people want to read it.
    public var facts: [IncidentFact] = []
    public var contributors: [AlertEvent.Contributor] = []
    /// At most 10.
    public var sampleRequestIDs: [String] = []
    public var immediateActions: [String]
    public var escalation: String
    public var recommendedAction: String
    /// What the action touches, without a full stop: what it costs and guards is said after it.
    public var blastRadius: String
    public var stakes: IncidentStakes

    public init(
        detector: Int, monitor: String, model: Int, severity: Severity, startedAt: Int64, lastAt: Int64, headline: String,
        measure: String, value: Double, limit: Double, referenceName: String, referenceValue: Double? = nil, count: Int64,
        pValue: Double, control: AlertEvent.FalseDiscoveryControl, size: Double, immediateActions: [String],
        escalation: String, recommendedAction: String, blastRadius: String, stakes: IncidentStakes
    ) {
        self.detector = detector
        self.monitor = monitor
        self.model = model
        self.severity = severity
        self.startedAt = startedAt
        self.lastAt = lastAt
        self.headline = headline
        self.measure = measure
        self.value = value
        self.limit = limit
        self.referenceName = referenceName
        self.referenceValue = referenceValue
        self.count = count
        self.pValue = pValue
        self.control = control
        self.size = size
        self.immediateActions = immediateActions
        self.escalation = escalation
        self.recommendedAction = recommendedAction
        self.blastRadius = blastRadius
        self.stakes = stakes
    }
}

/// One thing known of an incident: a name (lower-case words joined by `_`) and a value.
public struct IncidentFact: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
        case number(Double)
        case text(String)
        /// Milliseconds since 1970 UTC.
        case time(Int64)
        case list([String])
    }

    public var name: String
    public var value: Value

    public init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
