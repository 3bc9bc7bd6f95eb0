/// `label_poisoning`: an actor that calls borderline decisions legit more often than its peers do, or whose "legit" is
/// contradicted by more trusted labels more often than theirs; or a source whose whole flow has begun to.
///
/// Looks at what a source says of a decision whose score is borderline: from half of the model's lowest threshold up (or from a
/// configured score). A word that changes an earlier one is a word too. Labels outside of their source's rights are none: else
/// whoever can write to the topic could move the peers of honest actors. Evidence and bound of actors are ``LabelPeerTest``'s, in pools
/// of one model and one source, where all labels without an actor stand beside the actors as one; those of sources are
/// ``SourceFlowTest``'s, without the labels of actors that are accused. An incident ends when the evidence has fallen to nothing;
/// whose words were part of it is kept in ``LabelAccusations``.
struct LabelPoisoningDetector: StreamDetector {
    let detector: Int
    let rule: LabelIntegrityRule
    let sources: [LabelSource]
    let models: [String]
    let hash: KeyedHash
    private let isWatched: [Bool]
    private(set) var test: LabelPeerTest
    private(set) var flows: SourceFlowTest
    /// Pool per model and source, -1 for none yet.
    private var pools: [Int]
    private var zone: BorderlineZone
    private var cases = LabelCases()
    private(set) var accusations = LabelAccusations()

    init(detector: Int, rule: LabelIntegrityRule, sources: [LabelSource], models: [String], watched: [String], hash: KeyedHash) {
        self.detector = detector
        self.rule = rule
        self.sources = sources
        self.models = models
        self.hash = hash
        isWatched = models.map { watched.isEmpty || watched.contains($0) }
        test = LabelPeerTest(rule: rule.peers)
        flows = SourceFlowTest(rule: rule.peers, sources: sources, models: models.count)
        pools = Array(repeating: -1, count: models.count * max(1, sources.count))
        zone = BorderlineZone(from: rule.borderlineFrom, models: models.count)
    }

    mutating func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>) { zone.note(decisions) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model)
        guard isWatched[model] else { return }
        contradict(label, model)
        guard label.isByRight else { return }
        let stratum = zone.stratum(label.decision.score, model)
        guard stratum != nil || zone.isClear(label.decision.score, model) else { return }
        let pool = pool(model, label.source)
        if let stratum, let word = label.word { judge(label, word, stratum, pool) }
        if cases.isEmpty || !cases.hasAccused(test, pool: pool, key: key(label.words.actor, pool)) { follow(label, model, stratum) }
    }

    private mutating func judge(_ label: borrowing ObservedLabel, _ word: Outcome, _ stratum: Int, _ pool: Int) {
        let words = label.words, isLegit = word == .legit, key = key(words.actor, pool)
        let place = test.observe(
            pool: pool, stratum: stratum, actor: key, isFlow: words.actor.isEmpty, isLegit: isLegit, amount: label.decision.amount, at: label.effective)
        if let place, isLegit { cases.follow(test, place, key, request: words.request) { words.actor.isEmpty ? "(no actor)" : words.actor } }
    }

    /// The source's flow: a word, or the end of one.
    private mutating func follow(_ label: borrowing ObservedLabel, _ model: Int, _ stratum: Int?) {
        let isLegit = label.word.map { $0 == .legit }
        let said = label.replaced.flatMap { $0.outcome == .withdrawn || $0.outcome == label.entry.outcome ? nil : $0.outcome == .legit }
        guard isLegit != nil || said != nil, label.effect.kind != .superseded else { return }
        flows.observe(
            model: model, source: label.source, stratum: stratum, isLegit: isLegit, insteadOf: said, amount: label.decision.amount,
            request: label.words.request, at: label.effective)
    }

    private mutating func contradict(_ label: borrowing ObservedLabel, _ model: Int) {
        guard !label.verdicts.isEmpty, let stratum = zone.stratum(label.decision.score, model) else { return }
        for word in label.verdicts where word.outcome == .legit && !word.isUpheld && !word.actor.isEmpty {
            let pool = pool(model, word.source), key = key(word.actor, pool)
            guard let place = test.contradict(pool: pool, stratum: stratum, actor: key, at: label.effective) else { continue }
            cases.note(test, place, key, request: label.words.request, name: word.actor)
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
        guard source >= 0 else { return false }
        if flows.isAccused(model: model, source: source) { return true }
        guard !cases.isEmpty else { return false }
        let pool = pools[model * max(1, sources.count) + source]
        return pool >= 0 && cases.hasAccused(test, pool: pool)
    }

    /// Labels of an accused actor, or source, count for nothing until it is back to what it was.
    func isQuarantined(source: Int, actor: String, model: Int) -> Bool {
        guard source >= 0 else { return false }
        if flows.isAccused(model: model, source: source) { return true }
        guard !cases.isEmpty else { return false }
        let pool = pools[model * max(1, sources.count) + source]
        return pool >= 0 && cases.hasAccused(test, pool: pool, key: key(actor, pool))
    }

    /// Words that turned out to be part of the evidence, before its accusation too.
    func isSuspected(source: Int, actor: String, model: Int, at time: Int64) -> Bool {
        guard source >= 0 else { return false }
        let place = model * max(1, sources.count) + source
        return accusations.cover(place: place, actor: pools[place] < 0 ? nil : key(actor, pools[place]), at: time)
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        let places = { [pools] (pool: Int) in pools.firstIndex(of: pool) ?? 0 }
        let isOver = "its labels are back among those of its peers"
        let actors = cases.close(&test, at: boundary, isOver: isOver) { [detector, rule, sources] trial, detail in
            let place = places(trial.pool), all = max(1, sources.count)
            return LabelReports.poisoning(trial, detail, sources[place % all].pipeline, rule, detector: detector, model: place / all)
        }
        let reports = actors + closeFlows(at: boundary)
        let standing = cases.accused(test).map { LabelAccusation(place: places($0.trial.pool), actor: $0.key, from: $0.trial.risingSince) }
        let flowing = flows.accused.map { LabelAccusation(place: $0, actor: nil, from: (flows.evidence($0).fraud?.day ?? 0) * 86_400_000) }
        accusations.update(standing + flowing, at: boundary)
        return reports
    }

    private mutating func closeFlows(at boundary: Int64) -> [IncidentReport] {
        flows.pass(to: boundary)
        flows.judge()
        return flows.accused.compactMap { place in
            guard let flow = flows.flows[place] else { return nil }
            let evidence = flows.evidence(place)
            var report = LabelReports.poisoning(
                flow, evidence, place % sources.count, sources.map(\.pipeline), rule, detector: detector, model: place / sources.count)
            if evidence.isCold {
                report.phase = .closed(reason: "its labels are back to what they were")
                flows.release(place)
            }
            return report
        }
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: pools.count)
        for pool in pools { writer.write(signed: Int64(pool)) }
        zone.encode(into: &writer)
        test.encode(into: &writer)
        cases.encode(into: &writer)
        flows.encode(into: &writer)
        accusations.encode(into: &writer)
    }

    mutating func restore(from reader: inout ByteReader) throws {
        guard try reader.readCount() == pools.count else { throw CorruptBytes(offset: reader.offset, expected: "pools of \(pools.count) models and sources") }
        for place in pools.indices { pools[place] = Int(truncatingIfNeeded: try reader.readSigned()) }
        try zone.restore(from: &reader)
        try test.restore(from: &reader)
        try cases.restore(test, from: &reader)
        try flows.restore(from: &reader)
        accusations = try LabelAccusations(from: &reader)
        guard pools.allSatisfy({ $0 < test.pools.count }) else { throw CorruptBytes(offset: reader.offset, expected: "pools that are there") }
    }
}
