/// Whether events are a larger share now than in a reference, compared like with like: stratum by
/// stratum (for labels: by their delay), so that another mix of strata is no evidence.
///
/// If nothing changed, then given the margins of a stratum the events now are hypergeometric, and
/// a hypergeometric number is a sum of independent, unequal Bernoulli ones (Vatutin and Mikhailov
/// 1982). So the events of all strata together are such a sum, of `trials` terms with mean
/// `expected`, and beyond `expected + 1` its tail is at most the binomial's of the same mean
/// (Hoeffding 1956, theorem 4): a p-value that is right however far in the tail, however sparse the
/// strata and however small the reference. A stratum that the reference does not have says nothing.
///
/// Shares that vary by themselves from one group of labels to the next are taken for by a design
/// effect: all counts are divided by it (Rao and Scott 1992).
package struct StratifiedShare: Sendable, Equatable {
    /// Events and all labels now, in strata that the reference has.
    package private(set) var events = 0.0
    package private(set) var total = 0.0
    /// Events expected if nothing changed, given the margins.
    package private(set) var expected = 0.0
    /// Bernoulli terms behind them.
    package private(set) var trials = 0.0
    /// Events expected by the reference's shares alone: what an effect is measured against.
    package private(set) var standard = 0.0
    /// Mantel and Haenszel's (1959) sums for the odds ratio, and the labels of the reference in these strata.
    private var above = 0.0
    private var below = 0.0

    package init() {}

    /// Adds a stratum: events of all labels, now and in the reference.
    package mutating func add(events: Double, of total: Double, reference: Double, of referenceTotal: Double) {
        guard total > 0, referenceTotal > 0 else { return }
        let (all, marked) = (total + referenceTotal, events + reference)
        self.events += events
        self.total += total
        expected += total * marked / all
        trials += min(total, marked)
        standard += total * reference / referenceTotal
        above += events * (referenceTotal - reference) / all
        below += (total - events) * reference / all
    }

    /// Chance of at least so many events if nothing changed; 1 where there are hardly more than expected.
    package func upperTail(designEffect: Double = 1) -> Double {
        guard events >= expected + 1, trials > 0 else { return 1 }
        let (x, n) = (events / designEffect, trials / designEffect)
        let share = min(1, expected / trials)
        guard n - x > -1e-9, share < 1 else { return 1 }
        return min(1, IncompleteFunctions.beta(x, max(n - x, 0) + 1, share, 1 - share))
    }

    /// Odds of an event now over those in the reference (Mantel–Haenszel). Half a label of each kind is
    /// added to the reference, so that one without events, or with nothing else, gives a finite answer.
    /// Nil where the two have no stratum in common.
    package var oddsRatio: Double? {
        guard total > 0 else { return nil }
        let half = 0.5 / total
        return (above + half * events) / (below + half * (total - events))
    }
}
