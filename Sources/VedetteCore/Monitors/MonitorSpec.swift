/// How bad it is. P0 wakes people, P3 waits for the week.
public enum Severity: String, Sendable, CaseIterable, Comparable {
    case p0 = "P0", p1 = "P1", p2 = "P2", p3 = "P3"
    public static func < (a: Severity, b: Severity) -> Bool { a.rawValue > b.rawValue }
    /// One step less severe; P3 stays.
    public var lowered: Severity {
        switch self {
        case .p0: .p1
        case .p1: .p2
        case .p2, .p3: .p3
        }
    }
    /// One step more severe; P0 stays.
    public var raised: Severity {
        switch self {
        case .p0, .p1: .p0
        case .p2: .p1
        case .p3: .p2
        }
    }
}

/// What a window is compared with.
public enum Reference: Sendable, Equatable {
    /// The window of equal length that ended where this one starts.
    case previousWindow
    /// The same hours of the `weeks` previous weeks, merged; weeks without data are left out,
    /// and of three or more the one that deviates most (``ComparableWeeks``).
    case sameHours(weeks: Int)
    /// The window of this stream that starts at the given time (milliseconds since 1970).
    case pinned(startMs: Int64)
    /// A baseline file, loaded at start and known by its name.
    case baseline(name: String)
    /// The same window of another model version, with which all other versions are compared.
    case version(name: String)

    /// Start of the earliest record that matters for a window: its own or its reference's.
    func begins(windowStart: Int64, sizeMs: Int64) -> Int64 {
        switch self {
        case .previousWindow: windowStart - sizeMs
        case .sameHours(let weeks): windowStart - Int64(weeks) * 7 * 86_400_000
        case .pinned(let start): min(start, windowStart)
        case .baseline, .version: windowStart
        }
    }

    /// As alerts and their fingerprints name it.
    public var label: String {
        switch self {
        case .previousWindow: "previous_window"
        case .sameHours(let weeks): "same_hours_\(weeks)w"
        case .pinned(let start): "pinned_\(start)"
        case .baseline(let name): "baseline_\(name)"
        case .version(let name): "version_\(name)"
        }
    }
}

/// Which slices a monitor looks at.
public enum SliceSelection: Sendable, Equatable {
    /// All traffic only.
    case overall
    /// All traffic and every slice.
    case all
    /// The slices of these groups (sets of indices into `EventSchema.dimensions`).
    case groups([[Int]])
}

/// One declared monitor.
public struct MonitorSpec: Sendable, Equatable {
    /// The limits of one kind of monitor.
    public struct Rule: Sendable, Equatable {
        public var base: any MonitorRule

        public init(_ base: any MonitorRule) { self.base = base }

        /// The monitor's name in alerts, runbooks and the configuration.
        public var name: String { type(of: base).name }

        public static func == (a: Rule, b: Rule) -> Bool { a.base.isEqual(b.base) }
    }

    /// Unique among the monitors of a configuration; part of an alert's fingerprint.
    public var id: String
    public var rule: Rule
    /// Empty: every model of the inventory.
    public var models: [String] = []
    /// Index into the configured windows.
    public var window: Int
    public var slices: SliceSelection = .overall
    /// Single slices beside those of `slices`, by their values.
    public var sliceValues: [SliceName] = []
    public var reference: Reference
    public var severity: Severity
    /// Where the effect is large enough for another severity than ``severity``, the most severe first.
    public var severitySteps: [SeverityStep] = []
    /// Evidence: chance of one false finding per evaluation round of this monitor, over all its slices;
    /// nil for its part of the deployment's budget (``PageBudget``).
    public var alpha: Double?
    /// Rows a window and its reference need before anything is said.
    public var minCount: Int64 = 200
    /// The condition must hold this long (event time) before the alert fires.
    public var forMs: Int64 = 0
    /// The condition must be clear this long before the alert resolves.
    public var keepFiringForMs: Int64 = 0
    /// The effect must fall below this share of its limit to count as clear, 0...1.
    public var clearRatio: Double = 0.8

    public init(id: String, rule: Rule, window: Int, reference: Reference, severity: Severity) {
        self.id = id
        self.rule = rule
        self.window = window
        self.reference = reference
        self.severity = severity
    }

    /// Start of the earliest record that matters for a window: its own, its reference's or its period's.
    func begins(windowStart: Int64, windowEnd: Int64) -> Int64 {
        if let period = (rule.base as? SLORule)?.periodMs { return windowEnd - period }
        return rule.base.needs.reference ? reference.begins(windowStart: windowStart, sizeMs: windowEnd - windowStart) : windowStart
    }

    /// What an alert names as its reference.
    var referenceLabel: String { rule.base.referenceLabel ?? reference.label }

    /// How bad a finding is: the most severe step that it reaches, else the monitor's own word, else ``severity``.
    public func severity(of finding: Finding) -> Severity {
        severitySteps.first { $0.isReached(by: finding) }?.severity ?? finding.severity ?? severity
    }
}

/// A severity, and the size of an effect from which on it holds.
public struct SeverityStep: Sendable, Equatable {
    public var severity: Severity
    /// The finding's value is at least this, in the measure's own unit.
    public var above: Double?
    /// The effect is at least this many times its limit; for what is bad when small, too.
    public var times: Double?

    public init(severity: Severity, above: Double? = nil, times: Double? = nil) {
        self.severity = severity
        self.above = above
        self.times = times
    }

    func isReached(by finding: Finding) -> Bool {
        if let above, finding.value >= above { return true }
        if let times, finding.strength >= times { return true }
        return false
    }
}
