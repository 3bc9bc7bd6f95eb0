/// Where an alert stands.
public enum AlertStatus: String, Sendable, CaseIterable {
    /// First word of an episode.
    case firing
    /// Still firing, and something that matters changed.
    case updated
    /// The condition has been clear for `keep_firing_for`.
    case resolved
    /// Late labels showed that the alert was wrong.
    case withdrawn
}

/// One alert record. Its id is a function of fingerprint, episode and revision, so a
/// consumer can drop a repeat.
public struct AlertEvent: Sendable, Equatable {
    public var id: String
    /// 32 hex digits: application, monitor, model, slice and subject. One fingerprint is one thing that can be wrong.
    public var fingerprint: String
    /// 1 for the first time this fingerprint fires, and so on.
    public var episode: Int
    /// 0 for the first record of an episode, and so on.
    public var revision: Int
    public var status: AlertStatus
    public var severity: Severity
    /// Rule name, such as `score_drift`.
    public var monitor: String
    /// The monitor's id in the configuration.
    public var monitorID: String
    public var model: String
    public var version: String
    public var slice: SliceName
    /// Feature (or other thing inside the slice) that it is about; nil for the slice as a whole.
    public var subject: String?
    /// One line: what was observed, against which limit.
    public var summary: String
    /// Start of the first window of the condition, ms.
    public var startedAt: Int64
    /// End of the window whose judgement made the episode fire, ms.
    public var detectedAt: Int64
    /// Event time at which this record was emitted, ms.
    public var emittedAt: Int64
    public var windowName: String
    public var windowStart: Int64
    public var windowEnd: Int64
    /// Event time from which a replay must read to see the window and its reference, ms.
    public var replayFrom: Int64 = .min
    /// What `value` measures, with its unit: `missing_rate`, `sigma`, `psi`, `rate_ratio`, `volume_ratio` (``Measure``).
    public var measure: String
    public var value: Double
    /// The same from the labels known now, where `value` is what is expected in the end.
    public var raw: Double? = nil
    public var limit: Double
    /// The reference's level in its own unit: a rate, a mean score, decisions per window.
    public var referenceValue: Double?
    public var referenceName: String
    /// Rows behind `value`.
    public var count: Int64
    public var interval: Interval?
    /// Evidence: p-value of the finding before the correction, and how it was corrected.
    public var pValue: Double
    public var control: FalseDiscoveryControl
    /// Share of the window's decisions that have a label; nil where labels play no part.
    public var labelMaturity: Double?
    /// Slices or features that contribute most, largest first.
    public var contributors: [Contributor]
    /// 3 to 10 where there are as many.
    public var sampleRequestIDs: [String]
    public var owner: Team
    public var security: Team
    public var runbook: String
    public var immediateActions: [String]
    public var escalation: String
    public var recommendedAction: String
    /// What the recommended action touches, in one line.
    public var blastRadius: String
    /// What a stream detector knows of its incident; empty for monitors of windows.
    public var incident: [IncidentFact] = []
    /// What the incident costs both sides; nil for monitors of windows and for notices.
    public var economics: IncidentEconomics?
    /// Why it was resolved or withdrawn; nil while it fires.
    public var reason: String?

    public struct Interval: Sendable, Equatable {
        public var low: Double
        public var high: Double
        public var confidence: Double
        public init(low: Double, high: Double, confidence: Double) {
            self.low = low
            self.high = high
            self.confidence = confidence
        }
    }

    public struct Contributor: Sendable, Equatable {
        public var name: String
        public var value: Double
        public var count: Int64
        public init(name: String, value: Double, count: Int64) {
            self.name = name
            self.value = value
            self.count = count
        }
    }

    /// How many things were tested at once, and how chance findings among them are held down.
    public struct FalseDiscoveryControl: Sendable, Equatable {
        public var method: String
        public var alpha: Double
        public var tests: Int
        /// ln of the e-value that the evidence of ``windows`` windows adds up to; nil where none is accumulated.
        public var logEValue: Double?
        /// Windows without overlap that the evidence is from; 1 where the one window is enough.
        public var windows = 1
        /// The budget behind `alpha`: false alerts of the deployment in 30 days; nil where the configuration states `alpha` itself.
        public var falseAlertsPerMonth: Double?
        public init(method: String, alpha: Double, tests: Int) {
            self.method = method
            self.alpha = alpha
            self.tests = tests
        }
    }
}
