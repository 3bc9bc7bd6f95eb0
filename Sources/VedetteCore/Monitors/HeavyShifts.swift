/// Categories beyond the sample that a window and its reference both keep whose shares surely differ.
///
/// The sample is chosen by hash, so a category that becomes a fifth of the traffic is mostly not in it, and all that
/// its bins show is that the rest grew by nothing. The heaviest categories are known besides, with bounds of their
/// counts (``HeavyCategories``); of these bounds the pair that differs least is taken, so neither the effect nor the
/// evidence is ever overstated.
package struct HeavyShifts {
    struct Shift: Equatable {
        var hash: UInt64
        var reference: Int64
        var current: Int64
    }

    /// At most this many, those whose shares differ most.
    static let most = 8

    /// Ascending by hash.
    private(set) var shifts: [Shift] = []
    private let counts: (reference: Int64, current: Int64)
    /// How many categories could have been chosen, at least.
    private let choices: Double

    /// - Parameter cut: hashes below are in the sample.
    package init(_ current: FeatureAggregate, against reference: FeatureAggregate, from cut: UInt64) {
        counts = (reference.categories.total, current.categories.total)
        // Three standard errors of the sketch above what it says.
        choices = 1.1 * ((current.distinct ?? 0) + (reference.distinct ?? 0))
        guard cut < .max, counts.reference > 0, counts.current > 0 else { return }
        let candidates = Set((current.heaviest + reference.heaviest).lazy.map(\.hash).filter { $0 >= cut })
        let differing = candidates.compactMap { nearest($0, current.bounds(of: $0), reference.bounds(of: $0)) }
            .sorted { (difference($1), $0.hash) < (difference($0), $1.hash) }
        shifts = differing.prefix(Self.most).sorted { $0.hash < $1.hash }
    }

    /// The counts within their bounds whose shares are nearest to each other; nil where they may be equal.
    private func nearest(_ hash: UInt64, _ current: ClosedRange<Int64>, _ reference: ClosedRange<Int64>) -> Shift? {
        if share(current.lowerBound, counts.current) > share(reference.upperBound, counts.reference) {
            return Shift(hash: hash, reference: reference.upperBound, current: current.lowerBound)
        }
        if share(current.upperBound, counts.current) < share(reference.lowerBound, counts.reference) {
            return Shift(hash: hash, reference: reference.lowerBound, current: current.upperBound)
        }
        return nil
    }

    private func share(_ count: Int64, _ total: Int64) -> Double { Double(count) / Double(total) }

    private func difference(_ shift: Shift) -> Double {
        abs(share(shift.current, counts.current) - share(shift.reference, counts.reference))
    }

    /// Fisher's test of the category that says most, times how many could have been chosen; 1 without any.
    package var pValue: Double {
        let smallest = shifts.compactMap {
            ProportionTest.evaluate(current: ($0.current, counts.current), reference: ($0.reference, counts.reference))?.pValue
        }.min()
        return smallest.map { min(1, $0 * choices) } ?? 1
    }
}
