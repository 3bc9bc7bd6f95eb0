import Foundation

/// How far the distances to the nearest earlier query of the same decision are from a normal distribution.
///
/// Juuti et al., "PRADA", EuroS&P 2019: an attacker's distances are not normal (Shapiro-Wilk W below 0.9).
/// Here 1 - W' with Shapiro and Francia's W' (1972), its correlation form, over the newest 200 distances.
struct MinimumDistanceNormality: BaselineMethod {
    private static let least = 30
    private static let memory = 200

    let entity: Int?
    let name: String
    private struct History {
        var rows: [Bool: [[Double]]] = [:]
        var distances: [Double] = []
    }
    private var histories: [String: History] = [:]

    init(entity: Int?, name: String) {
        self.entity = entity
        self.name = name
    }

    mutating func score(_ record: StreamRecord, row: [Double]) -> (subject: String, value: Double) {
        let subject = entity.map { record.entities[$0] ?? "" } ?? "all"
        var history = histories[subject] ?? History()
        let same = history.rows[record.isAllowed] ?? []
        if let nearest = same.map({ Distance.euclidean($0, row) }).min() {
            history.distances.append(nearest)
            if history.distances.count > Self.memory { history.distances.removeFirst() }
        }
        history.rows[record.isAllowed] = Array((same + [row]).suffix(Self.memory))
        histories[subject] = history
        let value = history.distances.count >= Self.least && history.distances.count % 5 == 0 ? 1 - Self.normality(history.distances) : -1
        // Globally an alert is a stretch of the stream, not a person.
        return (entity == nil ? record.id : subject, value)
    }

    /// Squared correlation of the ordered values with the expected normal order statistics (Blom's positions).
    static func normality(_ values: [Double]) -> Double {
        let ordered = values.sorted()
        let n = Double(ordered.count)
        let scores = ordered.indices.map { quantile((Double($0) + 1 - 0.375) / (n + 0.25)) }
        let mean = ordered.reduce(0, +) / n
        var (cross, own, normal) = (0.0, 0.0, 0.0)
        for index in ordered.indices {
            cross += (ordered[index] - mean) * scores[index]
            own += (ordered[index] - mean) * (ordered[index] - mean)
            normal += scores[index] * scores[index]
        }
        return own > 0 ? cross * cross / (own * normal) : 0
    }

    /// Normal quantile by Newton's method on erfc; the positions are inside of (0, 1).
    private static func quantile(_ p: Double) -> Double {
        var x = 0.0
        for _ in 0..<40 {
            let error = 0.5 * erfc(-x / 2.0.squareRoot()) - p
            let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            let step = max(-1, min(1, error / density))
            x -= step
            if abs(step) < 1e-9 { break }
        }
        return x
    }
}
