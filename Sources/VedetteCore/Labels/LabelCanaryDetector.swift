/// `label_canary`: the same metric with and without the labels of low trust, and whether they have come apart.
///
/// The metric is the fraud rate of borderline decisions, by first words that arrive; low trust is tier 0 and 1. What is tested is a
/// change (``LabelCanary``): the two may differ as they always did, and not by more. So it speaks when low-trust labels begin to call
/// legit what trusted ones call fraud, before enough of them have joined to move the metric itself, where trusted labels look again at
/// requests that low-trust ones have judged. Direction: towards legit, the one that lets something through.
struct LabelCanaryDetector: StreamDetector {
    static let maxSamples = 10

    struct Watch {
        var canary: LabelCanary
        var isFiring = false
        /// Low-trust "legit" of late; contradicted ones once there are any.
        var samples: [String] = []
        var contradicted: [String] = []
    }

    let detector: Int
    let rule: LabelIntegrityRule
    let sources: [LabelSource]
    private let isWatched: [Bool]
    /// Per source: one that may only say fraud is no sample of the truth, however many of its labels come.
    private let saysBoth: [Bool]
    private(set) var zone: BorderlineZone
    /// One per model.
    private(set) var watches: [Watch]

    init(detector: Int, rule: LabelIntegrityRule, sources: [LabelSource], models: [String], watched: [String]) {
        self.detector = detector
        self.rule = rule
        self.sources = sources
        isWatched = models.map { watched.isEmpty || watched.contains($0) }
        saysBoth = sources.map { $0.rights.outcomes.isEmpty || ($0.rights.outcomes.contains(.fraud) && $0.rights.outcomes.contains(.legit)) }
        zone = BorderlineZone(from: rule.borderlineFrom, models: models.count)
        watches = Array(repeating: Watch(canary: LabelCanary(rule: rule.peers, tiers: sources.map(\.tier))), count: models.count)
    }

    mutating func observe(_ decision: borrowing ObservedDecision) { zone.note(decision) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model)
        guard isWatched[model], label.effect.kind == .new || label.effect.kind == .changed, label.entry.outcome != .withdrawn,
            let stratum = zone.stratum(label.decision.score, model)
        else { return }
        let isLow = label.entry.tier <= LabelCanary.lowTier, isLegit = label.entry.outcome == .legit
        if isLow || saysBoth[label.source] {
            watches[model].canary.observe(stratum: stratum, isLow: isLow, isLegit: isLegit, amount: label.decision.amount, at: label.effective)
        }
        if isLow, isLegit { Self.note(label.words.request, in: &watches[model].samples) }
        for word in label.verdicts where word.tier <= LabelCanary.lowTier && word.outcome == .legit && word.judgeTier > LabelCanary.lowTier {
            watches[model].canary.observe(
                pairOf: word.judge, stratum: stratum, isUpheld: word.isUpheld, amount: label.decision.amount, at: label.effective)
            if !word.isUpheld { Self.note(label.words.request, in: &watches[model].contradicted) }
        }
    }

    /// The newest requests.
    private static func note(_ request: String, in samples: inout [String]) {
        if samples.count == maxSamples { samples.removeFirst() }
        samples.append(request)
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        watches.indices.compactMap { model in
            watches[model].canary.pass(to: boundary)
            let watch = watches[model]
            guard watch.isFiring || watch.canary.isProven, let trial = watch.canary.trial else { return nil }
            var report = LabelReports.canary(trial, watch.canary, sources.map(\.pipeline), rule, detector: detector, model: model)
            report.sampleRequestIDs = watch.canary.isProvenByPairs && !watch.contradicted.isEmpty ? watch.contradicted : watch.samples
            let isOver = watch.canary.isCold
            if isOver { report.phase = .closed(reason: "labels of low trust agree with the trusted ones again") }
            watches[model].isFiring = !isOver
            return report
        }
    }

    func encode(into writer: inout ByteWriter) {
        zone.encode(into: &writer)
        for watch in watches {
            watch.canary.encode(into: &writer)
            writer.write(bool: watch.isFiring)
            for list in [watch.samples, watch.contradicted] {
                writer.write(count: list.count)
                for text in list { writer.write(string: text) }
            }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        func texts() throws -> [String] { try (0..<(try reader.readCount())).map { _ in try reader.readString() } }
        try zone.restore(from: &reader)
        for model in watches.indices {
            try watches[model].canary.restore(from: &reader)
            watches[model].isFiring = try reader.readBool()
            watches[model].samples = try texts()
            watches[model].contradicted = try texts()
        }
    }
}
