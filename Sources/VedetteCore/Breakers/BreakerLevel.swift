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
        if let trials = measured.trials, let interval = WilsonInterval.interval(of: measured.value, trials: trials, z: Self.z) {
            isOver = interval.lower > rule.above
        } else {
            isOver = measured.value > rule.above
        }
    }

    private struct Measured {
        var value: Double
        /// Independent rows that tell as much as those behind it, where it is a rate.
        var trials: Double?
        var count: Int64
    }

    /// Value, what it is worth where it is a rate, and the rows behind it.
    private static func measure(_ metric: BreakerMetricRule.Metric, _ pane: Pane, _ labelFree: () -> Double?) -> Measured? {
        func rate(_ successes: Int64, _ count: Int64) -> Measured? {
            count > 0 ? Measured(value: Double(successes) / Double(count), trials: Double(count), count: count) : nil
        }
        switch metric {
        case .fraudRate: return pane.boxedOutcomes.flatMap { fraud($0.outcomes, among: Decision.allCases) }
        case .allowedFraudRate: return pane.boxedOutcomes.flatMap { fraud($0.outcomes, among: [.allow]) }
        case .labelFreeFraudRate: return labelFree().map { Measured(value: $0, trials: nil, count: pane.total) }
        case .meanScore: return pane.score.mean.map { Measured(value: $0, trials: nil, count: pane.total) }
        case .allowShare: return rate(pane.decisions.allow, pane.total)
        case .challengeShare: return rate(pane.decisions.challenge, pane.total)
        case .blockShare: return rate(pane.decisions.block, pane.total)
        case .modelOnlyShare: return rate(pane.modelOnly, pane.signalsKnown)
        }
    }

    /// Share of fraud among labelled decisions, each label by its sampling weight: legit labels that are a sample of one in five count as five.
    private static func fraud(_ outcomes: Outcomes, among decisions: [Decision]) -> Measured? {
        guard outcomes.isWeighted else {
            let (fraud, legit) = decisions.reduce((0, 0)) { ($0.0 + outcomes.fraud[$1], $0.1 + outcomes.legit[$1]) }
            return fraud + legit > 0 ? Measured(value: Double(fraud) / Double(fraud + legit), trials: Double(fraud + legit), count: fraud + legit) : nil
        }
        var share = StratifiedWeights()
        for intervened in [false, true] where decisions.contains(where: { $0.isIntervention == intervened }) {
            share.add(outcomes.sampled(.fraud, intervened: intervened), isFraud: true)
            share.add(outcomes.sampled(.legit, intervened: intervened), isFraud: false)
        }
        return share.rate.map { Measured(value: $0, trials: share.trials, count: share.labels) }
    }
}

/// The share of fraud from labels that stand for several requests each, and how many labels without weights would tell as much.
struct StratifiedWeights {
    private(set) var labels: Int64 = 0
    private var fraud = 0.0
    private var legit = 0.0
    /// Sums of the squared weights.
    private var fraudSquares = 0.0
    private var legitSquares = 0.0

    mutating func add(_ added: SampledCount, isFraud: Bool) {
        guard added.count > 0, added.weight > 0 else { return }
        labels += added.count
        if isFraud {
            (fraud, fraudSquares) = (fraud + added.weight, fraudSquares + added.squares)
        } else {
            (legit, legitSquares) = (legit + added.weight, legitSquares + added.squares)
        }
    }

    /// Nil without labels.
    var rate: Double? { fraud + legit > 0 ? fraud / (fraud + legit) : nil }

    /// p (1 - p) over the variance of the ratio by linearisation (Hájek): the number of labels where each weighs the same. Where all
    /// are of one outcome, Kish's (sum of weights)² over the sum of their squares.
    var trials: Double? {
        guard let p = rate else { return nil }
        let total = fraud + legit
        guard p > 0, p < 1 else { return total * total / (fraudSquares + legitSquares) }
        return p * (1 - p) * total * total / (fraudSquares * (1 - p) * (1 - p) + legitSquares * p * p)
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
