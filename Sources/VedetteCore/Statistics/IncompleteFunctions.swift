/// The regularised incomplete gamma and beta functions: every tail probability here rests on them.
///
/// Series and continued fractions as in Abramowitz and Stegun 6.5 and 26.5, evaluated by Lentz's
/// method, with prefactors from ``SaddlePoint``. Relative accuracy about 1e-13, also in the far
/// tails. O(sqrt(a)) steps near the mean.
public enum IncompleteFunctions {
    private static let epsilon = 0x1p-53
    private static let tiny = 1e-300
    /// Far beyond what arguments of 1e10 need; a bound, so that no input can hang.
    private static let maxSteps = 2_000_000

    /// Q(a, x) = Γ(a, x) / Γ(a): the upper tail of a gamma distribution, accurate where it is small; `a > 0`, `x >= 0`.
    public static func upperGamma(_ a: Double, _ x: Double) -> Double {
        precondition(a > 0 && x >= 0, "upperGamma needs a > 0 and x >= 0")
        if x == 0 { return 1 }
        if x == .infinity { return 0 }
        return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
    }

    /// I_x(a, b), the lower tail of a beta distribution; `a, b > 0`, x in [0, 1]. y = 1 − x is given apart, for x near 1: the
    /// upper tail is I_y(b, a).
    package static func beta(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        precondition(a > 0 && b > 0 && x >= 0 && y >= 0, "an incomplete beta needs a, b > 0 and 0 <= x <= 1")
        if x == 0 { return 0 }
        if y == 0 { return 1 }
        return x <= (a + 1) / (a + b + 2) ? betaFraction(a, b, x, y) : 1 - betaFraction(b, a, y, x)
    }

    /// ln I_x(a, b), finite also where I_x itself underflows.
    static func logBeta(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        if x == 0 { return -.infinity }
        if y == 0 { return 0 }
        guard x <= (a + 1) / (a + b + 2) else { return RealFunctions.log1p(-betaFraction(b, a, y, x)) }
        return logBetaPrefactor(a, b, x, y) + RealFunctions.log(betaFractionValue(a, b, x) / a)
    }

    private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        var n = a
        for _ in 0..<maxSteps {
            n += 1
            term *= x / n
            sum += term
            if term < sum * epsilon { break }
        }
        // x^a e^(-x) / Γ(a + 1) is the Poisson density at a.
        return min(1, RealFunctions.exp(SaddlePoint.logPoisson(a, x)) * sum)
    }

    private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var h = d
        for step in 1...maxSteps {
            let i = Double(step)
            let an = -i * (i - a)
            b += 2
            d = an * d + b
            if abs(d) < tiny { d = tiny }
            c = b + an / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            let factor = d * c
            h *= factor
            if abs(factor - 1) <= 2 * epsilon { break }
        }
        return min(1, RealFunctions.exp(SaddlePoint.logPoisson(a, x)) * a * h)
    }

    private static func betaFraction(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        min(1, RealFunctions.exp(logBetaPrefactor(a, b, x, y)) * betaFractionValue(a, b, x) / a)
    }

    /// ln of x^a y^b / B(a, b): a binomial density at real arguments, times a b / (a + b).
    private static func logBetaPrefactor(_ a: Double, _ b: Double, _ x: Double, _ y: Double) -> Double {
        // In two steps: a b overflows before the product does.
        SaddlePoint.logBinomial(a, a + b, x, y) + RealFunctions.log(a / (a + b)) + RealFunctions.log(b)
    }

    private static func betaFractionValue(_ a: Double, _ b: Double, _ x: Double) -> Double {
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        if abs(d) < tiny { d = tiny }
        d = 1 / d
        var h = d
        for step in 1...maxSteps {
            let m = Double(step)
            var numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 + numerator * d
            if abs(d) < tiny { d = tiny }
            c = 1 + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            h *= d * c
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 + numerator * d
            if abs(d) < tiny { d = tiny }
            c = 1 + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            let factor = d * c
            h *= factor
            if abs(factor - 1) <= 2 * epsilon { break }
        }
        return h
    }

    /// The x in [0, 1] at which I_x(a, b) = p, by bisection on the bits: about 60 evaluations.
    public static func betaQuantile(_ a: Double, _ b: Double, _ p: Double) -> Double {
        precondition(p >= 0 && p <= 1, "a probability must lie in [0, 1]")
        if p == 0 { return 0 }
        if p == 1 { return 1 }
        return bisect(upTo: 1) { beta(a, b, $0, 1 - $0) < p }
    }

    /// The x in [0, 1] at which 1 − I_x(a, b) = p, accurate where x is small and where p is.
    public static func betaUpperQuantile(_ a: Double, _ b: Double, _ p: Double) -> Double {
        precondition(p >= 0 && p <= 1, "a probability must lie in [0, 1]")
        if p == 0 { return 1 }
        if p == 1 { return 0 }
        return bisect(upTo: 1) { beta(b, a, 1 - $0, $0) > p }
    }

    /// The point in (0, bound] where `isBelow` turns false, to the last bit: halving the bit patterns of
    /// positive doubles halves them on a logarithmic scale, so tiny answers are as accurate as large ones.
    private static func bisect(upTo bound: Double, isBelow: (Double) -> Bool) -> Double {
        var low: UInt64 = 0
        var high = bound.bitPattern
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if isBelow(Double(bitPattern: middle)) { low = middle } else { high = middle }
        }
        return Double(bitPattern: high)
    }
}
