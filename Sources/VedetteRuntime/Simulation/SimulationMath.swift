/// The few transcendental functions the simulator needs, on Swift's basic operations alone.
///
/// The C library picks other code paths on other processors (with and without fused
/// multiply-add), and one last bit is enough to flip a rounded digit. These give the same
/// bits everywhere, so a seed means the same traffic on every machine.
package enum SimulationMath {
    /// e^x to a relative 1e-13; x is clamped to ±700. O(1).
    package static func exp(_ x: Double) -> Double {
        let clamped = Swift.min(700, Swift.max(-700, x))
        let k = (clamped * 1.442695040888963407).rounded()
        let r = (clamped - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
        // Taylor series to r^12 on |r| <= ln(2)/2: the remainder is below 2e-16.
        var p = 1.0 / 479_001_600
        p = p * r + 1.0 / 39_916_800
        p = p * r + 1.0 / 3_628_800
        p = p * r + 1.0 / 362_880
        p = p * r + 1.0 / 40_320
        p = p * r + 1.0 / 5_040
        p = p * r + 1.0 / 720
        p = p * r + 1.0 / 120
        p = p * r + 1.0 / 24
        p = p * r + 1.0 / 6
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        // Safe: |k| <= 1010, so the biased exponent stays in 13...2033.
        return p * Double(bitPattern: UInt64(Int(k) + 1023) << 52)
    }

    /// The natural logarithm of a positive normal number, to a relative 1e-13. O(1).
    package static func log(_ x: Double) -> Double {
        var exponent = Double(x.exponent)
        var m = x.significand
        if m > 1.4142135623730951 {
            m *= 0.5
            exponent += 1
        }
        // ln m = 2 atanh((m-1)/(m+1)), |s| <= 0.1716.
        let s = (m - 1) / (m + 1)
        let q = s * s
        var p = 1.0 / 19
        p = p * q + 1.0 / 17
        p = p * q + 1.0 / 15
        p = p * q + 1.0 / 13
        p = p * q + 1.0 / 11
        p = p * q + 1.0 / 9
        p = p * q + 1.0 / 7
        p = p * q + 1.0 / 5
        p = p * q + 1.0 / 3
        p = p * q + 1
        return 2 * s * p + exponent * 0.6931471805599453094
    }

    /// The logistic function 1 / (1 + e^-x), in (0, 1).
    package static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// ln(p / (1 - p)) for p in (0, 1).
    package static func logit(_ p: Double) -> Double { log(p / (1 - p)) }

    /// The quantile of the standard normal distribution, for p in (0, 1).
    ///
    /// Source: P. J. Acklam, "An algorithm for computing the inverse normal cumulative
    /// distribution function", 2003; relative error below 1.15e-9. O(1).
    package static func normalQuantile(_ p: Double) -> Double {
        if p < 0.02425 { return tail((-2 * log(p)).squareRoot()) }
        if p > 1 - 0.02425 { return -tail((-2 * log(1 - p)).squareRoot()) }
        let q = p - 0.5
        let r = q * q
        var a = -3.969683028665376e+01
        a = a * r + 2.209460984245205e+02
        a = a * r - 2.759285104469687e+02
        a = a * r + 1.383577518672690e+02
        a = a * r - 3.066479806614716e+01
        a = a * r + 2.506628277459239e+00
        var b = -5.447609879822406e+01
        b = b * r + 1.615858368580409e+02
        b = b * r - 1.556989798598866e+02
        b = b * r + 6.680131188771972e+01
        b = b * r - 1.328068155288572e+01
        b = b * r + 1
        return a * q / b
    }

    private static func tail(_ q: Double) -> Double {
        var c = -7.784894002430293e-03
        c = c * q - 3.223964580411365e-01
        c = c * q - 2.400758277161838e+00
        c = c * q - 2.549732539343734e+00
        c = c * q + 4.374664141464968e+00
        c = c * q + 2.938163982698783e+00
        var d = 7.784695709041462e-03
        d = d * q + 3.224671290700398e-01
        d = d * q + 2.445134137142996e+00
        d = d * q + 3.754408661907416e+00
        d = d * q + 1
        return c / d
    }
}
