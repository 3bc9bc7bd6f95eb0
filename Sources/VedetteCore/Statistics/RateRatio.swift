/// The ratio of two Poisson rates: events per exposure now against events per exposure in the reference.
///
/// Exact and conditional on the sum of the events (Przyborowski and Wilenski 1940): given k + l
/// events, k is binomial with probability `r e / (r e + f)` for the ratio r and the exposures e, f.
/// Valid for events that come singly.
public struct RateRatio: Sendable, Equatable {
    public let events: Int64
    public let exposure: Double
    public let referenceEvents: Int64
    public let referenceExposure: Double

    /// Exposures are above 0, in any one unit (requests, hours); events at least 0.
    public init(events: Int64, exposure: Double, referenceEvents: Int64, referenceExposure: Double) {
        precondition(events >= 0 && referenceEvents >= 0, "events must not be negative")
        precondition(exposure > 0 && referenceExposure > 0 && exposure.isFinite && referenceExposure.isFinite, "exposures must be above 0")
        self.events = events
        self.exposure = exposure
        self.referenceEvents = referenceEvents
        self.referenceExposure = referenceExposure
    }

    /// The exact interval of the ratio, from Clopper–Pearson; `upper` is infinite where the reference has no events.
    public func interval(confidence: Double = 0.95) -> Interval {
        let share = ClopperPearson.interval(successes: events, n: events + referenceEvents, confidence: confidence)
        let scale = referenceExposure / exposure
        return Interval(
            lower: share.lower / (1 - share.lower) * scale,
            upper: share.upper < 1 ? share.upper / (1 - share.upper) * scale : .infinity)
    }
}
