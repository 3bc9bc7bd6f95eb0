/// How immature the labels behind an alert are, and what is expected of them: two estimates that
/// share nothing, so that a gap between them is visible to whoever is woken.
public struct LabelEstimates: Sendable, Equatable {
    /// One quantity of the window's decisions.
    public struct Quantity: Sendable, Equatable {
        /// From the labels known now and expected in the end, with intervals; nil for windows shorter than a cohort,
        /// for series without a triangle of their own, and before there are labels to learn from.
        public var nowcast: NowcastValue?
        /// From the calibrated scores alone; nil before there is a calibration.
        public var labelFree: Double?
    }

    /// Nil before the first cohort has closed.
    public var maturity: Maturity?
    public var fraudRate: Quantity
    public var recallAtBlock: Quantity
}

/// What it takes to make ``LabelEstimates`` of one window, should an alert ask for them.
public struct LabelContext {
    private let book: NowcastBook
    private let key: NowcastBook.Key
    /// Half-open, ms.
    private let start: Int64
    private let end: Int64
    /// The present, ms: labels known by then count.
    private let boundary: Int64

    package init(_ book: NowcastBook, _ key: NowcastBook.Key, start: Int64, end: Int64, at boundary: Int64) {
        self.book = book
        self.key = key
        self.start = start
        self.end = end
        self.boundary = boundary
    }

    /// How mature the labels of the window's decisions are; nil before the first cohort has closed. O(cohorts of the window).
    var maturity: Maturity? { book.maturity(key, start, end, at: boundary) }

    /// Nil where nothing at all can be said. O(cohorts of the window + distinct scores).
    ///
    /// - Parameter pane: the window's decisions.
    package func estimates(of pane: Pane) -> LabelEstimates? {
        let nowcast = book.nowcast(key, start, end, pane, at: boundary)
        let free = book.labelFree(key.model, pane)
        let maturity = maturity
        guard nowcast != nil || free != nil || maturity != nil else { return nil }
        return LabelEstimates(
            maturity: maturity, fraudRate: .init(nowcast: nowcast?[.fraudRate], labelFree: free?.fraudRate),
            recallAtBlock: .init(nowcast: nowcast?[.recallAtBlock], labelFree: free?.recallAtBlock))
    }
}

extension NowcastBook {
    /// Of windows of at least a cohort's length.
    func nowcast(_ key: Key, _ start: Int64, _ end: Int64, _ pane: Pane, at boundary: Int64) -> NowcastEstimate? {
        guard end - start >= configuration.cohortMs else { return nil }
        var labels = StreamCounts()
        if let counted = pane.boxedOutcomes {
            for decision in Decision.allCases {
                if let stream = LabelStream(.fraud, decision) { labels[stream] += Double(counted.outcomes.fraud[decision]) }
                if let stream = LabelStream(.legit, decision) { labels[stream] += Double(counted.outcomes.legit[decision]) }
            }
        }
        return estimate(key, NowcastQuestion(start: start, end: end, decisions: Double(pane.total), labels: labels), at: boundary)
    }

    /// From the scores of a window, as far as they have been calibrated.
    func labelFree(_ model: UInt16, _ pane: Pane) -> LabelFreeEstimate? {
        guard let calibration = calibrations[Int(model)] else { return nil }
        return LabelFreeEstimate(all: pane.scores, challenged: pane.acted?.challenged, blocked: pane.acted?.blocked, calibration)
    }
}
