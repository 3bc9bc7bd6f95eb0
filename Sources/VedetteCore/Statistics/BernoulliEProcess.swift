/// Evidence against a rate that stays valid however often one looks: bets against it, and what they have won.
///
/// The bettor multiplies its wealth by `1 + λ (x − p0)` at each outcome x in {0, 1}; no bet wins on
/// average where the rate is p0, so by Ville's inequality the wealth ever reaches 1/α with
/// probability at most α. Source: Waudby-Smith and Ramdas, "Estimating means of bounded random
/// variables by betting" (2023). The bets are mixed over a beta prior of the alternative rate,
/// for which the wealth has a closed form in the counts (Robbins' method of mixtures):
///
///     e(s, f) = [B(a+s, b+f) / B(a, b)] · [P(θ | a+s, b+f) / P(θ | a, b)] / (p0^s (1−p0)^f)
///
/// with s successes, f failures, and P the mass of the beta distribution on the alternative. So the
/// state is two counts: it does not depend on order, merges, and takes a corrected label back
/// exactly (the guarantee then holds for the stream as corrected, looked at afresh).
///
/// For `.greater` the mixture is over rates above p0, which makes the e-value valid against every
/// rate up to p0; likewise `.less`. The prior is Beta(a, a (1 − p0) / p0) with a = 1/2: its mean is
/// p0 and it spreads over orders of magnitude around it, so that rates of 1e-4 and of 0.3 are
/// detected at like multiples.
public struct BernoulliEProcess: Sendable, Equatable {
    /// The first parameter of the prior.
    public static let priorSuccesses = 0.5

    /// The rate that is bet against, in (0, 1).
    public let rate: Double
    public let alternative: Alternative
    public private(set) var successes: Int64 = 0
    public private(set) var failures: Int64 = 0

    public init(rate: Double, alternative: Alternative = .greater) {
        precondition(rate > 0 && rate < 1, "a rate to bet against must lie in (0, 1)")
        self.rate = rate
        self.alternative = alternative
    }

    /// Adds outcomes; counts must not be negative.
    public mutating func add(successes: Int64, failures: Int64) {
        precondition(successes >= 0 && failures >= 0, "counts must not be negative")
        self.successes += successes
        self.failures += failures
    }

    /// ln of the e-value; 0 before the first outcome, `-infinity` where the wealth is lost. The e-value is at most 1 on
    /// average where the rate is as supposed: reject at level α where it is at least 1/α.
    public var logEValue: Double {
        guard successes + failures > 0 else { return 0 }
        let a = Self.priorSuccesses
        let b = a * (1 - rate) / rate
        let (s, f) = (Double(successes), Double(failures))
        var log = Self.logBetaRatio(a, b, s, f) - s * RealFunctions.log(rate) - f * RealFunctions.log1p(-rate)
        switch alternative {
        case .twoSided: break
        case .greater:
            log += IncompleteFunctions.logBeta(b + f, a + s, 1 - rate, rate) - IncompleteFunctions.logBeta(b, a, 1 - rate, rate)
        case .less:
            log += IncompleteFunctions.logBeta(a + s, b + f, rate, 1 - rate) - IncompleteFunctions.logBeta(a, b, rate, 1 - rate)
        }
        return log
    }

    /// ln of B(a + s, b + f) / B(a, b).
    static func logBetaRatio(_ a: Double, _ b: Double, _ s: Double, _ f: Double) -> Double {
        logRising(a, s) + logRising(b, f) - logRising(a + b, s + f)
    }

    /// ln of Γ(x + n) / Γ(x), without the cancellation of two large log-gammas: by the saddle-point
    /// form of the factorial, Γ(x) = sqrt(2π / x) (x / e)^x e^δ(x).
    private static func logRising(_ x: Double, _ n: Double) -> Double {
        let end = x + n
        return end * RealFunctions.log(end) - x * RealFunctions.log(x) - n
            - 0.5 * (RealFunctions.log(end) - RealFunctions.log(x))
            + SaddlePoint.stirlingError(end) - SaddlePoint.stirlingError(x)
    }
}

extension BernoulliEProcess: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(double: rate)
        writer.write(byte: UInt8(Alternative.allCases.firstIndex(of: alternative) ?? 0))
        writer.write(varint: UInt64(successes))
        writer.write(varint: UInt64(failures))
    }

    public init(from reader: inout ByteReader) throws {
        let rate = try reader.readDouble()
        let index = Int(try reader.readByte())
        let successes = try reader.readVarint()
        let failures = try reader.readVarint()
        guard rate > 0, rate < 1, index < Alternative.allCases.count, successes <= UInt64(Int64.max / 2), failures <= UInt64(Int64.max / 2) else {
            throw CorruptBytes(offset: reader.offset, expected: "an e-process's rate, alternative and counts")
        }
        self.init(rate: rate, alternative: Alternative.allCases[index])
        add(successes: Int64(successes), failures: Int64(failures))
    }
}

/// An interval for a rate that is valid at all times at once, however often one looks.
public enum BettingConfidenceSequence {
    /// All rates against which the two-sided mixture with a Beta(1/2, 1/2) prior has not won 1/α: with
    /// probability `confidence` the true rate is in every interval ever computed along the stream.
    ///
    /// `[0, 1]` where nothing was seen. The width is about `sqrt(ln n)` times that of ``WilsonInterval``.
    public static func interval(successes: Int64, n: Int64, confidence: Double = 0.95) -> Interval {
        precondition(successes >= 0 && successes <= n, "an interval needs 0 <= successes <= n")
        precondition(confidence > 0 && confidence < 1, "a confidence must lie in (0, 1)")
        guard n > 0 else { return Interval(lower: 0, upper: 1) }
        let (s, f) = (Double(successes), Double(n - successes))
        let bound = BernoulliEProcess.logBetaRatio(0.5, 0.5, s, f) + RealFunctions.log(1 - confidence)
        // ln of the likelihood, concave in p with its top at s / n: one crossing on each side.
        func isPlausible(_ p: Double) -> Bool {
            (s > 0 ? s * RealFunctions.log(p) : 0) + (f > 0 ? f * RealFunctions.log1p(-p) : 0) > bound
        }
        let top = s / Double(n)
        return Interval(
            lower: s == 0 ? 0 : boundary(plausible: top, implausible: 0, isPlausible),
            upper: f == 0 ? 1 : boundary(plausible: top, implausible: 1, isPlausible))
    }

    /// Bisects; the answer is on the implausible side, so the interval errs wide by a last bit.
    private static func boundary(plausible: Double, implausible: Double, _ isPlausible: (Double) -> Bool) -> Double {
        var (inside, outside) = (plausible, implausible)
        for _ in 0..<200 {
            let middle = inside + (outside - inside) / 2
            if middle == inside || middle == outside { break }
            if isPlausible(middle) { inside = middle } else { outside = middle }
        }
        return outside
    }
}
