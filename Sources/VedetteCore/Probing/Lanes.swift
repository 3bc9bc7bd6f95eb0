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

    /// Number of the first lane that is equal to a value; 8 where none is.
    @inline(__always)
    func first(equalTo value: Int64) -> Int {
        let (numbers, none) = (SIMD8<Int64>(0, 1, 2, 3, 4, 5, 6, 7), SIMD8<Int64>(repeating: 8))
        return Int(none.replacing(with: numbers, where: self .== SIMD8<Int64>(repeating: value)).least)
    }
}
