/// Looks for the cohort from which on a share of labels (recall, precision) has been lower, and
/// weighs the evidence.
///
/// For every cohort `c` of the window, the labels of the cohorts from `c` on are compared with those
/// of all cohorts before, delay by delay (``StratifiedShare``): a label that came after three days
/// with labels that came after three days. So the age of a cohort, and good and bad labels whose
/// delays differ, cancel; nothing has to be known of what is still to come. How much shares vary by
/// themselves, from cohort to cohort and between stretches as long as the one in question, is
/// learned from the cohorts before (``DesignEffect``). The least p-value counts times the number of
/// starts that were tried, so that the day of the change need not be known.
///
/// A bound that is given needs no past: what is known is bet against the share that the bound would
/// make of the labels that should have arrived, delays taken two standard deviations in its favour.
struct PerformanceScan {
    /// Start of the first cohort of the lower share, ms.
    let since: Int64
    /// Known labels from there on.
    let good: Double
    let bad: Double
    let labelsBefore: Double
    /// Final share before, weighted; nil where too few labels are known.
    let before: Double?
    /// Final share expected since: that before, moved by the odds ratio; without a past, by what should have arrived.
    let value: Double?
    let interval: Interval?
    /// Against "nothing changed", and against "not below the bound"; 1 where there is nothing to compare with.
    let changePValue: Double
    let boundPValue: Double

    /// Nil without cohorts in the window.
    ///
    /// - Parameters:
    ///   - bound: the share that counts as too low in any case; 0 for none.
    ///   - minBefore: labels that the share before needs.
    ///   - minAfter: labels that a stretch needs to be tried.
    init?(_ outlook: Outlook, good: [LabelStream], bad: [LabelStream], bound: Double, minBefore: Double, minAfter: Double) {
        let rows = outlook.cohorts.map { LabelledCohort($0, outlook, good, bad) }
        guard let first = rows.firstIndex(where: { outlook.isInWindow($0.cohort) }) else { return nil }
        let weights = (good: Self.meanWeight(good, outlook), bad: Self.meanWeight(bad, outlook))
        var after = LabelledCohorts(good: good, bad: bad)
        var before = LabelledCohorts(good: good, bad: bad)
        for row in rows { before.add(row, 1) }
        var best: Tried?
        var (leastChange, leastBound, tried) = (1.0, 1.0, 0.0)
        for start in (first..<rows.count).reversed() {
            after.add(rows[start], 1)
            before.add(rows[start], -1)
            guard after.known >= minAfter || start == first else { continue }
            var one = Tried(start: start, before: before, after: after)
            if after.known >= minAfter {
                tried += 1
                let hasPast = before.known >= minBefore
                one.effect = DesignEffect.of(rows[..<start], block: rows.count - start)
                if hasPast { one.change = after.compared(with: before).upperTail(designEffect: one.effect) }
                if bound > 0 { one.bound = after.boundTail(bound, weights, designEffect: one.effect) }
                leastChange = min(leastChange, one.change)
                leastBound = min(leastBound, one.bound)
            }
            if best == nil || min(one.change, one.bound) <= min(best?.change ?? 1, best?.bound ?? 1) { best = one }
        }
        guard let best else { return nil }
        since = rows[best.start].cohort.start
        (self.good, self.bad) = (best.after.good, best.after.bad)
        labelsBefore = best.before.known
        let level = labelsBefore >= minBefore ? best.before.finalShare(weights) : nil
        self.before = level
        (value, interval) = Self.level(best, level, weights)
        changePValue = min(1, tried * leastChange)
        boundPValue = min(1, tried * leastBound)
    }

    private struct Tried {
        var start: Int
        var before: LabelledCohorts
        var after: LabelledCohorts
        var effect = 1.0
        var change = 1.0
        var bound = 1.0
    }

    /// The share expected in the end, with the Clopper–Pearson interval of the known labels moved alike.
    private static func level(_ one: Tried, _ before: Double?, _ weights: (good: Double, bad: Double)) -> (Double?, Interval?) {
        guard one.after.known > 0 else { return (nil, nil) }
        let known = ClopperPearson.interval(
            successes: Int64((one.after.good / one.effect).rounded()), n: Int64(max(1, (one.after.known / one.effect).rounded(.up))),
            confidence: 0.95)
        let compared = one.after.compared(with: one.before)
        guard let before, let ratio = compared.oddsRatio else {
            let final = { one.after.final($0, weights) }
            return (final(one.after.good / one.after.known), Interval(lower: final(known.lower), upper: final(known.upper)))
        }
        // The odds ratio is of bad labels. Where the share before is 0 or 1, it is as sure as its labels are many.
        let sure = 0.5 / (one.before.known + 1)
        let level = min(max(before, sure), 1 - sure)
        let value = shifted(level, 1, ratio)
        let expected = min(max(1 - compared.standard / compared.total, sure), 1 - sure)
        func moved(_ share: Double) -> Double { shifted(level, share * (1 - expected), (1 - share) * expected) }
        return (value, Interval(lower: min(value, moved(known.lower)), upper: max(value, moved(known.upper))))
    }

    /// A share after its two sides have been multiplied.
    static func shifted(_ share: Double, _ good: Double, _ bad: Double) -> Double {
        let (a, b) = (share * good, (1 - share) * bad)
        return a + b > 0 ? a / (a + b) : share
    }

    private static func meanWeight(_ streams: [LabelStream], _ outlook: Outlook) -> Double {
        streams.reduce(0) { $0 + outlook.weight($1) } / Double(streams.count)
    }
}
