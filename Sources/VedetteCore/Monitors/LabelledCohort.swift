/// One cohort's good and bad labels, as ``PerformanceScan`` compares them.
struct LabelledCohort {
    var cohort: Outlook.Cohort
    /// By bin of delay, of those delays that have passed for all of its decisions.
    var good: [Double]
    var bad: [Double]

    init(_ cohort: Outlook.Cohort, _ outlook: Outlook, _ good: [LabelStream], _ bad: [LabelStream]) {
        self.cohort = cohort
        self.good = outlook.settledLabels(good, of: cohort)
        self.bad = outlook.settledLabels(bad, of: cohort)
    }
}

/// The sums of a run of cohorts. Counts are whole, so taking a cohort away again leaves no rounding in them.
struct LabelledCohorts {
    private let streams: (good: [LabelStream], bad: [LabelStream])
    private var settledGood: [Double] = []
    private var settledBad: [Double] = []
    /// By stream: labels known, decisions times the share that has arrived, and that times its relative variance.
    private var labels = StreamCounts()
    private var exposure = StreamCounts()
    private var uncertainty = StreamCounts()

    init(good: [LabelStream], bad: [LabelStream]) { streams = (good, bad) }

    mutating func add(_ row: LabelledCohort, _ sign: Double) {
        if settledGood.isEmpty {
            settledGood = Array(repeating: 0, count: row.good.count)
            settledBad = settledGood
        }
        for bin in row.good.indices {
            settledGood[bin] += sign * row.good[bin]
            settledBad[bin] += sign * row.bad[bin]
        }
        for stream in streams.good + streams.bad {
            let used = row.cohort.decisions * row.cohort.arrived[stream]
            labels[stream] += sign * row.cohort.labels[stream]
            exposure[stream] += sign * used
            uncertainty[stream] += sign * used * row.cohort.arrivedVariance[stream]
        }
    }

    /// Known labels.
    var good: Double { labels.sum(streams.good) }
    var bad: Double { labels.sum(streams.bad) }
    var known: Double { good + bad }

    /// Bad labels against those of earlier cohorts, delay by delay.
    func compared(with before: LabelledCohorts) -> StratifiedShare {
        var test = StratifiedShare()
        for bin in settledBad.indices where bin < before.settledBad.count {
            test.add(
                events: settledBad[bin], of: settledGood[bin] + settledBad[bin], reference: before.settledBad[bin],
                of: before.settledGood[bin] + before.settledBad[bin])
        }
        return test
    }

    /// Good over all in the end: labels over used-up exposure of each stream; nil without labels.
    func finalShare(_ weights: (good: Double, bad: Double)) -> Double? {
        func rate(_ streams: [LabelStream]) -> Double {
            streams.reduce(0) { $0 + (exposure[$1] > 0 ? labels[$1] / exposure[$1] : 0) }
        }
        let (a, b) = (weights.good * rate(streams.good), weights.bad * rate(streams.bad))
        return a + b > 0 ? a / (a + b) : nil
    }

    /// The final share that a share among the known labels stands for.
    func final(_ known: Double, _ weights: (good: Double, bad: Double)) -> Double {
        PerformanceScan.shifted(known, weights.good / max(meanExposure(streams.good), 1e-9), weights.bad / max(meanExposure(streams.bad), 1e-9))
    }

    /// Chance of so many bad labels if the final share were `bound`.
    func boundTail(_ bound: Double, _ weights: (good: Double, bad: Double), designEffect: Double) -> Double {
        let good = meanExposure(streams.good) * max(0.01, 1 - 2 * spread(streams.good)) / weights.good
        let bad = meanExposure(streams.bad) * (1 + 2 * spread(streams.bad)) / weights.bad
        let share = 1 - PerformanceScan.shifted(bound, good, bad)
        guard self.bad >= known * share, known > 0, share > 0, share < 1 else { return 1 }
        let (x, n) = (self.bad / designEffect, known / designEffect)
        return IncompleteFunctions.beta(x, n - x + 1, share, 1 - share)
    }

    private func meanExposure(_ streams: [LabelStream]) -> Double { exposure.sum(streams) / Double(streams.count) }

    /// Relative standard deviation of the share that has arrived.
    private func spread(_ streams: [LabelStream]) -> Double {
        let used = exposure.sum(streams)
        return used > 0 ? (max(0, uncertainty.sum(streams)) / used).squareRoot() : 1
    }
}

/// How many labels say no more than one independent label does, because shares vary by themselves.
///
/// From the past alone: cut into blocks, each block's bad labels against what the mean shares of all
/// lead to expect, delay by delay; the mean square of the difference over its binomial variance. Taken
/// for blocks of one cohort (days that differ) and of as many cohorts as are in question (a share or
/// delays that wander), the larger counts, with a standard deviation of its own error on top.
enum DesignEffect {
    /// Blocks that a design effect of 1 is supposed to be worth.
    private static let supposedBlocks = 4.0

    /// O(cohorts x bins). At least 1.
    static func of(_ rows: ArraySlice<LabelledCohort>, block: Int) -> Double {
        guard let bins = rows.first?.good.count else { return 1 }
        var shares = Array(repeating: 0.0, count: bins)
        var totals = shares
        for row in rows {
            for bin in 0..<bins {
                shares[bin] += row.bad[bin]
                totals[bin] += row.good[bin] + row.bad[bin]
            }
        }
        for bin in 0..<bins where totals[bin] > 0 { shares[bin] /= totals[bin] }
        // Per cohort: bad labels beyond those expected, and their variance.
        let parts = rows.map { row in
            var (excess, variance) = (0.0, 0.0)
            for bin in 0..<bins {
                let all = row.good[bin] + row.bad[bin]
                excess += row.bad[bin] - all * shares[bin]
                variance += all * shares[bin] * (1 - shares[bin])
            }
            return (excess: excess, variance: variance)
        }
        return max(1, effect(parts, 1), effect(parts, block))
    }

    private static func effect(_ parts: [(excess: Double, variance: Double)], _ size: Int) -> Double {
        var (squares, variance, blocks) = (0.0, 0.0, 0.0)
        var end = parts.count
        while end >= size {
            var excess = 0.0
            for part in parts[(end - size)..<end] {
                excess += part.excess
                variance += part.variance
            }
            squares += excess * excess
            blocks += 1
            end -= size
        }
        guard blocks >= 2, variance > 0 else { return 1 }
        let found = squares / variance * blocks / (blocks - 1)
        let pooled = (supposedBlocks + blocks * found) / (supposedBlocks + blocks)
        return pooled * (1 + (2 / (blocks + supposedBlocks)).squareRoot())
    }
}
