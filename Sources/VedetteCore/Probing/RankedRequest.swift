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

    package init(low: UnsafePointer<UInt16>, high: UnsafePointer<UInt16>, hashes: UnsafePointer<UInt64>, size: Int, most: Double) {
        (self.low, self.high, self.hashes, self.size, self.most) = (low, high, hashes, size, most)
    }

    /// Numbers in a row of ranks.
    package static func width(_ features: Int) -> Int { (features + lanes - 1) / lanes * lanes }
}

/// The ranks of a request as they are compared with those of one anchor after the other: a value, so that nothing of it is read anew each time.
struct ComparedRanks {
    private typealias Lanes = SIMD8<UInt16>
    /// Features whose product can not overflow: 1,025 to the 64th is far from it.
    private static let mostFactors = 64

    private let low: UnsafePointer<UInt16>
    private let high: UnsafePointer<UInt16>
    private let size: Lanes

    init(_ request: RankedRequest) { self.init(low: request.low, high: request.high, size: request.size) }

    /// - Parameters:
    ///   - low, high: ``RankedRequest/width(_:)`` numbers each.
    ///   - size: rows behind the ranks.
    init(low: UnsafePointer<UInt16>, high: UnsafePointer<UInt16>, size: Int) {
        (self.low, self.high) = (low, high)
        self.size = Lanes(repeating: UInt16(truncatingIfNeeded: size))
    }

    /// The product of how many ordinary values lie between two requests, feature by feature, and the logarithm of what did not fit into it:
    /// 0 up to 64 features.
    ///
    /// - Parameter other: two rows of ranks, `width` numbers each.
    @inline(__always)
    func product(_ other: UnsafePointer<UInt16>, _ width: Int) -> (sum: Double, product: Double) {
        var sum = 0.0
        // One rounds after the other, so as many go side by side as there are lanes.
        var (front, back) = (SIMD4<Double>(repeating: 1), SIMD4<Double>(repeating: 1))
        var place = 0
        while place < width {
            // Safe: the same bits; none is as large as 32,768. Signed ones become floating-point numbers in one step, and exactly.
            let span = SIMD8<Float>(unsafeBitCast(span(other, width, place), to: SIMD8<Int16>.self))
            front *= SIMD4<Double>(span.lowHalf)
            back *= SIMD4<Double>(span.highHalf)
            place &+= Lanes.scalarCount
            if place & (Self.mostFactors - 1) == 0, place < width {
                sum += RealFunctions.log(Self.product(front, back))
                (front, back) = (SIMD4(repeating: 1), SIMD4(repeating: 1))
            }
        }
        return (sum, Self.product(front, back))
    }

    @inline(__always)
    private static func product(_ front: SIMD4<Double>, _ back: SIMD4<Double>) -> Double {
        let pairs = front * back
        return pairs[0] * pairs[1] * (pairs[2] * pairs[3])
    }

    /// How many ordinary values lie between two requests, of so many features from `place` on.
    @inline(__always)
    private func span(_ other: UnsafePointer<UInt16>, _ width: Int, _ place: Int) -> Lanes {
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
