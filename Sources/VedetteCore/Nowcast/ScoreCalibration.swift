/// What scores have come to mean: the share of fraud by score, learned on labelled decisions.
///
/// Labels are weighted by their sampling weight over the expected share of their kind that has
/// arrived, so that a month of half-mature labels is as fair a sample as an old one.
package struct ScoreCalibration: Sendable, Equatable {
    package private(set) var curve: IsotonicRegression
    /// Labels it was learned on.
    private(set) var labels: Int64
    private(set) var fraud: Int64
    /// Decisions of `start ..< end` (ms) had them.
    private(set) var start: Int64
    private(set) var end: Int64

    /// Labels of each outcome without which nothing is learned.
    static let minLabels: Int64 = 30

    /// Labelled decisions of one cohort.
    package struct Sample {
        package var fraud: ScoreSketch
        package var legit: ScoreSketch
        package var fraudWeight: Double
        package var legitWeight: Double

        package init(fraud: ScoreSketch, legit: ScoreSketch, fraudWeight: Double, legitWeight: Double) {
            self.fraud = fraud
            self.legit = legit
            self.fraudWeight = fraudWeight
            self.legitWeight = legitWeight
        }
    }

    /// Nil with too few labels. O(k log k) for k distinct scores.
    package init?(_ samples: [Sample], start: Int64, end: Int64) {
        (labels, fraud, self.start, self.end) = (0, 0, start, end)
        var points: [IsotonicRegression.Point] = []
        for sample in samples {
            labels += sample.fraud.total + sample.legit.total
            fraud += sample.fraud.total
            for (score, count) in sample.fraud {
                let weight = sample.fraudWeight * Double(count)
                points.append(IsotonicRegression.Point(score: score, weight: weight, positive: weight))
            }
            for (score, count) in sample.legit {
                points.append(IsotonicRegression.Point(score: score, weight: sample.legitWeight * Double(count), positive: 0))
            }
        }
        guard fraud >= Self.minLabels, labels - fraud >= Self.minLabels else { return nil }
        points.sort { ($0.score, $0.positive, $0.weight) < ($1.score, $1.positive, $1.weight) }
        var merged: [IsotonicRegression.Point] = []
        for point in points {
            if merged.last?.score == point.score {
                merged[merged.count - 1].weight += point.weight
                merged[merged.count - 1].positive += point.positive
            } else {
                merged.append(point)
            }
        }
        curve = IsotonicRegression(merged)
    }

    func encode(into writer: inout ByteWriter) {
        for value in [labels, fraud, start, end] { writer.write(signed: value) }
        curve.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        labels = try reader.readSigned()
        fraud = try reader.readSigned()
        start = try reader.readSigned()
        end = try reader.readSigned()
        curve = try IsotonicRegression(from: &reader)
    }
}

/// Performance as the scores alone would have it: confidence-based performance estimation, as
/// NannyML defines it for two classes.
///
/// Each decision counts as fraud with its calibrated probability. It needs no labels of the window,
/// and it is right exactly as long as the scores mean what they meant: where fraud changes and
/// scores do not, it sees nothing. So it is stated beside the nowcast, and a gap between the two is a sign.
public struct LabelFreeEstimate: Sendable, Equatable {
    public let fraudRate: Double
    /// Nil without expected fraud, and without decisions that intervened.
    public let recallAtBlock: Double?
    public let recallAtIntervention: Double?
    public let precisionAtBlock: Double?
    public let precisionAtIntervention: Double?
    public let auc: Double?
    /// Labels that the calibration was learned on.
    public let calibratedOn: Int64

    /// Nil without decisions. O(distinct scores).
    package init?(all: ScoreSketch, challenged: ScoreSketch?, blocked: ScoreSketch?, _ calibration: ScoreCalibration) {
        guard all.total > 0, !calibration.curve.isEmpty else { return nil }
        func expected(_ sketch: ScoreSketch?) -> Double {
            guard let sketch else { return 0 }
            return sketch.reduce(0) { $0 + Double($1.count) * calibration.curve.value(at: $1.value) }
        }
        let total = Double(all.total)
        let fraud = expected(all)
        let inBlock = expected(blocked)
        let inBoth = inBlock + expected(challenged)
        let blocks = Double(blocked?.total ?? 0)
        let interventions = blocks + Double(challenged?.total ?? 0)
        fraudRate = fraud / total
        recallAtBlock = fraud > 0 ? inBlock / fraud : nil
        recallAtIntervention = fraud > 0 ? inBoth / fraud : nil
        precisionAtBlock = blocks > 0 ? inBlock / blocks : nil
        precisionAtIntervention = interventions > 0 ? inBoth / interventions : nil
        calibratedOn = calibration.labels
        auc = Self.area(all, fraud: fraud, total: total, calibration)
    }

    /// Under the ROC curve of expected counts, decisions of one score together.
    private static func area(_ all: ScoreSketch, fraud: Double, total: Double, _ calibration: ScoreCalibration) -> Double? {
        guard fraud > 0, fraud < total else { return nil }
        var area = 0.0
        var legitBelow = 0.0
        for (score, count) in all {
            let p = calibration.curve.value(at: score)
            let (f, l) = (Double(count) * p, Double(count) * (1 - p))
            area += f * (legitBelow + l / 2)
            legitBelow += l
        }
        return area / fraud / legitBelow
    }
}
