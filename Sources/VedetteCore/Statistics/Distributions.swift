/// The standard normal distribution.
public enum NormalDistribution {
    /// P(Z <= x), accurate in the lower tail.
    public static func cdf(_ x: Double) -> Double { 0.5 * RealFunctions.erfc(-x / 1.414_213_562_373_095_1) }

    /// P(Z > x), accurate in the upper tail.
    public static func survival(_ x: Double) -> Double { cdf(-x) }

    /// P(|Z| > |x|).
    public static func twoSided(_ x: Double) -> Double { RealFunctions.erfc(abs(x) / 1.414_213_562_373_095_1) }

    /// The x with P(Z <= x) = p, for p in [0, 1]; relative accuracy about 1e-16.
    /// Source: Wichura, "Algorithm AS 241" (1988), PPND16.
    public static func quantile(_ p: Double) -> Double {
        precondition(p >= 0 && p <= 1, "a probability must lie in [0, 1]")
        if p == 0 { return -.infinity }
        if p == 1 { return .infinity }
        let q = p - 0.5
        if abs(q) <= 0.425 {
            let r = 0.180625 - q * q
            return q * ratio(Self.central, r)
        }
        let r = (-RealFunctions.log(q < 0 ? p : 1 - p)).squareRoot()
        let x = r <= 5 ? ratio(Self.middle, r - 1.6) : ratio(Self.far, r - 5)
        return q < 0 ? -x : x
    }

    private static func ratio(_ coefficients: ([Double], [Double]), _ r: Double) -> Double {
        let numerator = coefficients.0.reversed().reduce(0) { $0 * r + $1 }
        return numerator / coefficients.1.reversed().reduce(0) { $0 * r + $1 }
    }

    // The coefficients of AS 241, ascending powers: numerator, denominator.
    private static let central: ([Double], [Double]) = (
        [
            3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
            4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
        ],
        [
            1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
            2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
        ]
    )
    private static let middle: ([Double], [Double]) = (
        [
            1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
            1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
        ],
        [
            1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
        ]
    )
    private static let far: ([Double], [Double]) = (
        [
            6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
            2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
        ],
        [
            1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
            7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
        ]
    )
}

/// The chi-square distribution with `degrees > 0` degrees of freedom.
public enum ChiSquareDistribution {
    /// P(X > x), accurate in the upper tail.
    public static func survival(_ x: Double, degrees: Double) -> Double { IncompleteFunctions.upperGamma(degrees / 2, max(0, x) / 2) }
}

/// Tails of counting distributions. Counts are whole numbers, at least 0.
public enum CountDistributions {
    /// P(X <= k), X binomial of `n` trials with probability `p`.
    public static func binomialCDF(_ k: Int64, n: Int64, p: Double) -> Double {
        if k < 0 { return 0 }
        if k >= n { return 1 }
        return IncompleteFunctions.beta(Double(n - k), Double(k + 1), 1 - p, p)
    }

    /// P(X >= k), X binomial of `n` trials with probability `p`.
    public static func binomialUpperTail(_ k: Int64, n: Int64, p: Double) -> Double {
        if k <= 0 { return 1 }
        if k > n { return 0 }
        return IncompleteFunctions.beta(Double(k), Double(n - k + 1), p, 1 - p)
    }

    /// ln P(X = k) of k marked among n draws without replacement from `marked` and `unmarked`.
    static func logHypergeometric(_ k: Int64, marked: Int64, unmarked: Int64, draws n: Int64) -> Double {
        guard k >= 0, k <= marked, n - k >= 0, n - k <= unmarked else { return -.infinity }
        let population = Double(marked + unmarked)
        guard population > 0 else { return 0 }
        let p = Double(n) / population
        let q = Double(marked + unmarked - n) / population
        return SaddlePoint.logBinomial(Double(k), Double(marked), p, q)
            + SaddlePoint.logBinomial(Double(n - k), Double(unmarked), p, q)
            - SaddlePoint.logBinomial(Double(n), population, p, q)
    }
}
