/// A sum of independent Bernoulli terms whose chances differ, and upper bounds of its tails that hold however far out.
///
/// Two bounds, of which the smaller counts. The binomial's tail of the same number of terms and the same mean (Hoeffding 1956,
/// theorem 4), beyond a unit from the mean: exact where all chances are equal, and wide where they differ much. Chernoff's (1952)
/// bound, the least of `E exp(t sum) / exp(t x)` over t: within a factor of some standard deviations of the exact tail whatever the chances.
package struct BernoulliSum {
    private var terms: [(count: Double, chance: Double)] = []
    private var count = 0.0
    private var mean = 0.0

    package init() {}

    /// Adds `count` terms of one chance, 0...1.
    package mutating func add(count added: Double, chance: Double) {
        guard added > 0 else { return }
        terms.append((added, chance))
        count += added
        mean += added * chance
    }

    package mutating func merge(_ other: BernoulliSum) {
        terms += other.terms
        count += other.count
        mean += other.mean
    }

    /// At least the chance of `x` or more. O(terms) times some steps.
    ///
    /// - Parameter designEffect: how many terms say no more than one does, since they are not independent; all counts are divided by it.
    package func upperTail(_ x: Double, designEffect d: Double = 1) -> Double {
        guard x >= mean + d, count > 0 else { return 1 }
        return min(Self.binomial(x / d, count / d, mean / count), RealFunctions.exp(Self.logChernoff(terms, x) / d))
    }

    /// At least the chance of `x` or fewer.
    package func lowerTail(_ x: Double, designEffect d: Double = 1) -> Double {
        guard x <= mean - d, count > 0 else { return 1 }
        let others = terms.map { (count: $0.count, chance: 1 - $0.chance) }
        return min(
            Self.binomial((count - x) / d, count / d, 1 - mean / count), RealFunctions.exp(Self.logChernoff(others, count - x) / d))
    }

    private static func binomial(_ x: Double, _ n: Double, _ p: Double) -> Double {
        let share = min(1, max(0, p))
        return IncompleteFunctions.beta(x, max(0, n - x) + 1, share, 1 - share)
    }

    /// The bound holds for every t; Newton's steps find where it is least.
    private static func logChernoff(_ terms: [(count: Double, chance: Double)], _ x: Double) -> Double {
        var (t, best) = (0.0, 0.0)
        for _ in 0..<maxSteps {
            let grown = RealFunctions.exp(t)
            var (log, slope, curve) = (-t * x, 0.0, 0.0)
            for term in terms {
                log += term.count * RealFunctions.log1p(term.chance * (grown - 1))
                let share = term.chance * grown / (1 + term.chance * (grown - 1))
                slope += term.count * share
                curve += term.count * share * (1 - share)
            }
            best = min(best, log)
            guard curve > 0, abs(slope - x) > 1e-6 * x else { break }
            t = max(0, t + min(2, (x - slope) / curve))
        }
        return best
    }

    private static let maxSteps = 40
}
