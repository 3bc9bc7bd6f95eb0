/// How far one feature is from its reference: effects, not evidence.
///
/// Numbers are compared by their quantile sketches (see ``FeatureDistances`` for the error),
/// categories and booleans by their counts. Where either side saw more values than it keeps, the
/// distances are over the values that both keep and the rest as one.
public struct FeatureDrift: Sendable, Equatable {
    /// Population stability index: over the reference's deciles, or over the categories.
    public var psi: Double?
    /// Jensen–Shannon divergence over the same bins, nats.
    public var jensenShannon: Double?
    /// Of numbers only.
    public var kolmogorovSmirnov: Double?
    /// Of numbers only, in units of the feature.
    public var wasserstein: Double?
    /// Shift of the mean in standard deviations of the reference; of numbers only.
    public var meanShift: Double?
    /// Edges and counts between the reference's deciles; of numbers only.
    public var edges: [Double] = []
    public var counts: [Int64] = []
    /// Share of the values whose category the reference does not have; of categories only. Where one side
    /// keeps a sample of its categories, the share among those that both would keep.
    public var unseen: Double?

    /// nil where either side has no value.
    public init?(reference: FeatureAggregate, current: FeatureAggregate) {
        if !reference.quantiles.isEmpty, !current.quantiles.isEmpty {
            let distances = FeatureDistances(reference: reference.quantiles, current: current.quantiles)
            let bins = distances.decileCounts
            psi = Divergence.psi(reference: bins.reference, current: bins.current)
            jensenShannon = Divergence.jensenShannon(reference: bins.reference, current: bins.current)
            kolmogorovSmirnov = distances.kolmogorovSmirnov
            wasserstein = distances.wasserstein
            edges = distances.referenceDeciles
            counts = bins.current
            if let mean = current.moments.mean, let before = reference.moments.mean, let sigma = reference.moments.standardDeviation, sigma > 0 {
                meanShift = (mean - before) / sigma
            }
        } else if !reference.categories.isEmpty, !current.categories.isEmpty {
            compare(reference.categories, current.categories)
        } else {
            return nil
        }
    }

    private mutating func compare(_ reference: CategoryCounts, _ current: CategoryCounts) {
        let cut = min(reference.cut, current.cut)
        let (before, now) = (reference.truncated(atCut: cut), current.truncated(atCut: cut))
        var (old, new): ([Int64], [Int64]) = ([], [])
        var (left, right) = (0, 0)
        var unseenCount: Int64 = 0
        let (a, b) = (before.categories, now.categories)
        while left < a.count || right < b.count {
            let x = left < a.count ? a[left].hash : .max
            let y = right < b.count ? b[right].hash : .max
            old.append(x <= y ? a[left].count : 0)
            new.append(y <= x ? b[right].count : 0)
            if y < x { unseenCount += b[right].count }
            if x <= y { left += 1 }
            if y <= x { right += 1 }
        }
        let kept = now.total - now.other
        unseen = kept > 0 ? Double(unseenCount) / Double(kept) : nil
        if before.other > 0 || now.other > 0 {
            old.append(before.other)
            new.append(now.other)
        }
        // In ascending order of the pairs, so that rounding does not depend on the secret of the hash.
        let pairs = zip(old, new).sorted { $0 < $1 }
        psi = Divergence.psi(reference: pairs.map(\.0), current: pairs.map(\.1))
        jensenShannon = Divergence.jensenShannon(reference: pairs.map(\.0), current: pairs.map(\.1))
    }
}
