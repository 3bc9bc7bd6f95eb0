/// Whether a count is unlike the counts of comparable times (the same hour of earlier weeks), when
/// counts vary more than Poisson ones do.
///
/// With the k reference counts' mean m and sample variance s² (k − 1), and the noise floor ν, a
/// relative deviation that never counts as evidence by itself:
///
///     m' = max(m, 1/k),   v = max(s², m' + (ν m')²) (1 + 1/k)
///
/// `(1 + 1/k)` is for m being an estimate. Two p-values for the count c, of which the larger holds:
///
///     p_count = tail of the negative binomial with mean m' and variance v, right for small counts
///     p_t     = tail of Student's t with k − 1 degrees at the difference of y = sqrt(c + 3/8) and the
///               references' mean y, over sqrt(max(s_y², 1/4 + ν² m' / 4) (1 + 1/k)): the spread is an
///               estimate, too, and the root takes out most of the skew of overdispersed counts
///
/// Two-sided: twice the smaller tail, at most 1. Sources: Anscombe (1948) for the root; the rest is
/// the standard prediction interval. The cost of few references is in t: with four weeks a p of 1e-4
/// takes some 22 standard deviations, with eight 7. Simulated false alarms stay within 1.2 times nominal.
public enum VolumeTest {
    public static let minReferences = 3
    public static let defaultNoiseFloor = 0.05

    public struct Outcome: Sendable, Equatable {
        public var expected: Double
        /// Observed over expected.
        public var ratio: Double
        public var test: TestResult

        public init(expected: Double, ratio: Double, test: TestResult) {
            self.expected = expected
            self.ratio = ratio
            self.test = test
        }
    }

    /// nil for fewer than ``minReferences`` references. Counts at least 0, `noiseFloor` at least 0.
    public static func evaluate(
        current: Int64, references: [Int64], noiseFloor: Double = VolumeTest.defaultNoiseFloor, alternative: Alternative = .twoSided
    ) -> Outcome? {
        precondition(current >= 0 && references.allSatisfy { $0 >= 0 } && noiseFloor >= 0, "counts and the noise floor must not be negative")
        guard references.count >= minReferences else { return nil }
        var (counts, roots) = (Moments(), Moments())
        for count in references {
            counts.add(Double(count))
            roots.add(root(Double(count)))
        }
        guard let average = counts.mean, let spread = counts.variance, let rootMean = roots.mean, let rootSpread = roots.variance else { return nil }
        let k = Double(references.count)
        // Where no reference saw anything, one event in all of them would have been no surprise.
        let mean = max(average, 1 / k)
        let relative = noiseFloor * mean
        let variance = max(spread, mean + relative * relative) * (1 + 1 / k)
        let rootDeviation = (max(rootSpread, 0.25 + noiseFloor * relative / 4) * (1 + 1 / k)).squareRoot()
        // Half a count of continuity correction, never across the mean.
        let above = root(max(min(Double(current), mean), Double(current) - 0.5)) - rootMean
        let below = rootMean - root(min(max(Double(current), mean), Double(current) + 0.5))
        let upper = max(
            CountDistributions.negativeBinomialUpperTail(current, mean: mean, variance: variance),
            StudentDistribution.survival(above / rootDeviation, degrees: k - 1))
        let lower = max(
            CountDistributions.negativeBinomialCDF(current, mean: mean, variance: variance),
            StudentDistribution.survival(below / rootDeviation, degrees: k - 1))
        let p =
            switch alternative {
            case .twoSided: min(1, 2 * min(upper, lower))
            case .greater: upper
            case .less: lower
            }
        return Outcome(
            expected: mean, ratio: Double(current) / mean,
            test: TestResult(method: .overdispersedCount, statistic: Double(current), pValue: p))
    }

    private static func root(_ count: Double) -> Double { (count + 0.375).squareRoot() }
}
