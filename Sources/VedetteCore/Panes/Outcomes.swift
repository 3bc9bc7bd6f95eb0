/// The truth about the decisions of one pane, by decision time: what a label adds and a
/// correction takes back, exactly.
public struct Outcomes: Sendable {
    // What every label changes comes first, then what those of one outcome change, side by side: each of a label's panes waits for memory.
    public private(set) var breakdown = LabelBreakdown()
    /// At most one: apart, since it is large and seldom there.
    private var weights: ContiguousArray<WeightedOutcomes> = []
    public private(set) var fraud = DecisionCounts()
    public private(set) var fraudScores: ScoreSketch
    public private(set) var fraudMoney = MoneyTotals()
    public private(set) var legit = DecisionCounts()
    public private(set) var legitScores: ScoreSketch
    public private(set) var legitMoney = MoneyTotals()

    /// - Parameter scoreEntries: of ``PaneConfiguration/scoreEntries``.
    init(scoreEntries: Int) {
        fraudScores = ScoreSketch(maxEntries: scoreEntries)
        legitScores = ScoreSketch(maxEntries: scoreEntries)
    }

    /// What a label changes and has memory of its own, to be asked for early and not to be read.
    @inline(__always)
    mutating func addresses(_ outcome: Outcome) -> InlineArray<3, UnsafeRawPointer?> {
        let scores = outcome == .fraud ? fraudScores.addresses : legitScores.addresses
        return [scores[0], scores[1], breakdown.address]
    }

    public var labelled: Int64 { fraud.total + legit.total }
    /// nil while every label stands for one request.
    public var weighted: WeightedOutcomes? { weights.first }
    public var isWeighted: Bool { !weights.isEmpty }

    /// Takes back a label that was added. One that was not changes nothing, and the answer is false.
    mutating func remove(_ label: CountedLabel) -> Bool {
        switch label.outcome {
        case .fraud: guard fraudScores.remove(unit: label.scoreUnit, count: 1) else { return false }
        case .legit: guard legitScores.remove(unit: label.scoreUnit, count: 1) else { return false }
        case .withdrawn: return false
        }
        // The label came with its weight, so where it had one, `weighted` is there.
        if !weights.isEmpty { weights[0].add(label, sign: -1) }
        breakdown.add(label.outcome, tier: label.tier, kind: label.kind, count: -1)
        switch label.outcome {
        case .fraud:
            fraud.add(label.decision, -1)
            fraudMoney.add(label.amount, label.decision, sign: -1)
        case .legit:
            legit.add(label.decision, -1)
            legitMoney.add(label.amount, label.decision, sign: -1)
        case .withdrawn: break
        }
        return true
    }

    mutating func add(_ label: CountedLabel) {
        if label.weight != LabelEntry.weightUnit, weights.isEmpty { weights = [allAtWeightOne] }
        if !weights.isEmpty { weights[0].add(label) }
        breakdown.add(label.outcome, tier: label.tier, kind: label.kind, count: 1)
        switch label.outcome {
        case .fraud:
            fraud.add(label.decision)
            fraudScores.add(unit: label.scoreUnit, count: 1)
            fraudMoney.add(label.amount, label.decision)
        case .legit:
            legit.add(label.decision)
            legitScores.add(unit: label.scoreUnit, count: 1)
            legitMoney.add(label.amount, label.decision)
        case .withdrawn: break
        }
    }

    private var allAtWeightOne: WeightedOutcomes {
        WeightedOutcomes(fraud: fraud, legit: legit, maxEntries: min(fraudScores.maxEntries, legitScores.maxEntries))
    }

    /// How well scores can be read as probabilities; by sampling weight where labels have one. nil where nothing is labelled.
    public var calibration: Calibration? {
        guard let weighted else { return Calibration(fraud: fraudScores, legit: legitScores) }
        let level = max(fraudScores.level, legitScores.level)
        let weights = { (labels: [ScoredLabels]) in labels.map { (value: $0.value, count: $0.weight) } }
        return Calibration(
            weights(scoredLabels(.fraud, level: level)), weights(scoredLabels(.legit, level: level)), total: weighted.fraud.total + weighted.legit.total)
    }

    /// Labels of one outcome by their scores, at a level of the sketch at least, ascending. O(distinct scores).
    package func scoredLabels(_ outcome: Outcome, level: Int = 0) -> [ScoredLabels] {
        let sketch = outcome == .fraud ? fraudScores : legitScores
        if let weighted { return weighted.weighed(outcome, sketch, level: level) }
        let coarse = sketch.coarsened(toLevel: level)
        return coarse.map { ScoredLabels(value: $0.value, resolution: coarse.resolution, count: $0.count, weight: $0.count &* LabelEntry.weightUnit) }
    }

    /// Labels of decisions that intervened, or of those that did not, with what they stand for.
    package func sampled(_ outcome: Outcome, intervened: Bool) -> SampledCount {
        let counts = outcome == .fraud ? fraud : legit
        let count = intervened ? counts.interventions : counts.total - counts.interventions
        guard let weighted else { return SampledCount(count) }
        let sums = weighted.sums(outcome, intervened: intervened)
        return SampledCount(count: count, weight: sums.weight, squares: sums.squares)
    }

    package func all(_ outcome: Outcome) -> SampledCount { sampled(outcome, intervened: true) + sampled(outcome, intervened: false) }

    /// Of one outcome's labels, those of decisions that intervened as events among all.
    package func intervened(_ outcome: Outcome) -> SampledShare {
        SampledShare(events: sampled(outcome, intervened: true), others: sampled(outcome, intervened: false))
    }

    mutating func merge(_ others: ContiguousArray<OutcomesBox>) {
        if !weights.isEmpty || others.contains(where: { !$0.outcomes.weights.isEmpty }) {
            if weights.isEmpty { weights = [allAtWeightOne] }
            for other in others { weights[0].merge(other.outcomes.weighted ?? other.outcomes.allAtWeightOne) }
        }
        for other in others {
            breakdown.merge(other.outcomes.breakdown)
            fraudMoney.merge(other.outcomes.fraudMoney)
            legitMoney.merge(other.outcomes.legitMoney)
            fraud.merge(other.outcomes.fraud)
            legit.merge(other.outcomes.legit)
        }
        fraudScores.merge(ContiguousArray(others.lazy.map(\.outcomes.fraudScores)))
        legitScores.merge(ContiguousArray(others.lazy.map(\.outcomes.legitScores)))
    }

    mutating func compact() {
        fraudScores.compact()
        legitScores.compact()
    }

    /// Confusion counts when "positive" means block, or anything that intervenes.
    public var atBlock: Confusion { confusion { $0.block } }
    public var atIntervention: Confusion { confusion { $0.interventions } }

    private func confusion(_ positive: (DecisionCounts) -> Int64) -> Confusion {
        let tp = positive(fraud)
        let fp = positive(legit)
        return Confusion(tp: tp, fp: fp, fn: fraud.total - tp, tn: legit.total - fp)
    }

    func encode(into writer: inout ByteWriter) {
        fraud.encode(into: &writer)
        legit.encode(into: &writer)
        fraudScores.encode(into: &writer)
        legitScores.encode(into: &writer)
        fraudMoney.encode(into: &writer)
        legitMoney.encode(into: &writer)
        breakdown.encode(into: &writer)
        writer.write(bool: !weights.isEmpty)
        weighted?.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        fraud = try DecisionCounts(from: &reader)
        legit = try DecisionCounts(from: &reader)
        fraudScores = try ScoreSketch(from: &reader)
        legitScores = try ScoreSketch(from: &reader)
        fraudMoney = try MoneyTotals(from: &reader)
        legitMoney = try MoneyTotals(from: &reader)
        breakdown = try LabelBreakdown(from: &reader)
        weights = try reader.readBool() ? [try WeightedOutcomes(from: &reader)] : []
    }
}

/// Labelled decisions by what was decided and what was true.
public struct Confusion: Sendable, Equatable {
    public var tp: Int64
    public var fp: Int64
    public var fn: Int64
    public var tn: Int64

    public init(tp: Int64, fp: Int64, fn: Int64, tn: Int64) {
        self.tp = tp
        self.fp = fp
        self.fn = fn
        self.tn = tn
    }

    /// tp / (tp + fp); nil without positives.
    public var precision: Double? { Self.ratio(tp, tp + fp) }
    /// tp / (tp + fn); nil without fraud.
    public var recall: Double? { Self.ratio(tp, tp + fn) }
    /// fp / (fp + tn); nil without legit.
    public var falsePositiveRate: Double? { Self.ratio(fp, fp + tn) }

    private static func ratio(_ a: Int64, _ b: Int64) -> Double? { b > 0 ? Double(a) / Double(b) : nil }
}
