import Foundation

/// A stand-in for the model: gradient-boosted regression trees of the log-odds of the benign decisions' scores.
///
/// Friedman 2001, squared error, depth-limited trees over quantile bins. What matters are its answers: like the real
/// models it is piecewise constant with a sharp boundary. Never used by a detector.
final class BoostedSurrogate {
    private static let trees = 80
    private static let depth = 5
    private static let bins = 64
    private static let rate = 0.15
    private static let leastInLeaf = 10.0
    /// Rows near or above the threshold are few and matter most.
    private static let weightOfStopped = 10.0

    private struct Node {
        var feature = -1
        /// Left when the bin is at most this.
        var cut = 0
        var value = 0.0
    }

    let threshold: Double
    private let edges: [[Double]]
    private let base: Double
    private var forest: [[Node]] = []
    /// Share of the benign decisions, allowed and stopped, that it decides as the model did.
    private(set) var agreement = (allowed: 0.0, stopped: 0.0)

    init(_ records: [StreamRecord], features: Int) {
        let threshold = records.first { !$0.threshold.isNaN }?.threshold ?? 0.5
        self.threshold = threshold
        let edges = (0..<features).map { feature -> [Double] in
            let column = records.map { $0.features[feature] }.filter { !$0.isNaN }.sorted()
            guard !column.isEmpty else { return [] }
            return Array(Set((1..<Self.bins).map { column[$0 * column.count / Self.bins] })).sorted()
        }
        self.edges = edges
        let logits = records.map { Self.logit($0.score) }
        let weights = records.map { $0.score * (1 - threshold) * 2 >= threshold * (1 - $0.score) ? Self.weightOfStopped : 1 }
        base = zip(logits, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
        let rows = records.map { record in (0..<features).map { UInt8(Self.bin(record.features[$0], edges[$0])) } }.flatMap { $0 }
        var residuals = logits.map { $0 - base }
        for _ in 0..<Self.trees {
            let tree = Self.grow(rows, features, residuals, weights)
            forest.append(tree)
            for row in residuals.indices { residuals[row] -= Self.rate * Self.value(tree) { Int(rows[row * features + $0]) } }
        }
        for isAllowed in [true, false] {
            let part = records.indices.filter { records[$0].isAllowed == isAllowed }
            let right = part.filter { (logits[$0] - residuals[$0] < Self.logit(threshold)) == isAllowed }.count
            let share = Double(right) / Double(max(1, part.count))
            if isAllowed { agreement.allowed = share } else { agreement.stopped = share }
        }
    }

    /// In (0, 1). O(trees · depth).
    func score(_ row: [Double]) -> Double { 1 / (1 + exp(-logOdds(row))) }

    func logOdds(_ row: [Double]) -> Double {
        let bins = row.indices.map { Self.bin(row[$0], edges[$0]) }
        return forest.reduce(base) { $0 + Self.rate * Self.value($1) { bins[$0] } }
    }

    private static func logit(_ score: Double) -> Double {
        let s = min(max(score, 1e-5), 1 - 1e-5)
        return log(s / (1 - s))
    }

    /// Bin 0 is missing.
    private static func bin(_ value: Double, _ edges: [Double]) -> Int {
        guard !value.isNaN else { return 0 }
        var (start, end) = (0, edges.count)
        while start < end {
            let middle = (start + end) / 2
            if edges[middle] <= value { start = middle + 1 } else { end = middle }
        }
        return start + 1
    }

    private static func value(_ tree: [Node], _ bin: (Int) -> Int) -> Double {
        var place = 0
        while tree[place].feature >= 0 { place = 2 * place + (bin(tree[place].feature) <= tree[place].cut ? 1 : 2) }
        return tree[place].value
    }

    /// One tree in heap order, level by level.
    private static func grow(_ rows: [UInt8], _ features: Int, _ residuals: [Double], _ weights: [Double]) -> [Node] {
        var tree = [Node](repeating: Node(), count: (1 << (depth + 1)) - 1)
        var places = [Int](repeating: 0, count: residuals.count)
        let width = bins + 1
        for level in 0...depth {
            let (first, count) = ((1 << level) - 1, 1 << level)
            var sums = [Double](repeating: 0, count: count * features * width)
            var mass = [Double](repeating: 0, count: count * features * width)
            for row in residuals.indices where places[row] >= first {
                for feature in 0..<features {
                    let cell = ((places[row] - first) * features + feature) * width + Int(rows[row * features + feature])
                    sums[cell] += weights[row] * residuals[row]
                    mass[cell] += weights[row]
                }
            }
            for node in 0..<count { tree[first + node] = split(node, features, width, sums, mass, isLast: level == depth) }
            for row in residuals.indices where places[row] >= first {
                let node = tree[places[row]]
                guard node.feature >= 0 else { continue }
                places[row] = 2 * places[row] + (Int(rows[row * features + node.feature]) <= node.cut ? 1 : 2)
            }
        }
        return tree
    }

    private static func split(_ node: Int, _ features: Int, _ width: Int, _ sums: [Double], _ mass: [Double], isLast: Bool) -> Node {
        let start = node * features * width
        let (sum, total) = (sums[start..<start + width].reduce(0, +), mass[start..<start + width].reduce(0, +))
        var best = Node(value: sum / (total + 1))
        guard !isLast, total > 2 * leastInLeaf else { return best }
        var gain = sum * sum / (total + 1) + 1e-6
        for feature in 0..<features {
            var (left, weight) = (0.0, 0.0)
            for cut in 0..<width - 1 {
                let cell = start + feature * width + cut
                left += sums[cell]
                weight += mass[cell]
                guard weight > leastInLeaf, total - weight > leastInLeaf else { continue }
                let right = sum - left
                let now = left * left / (weight + 1) + right * right / (total - weight + 1)
                if now > gain { (gain, best.feature, best.cut) = (now, feature, cut) }
            }
        }
        return best
    }
}
