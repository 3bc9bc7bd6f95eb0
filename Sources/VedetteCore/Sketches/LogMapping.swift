/// Maps positive numbers to integer keys whose bins have a stated relative width, without libm.
///
/// The cubic approximation of log2 on the significand, from Masson, Rim and Lee, "DDSketch"
/// (VLDB 2019) and the reference implementation's `CubicallyInterpolatedMapping`: it needs only
/// the bits of the number, additions and multiplications, which IEEE 754 rounds the same way
/// on every machine, so keys are identical everywhere. About 1 % more bins than the logarithm.
struct LogMapping: Sendable, Equatable {
    /// The cubic `((a s + b) s + c) s` runs from 0 to 1 for a significand `1 + s`, `s` in [0, 1).
    private static let a = 6.0 / 35
    private static let b = -3.0 / 5
    private static let c = 10.0 / 7

    /// The relative error that a bin's representative has at most.
    let alpha: Double
    private let multiplier: Double
    /// What makes the key of the least normal number 1.
    let offset: Int32

    /// `alpha` in [1e-4, 0.5], so that keys fit the 24 bits of ``SparseCounts``.
    init(alpha: Double) {
        precondition(alpha >= 1e-4 && alpha <= 0.5, "relative accuracy must lie in [1e-4, 0.5]")
        self.alpha = alpha
        // ln((1 + α) / (1 − α)) = 2 artanh α = 2 Σ α^(2i+1) / (2i+1): exact operations only.
        var power = alpha
        var sum = 0.0
        var odd = 1.0
        while power / odd > sum * 0x1p-60 {
            sum += power / odd
            power *= alpha * alpha
            odd += 2
        }
        multiplier = 1 / (2 * sum * Self.c)
        offset = 1 - Self.floor(-1022 * multiplier)
    }

    /// The key of a positive normal number, at least 1: its bin is `[lowerBound(key), lowerBound(key + 1))`.
    @inline(__always)
    func key(of x: Double) -> Int32 {
        let bits = x.bitPattern
        let exponent = Double(Int(bits >> 52) - 1023)
        let s = Double(bitPattern: bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000) - 1
        return Self.floor(Self.position(exponent, s) * multiplier) + offset
    }

    private static func position(_ exponent: Double, _ s: Double) -> Double { ((a * s + b) * s + c) * s + exponent }

    /// By conversion, because `rounded(.down)` is a call into libm on machines without SSE 4.1.
    private static func floor(_ x: Double) -> Int32 {
        let truncated = Int32(x)
        return x < Double(truncated) ? truncated - 1 : truncated
    }

    /// The least number of a bin, to the last bits.
    func lowerBound(of key: Int32) -> Double {
        guard alpha == Self.tabulated.alpha else { return bisected(key) }
        let place = Int(key) - Self.firstTabulated
        return Self.bounds.indices.contains(place) ? Self.bounds[place] : bisected(key)
    }

    /// The bounds of the accuracy that nearly every sketch has, from 2^-32 to 2^64: computed once, since each takes
    /// 60 halvings and every record of a window asks for dozens.
    private static let tabulated = LogMapping(alpha: QuantileSketch.defaultAccuracy)
    private static let firstTabulated = Int(tabulated.key(of: 0x1p-32))
    private static let bounds = ContiguousArray((Int32(firstTabulated)...tabulated.key(of: 0x1p64)).map { tabulated.bisected($0) })

    /// The cubic inverted by bisection.
    private func bisected(_ key: Int32) -> Double {
        let target = Double(key - offset) / multiplier
        let exponent = Double(Self.floor(target))
        guard exponent >= -1022 else { return .leastNormalMagnitude }
        guard exponent <= 1023 else { return .greatestFiniteMagnitude }
        var low = 0.0
        var high = 1.0
        // 60 halvings are past the last bit of the significand.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Self.position(exponent, middle) < target { low = middle } else { high = middle }
        }
        return Double(sign: .plus, exponent: Int(exponent), significand: 1 + high)
    }

    /// The number that stands for a bin: within `alpha` of every number in it, up to rounding.
    func representative(of key: Int32) -> Double {
        let value = lowerBound(of: key) * (1 + alpha)
        return value.isFinite ? value : .greatestFiniteMagnitude
    }
}
