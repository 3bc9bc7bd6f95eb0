/// Which decisions are borderline: from half of the model's lowest threshold up, or from a configured score.
struct BorderlineZone: Equatable {
    private let from: Double?
    /// Lowest threshold seen last, per model; NaN before the first.
    private var thresholds: [Double]

    init(from: Double?, models: Int) {
        self.from = from
        thresholds = Array(repeating: .nan, count: models)
    }

    mutating func note(_ decisions: Span<ObservedDecision>) {
        for place in decisions.indices where !decisions[place].isConflict {
            let (batch, row) = (decisions[place].batch, decisions[place].index)
            let challenge = batch.thresholdChallenge[row]
            let lowest = challenge.isNaN ? batch.thresholdBlock[row] : challenge
            if !lowest.isNaN { thresholds[Int(decisions[place].row.model)] = lowest }
        }
    }

    /// Whether a score is known to lie below the borderline.
    func isClear(_ score: Double, _ model: Int) -> Bool { score < (from ?? thresholds[model] / 2) }

    /// The stratum of a borderline score; nil for any other.
    func stratum(_ score: Double, _ model: Int) -> Int? {
        let low = from ?? thresholds[model] / 2
        guard score >= low, low < 1 else { return nil }
        return min(LabelPeerTest.strata - 1, Int((score - low) / (1 - low) * Double(LabelPeerTest.strata)))
    }

    func encode(into writer: inout ByteWriter) { for threshold in thresholds { writer.write(double: threshold) } }

    mutating func restore(from reader: inout ByteReader) throws {
        for place in thresholds.indices { thresholds[place] = try reader.readDouble() }
    }
}
