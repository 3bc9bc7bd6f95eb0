/// What one slice adds to a change, in terms that add up over disjoint slices.
public struct SliceShare: Sendable, Equatable {
    public var slice: SliceName
    /// Whether the finding holds there, effect and evidence.
    public var isMet: Bool
    /// Effect in units of its limit.
    public var strength: Double
    /// Rows behind it.
    public var rows: Double
    /// What was observed, summed over the rows (events, a sum of scores, decisions), and what the
    /// reference makes one expect of as many rows.
    public var observed: Double
    public var expected: Double
    /// Whether the effect is the ratio of the two; else it grows with their difference per row.
    public var isRatio: Bool

    public init(slice: SliceName, isMet: Bool, strength: Double, rows: Double, observed: Double, expected: Double, isRatio: Bool) {
        self.slice = slice
        self.isMet = isMet
        self.strength = strength
        self.rows = rows
        self.observed = observed
        self.expected = expected
        self.isRatio = isRatio
    }

    public var excess: Double { observed - expected }
    var mass: Double { abs(excess) }

    /// Size of the change per row, or, of a ratio, per event that was expected: the same in every part of a change that is everywhere.
    private var density: Double { mass / max(isRatio ? expected : rows, .leastNonzeroMagnitude) }

    /// What is left without some disjoint parts of this slice; nil where it points the other way, or where too little is left to tell.
    private func rest(without parts: [SliceShare]) -> SliceShare? {
        var rest = parts.reduce(self) { rest, part in
            var rest = rest
            rest.rows -= part.rows
            rest.observed -= part.observed
            rest.expected -= part.expected
            return rest
        }
        guard rest.rows > 0, excess != 0, rest.excess / excess > 0 else { return nil }
        if isRatio {
            guard observed > 0, expected > 0, rest.observed > 0, rest.expected > 0 else { return nil }
            let (whole, left) = (observed / expected, rest.observed / rest.expected)
            rest.strength = strength * (whole >= 1 ? left / whole : whole / left)
        } else {
            rest.strength = strength * rest.density / density
        }
        return rest
    }

    /// Whether what is left without some disjoint parts would raise no alert and is changed at most half as much: a change that
    /// has only just passed its limit would else be explained by any part that shows a little more of it than the others.
    func isExplained(by parts: [SliceShare]) -> Bool {
        rest(without: parts).map { $0.strength < 1 && $0.density <= SliceExplanation.maxDensityLeft * density } ?? true
    }
}

/// Which slice a change is about, when many that overlap show it.
///
/// The widest slice that shows it is taken apart over the declared dimensions and combinations: a
/// set of at most ``maxParts`` of its parts explains it if what is left without them would not
/// raise an alert and has changed by half as much at most, and if they are at most ``maxRowShare``
/// of its rows (a change that is everywhere is about everything). The smallest such set wins, then the one with the fewest rows; one part
/// alone is taken apart in turn. Compare: Chung, Kraska, Polyzotis, Tae and Whang, "Slice Finder"
/// (2019); here the parts are those that the configuration declares, so the search is one pass
/// over the findings of a round for each level: O(findings · log findings · dimensions).
public enum SliceExplanation {
    public static let maxParts = 3
    public static let maxRowShare = 0.8
    /// Of the change per row, what may be left without the parts.
    public static let maxDensityLeft = 0.5

    public struct Answer: Sendable, Equatable {
        /// Index of the slice that speaks for all.
        public var leader: Int
        /// The set that accounts for the change, the leader first.
        public var parts: [Int]
        /// All others in which it holds, those with the most of it first.
        public var others: [Int]
    }

    /// Nil where it holds nowhere. Of one monitor, model and subject, each slice once.
    public static func explain(_ shares: [SliceShare]) -> Answer? {
        let met = shares.indices.filter { shares[$0].isMet }
        let byMass = met.sorted { precedes($0, $1, shares) }
        guard var current = met.first(where: { shares[$0].slice.isOverall }) ?? byMass.first else { return nil }
        var parts = [current]
        while let found = refinement(of: current, met, shares) {
            parts = found
            current = found[0]
            if found.count > 1 { break }
        }
        return Answer(leader: current, parts: parts, others: byMass.filter { !parts.contains($0) })
    }

    /// More of the change first; of equals the one with fewer rows, then the first.
    private static func precedes(_ a: Int, _ b: Int, _ shares: [SliceShare]) -> Bool {
        if shares[a].mass != shares[b].mass { return shares[a].mass > shares[b].mass }
        if shares[a].rows != shares[b].rows { return shares[a].rows < shares[b].rows }
        return a < b
    }

    /// The smallest set of parts that explains a slice, the one with most of the change first.
    private static func refinement(of whole: Int, _ met: [Int], _ shares: [SliceShare]) -> [Int]? {
        let parts = met.filter { shares[whole].slice.isWider(than: shares[$0].slice) && shares[$0].rows > 0 }
        var best: [Int]?
        for dimensions in Set(parts.map { shares[$0].slice.dimensions }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let group = parts.filter { shares[$0].slice.dimensions == dimensions }.sorted { precedes($0, $1, shares) }
            var chosen: [Int] = []
            for part in group.prefix(min(maxParts, best?.count ?? maxParts)) {
                chosen.append(part)
                guard explains(chosen, whole, shares) else { continue }
                let isSmaller = best.map { chosen.count < $0.count || rows(chosen, shares) < rows($0, shares) } ?? true
                if isSmaller { best = chosen }
                break
            }
        }
        return best
    }

    private static func explains(_ parts: [Int], _ whole: Int, _ shares: [SliceShare]) -> Bool {
        rows(parts, shares) <= maxRowShare * shares[whole].rows && shares[whole].isExplained(by: parts.map { shares[$0] })
    }

    private static func rows(_ parts: [Int], _ shares: [SliceShare]) -> Double { parts.reduce(0) { $0 + shares[$1].rows } }
}

extension SliceName {
    var dimensions: [String] { parts.map(\.dimension) }

    /// Whether the other is a part of this one, and not all of it.
    func isWider(than other: SliceName) -> Bool {
        parts.count < other.parts.count && parts.allSatisfy { other.parts.contains($0) }
    }

    /// Whether one is the other or a part of it.
    func isComparable(to other: SliceName) -> Bool { self == other || isWider(than: other) || other.isWider(than: self) }
}
