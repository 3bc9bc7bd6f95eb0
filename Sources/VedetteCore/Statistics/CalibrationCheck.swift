/// Whether scores mean what they say: expected calibration error over ten equal bins, and a
/// chi-square test that they do (Hosmer and Lemeshow 1980, for given probabilities: ten degrees at most).
///
/// Labels are weighted: where legit ones are a sample of one in five, each stands for five.
package struct CalibrationCheck {
    /// Weighted mean of the absolute gap between mean score and fraud rate of a bin, 0...1; nil without labels.
    package let expectedError: Double?
    /// Of the hypothesis that every score is its fraud rate; 1 without labels.
    package let pValue: Double

    package init(fraud: ScoreSketch, legit: ScoreSketch, fraudWeight: Double, legitWeight: Double) {
        var bins = Array(repeating: Bin(), count: 10)
        for (score, count) in fraud { bins[Bin.index(score)].add(score, Double(count), fraudWeight, isFraud: true) }
        for (score, count) in legit { bins[Bin.index(score)].add(score, Double(count), legitWeight, isFraud: false) }
        let total = bins.reduce(0) { $0 + $1.weight }
        guard total > 0 else {
            (expectedError, pValue) = (nil, 1)
            return
        }
        expectedError = bins.reduce(0) { $0 + abs($1.fraud - $1.scores) } / total
        var statistic = 0.0
        var degrees = 0.0
        for bin in bins where bin.variance > 0 {
            statistic += (bin.fraud - bin.scores) * (bin.fraud - bin.scores) / bin.variance
            degrees += 1
        }
        pValue = degrees > 0 ? ChiSquareDistribution.survival(statistic, degrees: degrees) : 1
    }

    private struct Bin {
        var weight = 0.0
        var fraud = 0.0
        var scores = 0.0
        /// Of the weighted frauds, if the scores were right: each label's weight, squared, by its share.
        var variance = 0.0

        static func index(_ score: Double) -> Int { min(9, Int(score * 10)) }

        mutating func add(_ score: Double, _ count: Double, _ weight: Double, isFraud: Bool) {
            self.weight += weight * count
            scores += weight * count * score
            if isFraud { fraud += weight * count }
            // (y - p)^2 of the label itself: unbiased for the variance where the scores are right.
            let gap = (isFraud ? 1 : 0) - score
            variance += weight * weight * count * gap * gap
        }
    }
}
