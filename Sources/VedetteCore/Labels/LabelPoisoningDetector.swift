/// `label_poisoning`: an actor that calls borderline decisions legit more often than its peers do, or whose "legit" is
/// contradicted by more trusted labels more often than theirs.
///
/// Looks at the first word that a source says of a decision whose score is borderline: from half of the model's
/// lowest threshold up (or from a configured score). Evidence and bound are ``LabelPeerTest``'s, in pools of one
/// model and one source. An incident ends when the evidence has fallen to nothing: the actor is back among its peers.
struct LabelPoisoningDetector: StreamDetector {
    let detector: Int
    let rule: LabelIntegrityRule
    let sources: [LabelSource]
    let models: [String]
    let hash: KeyedHash
    private let isWatched: [Bool]
    private(set) var test: LabelPeerTest
    /// Pool per model and source, -1 for none yet.
    private var pools: [Int]
    private var zone: BorderlineZone
    private var cases = LabelCases()

    init(detector: Int, rule: LabelIntegrityRule, sources: [LabelSource], models: [String], watched: [String], hash: KeyedHash) {
        self.detector = detector
        self.rule = rule
        self.sources = sources
        self.models = models
        self.hash = hash
        isWatched = models.map { watched.isEmpty || watched.contains($0) }
        test = LabelPeerTest(rule: rule.peers)
        pools = Array(repeating: -1, count: models.count * max(1, sources.count))
        zone = BorderlineZone(from: rule.borderlineFrom, models: models.count)
    }

    mutating func observe(_ decision: borrowing ObservedDecision) { zone.note(decision) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model)
        guard isWatched[model] else { return }
        contradict(label, model)
        guard label.source >= 0, label.effect.kind == .new, label.entry.outcome != .withdrawn else { return }
        let words = label.words
        guard !words.actor.isEmpty, let stratum = zone.stratum(label.decision.score, model) else { return }
        let pool = pool(model, label.source)
        let isLegit = label.entry.outcome == .legit
        let key = key(words.actor, pool)
        guard let place = test.observe(pool: pool, stratum: stratum, actor: key, isLegit: isLegit, amount: label.decision.amount, at: label.effective) else { return }
        if isLegit { cases.follow(test, place, key, request: words.request) { words.actor } }
    }

    private mutating func contradict(_ label: borrowing ObservedLabel, _ model: Int) {
        guard !label.verdicts.isEmpty, let stratum = zone.stratum(label.decision.score, model) else { return }
        for word in label.verdicts where word.outcome == .legit && !word.isUpheld && !word.actor.isEmpty {
            let pool = pool(model, word.source)
            test.contradict(pool: pool, stratum: stratum, actor: key(word.actor, pool), at: label.effective)
        }
    }

    private mutating func pool(_ model: Int, _ source: Int) -> Int {
        let place = model * max(1, sources.count) + source
        if pools[place] < 0 { pools[place] = test.addPool() }
        return pools[place]
    }

    /// Keyed as everything is that an outsider may choose; the pool is part of it.
    private func key(_ actor: String, _ pool: Int) -> UInt64 { hash.hash64("\(pool)|\(actor)") }

    func quarantines(source: Int, model: Int) -> Bool {
        guard source >= 0, !cases.isEmpty else { return false }
        let pool = pools[model * max(1, sources.count) + source]
        return pool >= 0 && cases.hasAccused(test, pool: pool)
    }

    /// Labels of an accused actor count for nothing until it is back among its peers.
    func isQuarantined(source: Int, actor: String, model: Int) -> Bool {
        guard source >= 0, !cases.isEmpty else { return false }
        let pool = pools[model * max(1, sources.count) + source]
        return pool >= 0 && cases.hasAccused(test, pool: pool, key: key(actor, pool))
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        let places = { [pools, sources] (pool: Int) in
            let place = pools.firstIndex(of: pool) ?? 0
            return (model: place / max(1, sources.count), source: place % max(1, sources.count))
        }
        return cases.close(&test, isOver: "its labels are back among those of its peers") { [detector, rule, sources] trial, detail in
            let (model, source) = places(trial.pool)
            return LabelReports.poisoning(trial, detail, sources[source].pipeline, rule, detector: detector, model: model)
        }
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: pools.count)
        for pool in pools { writer.write(signed: Int64(pool)) }
        zone.encode(into: &writer)
        test.encode(into: &writer)
        cases.encode(into: &writer)
    }

    mutating func restore(from reader: inout ByteReader) throws {
        guard try reader.readCount() == pools.count else { throw CorruptBytes(offset: reader.offset, expected: "pools of \(pools.count) models and sources") }
        for place in pools.indices { pools[place] = Int(truncatingIfNeeded: try reader.readSigned()) }
        try zone.restore(from: &reader)
        try test.restore(from: &reader)
        try cases.restore(test, from: &reader)
        guard pools.allSatisfy({ $0 < test.pools.count }) else { throw CorruptBytes(offset: reader.offset, expected: "pools that are there") }
    }
}
