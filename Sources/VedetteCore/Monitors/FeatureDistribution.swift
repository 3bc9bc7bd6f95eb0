/// What a reference says of one feature: its panes merged.
struct FeatureDistribution {
    private(set) var aggregate: FeatureAggregate
    /// The largest distance of one pane's mean from that of all, in the feature's unit; nil for fewer than three panes.
    private(set) var naturalShift: Double?

    /// Nil where no pane measures the feature. O(panes).
    init?(_ feature: Int, in panes: [Pane]) {
        let measured = ComparableWeeks.robust(panes.filter { feature < $0.features.count }) { pane in
            let aggregate = pane.features[feature]
            return aggregate.moments.mean ?? (aggregate.categories.isEmpty ? nil : aggregate.categories.entropy)
        }
        guard let first = measured.first else { return nil }
        aggregate = first.features[feature]
        aggregate.merge(ContiguousArray(measured.dropFirst().map { $0.features[feature] }))
        aggregate.compact()
        guard panes.count >= ComparableWeeks.least, measured.count > 1, let mean = aggregate.moments.mean else { return }
        naturalShift = measured.compactMap { $0.features[feature].moments.mean.map { abs($0 - mean) } }.max()
    }

    /// Values that can be compared.
    var count: Int64 { aggregate.present }
}

/// A feature's values in a few bins, the same for the window and its reference.
///
/// Numbers are binned by the deciles of the reference, categories each by itself (those that
/// both sketches keep) with the rest together. Missing values and values of the wrong type are left out.
struct FeatureBins {
    var reference: ReferenceSummary
    var current: [Int64]

    init(number current: FeatureAggregate, against reference: FeatureAggregate) {
        let distances = FeatureDistances(reference: reference.quantiles, current: current.quantiles)
        let counts = distances.decileCounts
        self.reference = ReferenceSummary(
            count: reference.moments.count, level: reference.moments.mean ?? 0, spread: reference.moments.standardDeviation ?? 0,
            edges: distances.referenceDeciles, bins: counts.reference)
        self.current = counts.current
    }

    init(category current: CategoryCounts, against reference: CategoryCounts) {
        let cut = min(current.cut, reference.cut)
        let (now, before) = (current.truncated(atCut: cut), reference.truncated(atCut: cut))
        // Ascending by hash, which has nothing to do with the counts: pooled neighbours are chosen blindly.
        let hashes = Set(now.categories.map(\.hash)).union(before.categories.map(\.hash)).sorted()
        self.reference = ReferenceSummary(
            count: before.total, level: before.entropy, bins: hashes.map { before.count(hash: $0) ?? 0 } + [before.other],
            categories: hashes, cut: cut)
        self.current = hashes.map { now.count(hash: $0) ?? 0 } + [now.other]
    }

    /// Bins of a window by those of a reference that an alert kept; nil where they are another kind of monitor's.
    init?(_ current: FeatureAggregate, kind: FeatureKind, frozen: ReferenceSummary) {
        guard frozen.bins.count == (kind == .number ? frozen.edges.count : frozen.categories.count) + 1 else { return nil }
        reference = frozen
        guard kind != .number else {
            self.current = JointWalk.counts(of: current.quantiles.bins, between: frozen.edges)
            return
        }
        let now = current.categories.truncated(atCut: min(frozen.cut, current.categories.cut))
        let known = frozen.categories.map { now.count(hash: $0) ?? 0 }
        self.current = known + [now.total - known.reduce(0, +)]
    }
}
