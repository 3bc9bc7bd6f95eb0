/// How bad it is. P0 wakes people, P3 waits for the week.
public enum Severity: String, Sendable, CaseIterable, Comparable {
    case p0 = "P0", p1 = "P1", p2 = "P2", p3 = "P3"
    public static func < (a: Severity, b: Severity) -> Bool { a.rawValue > b.rawValue }
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
    /// The same hours of the `weeks` previous weeks, merged; weeks without data are left out.
    case sameHours(weeks: Int)
    /// The window of this stream that starts at the given time (milliseconds since 1970).
    case pinned(startMs: Int64)
    /// A baseline file, loaded at start and known by its name.
    case baseline(name: String)

    /// Start of the earliest record that matters for a window: its own or its reference's.
    func begins(windowStart: Int64, sizeMs: Int64) -> Int64 {
        switch self {
        case .previousWindow: windowStart - sizeMs
        case .sameHours(let weeks): windowStart - Int64(weeks) * 7 * 86_400_000
        case .pinned(let start): min(start, windowStart)
        case .baseline: windowStart
        }
    }

    public var label: String {
        switch self {
        case .previousWindow: "previous_window"
        case .sameHours(let weeks): "same_hours_\(weeks)w"
        case .pinned(let start): "pinned_\(start)"
        case .baseline(let name): "baseline_\(name)"
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

/// Alarm when too many values of an important feature are missing (absent or null).
public struct MissingFeaturesRule: Sendable, Equatable {
    /// Effect: the missing rate must exceed this, 0...1.
    public var maxRate: Double = 0.05
    /// Effect: and exceed the reference's missing rate by this, 0...1.
    public var minIncrease: Double = 0.05
    public init() {}
}

/// Alarm when the score distribution moved.
public struct ScoreDriftRule: Sendable, Equatable {
    /// Effect: shift of the mean in standard deviations of the reference.
    public var minSigma: Double = 0.25
    /// Effect: population stability index over the reference's deciles; either effect suffices.
    public var minPSI: Double = 0.25
    public init() {}
}

/// Alarm when the labelled fraud rate of a segment is a multiple of its reference.
public struct OutcomeRateRule: Sendable, Equatable {
    /// What is counted in a window.
    public enum Basis: String, Sendable, CaseIterable {
        /// Labels that arrived in the window.
        case labelArrival = "label_arrival"
        /// Labels, whenever they arrived, of decisions made in the window.
        case decisionTime = "decision_time"
    }
    /// Effect: rate over reference rate.
    public var minRatio: Double = 2
    /// Effect: at least this many fraud labels in the window.
    public var minFraud: Int64 = 5
    public var basis: Basis = .labelArrival
    public init() {}
}

/// Alarm when traffic drops or surges.
public struct VolumeRule: Sendable, Equatable {
    /// Effect: volume over reference below this is a drop.
    public var maxDropRatio: Double = 0.5
    /// Effect: volume over reference above this is a surge.
    public var minSurgeRatio: Double = 2
    public init() {}
}

/// One declared monitor.
public struct MonitorSpec: Sendable, Equatable {
    public enum Rule: Sendable, Equatable {
        case missingFeatures(MissingFeaturesRule)
        case scoreDrift(ScoreDriftRule)
        case outcomeRate(OutcomeRateRule)
        case volume(VolumeRule)

        /// The monitor's name in alerts, runbooks and the configuration.
        public var name: String {
            switch self {
            case .missingFeatures: "missing_features"
            case .scoreDrift: "score_drift"
            case .outcomeRate: "outcome_rate"
            case .volume: "volume"
            }
        }
    }

    /// Unique among the monitors of a configuration; part of an alert's fingerprint.
    public var id: String
    public var rule: Rule
    /// Empty: every model of the inventory.
    public var models: [String] = []
    /// Index into the configured windows.
    public var window: Int
    public var slices: SliceSelection = .overall
    public var reference: Reference
    public var severity: Severity
    /// Evidence: chance of one false finding per evaluation round of this monitor, over all its slices.
    public var alpha: Double = 1e-6
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
}
