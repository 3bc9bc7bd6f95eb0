/// Whether scores mean what they say: expected calibration error over ten equal bins, and how unlikely the frauds
/// of some bin are if they do.
///
/// Effect: each label counts for the requests that it stands for, by its sampling weight and by the share of its kind
/// that has arrived.
/// Evidence: of the labels as they are. If a request of score p is fraud with chance p, one that has a label is so
/// with odds p / (1 - p), times how much likelier a fraud is to be labelled by now; so the frauds among a bin's labels are a
/// sum of independent, unequal Bernoulli terms, whose tail ``BernoulliSum`` bounds on either side: a p-value that is right
/// however far in the tail and however few frauds a bin has. Bonferroni over both sides, the bins with labels, and all
/// labels together.
/// Whatever is not known exactly is taken in favour of the scores: the width of a sketch's keys, and what share of the labels
/// has arrived. Weights are the means of a bin; where they vary, all counts are divided by the design effect.
package struct CalibrationCheck {
    /// Weighted mean of the absolute gap between mean score and fraud rate of a bin, 0...1; nil without labels.
    package let expectedError: Double?
    /// Of the hypothesis that every score is its fraud rate; 1 without labels.
    package let pValue: Double

    /// Share of the labels of one outcome that has arrived: the expected one, and bounds for those of any bin.
    package struct Arrived: Sendable {
        package var expected: Double
        package var low: Double
        package var high: Double

        package init(_ expected: Double = 1, low: Double? = nil, high: Double? = nil) {
            self.expected = expected
            self.low = min(low ?? expected, expected)
            self.high = max(high ?? expected, expected)
        }
    }

    private static let bins = 10

    /// O(distinct scores).
    ///
    /// - Parameters:
    ///   - designEffect: how many labels say no more than one, 1 or more.
    ///   - limit: an error up to this asks for no evidence; its p-value is 1.
    package init(
        fraud: [ScoredLabels], legit: [ScoredLabels], arrived: (fraud: Arrived, legit: Arrived) = (Arrived(), Arrived()), designEffect: Double = 1,
        above limit: Double = 0
    ) {
        var bins = Array(repeating: Bin(), count: Self.bins)
        for labels in fraud { bins[Bin.index(labels.value)].fraud.add(labels) }
        for labels in legit { bins[Bin.index(labels.value)].legit.add(labels) }
        let all = bins.reduce(Bin()) { $0 + $1 }
        let gaps = bins.map { $0.gap(arrived.fraud.expected, arrived.legit.expected) }
        let total = gaps.reduce(0) { $0 + $1.weight }
        guard total > 0 else {
            (expectedError, pValue) = (nil, 1)
            return
        }
        let error = gaps.reduce(0) { $0 + abs($1.fraud - $1.scores) } / total
        expectedError = error
        guard error > limit else {
            pValue = 1
            return
        }
        let usual = (all.fraud.meanWeight ?? 1, all.legit.meanWeight ?? 1)
        let used = bins.filter { $0.labels > 0 }
        var test = Test(arrived: arrived, designEffect: designEffect)
        for bin in used { test.add(bin, usual) }
        if used.count > 1 { test.addAll() }
        pValue = test.pValue
    }

    /// The labels of one outcome in a bin.
    private struct Group {
        var labels: [ScoredLabels] = []
        var count = 0.0
        var weight = 0.0

        mutating func add(_ added: ScoredLabels) {
            labels.append(added)
            count += Double(added.count)
            weight += WeightedOutcomes.whole(added.weight)
        }

        var meanWeight: Double? { count > 0 && weight > 0 ? weight / count : nil }
        var scores: Double { labels.reduce(0) { $0 + WeightedOutcomes.whole($1.weight) * $1.value } }
    }

    private struct Bin {
        var fraud = Group()
        var legit = Group()

        static func index(_ score: Double) -> Int { min(CalibrationCheck.bins - 1, Int(score * Double(CalibrationCheck.bins))) }

        var labels: Double { fraud.count + legit.count }

        func gap(_ fraudArrived: Double, _ legitArrived: Double) -> (weight: Double, fraud: Double, scores: Double) {
            let weight = fraud.weight / fraudArrived
            return (weight + legit.weight / legitArrived, weight, fraud.scores / fraudArrived + legit.scores / legitArrived)
        }

        /// Without the labels themselves: of several bins only the sums are asked for.
        static func + (a: Bin, b: Bin) -> Bin {
            var sum = Bin()
            sum.fraud.count = a.fraud.count + b.fraud.count
            sum.fraud.weight = a.fraud.weight + b.fraud.weight
            sum.legit.count = a.legit.count + b.legit.count
            sum.legit.weight = a.legit.weight + b.legit.weight
            return sum
        }
    }

    /// The least tail of several sums of Bernoulli terms.
    private struct Test {
        let arrived: (fraud: Arrived, legit: Arrived)
        let designEffect: Double
        private var least = 1.0
        private var tests = 0.0
        /// Of all bins: the frauds, and the labels with the least and the largest chance that each is one.
        private var frauds = 0.0
        private var low = BernoulliSum()
        private var high = BernoulliSum()

        init(arrived: (fraud: Arrived, legit: Arrived), designEffect: Double) {
            self.arrived = arrived
            self.designEffect = designEffect
        }

        var pValue: Double { min(1, 2 * tests * least) }

        /// - Parameter usual: mean weights of fraud and legit, for a bin without labels of one of them.
        mutating func add(_ bin: Bin, _ usual: (fraud: Double, legit: Double)) {
            // How much likelier than an honest request a fraud is to have a label by now.
            let sampling = (bin.legit.meanWeight ?? usual.legit) / (bin.fraud.meanWeight ?? usual.fraud)
            let fewest = sampling * arrived.fraud.low / arrived.legit.high
            let most = sampling * arrived.fraud.high / arrived.legit.low
            var (below, above) = (BernoulliSum(), BernoulliSum())
            for labels in bin.fraud.labels + bin.legit.labels {
                below.add(count: Double(labels.count), chance: Self.chance(labels.low, fewest))
                above.add(count: Double(labels.count), chance: Self.chance(labels.high, most))
            }
            test(bin.fraud.count, below, above)
            frauds += bin.fraud.count
            low.merge(below)
            high.merge(above)
        }

        mutating func addAll() { test(frauds, low, high) }

        private static func chance(_ p: Double, _ odds: Double) -> Double { p * odds / (p * odds + 1 - p) }

        private mutating func test(_ frauds: Double, _ low: BernoulliSum, _ high: BernoulliSum) {
            tests += 1
            least = min(least, high.upperTail(frauds, designEffect: designEffect), low.lowerTail(frauds, designEffect: designEffect))
        }
    }
}
