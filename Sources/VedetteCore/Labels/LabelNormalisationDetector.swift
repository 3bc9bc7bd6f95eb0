/// `label_normalisation`: in one slice the borderline decisions are called legit more and more, over weeks and months.
///
/// Input: words about borderline decisions that their sources may say, by all sources and actors together. Bad direction: towards legit. Each value of
/// each dimension stands trial like an actor of `label_poisoning` (``LabelPeerTest``), in a pool of its model and dimension: the other
/// values are its peers, so what moves everywhere is nobody's. It sees what no actor shows: a pattern that many hands clear, each a little.
/// What `label_poisoning` has quarantined is no evidence: whoever is accused has an alert that says it.
/// Slices change for honest reasons more than actors do, hence ``driftFactor`` and P2. At most `max_actors` values are followed.
struct LabelNormalisationDetector: StreamDetector {
    /// Slices may wander this many times as far as actors.
    static let driftFactor = 3.0

    let detector: Int
    let rule: LabelIntegrityRule
    let dimensions: [String]
    let hash: KeyedHash
    private let isWatched: [Bool]
    private(set) var test: LabelPeerTest
    private var zone: BorderlineZone
    private var cases = LabelCases()

    init(detector: Int, rule: LabelIntegrityRule, schema: EventSchema, watched: [String], hash: KeyedHash) {
        self.detector = detector
        self.rule = rule
        self.hash = hash
        dimensions = schema.dimensions
        isWatched = schema.models.map { watched.isEmpty || watched.contains($0) }
        var own = rule.peers
        own.drift *= Self.driftFactor
        test = LabelPeerTest(rule: own)
        for _ in schema.models.indices { for _ in dimensions { _ = test.addPool() } }
        zone = BorderlineZone(from: rule.borderlineFrom, models: schema.models.count)
    }

    mutating func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>) { zone.note(decisions) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model)
        guard isWatched[model], label.isByRight, let word = label.word, let stratum = zone.stratum(label.decision.score, model) else { return }
        if label.entry.standing != .quarantined { judge(label, model, stratum, isLegit: word == .legit) }
        for word in label.verdicts where word.outcome == .legit && !word.isUpheld && !word.isQuarantined { contradict(label, model, stratum) }
    }

    private mutating func judge(_ label: borrowing ObservedLabel, _ model: Int, _ stratum: Int, isLegit: Bool) {
        for dimension in dimensions.indices {
            let value = label.decision.values[dimension]
            guard value > Interner.other, let name = label.dimensions[dimension].name(value) else { continue }
            let pool = model * dimensions.count + dimension
            let key = hash.hash64("\(pool)|\(value)")
            guard let place = test.observe(pool: pool, stratum: stratum, actor: key, isLegit: isLegit, amount: label.decision.amount, at: label.effective) else { continue }
            if isLegit { cases.follow(test, place, key, request: label.words.request) { name } }
        }
    }

    private mutating func contradict(_ label: borrowing ObservedLabel, _ model: Int, _ stratum: Int) {
        for dimension in dimensions.indices {
            let value = label.decision.values[dimension]
            guard value > Interner.other, let name = label.dimensions[dimension].name(value) else { continue }
            let pool = model * dimensions.count + dimension
            let key = hash.hash64("\(pool)|\(value)")
            guard let place = test.contradict(pool: pool, stratum: stratum, actor: key, at: label.effective) else { continue }
            cases.note(test, place, key, request: label.words.request, name: name)
        }
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        cases.close(&test, at: boundary, isOver: "the slice's labels are back among those of the others") { [detector, rule, dimensions] trial, detail in
            let slice = SliceName([.init(dimension: dimensions[trial.pool % dimensions.count], value: detail.name)])
            return LabelReports.normalisation(trial, detail, slice, rule, detector: detector, model: trial.pool / dimensions.count)
        }
    }

    func encode(into writer: inout ByteWriter) {
        zone.encode(into: &writer)
        test.encode(into: &writer)
        cases.encode(into: &writer)
    }

    mutating func restore(from reader: inout ByteReader) throws {
        let pools = test.pools.count
        try zone.restore(from: &reader)
        try test.restore(from: &reader)
        try cases.restore(test, from: &reader)
        guard test.pools.count == pools else { throw CorruptBytes(offset: reader.offset, expected: "pools of \(pools) models and dimensions") }
    }
}
