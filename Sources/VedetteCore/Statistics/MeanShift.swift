/// How far a mean has moved, from two ``Moments``.
public enum MeanShift {
    /// Welch's t test (1947), degrees of freedom after Welch and Satterthwaite; `statistic` is t.
    ///
    /// nil where a group has fewer than two numbers or an unknown variance, or where both variances
    /// are 0 (a constant has no noise to compare with; ask whether the constants differ).
    /// For skewed numbers such as amounts it is sound from some hundred per group on.
    public static func welch(current: Moments, reference: Moments, alternative: Alternative = .twoSided) -> TestResult? {
        guard let (a, b) = meanVariances(current, reference), a + b > 0, let x = current.mean, let y = reference.mean else { return nil }
        let t = (x - y) / (a + b).squareRoot()
        guard t.isFinite else { return nil }
        // As shares, so that the squares of tiny variances do not underflow.
        let (u, v) = (a / (a + b), b / (a + b))
        let degrees = 1 / (u * u / Double(current.count - 1) + v * v / Double(reference.count - 1))
        let p =
            switch alternative {
            case .twoSided: StudentDistribution.twoSided(t, degrees: degrees)
            case .greater: StudentDistribution.survival(t, degrees: degrees)
            case .less: StudentDistribution.survival(-t, degrees: degrees)
            }
        return TestResult(method: .welch, statistic: t, pValue: p)
    }

    /// Cohen's d: the difference of the means in pooled standard deviations; an effect, not evidence.
    /// nil where ``welch(current:reference:alternative:)`` is.
    public static func cohensD(current: Moments, reference: Moments) -> Double? {
        guard let s = current.variance, let t = reference.variance, let x = current.mean, let y = reference.mean else { return nil }
        let (n, m) = (Double(current.count - 1), Double(reference.count - 1))
        let pooled = s * (n / (n + m)) + t * (m / (n + m))
        let d = (x - y) / pooled.squareRoot()
        return pooled > 0 && d.isFinite ? d : nil
    }

    /// The difference of the means in standard deviations of the reference; nil where that is unknown or 0.
    public static func sigmas(current: Moments, reference: Moments) -> Double? {
        guard let sigma = reference.standardDeviation, sigma > 0, let x = current.mean, let y = reference.mean else { return nil }
        let shift = (x - y) / sigma
        return shift.isFinite ? shift : nil
    }

    private static func meanVariances(_ current: Moments, _ reference: Moments) -> (Double, Double)? {
        guard let s = current.variance, let t = reference.variance else { return nil }
        return (s / Double(current.count), t / Double(reference.count))
    }
}
