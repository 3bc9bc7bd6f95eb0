/// `label_canary`: key metrics with and without the labels of low trust, and whether they have come apart.
///
/// The metrics are ``CanaryMetric``'s; low trust is tier 0 and 1. What they are worth with all labels and with the trusted ones alone is counted
/// exactly, as labels stand (``CanaryLedger``). That the two differ says nothing, since other decisions get trusted labels; what is tested is a
/// change (``LabelCanary``, for each metric on the decisions that it rests on): the two may differ as they always did, and not by more. So it
/// speaks when low-trust labels begin to call legit what trusted ones call fraud, or fraud what they call legit, before enough of them have joined to
/// move the metric itself, where trusted labels look again at requests that low-trust ones have judged. Both directions are bad (``CanaryTurn``): towards
/// legit something is let through (a lower fraud rate, missed fraud that is none, blocks that look wrong); towards fraud honest decisions look
/// like fraud, and wrong blocks right. They share the chance of a false alert. One alert for a model names all metrics that have come apart.
struct LabelCanaryDetector: StreamDetector {
    static let maxSamples = 10

    /// A metric in one direction.
    struct Question {
        let metric: CanaryMetric
        let turn: CanaryTurn
    }

    struct Watch {
        var canary: LabelCanary
        var isFiring = false
        /// Low-trust words of the direction of late; contradicted ones once there are any.
        var samples: [String] = []
        var contradicted: [String] = []
    }

    let detector: Int
    let rule: LabelIntegrityRule
    let sources: [LabelSource]
    private let isWatched: [Bool]
    private let saysBoth: [Bool]
    private(set) var zone: BorderlineZone
    /// Of each metric both directions, one after the other.
    private let questions: [Question]
    /// By model, then by question.
    private(set) var watches: [[Watch]]
    private(set) var ledgers: [CanaryLedger]
    /// By model: the end of the day in which a boundary found nothing; until then only a label can change that. Not in a snapshot:
    /// a boundary that looks again finds the same.
    private var isQuietUntil: [Int64]

    init(detector: Int, rule: LabelIntegrityRule, sources: [LabelSource], models: [String], watched: [String]) {
        self.detector = detector
        self.rule = rule
        self.sources = sources
        isWatched = models.map { watched.isEmpty || watched.contains($0) }
        saysBoth = sources.map(\.rights.saysBoth)
        zone = BorderlineZone(from: rule.borderlineFrom, models: models.count)
        questions = rule.canaryMetrics.flatMap { metric in CanaryTurn.allCases.map { Question(metric: metric, turn: $0) } }
        let canary = LabelCanary(rule: rule.peers, tiers: sources.map(\.tier), questions: questions.count)
        watches = Array(repeating: Array(repeating: Watch(canary: canary), count: questions.count), count: models.count)
        ledgers = Array(repeating: CanaryLedger(), count: models.count)
        isQuietUntil = Array(repeating: .min, count: models.count)
    }

    mutating func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>) { zone.note(decisions) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model), stratum = zone.stratum(label.decision.score, model)
        // Before a threshold is known nothing is borderline, nor below it.
        guard isWatched[model], stratum != nil || zone.isClear(label.decision.score, model) else { return }
        let cell = CanaryCell(stratum: stratum, isStopped: label.decision.decision.isIntervention)
        isQuietUntil[model] = .min
        ledgers[model].pass(to: label.effective)
        switch label.effect.kind {
        case .new, .changed, .withdrawn: ledgers[model].observe(label.effect.stood, label.effect.standing, cell, decided: label.decision.time)
        case .repeated, .superseded, .dropped: return
        }
        for (place, question) in questions.enumerated() {
            if let stratum = question.metric.stratum(cell) { Self.follow(label, question.turn, saysBoth, stratum, in: &watches[model][place]) }
        }
    }

    /// - Parameter saysBoth: by source; one that may only say fraud is no sample of the truth, and contradicts no fraud.
    private static func follow(_ label: borrowing ObservedLabel, _ turn: CanaryTurn, _ saysBoth: [Bool], _ stratum: Int, in watch: inout Watch) {
        if label.entry.standing != .inadmissible, let word = label.word {
            let isLow = label.entry.tier <= LabelCanary.lowTier, isTurned = word == turn.outcome
            if isLow || (label.source >= 0 && saysBoth[label.source]) {
                watch.canary.observe(stratum: stratum, isLow: isLow, isLegit: isTurned, amount: label.decision.amount, at: label.effective)
            }
            if isLow, isTurned { note(label.words.request, in: &watch.samples) }
        }
        for word in label.verdicts where word.tier <= LabelCanary.lowTier && word.outcome == turn.outcome && word.judgeTier > LabelCanary.lowTier {
            guard turn == .toLegit || saysBoth[word.judge] else { continue }
            watch.canary.observe(pairOf: word.judge, stratum: stratum, isUpheld: word.isUpheld, amount: label.decision.amount, at: label.effective)
            if !word.isUpheld { note(label.words.request, in: &watch.contradicted) }
        }
    }

    /// The newest requests.
    private static func note(_ request: String, in samples: inout [String]) {
        if samples.count == maxSamples { samples.removeFirst() }
        samples.append(request)
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] { watches.indices.compactMap { close($0, at: boundary) } }

    /// O(1) where nothing has come since a boundary that found nothing: there are many boundaries between two labels.
    private mutating func close(_ model: Int, at boundary: Int64) -> IncidentReport? {
        guard boundary >= isQuietUntil[model] else { return nil }
        let report = judge(model, at: boundary)
        isQuietUntil[model] = report == nil ? (floorDivide(boundary, 86_400_000) + 1) * 86_400_000 : .min
        return report
    }

    private mutating func judge(_ model: Int, at boundary: Int64) -> IncidentReport? {
        ledgers[model].pass(to: boundary)
        for place in watches[model].indices { watches[model][place].canary.pass(to: boundary) }
        let diverging = watches[model].indices.filter { watches[model][$0].isFiring || watches[model][$0].canary.isProven }
        // The one with most evidence leads; of equal ones the first.
        guard let leading = diverging.max(by: { (watches[model][$0].canary.logEvidence, $1) < (watches[model][$1].canary.logEvidence, $0) }) else { return nil }
        for place in diverging { watches[model][place].isFiring = !watches[model][place].canary.isCold }
        let watch = watches[model][leading]
        guard let trial = watch.canary.trial else { return nil }
        let values = zip(rule.canaryMetrics, rule.canaryMetrics.map(ledgers[model].values)).map { CanaryValue(metric: $0, all: $1.all, trusted: $1.trusted) }
        let turns = CanaryTurn.allCases.count
        var report = LabelReports.canary(
            trial, watch.canary, questions[leading].turn, values, leading: leading / turns,
            diverging: values.indices.filter { metric in diverging.contains { $0 / turns == metric } }, sources.map(\.pipeline), rule,
            detector: detector, model: model)
        report.sampleRequestIDs = watch.canary.isProvenByPairs && !watch.contradicted.isEmpty ? watch.contradicted : watch.samples
        if watches[model].allSatisfy({ !$0.isFiring }) { report.phase = .closed(reason: "labels of low trust agree with the trusted ones again") }
        return report
    }
}

/// One metric, with all labels and without those of low trust; nan where nothing tells it.
struct CanaryValue {
    var metric: CanaryMetric
    var all: Double
    var trusted: Double
}

extension LabelCanaryDetector {
    /// Each question under its name, so that a configuration with others still reads those that it follows.
    func encode(into writer: inout ByteWriter) {
        zone.encode(into: &writer)
        for ledger in ledgers { ledger.encode(into: &writer) }
        writer.write(count: questions.count)
        for (place, question) in questions.enumerated() {
            var own = ByteWriter()
            for model in watches.indices { watches[model][place].encode(into: &own) }
            writer.write(string: question.metric.rawValue)
            writer.write(byte: UInt8(question.turn.rawValue))
            writer.write(blob: own.bytes)
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        try zone.restore(from: &reader)
        for model in ledgers.indices { ledgers[model] = try CanaryLedger(from: &reader) }
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            let name = try reader.readString(), turn = Int(try reader.readByte())
            var own = ByteReader(try reader.readBlob())
            guard let place = questions.firstIndex(where: { $0.metric.rawValue == name && $0.turn.rawValue == turn }) else { continue }
            for model in watches.indices { try watches[model][place].restore(from: &own) }
        }
    }
}

extension LabelCanaryDetector.Watch {
    func encode(into writer: inout ByteWriter) {
        canary.encode(into: &writer)
        writer.write(bool: isFiring)
        for list in [samples, contradicted] {
            writer.write(count: list.count)
            for text in list { writer.write(string: text) }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        func texts() throws -> [String] { try (0..<(try reader.readCount())).map { _ in try reader.readString() } }
        try canary.restore(from: &reader)
        isFiring = try reader.readBool()
        samples = try texts()
        contradicted = try texts()
    }
}
