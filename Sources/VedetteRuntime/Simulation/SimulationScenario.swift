/// What can go wrong in the simulated traffic.
public enum ScenarioKind: String, CaseIterable, Sendable {
    /// A feature stops arriving: null or absent in a share of the decisions.
    case featureMissing = "feature_missing"
    /// Scores move by a number of logits, the way a unit change upstream moves them.
    case scoreDrift = "score_drift"
    /// Fraud among new users is a multiple of what it was, half hidden from the model.
    case fraudSpikeNewUsers = "fraud_spike_new_users"
    /// A share of the traffic does not arrive at all.
    case volumeDrop = "volume_drop"
    /// Producers send decisions again, most of them identical, some with other content.
    case duplicates
    /// Records arrive up to `boundMs` after their time, and a few far later than that.
    case disorder
    /// Broken lines between the good ones.
    case malformed
    /// Labels are repeated, reversed, contradicted, withdrawn, or belong to no decision.
    case labelCorrections = "label_corrections"
}

/// One scenario: what happens, from when to when, how strongly and to whom.
public struct SimulationScenario: Sendable, Equatable {
    public var kind: ScenarioKind
    /// Start and end, milliseconds after the start of the stream; half-open.
    public var fromMs: Int64
    public var untilMs: Int64
    /// A share in [0, 1]; for `score_drift` logits in [-10, 10]; for `fraud_spike_new_users` a factor in [1, 100].
    public var strength: Double
    /// Dimension and value of the slice it is about; nil is all traffic.
    /// For `feature_missing`, `score_drift` and `volume_drop` only.
    public var slice: SliceTarget?
    /// The feature that goes missing.
    public var feature: String
    /// Bound of the disorder, milliseconds. Truly late records are 4 to 40 times later than this.
    public var boundMs: Int64

    public struct SliceTarget: Sendable, Equatable {
        public var dimension: String
        public var value: String
        public init(dimension: String, value: String) {
            self.dimension = dimension
            self.value = value
        }
    }

    public init(
        _ kind: ScenarioKind, fromMs: Int64 = 0, untilMs: Int64 = .max, strength: Double? = nil,
        slice: SliceTarget? = nil, feature: String = "device_age_days", boundMs: Int64 = 4000
    ) {
        self.kind = kind
        self.fromMs = fromMs
        self.untilMs = untilMs
        self.strength = strength ?? kind.defaultStrength
        self.slice = slice
        self.feature = feature
        self.boundMs = boundMs
    }

    /// Share of delayed records in `disorder` that are truly late.
    static let trulyLateShare = 0.002
}

extension ScenarioKind {
    public var defaultStrength: Double {
        switch self {
        case .featureMissing: 0.3
        case .scoreDrift: 1.5
        case .fraudSpikeNewUsers: 5.0
        case .volumeDrop: 0.8
        case .duplicates: 0.05
        case .disorder: 0.3
        case .malformed: 0.01
        case .labelCorrections: 0.3
        }
    }

    var strengthRange: ClosedRange<Double> {
        switch self {
        case .scoreDrift: -10...10
        case .fraudSpikeNewUsers: 1...100
        case .featureMissing, .volumeDrop, .duplicates, .disorder, .malformed, .labelCorrections: 0...1
        }
    }

    var takesSlice: Bool { self == .featureMissing || self == .scoreDrift || self == .volumeDrop }
}

/// What a scenario must make the sidecar say.
public struct ScenarioExpectation: Sendable, Equatable {
    /// The monitor that must fire, nil where none may.
    public var monitor: String?
    /// The slice it must fire in, all traffic (nil) or one dimension.
    public var slice: SimulationScenario.SliceTarget?
    /// Event time from the start of the scenario within which it must fire, milliseconds.
    public var withinMs: Int64
    /// The same in words.
    public var text: String
}

extension SimulationScenario {
    private static let hourMs: Int64 = 3_600_000

    /// What must fire, in which slice, and how soon, with the default monitors, the default
    /// strength or more, and enough history for their references.
    ///
    /// Within a slice of its own, a scenario asks for a monitor that looks at that slice.
    /// - Parameter labelDelayMedianMs: of the options; outcomes show only when labels arrive.
    public func expectation(labelDelayMedianMs: Int64) -> ScenarioExpectation {
        let place = slice.map { "\($0.dimension)=\($0.value)" } ?? "all traffic"
        // The default monitors of scores look at every slice, the others at all traffic.
        let ifWatched = slice == nil ? "" : ", where a monitor looks at that slice"
        switch kind {
        case .featureMissing:
            return ScenarioExpectation(
                monitor: "missing_features", slice: slice, withinMs: Self.hourMs / 2,
                text: "missing_features fires for \(feature) in \(place) within 30 min\(ifWatched)")
        case .scoreDrift:
            return ScenarioExpectation(
                monitor: "score_drift", slice: slice, withinMs: 24 * Self.hourMs,
                text: "score_drift fires in \(place) within 24 h")
        case .fraudSpikeNewUsers:
            let withinMs = 24 * Self.hourMs + 2 * labelDelayMedianMs
            return ScenarioExpectation(
                monitor: "outcome_rate", slice: SliceTarget(dimension: "account_age", value: "new"), withinMs: withinMs,
                text: "outcome_rate fires in account_age=new within \(withinMs / Self.hourMs) h (24 h and twice the median label delay)")
        case .volumeDrop:
            return ScenarioExpectation(
                monitor: "volume", slice: slice, withinMs: 5 * Self.hourMs / 4,
                text: "volume fires in \(place) within 75 min\(ifWatched)")
        case .duplicates:
            return quiet("no monitor fires; duplicate and conflicting decisions are counted")
        case .disorder:
            return quiet("no monitor fires; records later than the allowed out-of-orderness are counted and listed as late")
        case .malformed:
            return quiet("no monitor fires; every broken line is in the dead-letter output with its reason")
        case .labelCorrections:
            return quiet("no monitor fires; changed labels are corrected exactly, conflicts and orphans are counted")
        }
    }

    private func quiet(_ text: String) -> ScenarioExpectation {
        ScenarioExpectation(monitor: nil, slice: nil, withinMs: 0, text: text)
    }
}
