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
        aggregate.merge(ContiguousArray(measured.dropFirst()), at: feature)
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
/// both sketches keep, and those of ``HeavyShifts``) with the rest together. Missing values and values of the wrong type are left out.
package struct FeatureBins {
    package var reference: ReferenceSummary
    var current: [Int64]

    init(number current: FeatureAggregate, against reference: FeatureAggregate) {
        let distances = FeatureDistances(reference: reference.quantiles, current: current.quantiles)
        let counts = distances.decileCounts
        self.reference = ReferenceSummary(
            count: reference.moments.count, level: reference.moments.mean ?? 0, spread: reference.moments.standardDeviation ?? 0,
            edges: distances.referenceDeciles, bins: counts.reference)
        self.current = counts.current
    }

    package init(category current: CategoryCounts, against reference: CategoryCounts) {
        let cut = min(current.cut, reference.cut)
        let (now, before) = (current.truncated(atCut: cut), reference.truncated(atCut: cut))
        // Ascending by hash, which has nothing to do with the counts: pooled neighbours are chosen blindly.
        let hashes = Set(now.categories.map(\.hash)).union(before.categories.map(\.hash)).sorted()
        self.reference = ReferenceSummary(
            count: before.total, level: before.entropy, bins: hashes.map { before.count(hash: $0) ?? 0 } + [before.other],
            categories: hashes, cut: cut)
        self.current = hashes.map { now.count(hash: $0) ?? 0 } + [now.other]
    }

    /// With a bin of its own for each of some categories that were among the rest, as far as the rest holds them.
    func splitting(_ shifts: [HeavyShifts.Shift]) -> FeatureBins {
        var split = self
        var rest = (reference: split.reference.bins.removeLast(), current: split.current.removeLast())
        for shift in shifts where shift.reference <= rest.reference && shift.current <= rest.current {
            rest = (rest.reference - shift.reference, rest.current - shift.current)
            split.reference.categories.append(shift.hash)
            split.reference.bins.append(shift.reference)
            split.current.append(shift.current)
        }
        split.reference.bins.append(rest.reference)
        split.current.append(rest.current)
        return split
    }

    /// The category whose share moved most and its shares before and now; nil for numbers, and where it is the rest.
    var mover: (category: UInt64, before: Double, now: Double)? {
        let totals = (reference.bins.reduce(0, +), current.reduce(0, +))
        guard totals.0 > 0, totals.1 > 0, !reference.categories.isEmpty else { return nil }
        let shares = zip(reference.bins, current).map { (Double($0) / Double(totals.0), Double($1) / Double(totals.1)) }
        let most = shares.indices.max { abs(shares[$0].1 - shares[$0].0) < abs(shares[$1].1 - shares[$1].0) }
        guard let most, most < reference.categories.count else { return nil }
        return (reference.categories[most], shares[most].0, shares[most].1)
    }

    /// Bins of a window by those of a reference that an alert kept; nil where they are another kind of monitor's.
    init?(_ current: FeatureAggregate, kind: FeatureKind, frozen: ReferenceSummary) {
        guard frozen.bins.count == (kind == .number ? frozen.edges.count : frozen.categories.count) + 1 else { return nil }
        reference = frozen
        guard kind != .number else {
            self.current = JointWalk.counts(of: current.quantiles.bins, between: frozen.edges)
            return
        }
        // A count that is only known by its bounds is the one nearest to the reference's share.
        let scale = Double(current.categories.total) / Double(max(1, frozen.bins.reduce(0, +)))
        var rest = current.categories.total
        self.current = zip(frozen.categories, frozen.bins).map { category, count in
            let bounds = current.bounds(of: category)
            let nearest = min(max(Int64((Double(count) * scale).rounded()), bounds.lowerBound), bounds.upperBound, rest)
            rest -= nearest
            return nearest
        }
        self.current.append(rest)
    }
}
