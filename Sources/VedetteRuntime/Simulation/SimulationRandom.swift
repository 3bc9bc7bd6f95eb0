/// SplitMix64, keyed by seed, record number and purpose.
///
/// Every record draws from its own generator, so what a record looks like depends on its
/// number and time alone: a delayed or repeated record can be made again instead of being
/// kept, and a scenario changes the records it is about and no others.
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
package struct SimulationRandom: RandomNumberGenerator {
    /// What a generator is for; each gives an independent stream.
    enum Purpose: UInt64 {
        case arrival = 1, traffic, scenario, label, correction, delivery, malformed
    }

    private var state: UInt64

    init(seed: UInt64, sequence: UInt64, purpose: Purpose) {
        state = Self.mix(seed ^ Self.mix(sequence &+ purpose.rawValue &<< 56))
    }

    /// The finalizer of SplitMix64: a bijection of 64-bit words. Wrapping arithmetic is the algorithm.
    static func mix(_ word: UInt64) -> UInt64 {
        var z = word &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    package mutating func next() -> UInt64 {
        let word = Self.mix(state)
        state &+= 0x9E37_79B9_7F4A_7C15
        return word
    }

    /// Uniform in the open interval (0, 1).
    mutating func unit() -> Double { (Double(next() &>> 12) + 0.5) * 0x1p-52 }

    /// Uniform in 0..<bound, by the high half of the product; the bias is below bound / 2^64.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    mutating func normal() -> Double { SimulationMath.normalQuantile(unit()) }

    /// Exponential with mean 1.
    mutating func exponential() -> Double { -SimulationMath.log(unit()) }
}
