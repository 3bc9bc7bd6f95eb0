/// Distances between the scores of two sketches: effects, not evidence.
///
/// Exact where both sketches are at level 0. Sketches of different levels are compared at the
/// coarser one; the 20-bin distances are exact at any level. Every function answers nil where a
/// sketch is empty, and is O(distinct keys).
public struct Distances: Sendable {
    let reference: ScoreSketch
    let current: ScoreSketch

    public init(reference: ScoreSketch, current: ScoreSketch) {
        let level = max(reference.level, current.level)
        self.reference = reference.coarsened(toLevel: level)
        self.current = current.coarsened(toLevel: level)
    }

    /// The edges between the bins of ``psiDeciles``: up to nine, fewer where scores tie, so one bin more than edges.
    public var referenceDeciles: [Double]? { Self.decileEdges(of: reference) }

    /// Counts of the reference and of the current scores between the ``referenceDeciles``, for ``HomogeneityTest``.
    public var decileCounts: (reference: [Int64], current: [Int64])? {
        guard let edges = referenceDeciles else { return nil }
        return (Self.counts(of: reference, between: edges), Self.counts(of: current, between: edges))
    }

    /// PSI over the deciles of the reference (``decileEdges(of:)``).
    public var psiDeciles: Double? {
        guard let counts = decileCounts else { return nil }
        return Divergence.psi(reference: counts.reference, current: counts.current)
    }

    /// PSI over 20 bins of width 0.05.
    public var psiEqualWidth: Double? { Divergence.psi(reference: reference.histogram20, current: current.histogram20) }

    /// The Jensen–Shannon divergence over 20 bins of width 0.05, in nats.
    public var jensenShannon: Double? { Divergence.jensenShannon(reference: reference.histogram20, current: current.histogram20) }

    /// The two-sample Kolmogorov–Smirnov statistic: the largest distance between the distribution functions.
    public var kolmogorovSmirnov: Double? { JointWalk.kolmogorovSmirnov(reference, reference.total, current, current.total) }

    /// The first Wasserstein distance: the area between the distribution functions, in units of the score.
    public var wasserstein: Double? { JointWalk.wasserstein(reference, reference.total, current, current.total) }

    /// As `numpy.linspace(0.1, 0.9, 9)` has them: 0.7 is one ulp above 7/10 there, which decides
    /// on which side of an edge a score falls that equals a data point.
    static let decileLevels: [Double] = (0..<9).map { 0.1 + Double($0) * 0.1 }

    /// The unique deciles 0.1, 0.2, … 0.9 with numpy's linear interpolation, ascending. nil where the sketch is empty.
    public static func decileEdges(of sketch: ScoreSketch) -> [Double]? {
        guard let deciles = sketch.quantiles(decileLevels) else { return nil }
        return deciles.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    /// Counts of the bins `(−∞, e0), [e0, e1), … [last, ∞)`; `edges` strictly ascending.
    public static func counts(of sketch: ScoreSketch, between edges: [Double]) -> [Int64] { JointWalk.counts(of: sketch, between: edges) }
}
