/// The nondecreasing function of a score that is nearest to the outcomes in weighted squares:
/// pool adjacent violators (Ayer et al. 1955; Barlow et al. 1972).
///
/// Between the scores of two blocks it is linear, beyond the first and the last constant, as
/// scikit-learn's `IsotonicRegression(out_of_bounds: clip)` is.
package struct IsotonicRegression: Sendable, Equatable {
    /// Points of the function, scores ascending.
    private(set) var scores: [Double] = []
    private(set) var values: [Double] = []

    struct Point: Sendable {
        var score: Double
        /// Sum of the weights, and of those of positive outcomes.
        var weight: Double
        var positive: Double
    }

    private struct Block {
        var first: Double
        var last: Double
        var weight: Double
        var positive: Double
        var value: Double { positive / weight }
    }

    /// - Parameter points: scores ascending, one point a score. O(points).
    init(_ points: [Point]) {
        var blocks: [Block] = []
        for point in points where point.weight > 0 {
            blocks.append(Block(first: point.score, last: point.score, weight: point.weight, positive: point.positive))
            while blocks.count > 1, blocks[blocks.count - 2].value >= blocks[blocks.count - 1].value {
                let last = blocks.removeLast()
                blocks[blocks.count - 1].last = last.last
                blocks[blocks.count - 1].weight += last.weight
                blocks[blocks.count - 1].positive += last.positive
            }
        }
        for block in blocks {
            scores.append(block.first)
            values.append(block.value)
            guard block.last > block.first else { continue }
            scores.append(block.last)
            values.append(block.value)
        }
    }

    var isEmpty: Bool { scores.isEmpty }

    /// 0 without points. O(log points).
    package func value(at score: Double) -> Double {
        guard let first = scores.first, let last = scores.last else { return 0 }
        guard score > first else { return values[0] }
        guard score < last else { return values[values.count - 1] }
        var low = 0
        var high = scores.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if scores[middle] <= score { low = middle } else { high = middle }
        }
        guard values[high] > values[low] else { return values[low] }
        return values[low] + (score - scores[low]) / (scores[high] - scores[low]) * (values[high] - values[low])
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: scores.count)
        for index in scores.indices {
            writer.write(double: scores[index])
            writer.write(double: values[index])
        }
    }

    init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 16)) {
            scores.append(try reader.readDouble())
            values.append(try reader.readDouble())
        }
    }
}
