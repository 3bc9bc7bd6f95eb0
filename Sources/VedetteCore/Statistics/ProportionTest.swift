/// Which deviation counts as evidence.
public enum Alternative: Sendable, Equatable, CaseIterable {
    case twoSided
    /// The current group is larger than the reference.
    case greater
    /// The current group is smaller than the reference.
    case less
}

/// The outcome of a significance test. `pValue` is a probability, never a distance: the chance of
/// at least such evidence where nothing has changed.
public struct TestResult: Sendable, Equatable {
    public enum Method: String, Sendable {
        case fisherExact = "fisher_exact"
        case likelihoodRatio = "likelihood_ratio"
        case conditionalBinomial = "conditional_binomial"
        case welch
        case kolmogorovSmirnov = "kolmogorov_smirnov"
        case overdispersedCount = "overdispersed_count"
        case placements
    }

    public var method: Method
    /// In the method's own unit: signed root of G, t, z, or the observed count.
    public var statistic: Double
    public var pValue: Double

    public init(method: Method, statistic: Double, pValue: Double) {
        self.method = method
        self.statistic = statistic
        self.pValue = pValue
    }
}

/// Whether two groups have the same rate: k of n now against k of n in the reference.
public enum ProportionTest {
    /// Below this expected count in any cell of the two-by-two table, Fisher's exact test is used.
    public static let exactBelowExpected = 5.0
    /// Fisher's test walks over at most this many tables; beyond, the likelihood ratio is used.
    public static let maxTables: Int64 = 20_000

    /// Fisher's exact test for small expected counts, else the signed root of the likelihood
    /// ratio G, which keeps its size further out in the tails than the z test does.
    /// nil where a group is empty: no evidence either way.
    public static func evaluate(
        current: (successes: Int64, n: Int64), reference: (successes: Int64, n: Int64), alternative: Alternative = .twoSided
    ) -> TestResult? {
        guard current.n > 0, reference.n > 0 else { return nil }
        let total = Double(current.n + reference.n)
        let successes = current.successes + reference.successes
        let rarer = Double(min(successes, current.n + reference.n - successes))
        let least = rarer * Double(min(current.n, reference.n)) / total
        let tables = min(successes, current.n + reference.n - successes, current.n, reference.n)
        if least < exactBelowExpected, tables <= maxTables {
            return fisher(current: current, reference: reference, alternative: alternative)
        }
        return likelihoodRatio(current: current, reference: reference, alternative: alternative)
    }

    /// Fisher's exact test (1935). Two-sided: all tables at most as likely as the observed one, as R
    /// and scipy count them. O(tables).
    public static func fisher(
        current: (successes: Int64, n: Int64), reference: (successes: Int64, n: Int64), alternative: Alternative
    ) -> TestResult {
        check(current)
        check(reference)
        let successes = current.successes + reference.successes
        let low = max(0, successes - reference.n)
        let high = min(successes, current.n)
        func density(_ k: Int64) -> Double {
            RealFunctions.exp(CountDistributions.logHypergeometric(k, marked: current.n, unmarked: reference.n, draws: successes))
        }
        var p = 0.0
        switch alternative {
        case .greater:
            for k in stride(from: high, through: current.successes, by: -1) { p += density(k) }
        case .less:
            for k in low...current.successes { p += density(k) }
        case .twoSided:
            // Room for rounding between tables that are exactly as likely.
            let bound = density(current.successes) * (1 + 1e-7)
            for k in low...high {
                let value = density(k)
                if value <= bound { p += value }
            }
        }
        return TestResult(method: .fisherExact, statistic: Double(current.successes), pValue: min(1, p))
    }

    /// The signed root of the likelihood ratio G (Wilks 1938) against the normal distribution.
    public static func likelihoodRatio(
        current: (successes: Int64, n: Int64), reference: (successes: Int64, n: Int64), alternative: Alternative
    ) -> TestResult {
        check(current)
        check(reference)
        let total = Double(current.n + reference.n)
        let rate = Double(current.successes + reference.successes) / total
        func part(_ k: Int64, _ n: Int64) -> Double {
            let expected = Double(n) * rate
            let rest = Double(n) * (1 - rate)
            return (expected > 0 ? SaddlePoint.deviance(Double(k), expected) : 0)
                + (rest > 0 ? SaddlePoint.deviance(Double(n - k), rest) : 0)
        }
        let g = 2 * (part(current.successes, current.n) + part(reference.successes, reference.n))
        // Signs by cross products of doubles: exact enough, because G is near 0 where they could be wrong.
        let isAbove = Double(current.successes) * Double(reference.n) >= Double(reference.successes) * Double(current.n)
        let root = max(0, g).squareRoot() * (isAbove ? 1 : -1)
        return TestResult(method: .likelihoodRatio, statistic: root, pValue: pValue(ofNormal: root, alternative))
    }

    private static func check(_ group: (successes: Int64, n: Int64)) {
        precondition(group.successes >= 0 && group.successes <= group.n && group.n > 0, "a group needs 0 <= successes <= n and n > 0")
    }

    static func pValue(ofNormal z: Double, _ alternative: Alternative) -> Double {
        switch alternative {
        case .twoSided: NormalDistribution.twoSided(z)
        case .greater: NormalDistribution.survival(z)
        case .less: NormalDistribution.cdf(z)
        }
    }
}

/// Whether two histograms over the same bins come from one distribution.
public enum HomogeneityTest {
    /// Neighbouring bins are pooled until each has at least this expected count in the smaller group.
    public static let minExpected = 5.0

    /// The likelihood ratio G over pooled bins against chi-square: the evidence beside an effect
    /// such as PSI, valid where PSI's floors and empty bins are not. `statistic` is G.
    /// nil where a group is empty; p is 1 where pooling leaves one bin.
    public static func evaluate(reference: [Int64], current: [Int64]) -> TestResult? {
        precondition(reference.count == current.count, "histograms must have the same bins")
        let n = Double(reference.reduce(0, +))
        let m = Double(current.reduce(0, +))
        guard n > 0, m > 0 else { return nil }
        let smaller = min(n, m) / (n + m)
        var pooled: [(Double, Double)] = []
        var pending = (0.0, 0.0)
        for (a, b) in zip(reference, current) {
            pending.0 += Double(a)
            pending.1 += Double(b)
            if (pending.0 + pending.1) * smaller >= minExpected {
                pooled.append(pending)
                pending = (0, 0)
            }
        }
        if let last = pooled.last { pooled[pooled.count - 1] = (last.0 + pending.0, last.1 + pending.1) } else { pooled = [pending] }
        guard pooled.count > 1 else { return TestResult(method: .likelihoodRatio, statistic: 0, pValue: 1) }
        var g = 0.0
        for (a, b) in pooled {
            let share = (a + b) / (n + m)
            g += SaddlePoint.deviance(a, n * share) + SaddlePoint.deviance(b, m * share)
        }
        let p = ChiSquareDistribution.survival(2 * g, degrees: Double(pooled.count - 1))
        return TestResult(method: .likelihoodRatio, statistic: 2 * g, pValue: p)
    }
}
