import VedetteCore

/// What the traffic of a simulated payments model looks like.
///
/// Equal options give byte-identical streams, on every machine.
public struct SimulationOptions: Sendable, Equatable {
    /// How much traffic there is.
    public enum Length: Sendable, Equatable {
        /// Exactly this many valid decisions, retries not counted.
        case decisions(Int)
        /// All decisions in this many milliseconds of event time.
        case durationMs(Int64)
        case unbounded
    }

    public var seed: UInt64 = 1
    /// Event time of the beginning, epoch milliseconds. Default: Monday 2026-01-05T00:00:00Z.
    public var startMs: Int64 = 1_767_571_200_000
    public var length: Length = .decisions(100_000)
    /// Mean over a week of event time; the rate follows the hour of the day and the day of the week. (0, 1e6]
    public var decisionsPerSecond: Double = 50

    /// `model.name` and `model.version` of every decision.
    public var modelName: String = "payments-gbm"
    public var modelVersion: String = "2026.01"

    /// Mean latent fraud rate, (0, 0.2].
    public var fraudRate: Double = 0.008
    /// Share of traffic from accounts younger than 30 days, [0, 1].
    public var newUserShare: Double = 0.12
    /// Distinct values of the slice dimension `country`, 1...10,000, with Zipf weights.
    public var countries: Int = 12
    /// Established accounts, 1...100,000,000.
    public var knownUsers: Int = 200_000
    /// Distinct merchants, 1...1,000,000.
    public var merchants: Int = 3000

    /// Median delay of a chargeback, milliseconds; the other sources are faster by fixed factors.
    /// 1 s to 180 days. Default: 12 hours.
    public var labelDelayMedianMs: Int64 = 43_200_000
    /// Share of honest decisions that get a label, [0, 1]; every fraud gets one.
    public var legitLabelShare: Double = 0.1
    /// Whether a label carries `decision_time`, which lets the join look in one segment only.
    public var labelsCarryDecisionTime: Bool = false
    /// Whether labels that are due after the last decision are still delivered.
    public var deliversRemainingLabels: Bool = true

    public var scenarios: [SimulationScenario] = []

    public init() {}

    /// Labels and delayed records that may wait at one time; at 64 bytes each, 1 GiB at most.
    /// Decisions stay unlabelled while the bound is reached.
    public static let maxPendingRecords = 16_000_000
    /// No label is later than this.
    public static let maxLabelDelayMs: Int64 = 180 * 86_400_000

    func validate() throws(SimulationError) {
        func require(_ holds: Bool, _ key: String, _ expected: String) throws(SimulationError) {
            if !holds { throw SimulationError(key: key, expected: expected) }
        }
        // 0001-01-01 to 9000-01-01, so that every time prints with four digits of year.
        try require((-62_135_596_800_000...221_845_392_000_000).contains(startMs), "start", "a time between the years 1 and 9000")
        switch length {
        case .decisions(let count): try require(count >= 0, "decisions", "0 or more")
        case .durationMs(let ms): try require((0...3_153_600_000_000).contains(ms), "duration", "0 to 100 years")
        case .unbounded: break
        }
        try require(decisionsPerSecond > 0 && decisionsPerSecond <= 1e6, "decisions per second", "above 0, at most 1,000,000")
        try require(fraudRate > 0 && fraudRate <= 0.2, "fraud rate", "above 0, at most 0.2")
        try require((0...1).contains(newUserShare), "share of new users", "0 to 1")
        try require((1...10_000).contains(countries), "countries", "1 to 10,000")
        try require((1...100_000_000).contains(knownUsers), "known users", "1 to 100,000,000")
        try require((1...1_000_000).contains(merchants), "merchants", "1 to 1,000,000")
        try require((1000...Self.maxLabelDelayMs).contains(labelDelayMedianMs), "median label delay", "1 s to 180 d")
        try require((0...1).contains(legitLabelShare), "share of honest decisions labelled", "0 to 1")
    }
}

/// An option that is out of its range, or a scenario that does not parse.
public struct SimulationError: Error, Equatable, CustomStringConvertible {
    public let key: String
    public let expected: String

    public init(key: String, expected: String) {
        self.key = key
        self.expected = expected
    }

    public var description: String { "\(key): expected \(expected)" }
}
