/// The distribution of the Kolmogorov–Smirnov statistic, for evidence beside ``Distances/kolmogorovSmirnov``.
///
/// Source: Simard and L'Ecuyer, "Computing the Two-Sided Kolmogorov–Smirnov Distribution" (2011):
/// the exact matrix of Marsaglia, Tsang and Wang (2003) for small samples, twice the one-sided
/// distribution in the tail, the expansion of Pelz and Good (1976) elsewhere. Agrees with scipy's
/// `ks_2samp(method="asymp")`, which uses `kstwo` with the effective sample size rounded: to 1e-8
/// relative where p is below 0.02, to 1e-5 absolute elsewhere.
public enum KolmogorovSmirnov {
    /// Up to this effective size the matrix is used: 47 × 47 at most.
    static let matrixLimit = 140

    /// The evidence of a two-sample statistic. Conservative where scores have ties (they are discrete).
    /// nil where a group is empty.
    public static func test(statistic: Double, referenceCount n: Int64, currentCount m: Int64) -> TestResult? {
        guard n > 0, m > 0 else { return nil }
        let effective = Double(n) * (Double(m) / (Double(n) + Double(m)))
        let size = max(1, Int(effective.rounded(.toNearestOrEven)))
        return TestResult(method: .kolmogorovSmirnov, statistic: statistic, pValue: survival(statistic, n: size))
    }

    /// P(D > d) for one sample of size `n`.
    public static func survival(_ d: Double, n: Int) -> Double {
        precondition(n >= 1, "a sample size must be at least 1")
        let size = Double(n)
        let t = size * d
        let square = t * d
        if t <= 0.5 { return 1 }
        if d >= 1 || square >= 370 { return 0 }
        if t <= 1 { return 1 - RealFunctions.exp(SaddlePoint.logBinomial(size, size, 1, 0) + logFactorialShare(n) + size * RealFunctions.log(2 * t - 1)) }
        if t >= size - 1 { return 2 * RealFunctions.pow(1 - d, size) }
        if d >= 0.5 || square >= (n <= matrixLimit ? 4 : 2.2) { return min(1, 2 * oneSided(d, n: n)) }
        let cdf = n <= matrixLimit ? matrix(d, n: n) : pelzGood(d, n: n)
        return max(0, min(1, 1 - cdf))
    }

    /// ln(n! / n^n).
    private static func logFactorialShare(_ n: Int) -> Double {
        let size = Double(n)
        return SaddlePoint.stirlingError(size) - size + 0.5 * RealFunctions.log(2 * .pi * size)
    }

    /// P(D+ > d): the sum of Birnbaum and Tingey (1951), all terms positive. Each is a binomial density.
    private static func oneSided(_ d: Double, n: Int) -> Double {
        let size = Double(n)
        var sum = 0.0
        for j in 0...Int(size * (1 - d)) {
            let p = d + Double(j) / size
            let q = max(0, (size - Double(j)) / size - d)
            sum += RealFunctions.exp(SaddlePoint.logBinomial(Double(j), size, min(1, p), q)) / p
        }
        return d * sum
    }

    /// P(D < d) by the power of a matrix of size 2k − 1, k = ceil(n d).
    private static func matrix(_ d: Double, n: Int) -> Double {
        let size = Double(n)
        let k = Int(size * d) + 1
        let m = 2 * k - 1
        let h = Double(k) - size * d
        var start = [Double](repeating: 0, count: m * m)
        for i in 0..<m {
            for j in 0..<m where i - j + 1 >= 0 { start[i * m + j] = 1 }
        }
        var power = 1.0
        for i in 0..<m {
            power *= h
            start[i * m] -= power
            start[(m - 1) * m + m - 1 - i] -= power
        }
        if 2 * h > 1 { start[(m - 1) * m] += RealFunctions.pow(2 * h - 1, Double(m)) }
        for i in 0..<m {
            for j in 0..<m where i - j + 1 > 0 {
                for factor in 1...(i - j + 1) { start[i * m + j] /= Double(factor) }
            }
        }
        var (result, base) = (identity(m), start)
        var rest = n
        while rest > 0 {
            if rest & 1 == 1 { result = multiply(result, base, m) }
            rest >>= 1
            if rest > 0 { base = multiply(base, base, m) }
        }
        let centre = result[(k - 1) * m + k - 1]
        return RealFunctions.exp(RealFunctions.log(centre) + logFactorialShare(n))
    }

    private static func identity(_ m: Int) -> [Double] {
        var result = [Double](repeating: 0, count: m * m)
        for i in 0..<m { result[i * m + i] = 1 }
        return result
    }

    private static func multiply(_ a: [Double], _ b: [Double], _ m: Int) -> [Double] {
        var result = [Double](repeating: 0, count: m * m)
        for i in 0..<m {
            for k in 0..<m where a[i * m + k] != 0 {
                let x = a[i * m + k]
                for j in 0..<m { result[i * m + j] += x * b[k * m + j] }
            }
        }
        return result
    }

    /// P(D <= d): the limit distribution with three correction terms in 1 / sqrt(n).
    private static func pelzGood(_ d: Double, n: Int) -> Double {
        let root = Double(n).squareRoot()
        let z = root * d
        let (z2, z4, z6) = (z * z, z * z * z * z, z * z * z * z * z * z)
        let pi2 = Double.pi * Double.pi
        let (pi4, pi6) = (pi2 * pi2, pi2 * pi2 * pi2)
        let rootHalfPi = (Double.pi / 2).squareRoot()
        var (k0, k1, k2, k3) = (0.0, 0.0, 0.0, 0.0)
        for step in 0..<40 {
            let half = Double(step) + 0.5
            let h2 = half * half
            let decay = RealFunctions.exp(-h2 * pi2 / (2 * z2))
            k0 += decay
            k1 += (pi2 * h2 - z2) * decay
            k2 += (6 * z6 + 2 * z4 + pi2 * (2 * z4 - 5 * z2) * h2 + pi4 * (1 - 2 * z2) * h2 * h2) * decay
            k3 += (-30 * z6 - 90 * z4 * z4 + pi2 * (135 * z4 - 96 * z6) * h2
                + pi4 * (212 * z4 - 60 * z2) * h2 * h2 + pi6 * (5 - 30 * z2) * h2 * h2 * h2) * decay
        }
        var (e2, e3) = (0.0, 0.0)
        for step in 1..<40 {
            let k = Double(step)
            let square = k * k
            let decay = RealFunctions.exp(-square * pi2 / (2 * z2))
            e2 += square * decay
            e3 += (3 * z2 - pi2 * square) * square * decay
        }
        k0 *= 2 * rootHalfPi / z
        k1 *= rootHalfPi / (3 * z4)
        k2 = k2 * rootHalfPi / (36 * z6 * z) - e2 * pi2 * rootHalfPi / (18 * z2 * z)
        k3 = k3 * rootHalfPi / (3240 * z6 * z4) + e3 * pi2 * rootHalfPi / (108 * z6)
        let share = 1 / root
        return max(0, min(1, k0 + share * (k1 + share * (k2 + share * k3))))
    }
}
