/// Looks for the cohort from which on a share of labels (recall, precision) has been lower, and
/// weighs the evidence.
///
/// For every cohort `c` of the window: the share before `c` (all cohorts that are kept), as its
/// Clopper–Pearson lower bound, is bet against with the labels of the cohorts from `c` on
/// (``BernoulliEProcess``). The mean over all `c` is an e-value too, whatever their dependence: so
/// where the change was need not be known, and looking again tomorrow costs nothing.
///
/// Early labels are not a fair sample where good and bad ones have different delays. The share
/// that is bet against is therefore that among the labels that should have arrived.
struct PerformanceScan {
    /// Start of the first cohort of the lower share, ms.
    let since: Int64
    /// Known labels from there on.
    let good: Double
    let bad: Double
    /// Final share before, weighted; nil where too few labels are known.
    let before: Double?
    let labelsBefore: Double
    /// ln of the e-value over all starts.
    let logEValue: Double

    /// Nil without cohorts in the window.
    ///
    /// - Parameters:
    ///   - bound: the share that counts as too low in any case; 0 for none.
    ///   - minBefore: labels that the share before needs.
    ///   - alpha: chance that the lower bound of the share before is too high.
    init?(
        _ outlook: Outlook, good: [LabelStream], bad: [LabelStream], bound: Double, minBefore: Double, minAfter: Double, alpha: Double
    ) {
        let cohorts = outlook.cohorts
        guard let first = cohorts.firstIndex(where: outlook.isInWindow) else { return nil }
        let weights = (good: Self.meanWeight(good, outlook), bad: Self.meanWeight(bad, outlook))
        var after = Sums()
        var before = cohorts.reduce(into: Sums()) { $0.add($1, good, bad, 1) }
        var best: (start: Int, logE: Double, before: Sums, after: Sums)?
        var logs: [Double] = []
        for index in (first..<cohorts.count).reversed() {
            after.add(cohorts[index], good, bad, 1)
            before.add(cohorts[index], good, bad, -1)
            let logE = Self.logEValue(before, after, bound, minBefore, alpha)
            logs.append(logE)
            let hasEnough = after.good + after.bad >= minAfter
            if best == nil || (hasEnough && logE >= (best?.logE ?? -.infinity)) { best = (index, logE, before, after) }
        }
        guard let best else { return nil }
        since = cohorts[best.start].start
        (self.good, self.bad) = (best.after.good, best.after.bad)
        labelsBefore = best.before.good + best.before.bad
        self.before = labelsBefore >= minBefore ? best.before.finalShare(weights.good, weights.bad) : nil
        let largest = logs.max() ?? 0
        logEValue = largest + RealFunctions.log(logs.reduce(0) { $0 + RealFunctions.exp($1 - largest) } / Double(logs.count))
    }

    private struct Sums {
        var good = 0.0
        var bad = 0.0
        /// Known labels over the share that has arrived: what they come to in the end.
        var finalGood = 0.0
        var finalBad = 0.0
        /// Decisions times the share of their labels that has arrived, mean over the streams.
        var arrivedGood = 0.0
        var arrivedBad = 0.0

        mutating func add(_ cohort: Outlook.Cohort, _ good: [LabelStream], _ bad: [LabelStream], _ sign: Double) {
            for stream in good {
                self.good += sign * cohort.labels[stream]
                finalGood += sign * cohort.labels[stream] / max(cohort.arrived[stream], PerformanceScan.leastArrived)
                arrivedGood += sign * cohort.decisions * cohort.arrived[stream] / Double(good.count)
            }
            for stream in bad {
                self.bad += sign * cohort.labels[stream]
                finalBad += sign * cohort.labels[stream] / max(cohort.arrived[stream], PerformanceScan.leastArrived)
                arrivedBad += sign * cohort.decisions * cohort.arrived[stream] / Double(bad.count)
            }
        }

        func finalShare(_ goodWeight: Double, _ badWeight: Double) -> Double? {
            let (a, b) = (max(0, finalGood) * goodWeight, max(0, finalBad) * badWeight)
            return a + b > 0 ? a / (a + b) : nil
        }
    }

    /// Labels of younger streams than this are not scaled up further.
    private static let leastArrived = 0.05

    private static func meanWeight(_ streams: [LabelStream], _ outlook: Outlook) -> Double {
        streams.reduce(0) { $0 + outlook.weight($1) } / Double(streams.count)
    }

    private static func logEValue(_ before: Sums, _ after: Sums, _ bound: Double, _ minBefore: Double, _ alpha: Double) -> Double {
        var share = bound
        let known = before.good + before.bad
        if known >= minBefore, known > 0 {
            let lower = ClopperPearson.interval(
                successes: Int64(before.good.rounded()), n: Int64(known.rounded()), confidence: 1 - alpha).lower
            // From the share among the known to that in the end.
            share = max(share, Self.shifted(lower, before.arrivedBad, before.arrivedGood))
        }
        guard share > 0, after.good + after.bad > 0 else { return 0 }
        let expected = Self.shifted(min(share, 1 - 1e-6), after.arrivedGood, after.arrivedBad)
        guard expected > 1e-9, expected < 1 - 1e-9 else { return 0 }
        var bets = BernoulliEProcess(rate: 1 - expected, alternative: .greater)
        bets.add(successes: Int64(after.bad.rounded()), failures: Int64(after.good.rounded()))
        return bets.logEValue
    }

    /// A share after its two sides have been multiplied.
    private static func shifted(_ share: Double, _ good: Double, _ bad: Double) -> Double {
        let (a, b) = (share * max(good, 1e-9), (1 - share) * max(bad, 1e-9))
        return a / (a + b)
    }
}
