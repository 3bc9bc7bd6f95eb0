/// The grid of label delays: one cohort wide where labels are young, an eighth of the delay
/// further out, up to the horizon.
package struct DelayBins: Sendable, Equatable {
    /// Ascending, in ms, from 0 to the horizon; bin `k` is `edges[k] ..< edges[k + 1]`.
    package let edges: [Int64]

    package init(cohortMs: Int64, horizonMs: Int64) {
        let horizon = max(1, (horizonMs + cohortMs - 1) / cohortMs)
        var edge: Int64 = 0
        var edges: [Int64] = [0]
        while edge < horizon {
            edge = min(horizon, edge + max(1, (edge + 4) / 8))
            edges.append(edge * cohortMs)
        }
        self.edges = edges
    }

    package var count: Int { edges.count - 1 }

    /// The bin of a delay; negative ones (a label before its decision) fall into the first, those beyond the horizon into the last.
    func bin(of delay: Int64) -> Int {
        var low = 0
        var high = count
        while high - low > 1 {
            let middle = (low + high) / 2
            if delay >= edges[middle] { low = middle } else { high = middle }
        }
        return low
    }

    /// Where a delay lies on the grid: bin and share of it that has passed.
    func place(of delay: Double) -> (bin: Int, share: Double) {
        guard delay > 0 else { return (0, 0) }
        guard delay < Double(edges[count]) else { return (count - 1, 1) }
        let bin = bin(of: Int64(delay))
        return (bin, (delay - Double(edges[bin])) / Double(edges[bin + 1] - edges[bin]))
    }
}
