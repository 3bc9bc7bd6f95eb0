/// How well scores separate fraud from legit: the area under the ROC curve, ties at one half.
///
/// Value: the Mann–Whitney statistic over all pairs. Error: DeLong, DeLong and Clarke-Pearson
/// (1988), from the placements of both groups, ties included. Exact where both sketches are at
/// level 0, else to the pairs that share a key of the coarser one. O(distinct keys).
public struct AreaUnderCurve: Sendable, Equatable {
    public let value: Double
    /// nil where a group has fewer than two members.
    public let standardError: Double?
    public let fraudCount: Int64
    public let legitCount: Int64

    /// nil where a group is empty.
    public init?(fraud: ScoreSketch, legit: ScoreSketch) {
        guard fraud.total > 0, legit.total > 0 else { return nil }
        let level = max(fraud.level, legit.level)
        let (positives, negatives) = (fraud.coarsened(toLevel: level), legit.coarsened(toLevel: level))
        let n = Double(positives.total)
        let m = Double(negatives.total)
        var (fraudBelow, legitBelow) = (0.0, 0.0)
        var pairs = 0.0
        var (placedFraud, placedLegit) = (Moments2(), Moments2())
        ScoreSketch.forEachKey(positives, negatives) { _, inFraud, inLegit in
            let (p, q) = (Double(inFraud), Double(inLegit))
            // Sums of halves of whole numbers: exact up to 2^52 pairs.
            pairs += p * (legitBelow + q / 2)
            placedFraud.add((legitBelow + q / 2) / m, weight: p)
            placedLegit.add((n - fraudBelow - p / 2) / n, weight: q)
            fraudBelow += p
            legitBelow += q
        }
        value = pairs / n / m
        fraudCount = positives.total
        legitCount = negatives.total
        standardError = n > 1 && m > 1 ? (placedFraud.variance / n + placedLegit.variance / m).squareRoot() : nil
    }

    /// Whether two independent samples have the same area: a z test on the difference. nil where an error
    /// is unknown or both are 0.
    public static func test(current: AreaUnderCurve, reference: AreaUnderCurve, alternative: Alternative = .twoSided) -> TestResult? {
        guard let a = current.standardError, let b = reference.standardError, a > 0 || b > 0 else { return nil }
        let z = (current.value - reference.value) / (a * a + b * b).squareRoot()
        return TestResult(method: .placements, statistic: z, pValue: ProportionTest.pValue(ofNormal: z, alternative))
    }

    /// The normal tail of DeLong's test wants as many of each group.
    private static let fewest: Int64 = 30

    /// Chance of so small an area where the true one is `area`, itself known up to a standard error; nil where the own error is unknown.
    ///
    /// The normal tail. With fewer than 30 frauds or legit, where that is not to be trusted, at least Hoeffding's (1963, section
    /// 5b) bound for two-sample statistics, which holds whatever the scores are: `exp(-k KL(value, area))`, k the smaller
    /// group, the area lowered by two of its standard errors.
    package func lowerTail(of area: Double, error: Double) -> Double? {
        guard let own = standardError, value < area else { return standardError == nil ? nil : 1 }
        let spread = (own * own + error * error).squareRoot()
        let normal = spread > 0 ? NormalDistribution.cdf((value - area) / spread) : 0
        guard min(fraudCount, legitCount) < Self.fewest || spread == 0 else { return normal }
        let least = area - 2 * error
        guard value < least else { return 1 }
        let (p, q) = (value, min(least, 1 - 1e-9))
        let divergence = (p > 0 ? p * RealFunctions.log(p / q) : 0) + (1 - p) * RealFunctions.log((1 - p) / (1 - q))
        return max(normal, RealFunctions.exp(-Double(min(fraudCount, legitCount)) * divergence))
    }

    /// Weighted Welford, for numbers in [0, 1] that come with their multiplicity.
    private struct Moments2 {
        var weight = 0.0
        var mean = 0.0
        var squares = 0.0

        mutating func add(_ x: Double, weight added: Double) {
            guard added > 0 else { return }
            weight += added
            let delta = x - mean
            mean += delta * added / weight
            squares += added * delta * (x - mean)
        }

        var variance: Double { squares / (weight - 1) }
    }
}
