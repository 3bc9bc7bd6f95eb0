/// The truth about the decisions of a pane where labels are a sample: every label counts as many
/// requests as its sampling weight says (the Horvitz–Thompson estimate, 1952), in thousandths.
///
/// Made when the first label with a weight other than 1 comes; until then the counts of
/// ``Outcomes`` say the same, and of scores only what weights add to those is kept. Integers
/// throughout, so corrections are exact; sums hold 9 x 10^12 labels of the greatest weight.
public struct WeightedOutcomes: Sendable, Snapshottable {
    public private(set) var fraud = DecisionCounts()
    public private(set) var legit = DecisionCounts()
    private var fraudSquares = Squares()
    private var legitSquares = Squares()
    private var fraudScores: ScoreExcess
    private var legitScores: ScoreExcess

    /// Sums of squared weights, in millionths, of decisions that intervened and of those that did not.
    /// A label of the greatest weight adds 10^12, which 64 bits hold nine million times.
    private struct Squares: Sendable {
        var intervened: Int128 = 0
        var passed: Int128 = 0

        mutating func add(_ decision: Decision, _ weight: Int64, _ sign: Int64) {
            let square = Int128(sign) * Int128(weight) * Int128(weight)
            if decision.isIntervention { intervened += square } else { passed += square }
        }

        mutating func merge(_ other: Squares) {
            intervened += other.intervened
            passed += other.passed
        }
    }

    /// What unweighted outcomes are with the weight 1 each. O(1).
    init(fraud: DecisionCounts, legit: DecisionCounts, maxEntries: Int) {
        fraudScores = ScoreExcess(maxEntries: maxEntries)
        legitScores = ScoreExcess(maxEntries: maxEntries)
        for decision in Decision.allCases {
            self.fraud.add(decision, fraud[decision] * LabelEntry.weightUnit)
            self.legit.add(decision, legit[decision] * LabelEntry.weightUnit)
        }
        let unit = Int128(LabelEntry.weightUnit) * Int128(LabelEntry.weightUnit)
        fraudSquares = Squares(intervened: Int128(fraud.interventions) * unit, passed: Int128(fraud.total - fraud.interventions) * unit)
        legitSquares = Squares(intervened: Int128(legit.interventions) * unit, passed: Int128(legit.total - legit.interventions) * unit)
    }

    /// Adds a label (`sign` 1) or takes it back (-1).
    mutating func add(_ label: CountedLabel, sign: Int64 = 1) {
        let (decision, unit, weight) = (label.decision, label.scoreUnit, label.weight)
        switch label.outcome {
        case .fraud:
            fraud.add(decision, sign * weight)
            fraudSquares.add(decision, weight, sign)
            fraudScores.add(unit: unit, sign * (weight - LabelEntry.weightUnit))
        case .legit:
            legit.add(decision, sign * weight)
            legitSquares.add(decision, weight, sign)
            legitScores.add(unit: unit, sign * (weight - LabelEntry.weightUnit))
        case .withdrawn: break
        }
    }

    mutating func merge(_ other: WeightedOutcomes) {
        fraud.merge(other.fraud)
        legit.merge(other.legit)
        fraudSquares.merge(other.fraudSquares)
        legitSquares.merge(other.legitSquares)
        fraudScores.merge(other.fraudScores)
        legitScores.merge(other.legitScores)
    }

    /// Requests that the labels stand for.
    public var fraudTotal: Double { Self.whole(fraud.total) }
    public var legitTotal: Double { Self.whole(legit.total) }
    public static func whole(_ weight: Int64) -> Double { Double(weight) / Double(LabelEntry.weightUnit) }

    /// Weight of the labels of one kind in requests, and the sum of its squares.
    func sums(_ outcome: Outcome, intervened: Bool) -> (weight: Double, squares: Double) {
        let (counts, squares) = outcome == .fraud ? (fraud, fraudSquares) : (legit, legitSquares)
        let weight = intervened ? counts.interventions : counts.total - counts.interventions
        return (Self.whole(weight), Double(intervened ? squares.intervened : squares.passed) / Self.unitSquared)
    }

    private static let unitSquared = Double(LabelEntry.weightUnit) * Double(LabelEntry.weightUnit)

    /// A sketch's scores at a level at least, with the weight of their labels, ascending.
    func weighed(_ outcome: Outcome, _ sketch: ScoreSketch, level: Int) -> [ScoredLabels] {
        (outcome == .fraud ? fraudScores : legitScores).weighed(sketch, level: level)
    }

    public func encode(into writer: inout ByteWriter) {
        fraud.encode(into: &writer)
        legit.encode(into: &writer)
        for square in [fraudSquares.intervened, fraudSquares.passed, legitSquares.intervened, legitSquares.passed] { writer.write(wide: square) }
        fraudScores.encode(into: &writer)
        legitScores.encode(into: &writer)
    }

    public init(from reader: inout ByteReader) throws {
        fraud = try DecisionCounts(from: &reader)
        legit = try DecisionCounts(from: &reader)
        fraudSquares = Squares(intervened: try reader.readWide(), passed: try reader.readWide())
        legitSquares = Squares(intervened: try reader.readWide(), passed: try reader.readWide())
        fraudScores = try ScoreExcess(from: &reader)
        legitScores = try ScoreExcess(from: &reader)
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
