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
}
