/// Distances between the values of a numeric feature in two ``QuantileSketch``es: effects, not evidence.
///
/// Values that share a bin are not told apart, so these are the distances after every value is
/// moved by at most the sketches' accuracy (1 % by default): the Kolmogorov–Smirnov and PSI values are
/// those of the binned values, and a Wasserstein distance is off by at most the accuracy times the sum of the mean
/// magnitudes. Both sketches must have the same accuracy. nil where a sketch is empty. O(bins).
public struct FeatureDistances: Sendable {
    private let reference: [(value: Double, count: Int64)]
    private let current: [(value: Double, count: Int64)]
    private let referenceTotal: Int64
    private let currentTotal: Int64
    /// The edges between the bins of ``psiDeciles``: the unique deciles of the reference as its sketch gives
    /// them. Up to nine, fewer where values tie, and none where the reference is empty.
    public let referenceDeciles: [Double]

    public init(reference: QuantileSketch, current: QuantileSketch) {
        let (left, right) = QuantileSketch.aligned(reference, current)
        self.reference = left.bins
        self.current = right.bins
        referenceTotal = left.total
        currentTotal = right.total
        referenceDeciles = (1...9).compactMap { left.quantile(Double($0) / 10) }.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    /// Counts of the reference and of the current values between the ``referenceDeciles``, for ``HomogeneityTest``.
    public var decileCounts: (reference: [Int64], current: [Int64]) {
        (JointWalk.counts(of: reference, between: referenceDeciles), JointWalk.counts(of: current, between: referenceDeciles))
    }

    /// PSI over the deciles of the reference.
    public var psiDeciles: Double? {
        let counts = decileCounts
        return Divergence.psi(reference: counts.reference, current: counts.current)
    }

    /// The two-sample Kolmogorov–Smirnov statistic.
    public var kolmogorovSmirnov: Double? { JointWalk.kolmogorovSmirnov(reference, referenceTotal, current, currentTotal) }

    /// The first Wasserstein distance, in units of the feature.
    public var wasserstein: Double? { JointWalk.wasserstein(reference, referenceTotal, current, currentTotal) }
}
