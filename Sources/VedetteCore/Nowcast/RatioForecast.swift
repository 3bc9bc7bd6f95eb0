/// The share of one sum of weights in two, such as recall: caught over caught and missed.
///
/// A side of which nothing is known yet may stay empty: then the share is exactly 0 or 1, as a day's
/// precision is 1 where no blocked request turns out legit. Where neither side stays empty the share
/// is normal on the arcsine scale, on which its spread hardly depends on it.
struct RatioForecast: Sendable, Equatable {
    /// Expected share; 0...1.
    let value: Double
    /// Chance that it is exactly 0, and exactly 1.
    let zero: Double
    let one: Double
    /// Where neither side stays empty: middle and standard deviation of the final share on the arcsine scale.
    let middle: Double
    let spread: Double

    /// Counts below this are taken as this for the spread, so that none known is not taken for certainty.
    private static let floor = 0.5
    private static let leastSpread = 1e-6

    /// Nil where nothing is expected of either.
    init?(_ inside: [StreamForecast], _ outside: [StreamForecast]) {
        let (a, b) = (Side(inside), Side(outside))
        guard a.mean + b.mean > 0 else { return nil }
        value = a.mean / (a.mean + b.mean)
        let neither = a.none * b.none
        zero = neither < 1 ? a.none * (1 - b.none) / (1 - neither) : 0
        one = neither < 1 ? b.none * (1 - a.none) / (1 - neither) : 0
        let (x, y) = (max(a.meanOfSome, Self.floor), max(b.meanOfSome, Self.floor))
        let p = x / (x + y)
        middle = Self.arcsine(a.meanOfSome / (a.meanOfSome + b.meanOfSome))
        spread = max((p * (1 - p)).squareRoot() * (a.varianceOfSome / (x * x) + b.varianceOfSome / (y * y)).squareRoot(), Self.leastSpread)
    }

    /// `forecasts`: by stream.
    init?(_ measure: NowcastMeasure, _ forecasts: [StreamForecast]) {
        self.init(measure.numerator.map { forecasts[$0.rawValue] }, measure.complement.map { forecasts[$0.rawValue] })
    }

    /// The final sum of weights of one side.
    private struct Side {
        var mean: Double
        /// Chance that it stays empty.
        var none: Double
        /// Where it does not.
        var meanOfSome: Double
        var varianceOfSome: Double

        init(_ streams: [StreamForecast]) {
            mean = streams.reduce(0) { $0 + $1.total }
            let variance = streams.reduce(0) { $0 + $1.totalVariance }
            let logNone = streams.contains { $0.known > 0 } ? -.infinity : streams.reduce(0) { $0 + $1.logNone }
            none = RealFunctions.exp(logNone)
            let some = -RealFunctions.expm1(logNone)
            if some > 1e-12 {
                meanOfSome = mean / some
                varianceOfSome = max(0, (variance + mean * mean) / some - meanOfSome * meanOfSome)
            } else {
                // Certain to stay empty: what would be there otherwise does not count.
                meanOfSome = streams.reduce(0) { max($0, $1.weight) }
                varianceOfSome = 0
            }
        }
    }

    /// Of a share of 0...1.
    static func arcsine(_ share: Double) -> Double { 2 * RealFunctions.asin(min(1, max(0, share)).squareRoot()) }

    private static func share(_ angle: Double) -> Double {
        let root = RealFunctions.sin(min(Double.pi, max(0, angle)) / 2)
        return root * root
    }

    /// Where the final share lies, the expected share with it, and how probable that is.
    ///
    /// What may be missed is half below and half above; where the upper half would not even hold the chance
    /// of exactly 1, the end is 1, nothing is above, and all of it is below (and the other way round). So the
    /// probability is more than the confidence only where a single value has more than what may be missed.
    ///
    /// - Parameter multiple: the spreads to either side of the middle that hold a share of what lies between 0 and 1.
    func interval(_ confidence: Double, multiple: (Double) -> Double) -> HeldInterval {
        let missed = 1 - confidence
        let (fromZero, toOne) = (zero >= missed / 2, one >= missed / 2)
        let between = max(1 - zero - one, 1e-12)
        // Of what lies between 0 and 1: how much is below each end.
        let low = fromZero ? 0 : ((toOne ? missed : missed / 2) - zero) / between
        let high = toOne ? 1 : (1 - (fromZero ? missed : missed / 2) - zero) / between
        func end(_ below: Double) -> Double {
            if below <= 0 { return 0 }
            if below >= 1 { return 1 }
            return Self.share(middle + spread * (below < 0.5 ? -multiple(1 - 2 * below) : multiple(2 * below - 1)))
        }
        let holds = (low <= 0 ? zero : 0) + (high >= 1 ? one : 0) + between * (min(1, max(0, high)) - min(1, max(0, low)))
        return HeldInterval(interval: Interval(lower: min(end(low), value), upper: max(end(high), value)), holds: holds)
    }
}

/// An interval and the probability with which it should hold the final value.
struct HeldInterval: Sendable, Equatable {
    var interval: Interval
    var holds: Double
}
