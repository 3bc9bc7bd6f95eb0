/// The tests and intervals that the monitors share, in the monitors' words.
package enum Evidence {
    /// Of every interval that an alert states.
    static let confidence = 0.95
    private static let z = NormalDistribution.quantile(0.5 + confidence / 2)

    static func proportionInterval(_ marked: Int64, of count: Int64) -> AlertEvent.Interval? {
        WilsonInterval(successes: marked, n: count, confidence: confidence).map {
            AlertEvent.Interval(low: $0.interval.lower, high: $0.interval.upper, confidence: confidence)
        }
    }

    /// Of the ratio of two rates, exact; nil where it has no upper end.
    static func ratioInterval(_ ratio: RateRatio) -> AlertEvent.Interval? {
        let interval = ratio.interval(confidence: confidence)
        guard interval.upper.isFinite else { return nil }
        return AlertEvent.Interval(low: interval.lower, high: interval.upper, confidence: confidence)
    }

    /// Of a positive ratio whose logarithm is normal with the given variance; nil for a ratio of 0.
    static func logInterval(_ ratio: Double, variance: Double) -> AlertEvent.Interval? {
        guard ratio > 0 else { return nil }
        let factor = RealFunctions.exp(z * variance.squareRoot())
        guard factor.isFinite, (ratio * factor).isFinite else { return nil }
        return AlertEvent.Interval(low: ratio / factor, high: ratio * factor, confidence: confidence)
    }

    /// Of a mean's shift in standard deviations, both means uncertain.
    static func shiftInterval(_ sigma: Double, counts: (Int64, Int64)) -> AlertEvent.Interval? {
        guard counts.0 > 0, counts.1 > 0 else { return nil }
        let half = z * (1 / Double(counts.0) + 1 / Double(counts.1)).squareRoot()
        return AlertEvent.Interval(low: max(0, sigma - half), high: sigma + half, confidence: confidence)
    }

    /// More rows than this add nothing to a count whose true rate varies; both counts are scaled down to it.
    private static let maxEvents = 1_000_000.0

    /// One-sided p-value, in the direction it lies, of `count` events in one window against
    /// `others` in `windows`, all windows' true rates gamma-distributed about one mean.
    ///
    /// Given all events, those of the one window are then beta-binomial with parameters
    /// 1/v and windows/v, v the relative variance of a rate: exact, and for v towards 0 the
    /// binomial test of Poisson counts. O(terms that matter), at most ``maxEvents``.
    package static func countTail(_ count: Int64, others: Double, windows: Int64, relativeVariance v: Double) -> Double {
        let scale = max(1, (Double(count) + others) / maxEvents)
        var (k, rest) = ((Double(count) / scale).rounded(), (others / scale).rounded())
        var (a, b) = (1 / v, Double(windows) / v)
        // A surge is a drop of the others.
        if k * b > rest * a {
            (k, rest) = (rest, k)
            (a, b) = (b, a)
        }
        let n = k + rest
        let logGamma = RealFunctions.logGamma
        let logChoose = logGamma(n + 1) - logGamma(k + 1) - logGamma(rest + 1)
        let logBeta = logGamma(k + a) + logGamma(rest + b) - logGamma(n + a + b)
        let first = RealFunctions.exp(logChoose + logBeta - (logGamma(a) + logGamma(b) - logGamma(a + b)))
        var sum = 1.0
        var term = 1.0
        while k > 0, term > sum * 1e-12 {
            term *= k / (n - k + 1) * ((n - k + b) / (k - 1 + a))
            sum += term
            k -= 1
        }
        return min(1, first * sum)
    }
}
