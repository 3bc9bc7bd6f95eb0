/// A request as it is compared: its ranks in the sample of ordinary rows and its fingerprints.
package struct RankedRequest {
    /// Rows of ranks have a multiple of so many numbers, the last of which are 0: all are compared at once.
    private static let lanes = 8
    private typealias Lanes = SIMD8<Int16>

    // ``width(_:)`` numbers each, below 32,768: signed lanes, for which every machine has minimum and maximum.
    let low: UnsafePointer<UInt16>
    let high: UnsafePointer<UInt16>
    let hashes: UnsafePointer<UInt64>
    /// Rows behind the ranks.
    let size: Int
    /// Similarity of a request that agrees with it in everything that is ordinarily never seen: features times ln (``size`` + 1).
    let most: Double
    /// Room for ``width(_:)`` numbers.
    let between: UnsafeMutablePointer<Int16>

    package init(
        low: UnsafePointer<UInt16>, high: UnsafePointer<UInt16>, hashes: UnsafePointer<UInt64>, size: Int, most: Double, between: UnsafeMutablePointer<Int16>
    ) {
        (self.low, self.high, self.hashes, self.size, self.most, self.between) = (low, high, hashes, size, most, between)
    }

    /// Numbers in a row of ranks.
    package static func width(_ features: Int) -> Int { (features + lanes - 1) / lanes * lanes }

    /// How many ordinary values lie between two requests, feature by feature: sets ``between``.
    ///
    /// - Parameter other: two rows of ranks, `width` numbers each.
    /// - Returns: a little less than the product of all of them, whatever the rounding; infinite where there are many.
    @inline(__always)
    func compare(_ other: UnsafePointer<UInt16>, _ width: Int) -> Double {
        let (one, whole) = (Lanes(repeating: 1), Lanes(repeating: Int16(truncatingIfNeeded: size + 1)))
        var products = SIMD8<Float>(repeating: 1)
        var place = 0
        while place < width {
            let upper = Self.larger(Self.load(other + width + place), Self.load(high + place))
            let lower = Self.smaller(Self.load(other + place), Self.load(low + place))
            let span = Self.smaller(upper &- lower &+ one, whole)
            UnsafeMutableRawPointer(between + place).storeBytes(of: span, as: Lanes.self)
            products *= SIMD8<Float>(span)
            place &+= Self.lanes
        }
        let pairs = SIMD4<Double>(products.lowHalf) * SIMD4<Double>(products.highHalf)
        // Each of up to 63 factors may have been rounded up by 2^-24 of itself.
        return pairs[0] * pairs[1] * (pairs[2] * pairs[3]) * (1 - 0x1p-17)
    }

    @inline(__always)
    private static func load(_ numbers: UnsafePointer<UInt16>) -> Lanes { UnsafeRawPointer(numbers).loadUnaligned(as: Lanes.self) }
    @inline(__always)
    private static func larger(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }
    @inline(__always)
    private static func smaller(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .< a) }
}
