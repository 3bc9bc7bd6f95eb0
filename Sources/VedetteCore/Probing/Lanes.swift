// The library's `clamped`, `max` and `min` take a lane at a time, and so does a comparison of lanes whose type must be found out.

extension SIMD8<Double> {
    /// No lane below 0 or above a limit.
    @inline(__always)
    func kept(upTo limit: Double) -> SIMD8<Double> {
        let (none, limit) = (SIMD8<Double>(), SIMD8<Double>(repeating: limit))
        let positive = replacing(with: none, where: self .< none)
        return positive.replacing(with: limit, where: positive .> limit)
    }

    /// The largest lane.
    @inline(__always)
    var most: Double {
        let four: SIMD4<Double> = lowHalf.replacing(with: highHalf, where: highHalf .> lowHalf)
        let two: SIMD2<Double> = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
        return Swift.max(two[0], two[1])
    }
}

extension SIMD8<Int64> {
    /// The smallest lane.
    @inline(__always)
    var least: Int64 {
        let four: SIMD4<Int64> = lowHalf.replacing(with: highHalf, where: highHalf .< lowHalf)
        let two: SIMD2<Int64> = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .< four.lowHalf)
        return Swift.min(two[0], two[1])
    }

    /// Number of the first lane that is equal to a value; 64 where none is.
    @inline(__always)
    func first(equalTo value: Int64) -> Int {
        let bits = SIMD8<Int64>(1, 2, 4, 8, 16, 32, 64, 128)
        return SIMD8<Int64>().replacing(with: bits, where: self .== SIMD8<Int64>(repeating: value)).wrappedSum().trailingZeroBitCount
    }
}
