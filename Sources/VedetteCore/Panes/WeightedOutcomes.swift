/// The truth about the decisions of a pane where labels are a sample: every label counts as many
/// requests as its sampling weight says (the Horvitz–Thompson estimate, 1952), in thousandths.
///
/// Made when the first label with a weight other than 1 comes; until then the counts of
/// ``Outcomes`` say the same. Integers throughout, so corrections are exact.
public struct WeightedOutcomes: Sendable, Snapshottable {
    public private(set) var fraud = DecisionCounts()
    public private(set) var legit = DecisionCounts()
    public private(set) var fraudScores: ScoreSketch
    public private(set) var legitScores: ScoreSketch

    /// What unweighted outcomes are with the weight 1 each. O(distinct scores).
    init(fraud: DecisionCounts, legit: DecisionCounts, fraudScores: ScoreSketch, legitScores: ScoreSketch) {
        self.fraud = Self.scaled(fraud)
        self.legit = Self.scaled(legit)
        self.fraudScores = Self.scaled(fraudScores)
        self.legitScores = Self.scaled(legitScores)
    }

    private static func scaled(_ counts: DecisionCounts) -> DecisionCounts {
        var result = DecisionCounts()
        for decision in Decision.allCases { result.add(decision, counts[decision] * LabelEntry.weightUnit) }
        return result
    }

    /// Merging a sketch with itself doubles its counts, and keeps its level and its limit.
    private static func scaled(_ sketch: ScoreSketch) -> ScoreSketch {
        var result = ScoreSketch(maxEntries: sketch.maxEntries)
        var power = sketch
        var rest = LabelEntry.weightUnit
        while rest > 0 {
            if rest & 1 == 1 { result.merge(power) }
            rest >>= 1
            if rest > 0 { power.merge(power) }
        }
        return result
    }

    mutating func add(_ outcome: Outcome, decision: Decision, score: Double, weight: Int64) {
        switch outcome {
        case .fraud:
            fraud.add(decision, weight)
            fraudScores.add(unit: ScoreSketch.unit(of: score), count: weight)
        case .legit:
            legit.add(decision, weight)
            legitScores.add(unit: ScoreSketch.unit(of: score), count: weight)
        case .withdrawn: break
        }
    }

    mutating func remove(_ outcome: Outcome, decision: Decision, score: Double, weight: Int64) {
        switch outcome {
        case .fraud:
            fraud.add(decision, -weight)
            fraudScores.remove(unit: ScoreSketch.unit(of: score), count: weight)
        case .legit:
            legit.add(decision, -weight)
            legitScores.remove(unit: ScoreSketch.unit(of: score), count: weight)
        case .withdrawn: break
        }
    }

    mutating func merge(_ other: WeightedOutcomes) {
        fraud.merge(other.fraud)
        legit.merge(other.legit)
        fraudScores.merge(other.fraudScores)
        legitScores.merge(other.legitScores)
    }

    mutating func compact() {
        fraudScores.compact()
        legitScores.compact()
    }

    /// Requests that the labels stand for.
    public var fraudTotal: Double { Self.whole(fraud.total) }
    public var legitTotal: Double { Self.whole(legit.total) }
    public static func whole(_ weight: Int64) -> Double { Double(weight) / Double(LabelEntry.weightUnit) }

    public func encode(into writer: inout ByteWriter) {
        fraud.encode(into: &writer)
        legit.encode(into: &writer)
        fraudScores.encode(into: &writer)
        legitScores.encode(into: &writer)
    }

    public init(from reader: inout ByteReader) throws {
        fraud = try DecisionCounts(from: &reader)
        legit = try DecisionCounts(from: &reader)
        fraudScores = try ScoreSketch(from: &reader)
        legitScores = try ScoreSketch(from: &reader)
    }
}

extension DecisionCounts {
    public subscript(_ decision: Decision) -> Int64 {
        switch decision {
        case .allow: allow
        case .challenge: challenge
        case .block: block
        case .escalate: escalate
        case .log: log
        }
    }
}
