/// What is known and what is still to come of one stream of labels, for one cohort or window.
struct StreamForecast: Sendable, Equatable {
    /// Labels so far.
    var known: Double
    /// Labels still to come: expectation and variance.
    var remaining: Double
    var variance: Double
    /// Mean sampling weight of a label.
    var weight: Double

    /// Expected final sum of weights, and its variance.
    var total: Double { weight * (known + remaining) }
    var totalVariance: Double { weight * weight * variance }

    /// The labels of a cohort are Poisson about `decisions x rate x arrived`, its rate is
    /// gamma-distributed about `level` with relative variance `dispersion`. Given the known labels
    /// the rate is gamma again, and what is to come negative binomial: with little known it is what
    /// the level says, with much what the labels say (Bornhuetter–Ferguson 1972 to chain ladder,
    /// weighted by credibility).
    ///
    /// - Parameters:
    ///   - arrived: expected share of the stream's labels that has arrived, 0...1, and its relative variance.
    ///   - levelSpread: relative standard deviation of the level that the delays are to blame for. Where they are
    ///     slower than supposed the level is too low and more of the cohort is to come: the two errors are one.
    static func make(
        known: Double, decisions: Double, arrived: Double, arrivedVariance: Double, level: Double, levelSpread: Double, dispersion: Double, weight: Double
    ) -> StreamForecast {
        let shape = 1 / dispersion
        func remaining(_ arrived: Double) -> Double {
            (shape + known) * decisions * (1 - arrived) / (shape / level + decisions * arrived)
        }
        let mean = remaining(arrived)
        // What the uncertainty of the delays adds, by a central difference in the logarithm of `arrived`.
        let step = 0.05
        let (up, down) = (RealFunctions.exp(step), RealFunctions.exp(-step))
        let slope = (remaining(min(1, arrived * up)) - remaining(arrived * down)) / (2 * step)
        let leaning = shape / level / (shape / level + decisions * arrived)
        let ofDelays = abs(slope) * arrivedVariance.squareRoot() + mean * leaning * levelSpread
        return StreamForecast(
            known: known, remaining: mean, variance: mean + mean * mean / (shape + known) + ofDelays * ofDelays, weight: weight)
    }
}

/// The share of one sum of weights in two, such as recall: caught over caught and missed.
struct RatioForecast: Sendable, Equatable {
    /// Expected share; 0...1.
    let value: Double
    /// Standard deviation of the final share on the arcsine scale, where it hardly depends on the share.
    let spread: Double

    /// Counts below this are taken as this for the spread, so that none known is not taken for certainty.
    private static let floor = 0.5

    /// Nil where nothing is expected of either.
    init?(_ inside: [StreamForecast], _ outside: [StreamForecast]) {
        let a = inside.reduce(0) { $0 + $1.total }
        let b = outside.reduce(0) { $0 + $1.total }
        guard a + b > 0 else { return nil }
        value = a / (a + b)
        let (x, y) = (max(a, Self.floor), max(b, Self.floor))
        let va = inside.reduce(0) { $0 + $1.totalVariance }
        let vb = outside.reduce(0) { $0 + $1.totalVariance }
        let p = x / (x + y)
        spread = max((p * (1 - p)).squareRoot() * (va / (x * x) + vb / (y * y)).squareRoot(), 1e-6)
    }

    /// Of a share of 0...1.
    static func arcsine(_ share: Double) -> Double { 2 * RealFunctions.asin(min(1, max(0, share)).squareRoot()) }

    /// How far off a share is that turned out to be `actual`, in standard deviations.
    func error(actual: Double) -> Double { abs(Self.arcsine(actual) - Self.arcsine(value)) / spread }

    func interval(_ multiple: Double) -> Interval {
        let middle = Self.arcsine(value)
        func share(_ angle: Double) -> Double {
            let root = RealFunctions.sin(min(Double.pi, max(0, angle)) / 2)
            return root * root
        }
        return Interval(lower: share(middle - multiple * spread), upper: share(middle + multiple * spread))
    }
}
