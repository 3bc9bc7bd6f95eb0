import Foundation

/// The soonest that a change can be told from chance at a level of false alarms, by whatever method that knew everything else.
///
/// A test that knows the distribution before the change exactly, and the change itself, gathers the
/// Kullback-Leibler divergence of the two per observation on average; it needs ln(1 / level) of it
/// (Lorden 1971: no detection procedure is faster in the mean). What is estimated here, the level before
/// the change above all, only takes longer.
struct InformationBound {
    /// Nats in a day.
    var perDay: Double
    /// Days before the change can show at all: labels that are still to come.
    var waitDays = 0.0

    /// Poisson counts of `mean` a day that become `factor` times as many.
    init(count mean: Double, times factor: Double, waitDays: Double = 0) {
        perDay = mean * (factor * log(factor) - factor + 1)
        self.waitDays = waitDays
    }

    /// `n` rows a day, a share p of which becomes q.
    init(rows n: Double, share p: Double, becomes q: Double, waitDays: Double = 0) {
        let term = { (a: Double, b: Double) in a > 0 ? a * log(a / b) : 0 }
        perDay = n * (term(q, p) + term(1 - q, 1 - p))
        self.waitDays = waitDays
    }

    /// `n` rows a day whose mean moves by so many standard deviations, were they normal.
    init(rows n: Double, sigma: Double) { perDay = n * sigma * sigma / 2 }

    /// - Parameter level: of false alarms, over everything that is tested at once.
    func days(level: Double) -> Double { waitDays - log(level) / perDay }
}
