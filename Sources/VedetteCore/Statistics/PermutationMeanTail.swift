/// Chance that a random split of two pooled samples would part their means as far as they are.
///
/// Null hypothesis: which of the pooled scores belong to the one sample is random. Nothing is
/// assumed of the distribution, so the tail holds for skewed scores, for few rows and at
/// p-values of 1e-10, where the t-distribution of Welch's test is off by orders of magnitude.
///
/// Method: a split is a Bernoulli draw of each score given the number drawn; minimising the
/// cumulant generating function over both tilts gives the exponent of the tail, as in
/// J. Robinson, "Saddlepoint approximations for permutation tests and confidence intervals",
/// JRSS B 44 (1982). The prefactor, below one beyond a standard deviation, is left out,
/// so the p-value errs on the large side.
public enum PermutationMeanTail {
    private static let maxSteps = 60

    /// Both directions together, 0...1. O(distinct scores) per step, some ten steps.
    public static func twoSided(_ a: ScoreSketch, _ b: ScoreSketch) -> Double {
        guard a.total > 0, b.total > 0 else { return 1 }
        let level = max(a.level, b.level)
        return tail(a.coarsened(toLevel: level), b.coarsened(toLevel: level))
    }

    /// The same for any values, each ascending with its count, such as a ``QuantileSketch``'s bins.
    public static func twoSided(_ a: [(value: Double, count: Int64)], _ b: [(value: Double, count: Int64)]) -> Double {
        guard !a.isEmpty, !b.isEmpty else { return 1 }
        return tail(a, b)
    }

    private static func tail<Values: Sequence>(_ a: Values, _ b: Values) -> Double where Values.Element == (value: Double, count: Int64) {
        var pooled = Pooled()
        pooled.gather(a, b)
        return min(1, 2 * RealFunctions.exp(pooled.exponent()))
    }

    /// Distinct scores about their common mean, scaled to unit variance.
    private struct Pooled {
        var values: ContiguousArray<Double> = []
        var counts: ContiguousArray<Double> = []
        var drawn = 0.0
        var drawnSum = 0.0
        var total = 0.0

        mutating func gather<Values: Sequence>(_ a: Values, _ b: Values) where Values.Element == (value: Double, count: Int64) {
            var left = a.makeIterator()
            var right = b.makeIterator()
            var one = left.next()
            var other = right.next()
            while one != nil || other != nil {
                let value = min(one?.value ?? .infinity, other?.value ?? .infinity)
                var count: Int64 = 0
                if let entry = one, entry.value == value {
                    count += entry.count
                    drawn += Double(entry.count)
                    drawnSum += Double(entry.count) * value
                    one = left.next()
                }
                if let entry = other, entry.value == value {
                    count += entry.count
                    other = right.next()
                }
                values.append(value)
                counts.append(Double(count))
                total += Double(count)
            }
            standardise()
        }

        private mutating func standardise() {
            var sum = 0.0
            for index in values.indices { sum += values[index] * counts[index] }
            let mean = sum / total
            var squares = 0.0
            for index in values.indices { squares += (values[index] - mean) * (values[index] - mean) * counts[index] }
            let spread = (squares / total).squareRoot()
            drawnSum -= drawn * mean
            // The tail above is asked for: turn the scores round where the sample lies below.
            let scale = (drawnSum < 0 ? -1 : 1) / max(spread, .leastNormalMagnitude)
            for index in values.indices { values[index] = (values[index] - mean) * scale }
            drawnSum *= scale
        }

        /// The least of K(s, t) - s n - t y over both tilts, found by Newton's method with halved steps; at most 0.
        func exponent() -> Double {
            let p = drawn / total
            guard drawnSum > 0, p < 1, values.count > 1 else { return 0 }
            var s = 0.0
            var t = 0.0
            var here = evaluate(s, t, p)
            for _ in 0..<PermutationMeanTail.maxSteps {
                let determinant = here.ss * here.tt - here.st * here.st
                guard determinant > 0, determinant.isFinite else { break }
                let ds = (here.tt * here.s - here.st * here.t) / determinant
                let dt = (here.ss * here.t - here.st * here.s) / determinant
                // The decrement estimates twice what is left to gain in the exponent.
                guard here.s * ds + here.t * dt > 1e-6 else { break }
                var step = 1.0
                var next = evaluate(s - ds, t - dt, p)
                while !(next.value < here.value), step > 1e-6 {
                    step /= 2
                    next = evaluate(s - step * ds, t - step * dt, p)
                }
                guard next.value < here.value else { break }
                s -= step * ds
                t -= step * dt
                here = next
            }
            return t >= 0 ? min(0, here.value) : 0
        }

        private struct Point {
            var value = 0.0
            var s = 0.0
            var t = 0.0
            var ss = 0.0
            var st = 0.0
            var tt = 0.0
        }

        /// Value, gradient and Hessian. Any tilt gives an upper bound, so an early end is safe.
        private func evaluate(_ s: Double, _ t: Double, _ p: Double) -> Point {
            var point = Point(value: -s * drawn - t * drawnSum, s: -drawn, t: -drawnSum)
            for index in values.indices {
                let x = values[index]
                let count = counts[index]
                let tilt = s + t * x
                // Written so that neither side overflows.
                let share: Double
                if tilt > 0 {
                    let rest = (1 - p) * RealFunctions.exp(-tilt)
                    point.value += count * (tilt + RealFunctions.log(p + rest))
                    share = p / (p + rest)
                } else {
                    let part = p * RealFunctions.exp(tilt)
                    point.value += count * RealFunctions.log(1 - p + part)
                    share = part / (1 - p + part)
                }
                let weight = count * share * (1 - share)
                point.s += count * share
                point.t += count * share * x
                point.ss += weight
                point.st += weight * x
                point.tt += weight * x * x
            }
            return point
        }
    }
}
