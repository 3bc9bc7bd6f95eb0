/// A quantity of immature cohorts: as its labels say now, and as it is expected to end.
public struct NowcastValue: Sendable, Equatable {
    /// From the labels known now, weighted where they are samples; nil without any.
    public var raw: Double?
    /// The final value expected, and where it will lie with 80 % and 95 %.
    public var value: Double
    public var interval80: Interval
    public var interval95: Interval
    /// With which probability the two intervals hold: the confidence, or more where the final value may be exactly
    /// an end (a precision of 1), since no part of a single value can be left out.
    public var holds80: Double
    public var holds95: Double
    /// Past errors of nowcasts of the same age that the intervals rest on; 0 is the model alone.
    public var errors: Int

    public init(raw: Double?, value: Double, interval80: Interval, interval95: Interval, holds80: Double, holds95: Double, errors: Int) {
        self.raw = raw
        self.value = value
        self.interval80 = interval80
        self.interval95 = interval95
        self.holds80 = holds80
        self.holds95 = holds95
        self.errors = errors
    }
}

/// How much of the truth about some decisions is in.
public struct Maturity: Sendable, Equatable {
    /// Expected share of the final fraud labels, and of the legit ones, that has arrived, 0...1.
    public var fraud: Double
    public var legit: Double
    /// Mean age of the decisions, ms.
    public var ageMs: Int64
}

/// What is expected to become of the decisions of one window.
public struct NowcastEstimate: Sendable, Equatable {
    /// Fraud labels (unweighted) expected in the end.
    public var expectedFraud: Double
    public var values: [NowcastMeasure: NowcastValue]

    public subscript(measure: NowcastMeasure) -> NowcastValue? { values[measure] }
}

/// A stretch of decisions whose outcome is asked for: labels so far, and how mature they are.
package struct NowcastQuestion {
    /// Half-open, ms.
    package var start: Int64
    package var end: Int64
    /// Decisions in it.
    package var decisions: Double
    /// Labels of each stream so far.
    package var labels: StreamCounts

    package init(start: Int64, end: Int64, decisions: Double, labels: StreamCounts) {
        self.start = start
        self.end = end
        self.decisions = decisions
        self.labels = labels
    }
}
