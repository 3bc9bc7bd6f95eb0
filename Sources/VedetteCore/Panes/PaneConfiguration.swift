/// The small time buckets that aggregates are kept in, and how they roll up as they age.
public struct PaneConfiguration: Sendable, Equatable {
    /// One level of the ladder: panes of `sizeMs`, kept for `keepMs` after they end.
    public struct Level: Sendable, Equatable {
        public var sizeMs: Int64
        public var keepMs: Int64
        public init(sizeMs: Int64, keepMs: Int64) {
            self.sizeMs = sizeMs
            self.keepMs = keepMs
        }
    }

    /// Ascending sizes; each divides the next; the first is the pane.
    public var levels: [Level] = [
        Level(sizeMs: 60_000, keepMs: 2 * 3_600_000),
        Level(sizeMs: 300_000, keepMs: 2 * 3_600_000),
        Level(sizeMs: 3_600_000, keepMs: 35 * 86_400_000),
        Level(sizeMs: 86_400_000, keepMs: 120 * 86_400_000),
    ]
    /// Distinct scores a sketch holds before it coarsens.
    public var scoreEntries: Int = 1_024
    /// Relative error of feature and latency quantiles.
    public var quantileAccuracy: Double = 0.01
    /// Bins of one quantile sketch before the lowest collapse.
    public var quantileBins: Int = 512
    /// Distinct values of a categorical feature before the rest count as other.
    public var categories: Int = 64
    /// How far below a threshold a score still counts as just below it.
    public var thresholdEpsilon: Double = 0.02
    /// Closed windows that late labels changed are emitted again at multiples of this (event time).
    public var reviseEveryMs: Int64 = 86_400_000
    /// A closed pane that was not used for so much event time is kept as bytes. Changes memory and time, nothing else.
    public var packAfterMs: Int64 = 6 * 3_600_000

    public init() {}

    public var paneMs: Int64 { levels[0].sizeMs }
}
