/// One declared floor: what may not happen, or how much of it.
public struct PolicyRule: Sendable, Equatable {
    /// Unique among the rules; the subject of its alerts.
    public var name: String
    /// Why it is there, for the person who is paged; may be empty.
    public var reason: String
    public var severity: Severity
    /// Decisions that it is about: for a floor, those that break it.
    public var condition: PolicyProgram
    /// Whether a decision of which that cannot be told, because something is missing, breaks the floor.
    public var missingBreaks = false
    /// Nil for a floor, of which one break is one too many.
    public var cap: PolicyCap?

    public init(name: String, reason: String = "", severity: Severity = .p0, condition: PolicyProgram) {
        self.name = name
        self.reason = reason
        self.severity = severity
        self.condition = condition
    }
}

/// A bound on the share of the decisions that a rule is about for which something holds.
public struct PolicyCap: Sendable, Equatable {
    public enum Monitor: String, Sendable, CaseIterable {
        case policyFloor = "policy_floor"
        case singleSignal = "single_signal"
    }

    /// What its alerts are called.
    public var monitor = Monitor.policyFloor
    public var counted: PolicyProgram
    /// In (0, 1): fires above it, with evidence.
    public var share: Double
    /// The share is that of one period, aligned to the epoch, ms; evidence starts afresh with each.
    public var periodMs: Int64 = 86_400_000
    /// Decisions in the period below which nothing is said.
    public var minCount: Int64 = 200
    /// Chance of a false alert in one period and model, however often one looks.
    public var alpha = 1e-6

    public init(counted: PolicyProgram, share: Double) {
        self.counted = counted
        self.share = share
    }
}

/// All rules of a detector.
public struct PolicyRuleSet: Sendable, Equatable {
    public var rules: [PolicyRule]
    /// An incident ends after this long without a break, ms.
    public var keepFiringForMs: Int64 = 3_600_000

    public init(rules: [PolicyRule]) { self.rules = rules }
}
