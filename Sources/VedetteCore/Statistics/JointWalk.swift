/// Walks over two distributions at once, each a sequence of (value, count) in ascending order.
enum JointWalk {
    /// Calls `body(value, count in a, count in b)` for every distinct value in ascending order.
    static func forEach<S: Sequence>(_ a: S, _ b: S, _ body: (Double, Int64, Int64) -> Void) where S.Element == (value: Double, count: Int64) {
        var left = a.makeIterator()
        var right = b.makeIterator()
        var x = left.next()
        var y = right.next()
        while true {
            switch (x, y) {
            case (let first?, let second?) where first.value == second.value:
                body(first.value, first.count, second.count)
                x = left.next()
                y = right.next()
            case (let first?, let second) where second.map({ first.value < $0.value }) ?? true:
                body(first.value, first.count, 0)
                x = left.next()
            case (_, let second?):
                body(second.value, 0, second.count)
                y = right.next()
            default: return
            }
        }
    }

    /// The largest distance between the distribution functions; nil where a total is 0.
    static func kolmogorovSmirnov<S: Sequence>(_ a: S, _ n: Int64, _ b: S, _ m: Int64) -> Double?
    where S.Element == (value: Double, count: Int64) {
        intervals(a, n, b, m) { largest, difference, _ in largest = max(largest, abs(difference)) }
    }

    /// The area between the distribution functions; nil where a total is 0.
    static func wasserstein<S: Sequence>(_ a: S, _ n: Int64, _ b: S, _ m: Int64) -> Double?
    where S.Element == (value: Double, count: Int64) {
        intervals(a, n, b, m) { area, difference, width in area += abs(difference) * width }
    }

    /// Counts of the bins `(−∞, e0), [e0, e1), … [last, ∞)`; `edges` strictly ascending.
    static func counts<S: Sequence>(of values: S, between edges: [Double]) -> [Int64] where S.Element == (value: Double, count: Int64) {
        var result = [Int64](repeating: 0, count: edges.count + 1)
        var bin = 0
        for (value, count) in values {
            while bin < edges.count, value >= edges[bin] { bin += 1 }
            result[bin] += count
        }
        return result
    }

    /// Calls `step(&result, F − G, width)` for every interval between neighbouring distinct values.
    private static func intervals<S: Sequence>(
        _ a: S, _ n: Int64, _ b: S, _ m: Int64, _ step: (inout Double, Double, Double) -> Void
    ) -> Double? where S.Element == (value: Double, count: Int64) {
        guard n > 0, m > 0 else { return nil }
        var result = 0.0
        var (seenA, seenB): (Int64, Int64) = (0, 0)
        var previous: Double?
        forEach(a, b) { value, inA, inB in
            if let previous { step(&result, Double(seenA) / Double(n) - Double(seenB) / Double(m), value - previous) }
            seenA += inA
            seenB += inB
            previous = value
        }
        return result
    }
}
