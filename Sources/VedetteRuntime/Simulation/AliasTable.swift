/// Draws an index with given weights in O(1).
///
/// Source: M. D. Vose, "A linear algorithm for generating random numbers with a given
/// distribution", 1991. Building is O(n).
struct AliasTable: Sendable {
    private let threshold: ContiguousArray<Double>
    private let alias: ContiguousArray<Int32>

    /// - Parameter weights: at least one, each positive.
    init(_ weights: [Double]) {
        let count = weights.count
        let total = weights.reduce(0, +)
        var scaled = weights.map { $0 / total * Double(count) }
        var threshold = ContiguousArray(repeating: 1.0, count: count)
        var alias = ContiguousArray((0..<count).map { Int32($0) })
        var small = scaled.indices.filter { scaled[$0] < 1 }
        var large = scaled.indices.filter { scaled[$0] >= 1 }
        while let low = small.popLast(), let high = large.last {
            threshold[low] = scaled[low]
            alias[low] = Int32(high)
            scaled[high] -= 1 - scaled[low]
            if scaled[high] < 1 {
                large.removeLast()
                small.append(high)
            }
        }
        self.threshold = threshold
        self.alias = alias
    }

    /// The index for one uniform 64-bit word: the high half picks the column, the low half the side.
    func pick(_ word: UInt64) -> Int {
        let (column, rest) = word.multipliedFullWidth(by: UInt64(threshold.count))
        let side = Double(rest &>> 11) * 0x1p-53
        let index = Int(column)
        return side < threshold[index] ? index : Int(alias[index])
    }
}
