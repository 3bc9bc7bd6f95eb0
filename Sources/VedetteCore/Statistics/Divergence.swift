/// Distances between two histograms over the same bins: effects, not evidence.
public enum Divergence {
    /// The least share a bin is given in PSI, so that an empty bin does not make it infinite.
    public static let psiFloor = 1e-4

    /// The population stability index `Σ (c − r) ln(c / r)` over the shares c and r, each raised to
    /// at least ``psiFloor``. Symmetric, in nats, at least 0. nil where a group is empty.
    public static func psi(reference: [Int64], current: [Int64]) -> Double? {
        fold(reference, current) { r, c in
            let (r, c) = (max(r, psiFloor), max(c, psiFloor))
            return (c - r) * RealFunctions.log(c / r)
        }
    }

    /// The Jensen–Shannon divergence in nats (not its root), in [0, ln 2]. nil where a group is empty.
    public static func jensenShannon(reference: [Int64], current: [Int64]) -> Double? {
        fold(reference, current) { r, c in
            let middle = (r + c) / 2
            return 0.5 * ((r > 0 ? r * RealFunctions.log(r / middle) : 0) + (c > 0 ? c * RealFunctions.log(c / middle) : 0))
        }.map { max(0, $0) }
    }

    private static func fold(_ reference: [Int64], _ current: [Int64], _ term: (Double, Double) -> Double) -> Double? {
        precondition(reference.count == current.count, "histograms must have the same bins")
        let n = Double(reference.reduce(0, +))
        let m = Double(current.reduce(0, +))
        guard n > 0, m > 0 else { return nil }
        return zip(reference, current).reduce(0) { $0 + term(Double($1.0) / n, Double($1.1) / m) }
    }

    /// The PSI that chance alone exceeds with probability `alpha` where nothing has changed:
    /// `(1/n + 1/m) χ²(1 − alpha; bins − 1)`.
    ///
    /// Source: Yurdakul, "Statistical Properties of Population Stability Index" (2018). Good where
    /// every bin expects some 5 counts in both groups, as deciles do; sparse bins and the floor break
    /// it, and ``HomogeneityTest`` is then the evidence to use.
    public static func criticalPSI(referenceCount n: Int64, currentCount m: Int64, bins: Int, alpha: Double) -> Double {
        precondition(n > 0 && m > 0 && bins >= 2, "a critical PSI needs two groups and two bins")
        return (1 / Double(n) + 1 / Double(m)) * ChiSquareDistribution.inverseSurvival(alpha, degrees: Double(bins - 1))
    }

    /// The probability of at least this PSI by chance, on the same terms as ``criticalPSI(referenceCount:currentCount:bins:alpha:)``.
    public static func psiPValue(_ psi: Double, referenceCount n: Int64, currentCount m: Int64, bins: Int) -> Double {
        guard bins >= 2 else { return 1 }
        return ChiSquareDistribution.survival(psi / (1 / Double(n) + 1 / Double(m)), degrees: Double(bins - 1))
    }

    /// The probability of at least this Jensen–Shannon divergence by chance: near 0 it is an eighth of the
    /// PSI, so `8 JS / (1/n + 1/m)` is about χ² with `bins − 1` degrees. On the same terms as PSI.
    public static func jensenShannonPValue(_ divergence: Double, referenceCount n: Int64, currentCount m: Int64, bins: Int) -> Double {
        psiPValue(8 * divergence, referenceCount: n, currentCount: m, bins: bins)
    }
}
