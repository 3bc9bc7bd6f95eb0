/// `label_poisoning`: an actor that calls borderline decisions legit more often than its peers do.
///
/// Looks at the first word that a source says of a decision whose score is borderline: from half of the model's
/// lowest threshold up (or from a configured score). Evidence and bound are ``LabelPeerTest``'s, in pools of one
/// model and one source. An incident ends when the evidence has fallen to nothing: the actor is back among its peers.
struct LabelPoisoningDetector: StreamDetector {
    static let maxSamples = 10

    /// What is said of an accused actor beside its trial.
    struct Case: Equatable {
        var actor: String
        var samples: [String] = []
        var flippedAt: Int64 = 0
    }

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
    /// Actors under suspicion or accused, by place of their trial, in order of first suspicion.
    private(set) var cases: [(place: Int, key: UInt64, detail: Case)] = []

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
        guard isWatched[model], label.source >= 0, label.effect.kind == .new, label.entry.outcome != .withdrawn else { return }
        let words = label.words
        guard !words.actor.isEmpty, let stratum = zone.stratum(label.decision.score, model) else { return }
        let pool = pool(model, label.source)
        let isLegit = label.entry.outcome == .legit
        let key = key(words.actor, pool)
        guard let place = test.observe(pool: pool, stratum: stratum, actor: key, isLegit: isLegit, at: label.effective) else { return }
        follow(place, key, words, isLegit: isLegit, at: label.effective)
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
        return pool >= 0 && cases.contains { test.trials[$0.place].isAccused && test.trials[$0.place].pool == pool }
    }

    /// Labels of an accused actor count for nothing until it is back among its peers.
    func isQuarantined(source: Int, actor: String, model: Int) -> Bool {
        guard quarantines(source: source, model: model) else { return false }
        let pool = pools[model * max(1, sources.count) + source]
        let key = key(actor, pool)
        return cases.contains { test.trials[$0.place].isAccused && test.trials[$0.place].pool == pool && $0.key == key }
    }

    /// Keeps the name and some requests of an actor whose evidence has begun to grow.
    private mutating func follow(_ place: Int, _ key: UInt64, _ words: LabelWords, isLegit: Bool, at time: Int64) {
        cases.removeAll { $0.place == place && $0.key != key }
        guard let index = cases.firstIndex(where: { $0.place == place }) else {
            if isLegit, test.trials[place].logEvidence >= test.limit / 2 {
                cases.append((place, key, Case(actor: String(decoding: words.actor.utf8.prefix(80), as: UTF8.self), samples: [words.request], flippedAt: time)))
            }
            return
        }
        guard isLegit else { return }
        cases[index].detail.flippedAt = time
        if cases[index].detail.samples.count < Self.maxSamples { cases[index].detail.samples.append(words.request) }
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        var reports: [IncidentReport] = []
        var over: [Int] = []
        for one in cases {
            let trial = test.trials[one.place]
            let isProven = test.isProven(one.place)
            if trial.isAccused || isProven {
                if isProven { test.setAccused(one.place, true) }
                let (model, source) = place(of: trial.pool)
                var report = LabelReports.poisoning(trial, one.detail, sources[source].pipeline, rule, detector: detector, model: model)
                if test.isCold(one.place) {
                    report.phase = .closed(reason: "its labels are back among those of its peers")
                    test.setAccused(one.place, false)
                    over.append(one.place)
                }
                reports.append(report)
            } else if test.isCold(one.place) {
                over.append(one.place)
            }
        }
        cases.removeAll { over.contains($0.place) }
        return reports
    }

    private func place(of pool: Int) -> (model: Int, source: Int) {
        let place = pools.firstIndex(of: pool) ?? 0
        return (place / max(1, sources.count), place % max(1, sources.count))
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: pools.count)
        for pool in pools { writer.write(signed: Int64(pool)) }
        zone.encode(into: &writer)
        writer.write(count: cases.count)
        for one in cases {
            writer.write(count: one.place)
            writer.write(fixed64: one.key)
            writer.write(string: one.detail.actor)
            writer.write(signed: one.detail.flippedAt)
            writer.write(count: one.detail.samples.count)
            for sample in one.detail.samples { writer.write(string: sample) }
        }
        test.encode(into: &writer)
    }

    mutating func restore(from reader: inout ByteReader) throws {
        guard try reader.readCount() == pools.count else { throw CorruptBytes(offset: reader.offset, expected: "pools of \(pools.count) models and sources") }
        for place in pools.indices { pools[place] = Int(truncatingIfNeeded: try reader.readSigned()) }
        try zone.restore(from: &reader)
        cases = []
        for _ in 0..<(try reader.readCount(minimumSize: 12)) {
            let place = Int(truncatingIfNeeded: try reader.readVarint())
            let key = try reader.readFixed64()
            var detail = Case(actor: try reader.readString(), flippedAt: try reader.readSigned())
            for _ in 0..<(try reader.readCount()) { detail.samples.append(try reader.readString()) }
            cases.append((place, key, detail))
        }
        try test.restore(from: &reader)
        guard cases.allSatisfy({ $0.place < test.trials.count }), pools.allSatisfy({ $0 < test.pools.count }) else {
            throw CorruptBytes(offset: reader.offset, expected: "cases and pools that are there")
        }
    }
}
