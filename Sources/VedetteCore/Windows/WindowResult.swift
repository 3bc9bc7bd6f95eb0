/// One metric record: a series over a window, as known when it is emitted.
public struct WindowResult {
    public var model: String
    /// `*` is all versions together.
    public var version: String
    public var slice: SliceName
    public var window: WindowSpec
    /// Half-open, ms.
    public var start: Int64
    public var end: Int64
    /// Nothing can change it any more (or the replay has ended).
    public var isFinal: Bool
    /// 0 when the window closes; grows with every re-emission.
    public var revision: Int64
    public var pane: Pane
    /// Decisions older than the maturity horizon that never got a label.
    public var unmatched: Int64
    public var drift: [(name: String, distances: Distances)]
    public var featureNames: [String]
    /// The result before this one was the same but for its version: a model with one version has everything twice.
    public var repeatsPrevious = false
    /// How much of the truth is in; nil before the first cohort has closed.
    public var maturity: Maturity?
    /// What is expected of the window in the end; only of all versions together, and of series with a triangle of their own.
    public var nowcast: NowcastEstimate?
    /// The same from the scores alone, beside the nowcast.
    public var labelFree: LabelFreeEstimate?
}
