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
    /// Of ``Operations/challengeThreshold`` and ``Operations/blockThreshold``.
    public var thresholdEpsilon: Double
    public var labelNames: LabelNames
    public var drift: [WindowDrift]
    public var featureNames: [String]
    /// The result before this one was the same but for its version: a model with one version has everything twice.
    public var repeatsPrevious: Bool
    /// How much of the truth is in; nil before the first cohort has closed.
    public var maturity: Maturity?
    /// What is expected of the window in the end; only of all versions together, and of series with a triangle of their own.
    public var nowcast: NowcastEstimate?
    /// The same from the scores alone, beside the nowcast.
    public var labelFree: LabelFreeEstimate?

    public init(
        model: String, version: String, slice: SliceName, window: WindowSpec, start: Int64, end: Int64, isFinal: Bool, revision: Int64,
        pane: Pane, unmatched: Int64, thresholdEpsilon: Double, labelNames: LabelNames, drift: [WindowDrift], featureNames: [String],
        repeatsPrevious: Bool = false, maturity: Maturity? = nil, nowcast: NowcastEstimate? = nil, labelFree: LabelFreeEstimate? = nil
    ) {
        self.model = model
        self.version = version
        self.slice = slice
        self.window = window
        self.start = start
        self.end = end
        self.isFinal = isFinal
        self.revision = revision
        self.pane = pane
        self.unmatched = unmatched
        self.thresholdEpsilon = thresholdEpsilon
        self.labelNames = labelNames
        self.drift = drift
        self.featureNames = featureNames
        self.repeatsPrevious = repeatsPrevious
        self.maturity = maturity
        self.nowcast = nowcast
        self.labelFree = labelFree
    }
}

/// How far a window is from one reference.
public struct WindowDrift {
    public var name: String
    /// Of the scores; nil where the reference is not there (yet), as for a new slice.
    public var distances: Distances?
    /// Decisions of the reference.
    public var referenceCount: Int64 = 0
    /// Per feature of the schema; nil where either side has no value.
    public var features: [FeatureDrift?] = []
}

/// The names behind the numbers in ``LabelDelays`` and ``LabelBreakdown``.
public struct LabelNames: Sendable {
    private let sources: [String]
    private var kinds: [String] = []

    /// - Parameter kinds: by number, as in ``Topology/labelKindNames``.
    public init(sources: [String], kinds: [String] = []) {
        self.sources = sources
        self.kinds = kinds
    }

    /// Nil for a source that is not listed.
    public func source(_ row: Int32) -> String? { sources.indices.contains(Int(row)) ? sources[Int(row)] : nil }

    /// Nil for labels without a kind.
    public func kind(_ number: Int32) -> String? { number > 0 && Int(number) < kinds.count ? kinds[Int(number)] : nil }

    /// With the kinds that have been met since.
    mutating func updated(_ interner: Interner) -> LabelNames {
        if kinds.count != interner.count { kinds = interner.allNames }
        return self
    }
}
