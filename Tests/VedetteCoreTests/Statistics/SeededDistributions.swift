import VedetteCore

extension SeededRandom {
    mutating func normal() -> Double { NormalDistribution.quantile(uniform() + 0x1p-54) }

    mutating func exponential() -> Double { -RealFunctions.log(1 - uniform()) }

    mutating func binomial(_ n: Int, _ p: Double) -> Int64 {
        var count: Int64 = 0
        for _ in 0..<n where bernoulli(p) { count += 1 }
        return count
    }

    /// Counts exponential gaps: O(mean).
    mutating func poisson(_ mean: Double) -> Int64 {
        var count: Int64 = -1
        var sum = 0.0
        while sum < mean {
            sum += exponential()
            count += 1
        }
        return max(0, count)
    }

    /// A score like a fraud model's: most near 0, a few near 1, some exactly alike.
    mutating func score() -> Double {
        let u = uniform()
        if u < 0.02 { return 0.9 + 0.1 * uniform() }
        if u < 0.1 { return 0.25 }
        let v = uniform()
        return v * v * v
    }
}
