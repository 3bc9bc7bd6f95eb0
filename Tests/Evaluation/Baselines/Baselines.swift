import VedetteCore

/// One published or plain method: a score per decision, larger is more suspicious.
///
/// Each is judged at the threshold that is best for it with hindsight: the smallest one that
/// gives at most one false alert on the benign stream.
protocol BaselineMethod {
    var name: String { get }
    /// What the score belongs to: an alert is one such subject above the threshold.
    mutating func score(_ record: StreamRecord, row: [Double]) -> (subject: String, value: Double)
}

/// Runs the baselines over the benign stream for their thresholds, then over each attack alone in it.
struct Baselines {
    let benign: StreamFile
    let attacks: [(Attack, [StreamRecord])]
    let fraud: Set<String>

    func report() {
        print("\n## published methods and plain rules, each at its best threshold with at most one false alert\n")
        print("| method | threshold | attacks detected | of those that succeeded (half amount) | before 50 queries | median queries |")
        print("|---|---|---|---|---|---|")
        let scaling = RankScaling(benign)
        let makers: [() -> any BaselineMethod] = [
            { NearestNeighbours(entity: nil, name: "k nearest neighbours, global") },
            { PairwiseFingerprints(features: benign.features.count) },
            { MinimumDistanceNormality(entity: nil, name: "PRADA, global") },
        ] + benign.entities.indices.flatMap { entity -> [() -> any BaselineMethod] in
            let name = benign.entities[entity]
            return [
                { NearestNeighbours(entity: entity, name: "k nearest neighbours per \(name) (Chen et al. 2019)") },
                { MinimumDistanceNormality(entity: entity, name: "PRADA per \(name)") },
                { Velocity(entity: entity, name: "velocity: decisions of one \(name) in an hour") },
            ]
        }
        for make in makers { report(make, scaling) }
    }

    private func report(_ make: () -> any BaselineMethod, _ scaling: RankScaling) {
        var worst: [String: Double] = [:]
        var quiet = make()
        for record in benign.records {
            let (subject, value) = quiet.score(record, row: scaling.ranks(record.features))
            guard !fraud.contains(record.id) else { continue }
            worst[subject] = max(worst[subject] ?? -.infinity, value)
        }
        // The second worst subject must stay below, so that one false alert is left.
        let values = worst.values.sorted(by: >)
        let threshold = values.count > 1 ? values[1] : values.first ?? 0
        var detections: [(attack: Attack, queries: Int?)] = []
        for (attack, records) in attacks {
            var method = make()
            let members = Set(attack.request_ids)
            var count = 0
            var found: Int?
            for record in Evaluation.merge(benign.records, records) where found == nil {
                let value = method.score(record, row: scaling.ranks(record.features)).value
                guard members.contains(record.id) else { continue }
                count += 1
                if value > threshold { found = count }
            }
            detections.append((attack, found))
        }
        let succeeded = detections.filter { $0.attack.first_success_half_amount != nil }
        let queries = detections.compactMap(\.queries).sorted()
        print(
            "| \(quiet.name) | \(Text.number(threshold, 3)) | \(queries.count) of \(detections.count) | "
                + "\(succeeded.filter { $0.queries != nil }.count) of \(succeeded.count) | \(queries.filter { $0 < 50 }.count) | "
                + "\(queries.isEmpty ? "–" : "\(queries[queries.count / 2])") |")
    }
}

/// Features as ranks among the benign ones, in [0, 1]; -1 where missing. All baselines get these.
struct RankScaling {
    private let sorted: [[Double]]

    init(_ file: StreamFile) {
        sorted = file.features.indices.map { feature in file.records.map { $0.features[feature] }.filter { !$0.isNaN }.sorted() }
    }

    func ranks(_ features: [Double]) -> [Double] {
        features.indices.map { feature in
            let (value, column) = (features[feature], sorted[feature])
            guard !value.isNaN, !column.isEmpty else { return -1 }
            return (bound(column) { $0 < value } + bound(column) { $0 <= value }) / (2 * Double(column.count))
        }
    }

    private func bound(_ column: [Double], _ isBefore: (Double) -> Bool) -> Double {
        var (start, end) = (0, column.count)
        while start < end {
            let middle = (start + end) / 2
            if isBefore(column[middle]) { start = middle + 1 } else { end = middle }
        }
        return Double(start)
    }
}
