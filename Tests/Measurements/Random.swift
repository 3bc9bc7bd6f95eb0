import Foundation

/// SplitMix64 (Steele, Lea, Flood 2014): seeded, the same on every machine.
struct MeasureRandom: RandomNumberGenerator {
    private var state: UInt64

    /// The seed is scattered first: seeds that differ by multiples of the step would give one sequence, shifted.
    init(seed: UInt64) { state = Self.scattered(Self.scattered(seed ^ 0xD6E8_FEB8_6659_FD93)) }

    mutating func next() -> UInt64 {
        // Wrapping is the algorithm.
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.scattered(state)
    }

    private static func scattered(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Knuth for small means, a rounded normal beyond 200.
    mutating func poisson(_ mean: Double) -> Int {
        if mean > 200 {
            let z = (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
            return max(0, Int((mean + z * mean.squareRoot()).rounded()))
        }
        let limit = exp(-mean)
        var (count, product) = (0, uniform())
        while product > limit {
            count += 1
            product *= uniform()
        }
        return count
    }
}
