/// Where a window stands against a breaker's metric; nothing with too few rows.
struct BreakerLevel: Equatable {
    var isOver: Bool
    var isClear: Bool

    /// Normal quantile of a two-sided 99.9 % interval.
    private static let z = 3.290526731

    /// - Parameter labelFree: the fraud rate that the scores of the window expect; asked only where the rule is about it.
    init?(_ rule: BreakerMetricRule, _ pane: Pane, labelFree: () -> Double?) {
        guard let measured = Self.measure(rule.metric, pane, labelFree), measured.count >= max(1, rule.minCount) else { return nil }
        isClear = measured.value <= rule.above * rule.clearRatio
        if let successes = measured.successes, let interval = WilsonInterval(successes: successes, n: measured.count, z: Self.z) {
            isOver = interval.interval.lower > rule.above
        } else {
            isOver = measured.value > rule.above
        }
    }

    private struct Measured {
        var value: Double
        var successes: Int64?
        var count: Int64
    }

    /// Value, successes where it is a rate, and the rows behind it.
    private static func measure(_ metric: BreakerMetricRule.Metric, _ pane: Pane, _ labelFree: () -> Double?) -> Measured? {
        func rate(_ successes: Int64, _ count: Int64) -> Measured? {
            count > 0 ? Measured(value: Double(successes) / Double(count), successes: successes, count: count) : nil
        }
        switch metric {
        case .fraudRate: return pane.outcomes.flatMap { rate($0.fraud.total, $0.labelled) }
        case .allowedFraudRate: return pane.outcomes.flatMap { rate($0.fraud.allow, $0.fraud.allow + $0.legit.allow) }
        case .labelFreeFraudRate: return labelFree().map { Measured(value: $0, successes: nil, count: pane.total) }
        case .meanScore: return pane.score.mean.map { Measured(value: $0, successes: nil, count: pane.total) }
        case .allowShare: return rate(pane.decisions.allow, pane.total)
        case .challengeShare: return rate(pane.decisions.challenge, pane.total)
        case .blockShare: return rate(pane.decisions.block, pane.total)
        case .modelOnlyShare: return rate(pane.modelOnly, pane.signalsKnown)
        }
    }
}

/// The traffic of an hour, as far as a breaker's policy touches it.
package struct BreakerTraffic: Sendable, Equatable {
    /// Decisions of the model, of the slice, and of the slice those that the policy changes.
    package var model: Int64
    package var slice: Int64
    package var touched: Int64
    /// Amount of the touched decisions; nil where decisions carry none.
    package var amount: Double?
    /// Share of such amounts that is fraud; nil where labels do not say.
    package var fraudShare: Double?

    package init(model: Int64, slice: Int64, touched: Int64, amount: Double?, fraudShare: Double? = nil) {
        self.model = model
        self.slice = slice
        self.touched = touched
        self.amount = amount
        self.fraudShare = fraudShare
    }
}

/// The words of the breaker and control records.
package enum BreakerWords {
    package static func state(_ state: BreakerState) -> String {
        switch state {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "half_open"
        }
    }
}
