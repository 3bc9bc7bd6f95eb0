/// Labels of one kind, and the requests that they stand for.
public struct SampledCount: Sendable, Equatable {
    public var count: Int64 = 0
    /// Sum of the labels' sampling weights, in requests.
    public var weight = 0.0
    /// Sum of their squares.
    public var squares = 0.0

    public init() {}

    public init(count: Int64, weight: Double, squares: Double) {
        (self.count, self.weight, self.squares) = (count, weight, squares)
    }

    /// Labels of which each stands for itself.
    public init(_ count: Int64) { self.init(count: count, weight: Double(count), squares: Double(count)) }

    /// Nil without labels.
    var meanWeight: Double? { count > 0 && weight > 0 ? weight / Double(count) : nil }

    /// How many labels say no more than one would if all weighed the same (Kish 1965); 1 where they do.
    var designEffect: Double {
        guard count > 0, weight > 0 else { return 1 }
        let effect = Double(count) * squares / (weight * weight)
        return effect > 1 + 1e-9 ? effect : 1
    }

    static func + (a: SampledCount, b: SampledCount) -> SampledCount {
        SampledCount(count: a.count + b.count, weight: a.weight + b.weight, squares: a.squares + b.squares)
    }
}

/// Events among labels that may be samples: effects go by the requests that labels stand for,
/// evidence by the labels that there are.
public struct SampledShare: Sendable, Equatable {
    public var events: SampledCount
    public var others: SampledCount

    public init(events: SampledCount = SampledCount(), others: SampledCount = SampledCount()) {
        (self.events, self.others) = (events, others)
    }

    public var labels: Int64 { events.count + others.count }
    /// Requests that the labels stand for.
    public var weight: Double { events.weight + others.weight }
    /// Share of events among these; 0 without labels.
    public var rate: Double { weight > 0 ? events.weight / weight : 0 }

    static func + (a: SampledShare, b: SampledShare) -> SampledShare { SampledShare(events: a.events + b.events, others: a.others + b.others) }

    package var designEffect: Double { max(events.designEffect, others.designEffect) }

    /// The share of events among *labels* that a share among requests leads to expect, by the mean weights of
    /// both kinds; a kind without labels is taken to weigh what it usually does, or 1.
    package func expectedAmongLabels(at rate: Double, usual: SampledShare? = nil) -> Double {
        let event = rate / (events.meanWeight ?? usual?.events.meanWeight ?? 1)
        let other = (1 - rate) / (others.meanWeight ?? usual?.others.meanWeight ?? 1)
        return event + other > 0 ? event / (event + other) : rate
    }

    /// Chance of at least so many events if the rate among requests were `rate`: the binomial's, exact where the
    /// labels of each kind weigh the same; else all counts are divided by the design effect (Rao and Scott 1992).
    package func upperTail(at rate: Double, usual: SampledShare? = nil) -> Double {
        let share = expectedAmongLabels(at: rate, usual: usual)
        let effect = designEffect
        if effect == 1 { return CountDistributions.binomialUpperTail(events.count, n: max(labels, events.count), p: share) }
        guard events.count > 0, share < 1 else { return 1 }
        return IncompleteFunctions.beta(Double(events.count) / effect, Double(max(0, others.count)) / effect + 1, share, 1 - share)
    }

    /// Two shares as counts that a test of two samples may compare.
    package struct Comparable {
        package var events: Double
        package var others: Double
        package var referenceEvents: Double
        package var referenceOthers: Double

        package var total: Double { events + others }
        package var referenceTotal: Double { referenceEvents + referenceOthers }
        /// To whole numbers, for tests that count tables.
        package var current: (successes: Int64, n: Int64) { Self.whole(events, others) }
        package var reference: (successes: Int64, n: Int64) { Self.whole(referenceEvents, referenceOthers) }

        private static func whole(_ events: Double, _ others: Double) -> (Int64, Int64) {
            let successes = Int64(events.rounded())
            return (successes, successes + Int64(others.rounded()))
        }
    }

    /// The raw counts, where both were sampled alike. Else the other labels of the side that has more of them per
    /// request are thinned to what the other side's sampling would have left, so that with equal rates among requests
    /// both have equal odds among labels: a test of the counts is then that of a sample that could have been drawn, less
    /// the noise of drawing it. Where labels of one kind weigh differently, all counts are divided by the design effect.
    package func comparable(with reference: SampledShare) -> Comparable {
        let (event, eventBefore) = Self.weights(events, reference.events)
        let (other, otherBefore) = Self.weights(others, reference.others)
        // Odds of an event among labels now over those in the reference, if nothing changed.
        let ratio = (other / event) / (otherBefore / eventBefore)
        let effect = max(designEffect, reference.designEffect)
        var result = Comparable(
            events: Double(events.count) / effect, others: Double(others.count) / effect,
            referenceEvents: Double(reference.events.count) / effect, referenceOthers: Double(reference.others.count) / effect)
        // What rounding of a mean makes of equal weights is no difference.
        if ratio > 1 + 1e-9 { result.referenceOthers /= ratio } else if ratio < 1 - 1e-9 { result.others *= ratio }
        return result
    }

    /// Mean weights of one kind on both sides; one that has no labels is taken to be sampled as the other.
    private static func weights(_ now: SampledCount, _ before: SampledCount) -> (Double, Double) {
        (now.meanWeight ?? before.meanWeight ?? 1, before.meanWeight ?? now.meanWeight ?? 1)
    }
}
