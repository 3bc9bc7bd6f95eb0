/// What is known and what is still to come of one stream of labels, for one cohort or window.
package struct StreamForecast: Sendable, Equatable {
    /// Labels so far.
    var known: Double
    /// Labels still to come: expectation and variance.
    package var remaining: Double
    package var variance: Double
    /// Mean sampling weight of a label.
    var weight: Double

    /// Expected final sum of weights, and its variance.
    var total: Double { weight * (known + remaining) }
    var totalVariance: Double { weight * weight * variance }

    /// Logarithm of the chance that none is to come; see ``make(known:decisions:arrived:arrivedVariance:level:dispersion:weight:)``.
    package var logNone: Double {
        guard remaining > 0 else { return 0 }
        guard variance > remaining * (1 + 1e-9) else { return -remaining }
        return -remaining * remaining / (variance - remaining) * RealFunctions.log(variance / remaining)
    }

    /// The labels of a cohort are Poisson about `decisions x rate x arrived`, its rate is
    /// gamma-distributed about `level` with relative variance `dispersion`. Given the known labels
    /// the rate is gamma again, and what is to come negative binomial: with little known it is what
    /// the level says, with much what the labels say (Bornhuetter–Ferguson 1972 to chain ladder,
    /// weighted by credibility).
    ///
    /// - Parameters:
    ///   - arrived: expected share of the stream's labels that has arrived, 0...1, and its relative variance.
    ///   - level: the neighbourhood's rate. Where delays are slower than supposed it is too low and more of the
    ///     cohort is to come, so the errors of the two add up as far as they are one.
    package static func make(
        known: Double, decisions: Double, arrived: Double, arrivedVariance: Double, level: LevelForecast, dispersion: Double, weight: Double
    ) -> StreamForecast {
        let shape = 1 / dispersion
        func remaining(_ arrived: Double) -> Double {
            (shape + known) * decisions * (1 - arrived) / (shape / level.rate + decisions * arrived)
        }
        let mean = remaining(arrived)
        // What the uncertainty of the delays adds, by a central difference in the logarithm of `arrived`.
        let step = 0.05
        let (up, down) = (RealFunctions.exp(step), RealFunctions.exp(-step))
        let slope = (remaining(min(1, arrived * up)) - remaining(arrived * down)) / (2 * step)
        let leaning = shape / level.rate / (shape / level.rate + decisions * arrived)
        let (own, leaned) = (abs(slope), mean * leaning)
        let ofDelays = own * own * arrivedVariance + leaned * leaned * level.delayVariance + 2 * own * leaned * level.sharedVariance
        return StreamForecast(
            known: known, remaining: mean, variance: mean + mean * mean / (shape + known) + ofDelays, weight: weight)
    }
}

/// The rate of a stream in a neighbourhood, and how sure it is.
package struct LevelForecast: Sendable, Equatable {
    /// Labels a decision has in the end.
    var rate: Double
    /// Relative variance from the number of labels.
    var variance: Double
    /// Relative variance that the delays are to blame for, and its covariance with that of the share in question that has arrived.
    var delayVariance: Double
    var sharedVariance: Double

    package init(rate: Double, variance: Double, delayVariance: Double, sharedVariance: Double) {
        self.rate = rate
        self.variance = variance
        self.delayVariance = delayVariance
        self.sharedVariance = sharedVariance
    }
}
