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
        case placements
    }

    public var method: Method
    /// In the method's own unit: signed root of G, G itself, z, or the observed count.
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
    /// Fisher's test walks over at most this many tables; beyond, the likelihood ratio is used.
    public static let maxTables: Int64 = 20_000

    /// Fisher's exact test, or the signed root of the likelihood ratio G where there are more than
    /// ``maxTables`` tables. nil where a group is empty: no evidence either way.
    ///
    /// Exact as far as it is affordable: G knows nothing of counts being whole numbers, and for twelve
    /// expected against three times as many its p-value of 1e-6 comes twice as often as it says. With so
    /// many tables that it is used, one table more or less moves the tail by a few percent.
    public static func evaluate(
        current: (successes: Int64, n: Int64), reference: (successes: Int64, n: Int64), alternative: Alternative = .twoSided
    ) -> TestResult? {
        guard current.n > 0, reference.n > 0 else { return nil }
        let successes = current.successes + reference.successes
        let tables = min(successes, current.n + reference.n - successes, current.n, reference.n)
        return tables <= maxTables
            ? fisher(current: current, reference: reference, alternative: alternative)
            : likelihoodRatio(current: current, reference: reference, alternative: alternative)
    }

    /// Fisher's exact test (1935). Two-sided: all tables at most as likely as the observed one, as R
    /// and scipy count them. O(tables).
    public static func fisher(
        current: (successes: Int64, n: Int64), reference: (successes: Int64, n: Int64), alternative: Alternative
    ) -> TestResult {
        check(current)
        check(reference)
        let tables = Tables(current, reference)
        let observed = tables.density(current.successes)
        let p =
            switch alternative {
            case .greater: tables.sum { k, _ in k >= current.successes }
            case .less: tables.sum { k, _ in k <= current.successes }
            // Room for rounding between tables that are exactly as likely.
            case .twoSided: tables.sum { k, density in k == current.successes || density <= observed * (1 + 1e-7) }
            }
        return TestResult(method: .fisherExact, statistic: Double(current.successes), pValue: min(1, p))
    }

    /// The two-by-two tables with the margins of an observed one, by the successes of the current group.
    private struct Tables {
        let marked: Int64
        let unmarked: Int64
        let draws: Int64
        let range: ClosedRange<Int64>

        init(_ current: (successes: Int64, n: Int64), _ reference: (successes: Int64, n: Int64)) {
            marked = current.n
            unmarked = reference.n
            draws = current.successes + reference.successes
            range = max(0, draws - unmarked)...min(draws, marked)
        }

        func density(_ k: Int64) -> Double {
            RealFunctions.exp(CountDistributions.logHypergeometric(k, marked: marked, unmarked: unmarked, draws: draws))
        }

        /// The chance of the tables that count. From the likeliest outward each follows from its neighbour by a ratio of whole numbers.
        func sum(where counts: (Int64, Double) -> Bool) -> Double {
            let mode = min(max((draws + 1) * (marked + 1) / (marked + unmarked + 2), range.lowerBound), range.upperBound)
            let top = density(mode)
            func walk(_ keys: StrideThrough<Int64>, _ ratio: (Int64) -> Double) -> Double {
                var terms: [Double] = []
                var density = top
                for k in keys {
                    density *= ratio(k)
                    if density == 0 { break }
                    if counts(k, density) { terms.append(density) }
                }
                // The unlikely ones first, so that they are not lost beside the others.
                return terms.reversed().reduce(0, +)
            }
            let above = walk(stride(from: mode + 1, through: range.upperBound, by: 1)) { k in
                Double(marked - k + 1) * Double(draws - k + 1) / (Double(k) * Double(unmarked - draws + k))
            }
            let below = walk(stride(from: mode - 1, through: range.lowerBound, by: -1)) { k in
                Double(k + 1) * Double(unmarked - draws + k + 1) / (Double(marked - k) * Double(draws - k))
            }
            return above + below + (counts(mode, top) ? top : 0)
        }
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
