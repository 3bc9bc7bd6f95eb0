/// Densities of binomial and Poisson type without cancellation, for real arguments.
///
/// Source: Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000), as in R's
/// `dbinom` and `dpois`. Accurate to about 1e-14 relative where a difference of log-gammas
/// would lose a digit for each power of ten of its arguments.
enum SaddlePoint {
    /// ln(n!) − Stirling's formula, for real n >= 0.
    static func stirlingError(_ n: Double) -> Double {
        if n <= 15 {
            guard n > 0 else { return 0 }
            let halfLog2Pi = 0.918_938_533_204_672_8
            return RealFunctions.logGamma(n + 1) - (n + 0.5) * RealFunctions.log(n) + n - halfLog2Pi
        }
        let nn = n * n
        // The asymptotic series; its next term is below 1e-17 from n = 15 on.
        let s: [Double] = [
            1 / 12.0, 1 / 360.0, 1 / 1260.0, 1 / 1680.0, 1 / 1188.0, 691 / 360_360.0, 1 / 156.0, 3617 / 122_400.0,
        ]
        var sum = s[7]
        for index in stride(from: 6, through: 0, by: -1) { sum = s[index] - sum / nn }
        return sum / n
    }

    /// x ln(x / m) + m − x, at least 0, without cancellation where x is near m.
    static func deviance(_ x: Double, _ m: Double) -> Double {
        guard x > 0 else { return m }
        guard abs(x - m) < 0.1 * (x + m) else { return x * RealFunctions.log(x / m) + m - x }
        let v = (x - m) / (x + m)
        var sum = (x - m) * v
        var term = 2 * x * v
        var odd = 1.0
        while true {
            term *= v * v
            odd += 2
            let next = sum + term / odd
            if next == sum { return next }
            sum = next
        }
    }

    /// ln of n! / (x! (n−x)!) p^x q^(n−x) for real 0 <= x <= n, with q = 1 − p given apart.
    static func logBinomial(_ x: Double, _ n: Double, _ p: Double, _ q: Double) -> Double {
        if p <= 0 { return x == 0 ? 0 : -.infinity }
        if q <= 0 { return x == n ? 0 : -.infinity }
        if x == 0 { return n * (p < 0.1 ? RealFunctions.log1p(-p) : RealFunctions.log(q)) }
        if x == n { return n * (q < 0.1 ? RealFunctions.log1p(-q) : RealFunctions.log(p)) }
        guard x > 0, x < n else { return -.infinity }
        let exponent = stirlingError(n) - stirlingError(x) - stirlingError(n - x) - deviance(x, n * p) - deviance(n - x, n * q)
        return exponent + 0.5 * RealFunctions.log(n / (2 * .pi * x * (n - x)))
    }

    /// ln of e^(−m) m^x / x! for real x >= 0.
    static func logPoisson(_ x: Double, _ m: Double) -> Double {
        if m <= 0 { return x == 0 ? 0 : -.infinity }
        if x == 0 { return -m }
        guard x > 0 else { return -.infinity }
        return -stirlingError(x) - deviance(x, m) - 0.5 * RealFunctions.log(2 * .pi * x)
    }
}
