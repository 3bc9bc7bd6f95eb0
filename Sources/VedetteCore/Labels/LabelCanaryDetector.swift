/// `label_canary`: the same metric with and without the labels of low trust, and whether they have come apart.
///
/// The metric is the fraud rate of borderline decisions, by first words that arrive. The labels of low trust (tier 0 and 1)
/// of a model together are one "actor" of a ``LabelPeerTest``, the trusted labels its peers, stratum by stratum. What is
/// tested is a change: after a reference period the two may differ as they did in it, and not by more. So it speaks
/// when low-trust labels begin to call legit what trusted ones call fraud, long before enough of them have
/// joined to move the metric itself. Direction: towards legit, the one that lets something through.
struct LabelCanaryDetector: StreamDetector {
    /// Keys of the two classes in the test of their model; any two different numbers do.
    private static let low: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let trusted: UInt64 = 0xBF58_476D_1CE4_E5B9
    /// Highest tier of low trust.
    static let lowTier: UInt8 = 1

    let detector: Int
    let rule: LabelIntegrityRule
    private let isWatched: [Bool]
    private(set) var zone: BorderlineZone
    /// One per model.
    private(set) var tests: [LabelPeerTest]
    private var samples: [[String]]

    init(detector: Int, rule: LabelIntegrityRule, models: [String], watched: [String]) {
        self.detector = detector
        self.rule = rule
        isWatched = models.map { watched.isEmpty || watched.contains($0) }
        zone = BorderlineZone(from: rule.borderlineFrom, models: models.count)
        var own = rule.peers
        own.isSelfRelative = true
        own.maxActors = 2
        tests = models.map { _ in
            var test = LabelPeerTest(rule: own)
            _ = test.addPool()
            return test
        }
        samples = models.map { _ in [] }
    }

    mutating func observe(_ decision: borrowing ObservedDecision) { zone.note(decision) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model)
        guard isWatched[model], label.effect.kind == .new || label.effect.kind == .changed, label.entry.outcome != .withdrawn,
            let stratum = zone.stratum(label.decision.score, model)
        else { return }
        let isLow = label.entry.tier <= Self.lowTier, isLegit = label.entry.outcome == .legit
        let place = tests[model].observe(pool: 0, stratum: stratum, actor: isLow ? Self.low : Self.trusted, isLegit: isLegit, at: label.effective)
        guard isLow, isLegit, let place else { return }
        if tests[model].trials[place].wealth.allSatisfy({ $0 <= 0 }) { samples[model].removeAll() }
        if samples[model].count < 10 { samples[model].append(label.words.request) }
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        tests.indices.compactMap { model in
            guard let place = tests[model].trials.firstIndex(where: { $0.key == Self.low }) else { return nil }
            let trial = tests[model].trials[place]
            let isProven = tests[model].isProven(place)
            guard trial.isAccused || isProven else { return nil }
            tests[model].setAccused(place, true)
            var report = LabelReports.canary(trial, tests[model].pools[0], rule, detector: detector, model: model)
            report.sampleRequestIDs = samples[model]
            if trial.wealth.allSatisfy({ $0 <= 0 }) {
                report.phase = .closed(reason: "labels of low trust agree with the trusted ones again")
                tests[model].setAccused(place, false)
            }
            return report
        }
    }

    func encode(into writer: inout ByteWriter) {
        zone.encode(into: &writer)
        for (test, list) in zip(tests, samples) {
            test.encode(into: &writer)
            writer.write(count: list.count)
            for text in list { writer.write(string: text) }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        try zone.restore(from: &reader)
        for model in tests.indices {
            try tests[model].restore(from: &reader)
            samples[model] = []
            for _ in 0..<(try reader.readCount()) { samples[model].append(try reader.readString()) }
        }
    }
}

/// Which decisions are borderline: from half of the model's lowest threshold up, or from a configured score.
struct BorderlineZone: Equatable {
    private let from: Double?
    /// Lowest threshold seen last, per model; NaN before the first.
    private var thresholds: [Double]

    init(from: Double?, models: Int) {
        self.from = from
        thresholds = Array(repeating: .nan, count: models)
    }

    @inline(__always)
    mutating func note(_ decision: borrowing ObservedDecision) {
        let challenge = decision.batch.thresholdChallenge[decision.index]
        let lowest = challenge.isNaN ? decision.batch.thresholdBlock[decision.index] : challenge
        if !lowest.isNaN { thresholds[Int(decision.row.model)] = lowest }
    }

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
