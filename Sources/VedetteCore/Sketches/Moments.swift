/// Count, mean, variance, minimum and maximum of numbers, in 40 bytes and one pass.
///
/// Updating: Welford (1962). Merging: Chan, Golub and LeVeque, "Algorithms for computing the
/// sample variance" (1983). Merging is commutative bit for bit and associative up to rounding
/// (relative 1e-12 or so of the spread), so who wants identical bits merges in a fixed order.
///
/// Range: any finite numbers. Where squared deviations leave the range of a `Double` (values
/// from about 1e154 on), ``sumOfSquares`` becomes infinite and stays so, and ``variance`` is
/// then nil, to be reported as null; count, mean, minimum and maximum stay right. Nothing is ever NaN.
public struct Moments: Sendable, Equatable {
    public internal(set) var count: Int64 = 0
    var meanOrZero = 0.0
    /// The sum of squared deviations from the mean, at least 0, maybe infinite.
    public internal(set) var sumOfSquares = 0.0
    var lowest = Double.infinity
    var highest = -Double.infinity

    public init() {}

    public var isEmpty: Bool { count == 0 }
    /// nil where nothing was added.
    public var mean: Double? { count > 0 ? meanOrZero : nil }
    public var min: Double? { count > 0 ? lowest : nil }
    public var max: Double? { count > 0 ? highest : nil }

    /// The sample variance (n − 1): nil for fewer than two numbers, and where it is beyond the range of a `Double`.
    public var variance: Double? {
        guard count >= 2, sumOfSquares.isFinite else { return nil }
        return sumOfSquares / Double(count - 1)
    }

    /// The square root of ``variance``.
    public var standardDeviation: Double? { variance.map { $0.squareRoot() } }

    /// Adds a number. A NaN or an infinity is refused: the answer is false and nothing changes.
    @discardableResult
    public mutating func add(_ x: Double) -> Bool {
        guard x.isFinite else { return false }
        count += 1
        let delta = x - meanOrZero
        if delta.isFinite {
            meanOrZero += delta / Double(count)
            sumOfSquares += delta * (x - meanOrZero)
        } else {
            // Opposite signs near the end of the range: the difference overflows, the weighted parts do not.
            let share = 1 / Double(count)
            meanOrZero = meanOrZero * (1 - share) + x * share
            sumOfSquares = .infinity
        }
        if x < lowest { lowest = x }
        if x > highest { highest = x }
        return true
    }

    /// Adds what another value has seen. O(1).
    public mutating func merge(_ other: Moments) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            self = other
            return
        }
        let n = Double(count)
        let m = Double(other.count)
        let sum = n + m
        let delta = other.meanOrZero - meanOrZero
        // Both weights appear symmetrically, so that merging commutes to the last bit.
        meanOrZero = meanOrZero * (n / sum) + other.meanOrZero * (m / sum)
        sumOfSquares = sumOfSquares + other.sumOfSquares + (delta * delta) * (n * m / sum)
        count += other.count
        lowest = Swift.min(lowest, other.lowest)
        highest = Swift.max(highest, other.highest)
        meanOrZero = Swift.min(Swift.max(meanOrZero, lowest), highest)
    }
}
