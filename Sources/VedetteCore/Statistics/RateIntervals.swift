/// An interval for an unknown quantity, both ends included.
public struct Interval: Sendable, Equatable {
    public var lower: Double
    public var upper: Double

    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    public func contains(_ x: Double) -> Bool { lower <= x && x <= upper }
}

/// Wilson's score interval for a rate, with the point estimate it belongs to.
///
/// Source: Wilson (1927); Brown, Cai and DasGupta (2001) recommend it. Coverage is near the
/// nominal one on average, and the ends never leave [0, 1]. For one look; for many looks see ``BernoulliEProcess``.
public struct WilsonInterval: Sendable, Equatable {
    public let successes: Int64
    public let n: Int64
    public let interval: Interval

    /// nil where `n` is 0. `z` is the normal quantile of the confidence: 1.96 for 95 %.
    public init?(successes: Int64, n: Int64, z: Double) {
        precondition(successes >= 0 && successes <= n && z >= 0, "an interval needs 0 <= successes <= n and z >= 0")
        guard n > 0 else { return nil }
        self.successes = successes
        self.n = n
        let trials = Double(n)
        let failures = Double(n - successes)
        let square = z * z
        let centre = (Double(successes) + square / 2) / (trials + square)
        let half = z / (trials + square) * (Double(successes) * failures / trials + square / 4).squareRoot()
        interval = Interval(
            lower: successes == 0 ? 0 : max(0, centre - half),
            upper: successes == n ? 1 : min(1, centre + half))
    }

    /// nil where `n` is 0. `confidence` in (0, 1), two-sided.
    public init?(successes: Int64, n: Int64, confidence: Double = 0.95) {
        self.init(successes: successes, n: n, z: NormalDistribution.quantile(0.5 + confidence / 2))
    }

    public var rate: Double { Double(successes) / Double(n) }
}

/// The exact interval for a rate: coverage is never below the nominal one.
public enum ClopperPearson {
    /// `[0, 1]` where `n` is 0. `confidence` in (0, 1), half of the rest on each side.
    /// Source: Clopper and Pearson (1934), by beta quantiles. About 120 incomplete betas.
    public static func interval(successes: Int64, n: Int64, confidence: Double = 0.95) -> Interval {
        precondition(successes >= 0 && successes <= n, "an interval needs 0 <= successes <= n")
        precondition(confidence > 0 && confidence < 1, "a confidence must lie in (0, 1)")
        let tail = (1 - confidence) / 2
        let k = Double(successes)
        let rest = Double(n - successes)
        return Interval(
            lower: successes == 0 ? 0 : IncompleteFunctions.betaQuantile(k, rest + 1, tail),
            upper: successes == n ? 1 : IncompleteFunctions.betaUpperQuantile(k + 1, rest, tail))
    }
}
