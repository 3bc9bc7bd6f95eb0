import Foundation

/// A stand-in for the model: the mean log-odds of the nearest benign decisions in rank space.
///
/// Only the answers matter: it has a boundary, and attackers can walk to it. Never used by a detector.
struct Surrogate {
    private static let neighbours = 9
    private static let most = 6_000

    let scaling: RankScaling
    let threshold: Double
    private let rows: [[Double]]
    private let logits: [Double]

    init(_ file: StreamFile) {
        scaling = RankScaling(file)
        threshold = file.records.first { !$0.threshold.isNaN }?.threshold ?? 0.5
        let step = max(1, file.records.count / Self.most)
        // All that were stopped, or the boundary would be lost in the thinning.
        let kept = file.records.enumerated().filter { $0.offset % step == 0 || !$0.element.isAllowed }.map(\.element)
        let scaling = self.scaling
        rows = kept.map { scaling.ranks($0.features) }
        logits = kept.map { record in
            let score = min(max(record.score, 1e-5), 1 - 1e-5)
            return log(score / (1 - score))
        }
    }

    func score(_ features: [Double]) -> Double {
        let ranks = scaling.ranks(features)
        var best: [(distance: Double, logit: Double)] = []
        for (row, logit) in zip(rows, logits) {
            var distance = 0.0
            for index in ranks.indices { distance += abs(ranks[index] - row[index]) }
            guard best.count < Self.neighbours || distance < best[best.count - 1].distance else { continue }
            let place = best.firstIndex { $0.distance > distance } ?? best.count
            best.insert((distance, logit), at: place)
            if best.count > Self.neighbours { best.removeLast() }
        }
        let mean = best.reduce(0) { $0 + $1.logit } / Double(max(1, best.count))
        return 1 / (1 + exp(-mean))
    }
}
