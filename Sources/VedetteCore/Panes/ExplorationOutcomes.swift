/// Labels weighted by what each stands for: its sampling weight over the probability with which
/// the policy let its request through (inverse-probability weighting; Horvitz and Thompson 1952).
///
/// Blocked traffic gives no labels. Where the decision states an exploration probability below 1,
/// a request that was let through stands for 1/p like it, most of which were blocked: it counts as
/// caught, with that weight. Labels of blocked requests that state a probability are left out, since
/// those that were let through stand for them. Requests without a probability count as they are.
///
/// Weights are bounded by ``maxWeight`` (which biases rates of what is explored more rarely than
/// that towards what is not, and is stated in the record) and kept in thousandths, their squares in
/// millionths of 128 bits (nine million labels of the greatest weight fill 64), so that a correction
/// takes back exactly what was added.
public final class ExplorationOutcomes {
    public static let maxWeight = 1_000.0
    private static let unit = 1_000.0

    /// Per cell: labels, sum of weights, sum of squares.
    public struct Cell: Sendable, Equatable {
        public var count: Int64 = 0
        fileprivate var weights: Int64 = 0
        fileprivate var squares: Int128 = 0
        public var weight: Double { Double(weights) / ExplorationOutcomes.unit }
        public var squared: Double { Double(squares) / (ExplorationOutcomes.unit * ExplorationOutcomes.unit) }
    }

    private var cells: InlineArray<6, Cell> = InlineArray(repeating: Cell())
    /// Labels whose weight was bounded, and labels that exploration let through.
    public private(set) var bounded: Int64 = 0
    public private(set) var explored: Int64 = 0

    package subscript(stream: LabelStream) -> Cell { cells[stream.rawValue] }

    /// - Parameter sign: 1 to add, -1 to take back.
    func add(_ label: CountedLabel, sign: Int64) {
        let isExplored = label.exploration > 0 && label.exploration < 1
        if isExplored, label.decision.isIntervention { return }
        // Let through by exploration: the policy itself would have blocked it.
        guard let stream = LabelStream(label.outcome, isExplored ? .block : label.decision) else { return }
        let full = Double(label.weight) / Self.unit / (isExplored ? Double(label.exploration) : 1)
        let thousandths = Int64((min(full, Self.maxWeight) * Self.unit).rounded())
        if full > Self.maxWeight { bounded += sign }
        if isExplored { explored += sign }
        cells[stream.rawValue].count += sign
        cells[stream.rawValue].weights += sign * thousandths
        cells[stream.rawValue].squares += Int128(sign * thousandths) * Int128(thousandths)
    }

    func merge(_ other: ExplorationOutcomes) {
        for stream in LabelStream.allCases {
            cells[stream.rawValue].count += other[stream].count
            cells[stream.rawValue].weights += other[stream].weights
            cells[stream.rawValue].squares += other[stream].squares
        }
        bounded += other.bounded
        explored += other.explored
    }

    /// A weighted share with its standard error and interval.
    public struct Share: Sendable, Equatable {
        public var value: Double
        public var interval: Interval
        /// Labels that would tell as much unweighted: (sum of weights)^2 over the sum of squares (Kish 1965).
        public var effectiveLabels: Double
    }

    /// The ratio (Hájek) estimate of a measure, its variance by linearisation: the weighted squares
    /// of label minus share, over the squared sum of weights (Särndal, Swensson and Wretman 1992, 5.6).
    /// The interval is on the arcsine scale, so that it stays within 0...1. Nil without labels.
    public func share(_ measure: NowcastMeasure, confidence: Double = 0.95) -> Share? {
        func sum(_ streams: [LabelStream], _ path: (Cell) -> Double) -> Double { streams.reduce(0) { $0 + path(self[$1]) } }
        let (inside, outside) = (sum(measure.numerator, \.weight), sum(measure.complement, \.weight))
        let total = inside + outside
        guard total > 0 else { return nil }
        let p = inside / total
        let squares = (sum(measure.numerator, \.squared), sum(measure.complement, \.squared))
        let variance = (squares.0 * (1 - p) * (1 - p) + squares.1 * p * p) / (total * total)
        let z = NormalDistribution.quantile(0.5 + confidence / 2)
        // Where all labels are alike the error is not 0: half a mean weight of the other kind is supposed.
        let half = (squares.0 + squares.1) / total / 2
        let q = min(max(p, half / (total + 2 * half)), 1 - half / (total + 2 * half))
        let spread = variance > 0
            ? (variance / (p * (1 - p))).squareRoot() : ((squares.0 + squares.1) / (total * total)).squareRoot()
        let middle = RatioForecast.arcsine(q)
        func back(_ angle: Double) -> Double {
            let root = RealFunctions.sin(min(Double.pi, max(0, angle)) / 2)
            return root * root
        }
        return Share(
            value: p, interval: Interval(lower: min(p, back(middle - z * spread)), upper: max(p, back(middle + z * spread))),
            effectiveLabels: total * total / (squares.0 + squares.1))
    }

    /// Whether any label so far was more than itself.
    static func isNeeded(_ label: CountedLabel) -> Bool { label.weight != LabelEntry.weightUnit || label.exploration > 0 }

    func encode(into writer: inout ByteWriter) {
        for stream in LabelStream.allCases {
            writer.write(signed: self[stream].count)
            writer.write(signed: self[stream].weights)
            writer.write(wide: self[stream].squares)
        }
        writer.write(signed: bounded)
        writer.write(signed: explored)
    }

    public init() {}

    /// All labels so far, when none of them had a weight or a probability.
    init(fraud: DecisionCounts, legit: DecisionCounts) {
        for decision in Decision.allCases {
            for (outcome, counts) in [(Outcome.fraud, fraud), (.legit, legit)] {
                guard let stream = LabelStream(outcome, decision) else { continue }
                cells[stream.rawValue].count += counts[decision]
                cells[stream.rawValue].weights += counts[decision] * Int64(Self.unit)
                cells[stream.rawValue].squares += Int128(counts[decision]) * Int128(Self.unit * Self.unit)
            }
        }
    }

    init(from reader: inout ByteReader) throws {
        for stream in LabelStream.allCases {
            cells[stream.rawValue] = Cell(
                count: try reader.readSigned(), weights: try reader.readSigned(), squares: try reader.readWide())
        }
        bounded = try reader.readSigned()
        explored = try reader.readSigned()
    }
}
