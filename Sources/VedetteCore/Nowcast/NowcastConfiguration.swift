/// How the final outcome of young cohorts is estimated from the labels that have come so far.
public struct NowcastConfiguration: Sendable, Equatable {
    /// Whether metric records and `performance` monitors have nowcasts.
    public var isEnabled = true
    /// Decisions of one such stretch of time, aligned to the epoch, are one cohort.
    public var cohortMs: Int64 = 86_400_000
    /// Labels that take longer count as taking this long; a multiple of `cohortMs`.
    public var horizonMs: Int64 = 120 * 86_400_000
    /// What was learned of delays this long ago weighs half.
    public var halfLifeMs: Int64 = 45 * 86_400_000
    /// How far around a cohort others tell its fraud rate: the weight falls by e over this.
    public var neighbourhoodMs: Int64 = 14 * 86_400_000
    /// Median and spread (standard deviation of the logarithm) of the delay that is supposed before any label has come.
    public var priorMedianMs: Int64 = 20 * 86_400_000
    public var priorSpread = 1.0
    /// Which series have a reporting triangle of their own; the others use that of all traffic.
    public var slices: SliceSelection = .overall
    /// Single slices beside those of `slices`, by their values.
    public var sliceValues: [SliceName] = []
    /// Series with a triangle of their own, over all models, beyond all traffic; about 200 KB each.
    public var maxSeries = 64
    /// Labelled cohorts that the calibration of scores is learned on.
    public var calibrationCohorts = 60

    public init() {}

    /// Cohorts that a triangle keeps: the horizon, and three half-lives to learn delays from.
    public var keptCohorts: Int { Int((horizonMs + 3 * halfLifeMs) / cohortMs) + 1 }

    /// The cohort that holds a time.
    public func cohort(of time: Int64) -> Int64 { floorDivide(time, cohortMs) }
}
