/// Which of many tests hold, with the chance of even one false finding at most `alpha`.
///
/// Input: p-values, however dependent on each other (slices overlap, so they are).
/// Output: which are rejected. Source: S. Holm, "A simple sequentially rejective multiple test
/// procedure", Scandinavian Journal of Statistics 6 (1979). Control of the family-wise error
/// implies control of the false-discovery rate at the same level.
public enum HolmProcedure {
    public static let name = "holm"

    /// O(n + k log k), k the number of p-values below `alpha`.
    public static func rejected(_ pValues: [Double], alpha: Double) -> [Bool] {
        var answer = [Bool](repeating: false, count: pValues.count)
        let small = pValues.indices.filter { pValues[$0] <= alpha }.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
        for (rank, index) in small.enumerated() {
            guard pValues[index] <= alpha / Double(pValues.count - rank) else { break }
            answer[index] = true
        }
        return answer
    }
}
