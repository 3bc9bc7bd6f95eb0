/// References that one bad week does not spoil.
enum ComparableWeeks {
    /// From this many reference windows on, one is left out.
    static let least = 3

    /// The panes without the one whose level is furthest from the median of all, where there are
    /// at least ``least``; a pane without a level is the furthest. Ties: the older one goes.
    ///
    /// A bad week (an outage, an incident, a holiday) then neither hides the next one nor makes
    /// the good one after it look like a change. The price is a reference smaller by one part
    /// in k. Where nothing was wrong, the mean of the rest varies less than that of k − 1 windows
    /// chosen at random, so p-values err on the safe side.
    static func robust<Week>(_ panes: [Week], by level: (Week) -> Double?) -> [Week] {
        guard panes.count >= least else { return panes }
        let levels = panes.map(level)
        let known = levels.compactMap { $0 }.sorted()
        guard !known.isEmpty else { return panes }
        let median = (known[(known.count - 1) / 2] + known[known.count / 2]) / 2
        var worst = 0
        var distance = -1.0
        for (index, level) in levels.enumerated() {
            let own = level.map { abs($0 - median) } ?? .infinity
            if own >= distance { (worst, distance) = (index, own) }
        }
        return panes.indices.filter { $0 != worst }.map { panes[$0] }
    }
}
