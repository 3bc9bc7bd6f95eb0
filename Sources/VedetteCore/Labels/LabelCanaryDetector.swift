/// `label_canary`: the same metric with and without the labels of low trust, and whether they have come apart.
///
/// The metric is the fraud rate of borderline decisions, by first words that arrive. The labels of low trust (tier 0 and 1)
/// of a model together are one "actor" of a ``LabelPeerTest``, the trusted labels its peers, stratum by stratum. What is
/// tested is a change: the two may differ as they always did, and not by more. So it speaks
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
        tests = models.map { _ in
            var test = LabelPeerTest(rule: LabelCanary.rule(rule.peers))
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
        if tests[model].isCold(place) { samples[model].removeAll() }
        if samples[model].count < 10 { samples[model].append(label.words.request) }
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        tests.indices.compactMap { model in
            guard let place = tests[model].trials.firstIndex(where: { $0.key == Self.low }) else { return nil }
            let trial = tests[model].trials[place]
            let isProven = tests[model].isProven(place)
            guard trial.isAccused || isProven else { return nil }
            tests[model].setAccused(place, true)
            var report = LabelReports.canary(trial, tests[model].counts(ofPool: 0), rule, detector: detector, model: model)
            report.sampleRequestIDs = samples[model]
            if tests[model].isCold(place) {
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

/// How the peer test is set for the canary.
package enum LabelCanary {
    /// Two classes and a question per model: a false alert in fifty years of each is rare enough, and waiting for more would cost weeks.
    static let alpha = 0.02

    package static func rule(_ actors: LabelPeerRule) -> LabelPeerRule {
        var rule = actors
        rule.alpha = max(alpha, actors.alpha)
        rule.isSelfRelative = true
        rule.maxActors = 2
        return rule
    }
}
