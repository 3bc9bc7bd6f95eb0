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
        interval = Self.interval(successes: Double(successes), failures: Double(n - successes), z: z)
    }

    /// The interval of a rate that tells as much as `trials` independent rows, a number that need not be whole (an effective sample
    /// size); nil where that is 0. `rate` in [0, 1].
    public static func interval(of rate: Double, trials: Double, z: Double) -> Interval? {
        precondition(rate >= 0 && rate <= 1 && z >= 0, "an interval needs a rate in [0, 1] and z >= 0")
        return trials > 0 ? interval(successes: rate * trials, failures: (1 - rate) * trials, z: z) : nil
    }

    private static func interval(successes: Double, failures: Double, z: Double) -> Interval {
        let trials = successes + failures
        let square = z * z
        let centre = (successes + square / 2) / (trials + square)
        let half = z / (trials + square) * (successes * failures / trials + square / 4).squareRoot()
        return Interval(lower: successes == 0 ? 0 : max(0, centre - half), upper: failures == 0 ? 1 : min(1, centre + half))
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
