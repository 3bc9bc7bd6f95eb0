/// Divides score keys by one number, many at a time: a multiplication and a shift.
///
/// Exact (Granlund and Montgomery, "Division by Invariant Integers using Multiplication", 1994):
/// the multiplier exceeds 2^40 / d by less than 1, so the product exceeds key 2^40 / d by less
/// than a key, which is too little to reach the next multiple as long as key d <= 2^40.
struct KeyDivisor: KeyMap {
    private let multiplier: UInt64

    /// - Parameter divisor: 1 to 2^20.
    init(_ divisor: Int32) {
        precondition(divisor >= 1 && divisor <= 1 << 20, "a divisor must lie in 1...2^20")
        multiplier = ((1 << 40) + UInt64(divisor) - 1) / UInt64(divisor)
    }

    /// `key / divisor`, for a key from 0 to 2^20. Wrapping cannot happen there: the product is below 2^61.
    @inline(__always)
    func callAsFunction(_ key: Int32) -> Int32 { Int32(truncatingIfNeeded: (UInt64(UInt32(bitPattern: key)) &* multiplier) >> 40) }
}
