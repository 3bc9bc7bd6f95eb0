/// A request as it is compared: its ranks in the sample of ordinary rows and its fingerprints.
package struct RankedRequest {
    /// Rows of ranks have a multiple of so many numbers, the last of which are 0: all are compared at once.
    private static let lanes = 8

    // ``width(_:)`` numbers each, below 32,768.
    let low: UnsafePointer<UInt16>
    let high: UnsafePointer<UInt16>
    let hashes: UnsafePointer<UInt64>
    /// Rows behind the ranks.
    let size: Int
    /// Similarity of a request that agrees with it in everything that is ordinarily never seen: features times ln (``size`` + 1).
    let most: Double
    /// Room for ``width(_:)`` numbers.
    let between: UnsafeMutablePointer<UInt16>

    package init(
        low: UnsafePointer<UInt16>, high: UnsafePointer<UInt16>, hashes: UnsafePointer<UInt64>, size: Int, most: Double, between: UnsafeMutablePointer<UInt16>
    ) {
        (self.low, self.high, self.hashes, self.size, self.most, self.between) = (low, high, hashes, size, most, between)
    }

    /// Numbers in a row of ranks.
    package static func width(_ features: Int) -> Int { (features + lanes - 1) / lanes * lanes }

    /// Sets ``between``: how many ordinary values lie between two requests, feature by feature.
    ///
    /// - Parameter other: two rows of ranks, `width` numbers each.
    func measure(_ other: UnsafePointer<UInt16>, _ width: Int) {
        let ranks = ComparedRanks(self)
        for place in stride(from: 0, to: width, by: Self.lanes) {
            UnsafeMutableRawPointer(between + place).storeBytes(of: ranks.span(other, width, place), as: ComparedRanks.Lanes.self)
        }
    }
}

/// The ranks of a request as they are compared with those of one anchor after the other: a value, so that nothing of it is read anew each time.
struct ComparedRanks {
    typealias Lanes = SIMD8<UInt16>

    private let low: UnsafePointer<UInt16>
    private let high: UnsafePointer<UInt16>
    private let size: Lanes

    init(_ request: RankedRequest) {
        (low, high) = (request.low, request.high)
        size = Lanes(repeating: UInt16(truncatingIfNeeded: request.size))
    }

    /// A little less than the product of how many ordinary values lie between two requests, whatever the rounding; infinite where there are
    /// many features.
    ///
    /// - Parameter other: two rows of ranks, `width` numbers each.
    @inline(__always)
    func roughProduct(_ other: UnsafePointer<UInt16>, _ width: Int) -> Double {
        var products = SIMD8<Float>(repeating: 1)
        var place = 0
        while place < width {
            // Safe: the same bits; none is as large as 32,768. Signed ones become floating-point numbers in one step.
            let span = unsafeBitCast(span(other, width, place), to: SIMD8<Int16>.self)
            products *= SIMD8<Float>(span)
            place &+= Lanes.scalarCount
        }
        let pairs = SIMD4<Double>(products.lowHalf) * SIMD4<Double>(products.highHalf)
        // Each of up to 63 factors may have been rounded up by 2^-24 of itself.
        return pairs[0] * pairs[1] * (pairs[2] * pairs[3]) * (1 - 0x1p-17)
    }

    /// How many ordinary values lie between two requests, of so many features from `place` on.
    @inline(__always)
    fileprivate func span(_ other: UnsafePointer<UInt16>, _ width: Int, _ place: Int) -> Lanes {
        let upper = Self.larger(Self.load(other + width + place), Self.load(high + place))
        let lower = Self.smaller(Self.load(other + place), Self.load(low + place))
        // At most all of them, also where a rank lies beyond. Neither sum is as large as 65,536.
        return Self.smaller(upper, lower &+ size) &- lower &+ Lanes(repeating: 1)
    }

    @inline(__always)
    private static func load(_ numbers: UnsafePointer<UInt16>) -> Lanes { UnsafeRawPointer(numbers).loadUnaligned(as: Lanes.self) }
    @inline(__always)
    private static func larger(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }
    @inline(__always)
    private static func smaller(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .< a) }
}
