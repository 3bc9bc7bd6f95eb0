/// Which of many findings to believe, so that the expected share of false ones is at most `level`.
///
/// All functions take values in any order and answer one Bool per value. O(n log n).
public enum FalseDiscovery {
    /// e-BH on e-values: believe the k largest, k the largest number with the k-th largest e-value at
    /// least `count / (k level)`. Valid under any dependence between the values.
    /// Source: Wang and Ramdas, "False discovery rate control with e-values" (2022).
    ///
    /// `logEValues` are natural logarithms, so that overwhelming evidence does not overflow; a NaN is never
    /// believed. `count` is the number of hypotheses: at least that of the values, more where some have e-value 0.
    public static func eBH(logEValues: [Double], level: Double, count: Int? = nil) -> [Bool] {
        let total = checked(count, logEValues.count, level)
        let order = logEValues.indices.filter { !logEValues[$0].isNaN }.sorted { logEValues[$0] > logEValues[$1] }
        let bound = RealFunctions.log(Double(total) / level)
        var believed = 0
        for (rank, index) in order.enumerated() where logEValues[index] + RealFunctions.log(Double(rank + 1)) >= bound - 1e-12 {
            believed = rank + 1
        }
        return marks(order.prefix(believed), logEValues.count)
    }

    /// An e-value from a p-value by the calibrators `κ p^(κ − 1)` mixed over all κ in (0, 1): with x = −ln p it is
    /// `(e^x − 1 − x) / x²`, within a factor of x² of 1/p, and 1/2 for p = 1. Source: Vovk and Wang, "E-values" (2021), (2).
    /// The natural logarithm; `+infinity` for p = 0.
    public static func logMixtureEValue(pValue: Double) -> Double {
        precondition(pValue >= 0 && pValue <= 1, "a p-value must lie in [0, 1]")
        let x = -RealFunctions.log(pValue)
        guard x.isFinite else { return .infinity }
        // The series where the closed form would cancel; next term x³/120.
        if x < 0.01 { return RealFunctions.log(0.5 + x / 6 + x * x / 24) }
        return x - 2 * RealFunctions.log(x) + RealFunctions.log1p(-(1 + x) * RealFunctions.exp(-x))
    }

    private static func checked(_ count: Int?, _ values: Int, _ level: Double) -> Int {
        let total = max(1, count ?? values)
        precondition(total >= values, "there cannot be fewer hypotheses than values")
        precondition(level > 0 && level < 1, "a false-discovery level must lie in (0, 1)")
        return total
    }

    private static func marks(_ believed: ArraySlice<Int>, _ count: Int) -> [Bool] {
        var result = [Bool](repeating: false, count: count)
        for index in believed { result[index] = true }
        return result
    }
}
