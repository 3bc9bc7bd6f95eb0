/// One kind of monitor with its limits: everything that is particular to it lives in its own file.
///
/// To add one: a struct in a file of its own here, its name in ``MonitorRegistry``, a runbook,
/// and, where it should watch by itself, a line in the default monitors. The configuration's
/// keys, their reference, the inventory and the alert's words all follow from the struct.
///
/// A rule is a pure function from a window and its reference to findings: an *effect* in units
/// of its limit, and *evidence* as a p-value that is right far in the tail. What is done with
/// many findings at once is the ``Judge``'s.
public protocol MonitorRule: Sendable, Equatable {
    /// With the default limits.
    init()

    /// In alerts, runbooks and the configuration.
    static var name: String { get }
    /// Where the configuration states none.
    static var defaultSeverity: Severity { get }
    /// Its keys in the configuration, beyond those of every monitor.
    static var keys: [MonitorKey<Self>] { get }

    /// Takes the names of the keys that a configuration gave it, for defaults that depend on what else is given.
    mutating func settle(given keys: Set<String>)

    /// What it has to be given beyond the window and the reference.
    var needs: MonitorNeeds { get }

    /// What it compares with, where that is not the configured reference.
    var referenceLabel: String? { get }

    /// What it looks at one by one in a slice: features, versions, or the slice as a whole.
    func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject]

    /// What it looked at before and may have spoken of, that is none of its ``subjects(of:_:)`` any more. Asked for only
    /// where an alert of it is open, so that it ends: its finding goes on, says that it is over (``Finding/ended``), or nothing.
    func formerSubjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject]

    /// What it says of one subject; nil without a reference.
    /// - Parameter frozen: the reference that an alert which fires keeps, to be used instead of the observation's.
    func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding?

    /// A finding whose effect is not passed, held against the limit at which the alert that is open fired, where a kind of monitor has
    /// more than one: what is clear, and what is said of it, is of that limit.
    /// - Parameter value: the finding's of the window that made it fire.
    func held(_ finding: Finding, firedAt value: Double) -> Finding

    /// What was observed against which limit, without place and time.
    func headline(_ finding: Finding) -> String

    /// Why an alert of it is over, where that is not an effect which has fallen below its limit.
    func cleared(_ finding: Finding) -> String?

    /// Both limits, `0.3 and 4 times`, where there is one on either side of what is usual; nil where there is one.
    func limits(_ finding: Finding) -> String?

    /// What to do about it.
    func advice(_ finding: Finding, at place: AlertPlace) -> Advice
}

extension MonitorRule {
    public var needs: MonitorNeeds { MonitorNeeds() }

    public var referenceLabel: String? { nil }

    public func held(_ finding: Finding, firedAt value: Double) -> Finding { finding }

    public func limits(_ finding: Finding) -> String? { nil }

    public func cleared(_ finding: Finding) -> String? {
        limits(finding).map { "\(finding.measure.text(finding.value)) now, which is between the limits (\($0))" }
    }

    /// The limit that was passed, or, of a number between two, both.
    func limitWords(_ finding: Finding) -> String {
        if !finding.effectPassed, let both = limits(finding) { return "limits \(both)" }
        return "limit \(finding.measure.text(finding.limit))"
    }

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] { [.slice] }

    public func formerSubjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] { [] }

    public mutating func settle(given keys: Set<String>) {}

    func isEqual(_ other: any MonitorRule) -> Bool { (other as? Self) == self }
}

/// What a monitor has to be given, or must be spared.
public struct MonitorNeeds: Sendable, Equatable {
    /// It rests on labels, so that late ones may withdraw its alerts.
    public var labels = false
    /// It judges what is expected of labels that are still to come, so its slices need nowcasts of their own.
    public var cohorts = false
    /// It reads features: slices without them say nothing.
    public var features = false
    /// It looks at fields that are not declared (``Observation/undeclared``).
    public var undeclared = false
    /// It watches only features marked important.
    public var importantFeatures = false
    /// It compares what follows the clock (traffic, the mix of requests), so a window that the end of
    /// a replay's data cuts off must not look like a change.
    public var wholeWindow = false
    /// It compares model versions with each other, and is itself the word about a change of version.
    public var versions = false
    /// A new model version moves what it measures, without anything being wrong.
    public var isMovedByVersion = false
    /// It counts good and bad events over several windows that end with this one (``Observation/budget``).
    public var budget = false
    /// It counts the traffic itself: a window of the reference without any is a zero and not missing, and a
    /// reference of another length (a baseline) is none.
    public var countsTraffic = false
    /// What it measures is measured in every slice, so that an alert of all traffic can name those that carry it, asked to watch them or not.
    public var isCarriedBySlices = false
    /// It compares with its reference. Where not, none is composed.
    public var reference = true

    public init() {}
}

/// One thing inside a slice that a monitor looks at.
public struct MonitorSubject: Sendable, Equatable {
    /// Part of the alert's fingerprint; nil for the slice as a whole.
    public var name: String?
    /// Of a feature, its index in the schema; else what the monitor makes of it.
    public var index: Int

    public init(name: String?, index: Int = -1) {
        self.name = name
        self.index = index
    }

    /// The slice as a whole.
    public static let slice = MonitorSubject(name: nil)
}

/// What a monitor may know besides the observation.
public struct MonitorContext: Sendable {
    public var spec: MonitorSpec
    public var model: ModelSpec
    public var schema: EventSchema

    public init(spec: MonitorSpec, model: ModelSpec, schema: EventSchema) {
        self.spec = spec
        self.model = model
        self.schema = schema
    }

    /// The model's features, or only the important ones, as subjects.
    func features(importantOnly: Bool) -> [MonitorSubject] {
        (importantOnly ? model.importantFeatures : model.features).map { MonitorSubject(name: schema.features[$0].name, index: $0) }
    }

    func isImportant(_ feature: Int) -> Bool { model.importantFeatures.contains(feature) }
}

/// Where and since when, in the words of an alert.
public struct AlertPlace {
    /// `country=FR of payments` or `all traffic of payments`.
    public var text: String
    /// Start of the first window of the condition, `2026-01-05 00:00 UTC`.
    public var since: String
    /// When what did it happened: `between 2026-01-05 00:00 and 2026-01-06 00:00 UTC`, from the start of the first window of the
    /// condition, which may be a day long, to the end of the one that made it fire.
    public var when: String
    public var owner: String
    public var security: String

    public init(text: String, since: String, when: String, owner: String, security: String) {
        self.text = text
        self.since = since
        self.when = when
        self.owner = owner
        self.security = security
    }
}

/// What an alert tells the person on call to do.
public struct Advice {
    /// In order; the runbook says the same at length.
    public var actions: [String]
    public var escalation: String
    public var recommended: String

    public init(actions: [String], escalation: String, recommended: String) {
        self.actions = actions
        self.escalation = escalation
        self.recommended = recommended
    }
}
