/// The truth about the decisions of one pane, by decision time: what a label adds and a
/// correction takes back, exactly.
public struct Outcomes: Sendable {
    public private(set) var fraud = DecisionCounts()
    public private(set) var legit = DecisionCounts()
    public private(set) var fraudScores: ScoreSketch
    public private(set) var legitScores: ScoreSketch

    init(_ configuration: PaneConfiguration) {
        fraudScores = ScoreSketch(maxEntries: configuration.scoreEntries)
        legitScores = ScoreSketch(maxEntries: configuration.scoreEntries)
    }

    public var labelled: Int64 { fraud.total + legit.total }

    mutating func add(_ outcome: Outcome, decision: Decision, score: Double) {
        switch outcome {
        case .fraud:
            fraud.add(decision)
            fraudScores.add(score)
        case .legit:
            legit.add(decision)
            legitScores.add(score)
        case .withdrawn: break
        }
    }

    mutating func remove(_ outcome: Outcome, decision: Decision, score: Double) {
        switch outcome {
        case .fraud:
            fraud.add(decision, -1)
            fraudScores.remove(score)
        case .legit:
            legit.add(decision, -1)
            legitScores.remove(score)
        case .withdrawn: break
        }
    }

    mutating func merge(_ others: ContiguousArray<Outcomes>) {
        for other in others {
            fraud.merge(other.fraud)
            legit.merge(other.legit)
        }
        fraudScores.merge(ContiguousArray(others.map(\.fraudScores)))
        legitScores.merge(ContiguousArray(others.map(\.legitScores)))
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
    }

    init(from reader: inout ByteReader) throws {
        fraud = try DecisionCounts(from: &reader)
        legit = try DecisionCounts(from: &reader)
        fraudScores = try ScoreSketch(from: &reader)
        legitScores = try ScoreSketch(from: &reader)
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
