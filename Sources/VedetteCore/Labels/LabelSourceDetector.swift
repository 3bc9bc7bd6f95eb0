/// `label_source`: labels from pipelines, actors or with rights that the registry does not list.
///
/// A registry needs no statistics: one such label is a fact. It counts for nothing in the join (``LabelStanding/inadmissible``), so the
/// incident says what somebody tried; where no source is registered at all it counts, and the incident says so. One incident per kind of
/// breach, pipeline and model. Names of pipelines that nobody knows are whatever their writer likes: beyond ``maxUnlisted`` of them in a
/// model that stand at once, the rest share one incident named "(other)", which counts them. At most ``maxIncidents`` in all. A label
/// without a decision belongs to the first model that its source may label (``LabelRights``).
struct LabelSourceDetector: StreamDetector {
    static let maxIncidents = 256
    /// Unlisted pipelines of a model that have an incident of their own at once.
    static let maxUnlisted = 8
    /// Different pipelines that one incident tells apart; beyond it there are "at least" so many.
    static let maxPipelines = 10_000
    static let maxActors = 10

    struct Incident: Equatable {
        var breach: LabelBreach
        var pipeline: String
        var model: Int
        var labels: Int64 = 0
        var orphans: Int64 = 0
        var fraud: Int64 = 0
        var legit: Int64 = 0
        /// Of the decisions that they are about, each once.
        var amount = AmountSum()
        var startedAt: Int64
        var lastAt: Int64
        var actors: [String] = []
        var samples: [String] = []
        /// Of the incident that many share: hashes of their pipelines' names, at most ``maxPipelines``, and the first names.
        var pipelines: Set<UInt64> = []
        var names: [String] = []

        var isShared: Bool { pipeline == Interner.otherName }

        mutating func note(_ name: String, hash: UInt64) {
            guard isShared, pipelines.count < LabelSourceDetector.maxPipelines, pipelines.insert(hash).inserted else { return }
            if names.count < LabelSourceDetector.maxActors { names.append(name) }
        }
    }

    let detector: Int
    let rule: LabelIntegrityRule
    let sources: [LabelSource]
    let models: [String]
    let hash: KeyedHash
    private(set) var incidents: [Incident] = []

    init(detector: Int, rule: LabelIntegrityRule, sources: [LabelSource], models: [String], hash: KeyedHash) {
        self.detector = detector
        self.rule = rule
        self.sources = sources
        self.models = models
        self.hash = hash
    }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let model = Int(label.decision.model)
        let words = label.words
        guard let breach = breach(label.source, words, label.entry.outcome, models[model]) else { return }
        add(breach, words, label.entry.outcome, model, label.effective, amount: label.effect.kind == .new ? label.decision.amount : .none)
    }

    mutating func observe(orphan: PendingLabel, at time: Int64) {
        let row = orphan.stated.row
        guard let breach = breach(row, orphan.words, orphan.stated.outcome, nil) else { return }
        add(breach, orphan.words, orphan.stated.outcome, row < 0 ? 0 : sources[row].rights.firstModel(of: models), time, amount: nil)
    }

    private func breach(_ source: Int, _ words: LabelWords, _ outcome: Outcome, _ model: String?) -> LabelBreach? {
        guard source >= 0 else { return .source }
        return sources[source].rights.breach(actor: words.actor, outcome: outcome, model: model)
    }

    /// - Parameter amount: of its decision; nil for an orphan.
    private mutating func add(_ breach: LabelBreach, _ words: LabelWords, _ outcome: Outcome, _ model: Int, _ time: Int64, amount: Money?) {
        let place = place(breach, model, ShownName.of(words.pipeline), time)
        incidents[place].labels += 1
        incidents[place].note(ShownName.of(words.pipeline), hash: hash.hash64(words.pipeline))
        if let amount { incidents[place].amount.add(amount) } else { incidents[place].orphans += 1 }
        if outcome == .fraud { incidents[place].fraud += 1 }
        if outcome == .legit { incidents[place].legit += 1 }
        incidents[place].lastAt = max(incidents[place].lastAt, time)
        let actor = ShownName.of(words.actor)
        if !actor.isEmpty, incidents[place].actors.count < Self.maxActors, !incidents[place].actors.contains(actor) { incidents[place].actors.append(actor) }
        if incidents[place].samples.count < 10 { incidents[place].samples.append(words.request) }
    }

    /// The incident of that name, a new one, or the one that all others share.
    private mutating func place(_ breach: LabelBreach, _ model: Int, _ pipeline: String, _ time: Int64) -> Int {
        func find(_ name: String) -> Int? { incidents.firstIndex { $0.breach == breach && $0.model == model && $0.pipeline == name } }
        if let known = find(pipeline) { return known }
        let name = hasRoom(breach, model) ? pipeline : Interner.otherName
        if let known = find(name) { return known }
        incidents.append(Incident(breach: breach, pipeline: name, model: model, startedAt: time, lastAt: time))
        return incidents.count - 1
    }

    private func hasRoom(_ breach: LabelBreach, _ model: Int) -> Bool {
        guard incidents.count < Self.maxIncidents else { return false }
        return breach != .source || incidents.count { $0.breach == breach && $0.model == model && !$0.isShared } < Self.maxUnlisted
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        guard !incidents.isEmpty else { return [] }
        var reports: [IncidentReport] = []
        for incident in incidents {
            var report = report(incident)
            if boundary - incident.lastAt >= rule.keepFiringForMs {
                report.phase = .closed(reason: "no such label for \(AlertNumbers.duration(rule.keepFiringForMs))")
            }
            reports.append(report)
        }
        incidents.removeAll { boundary - $0.lastAt >= rule.keepFiringForMs }
        return reports
    }

    private func report(_ incident: Incident) -> IncidentReport {
        var report = LabelReports.source(incident, rule, detector: detector, isCounted: sources.isEmpty)
        guard incident.isShared else { return report }
        let count = AlertNumbers.count(Int64(incident.pipelines.count))
        let bound = incident.pipelines.count < Self.maxPipelines ? "" : "at least "
        report.headline += ", from \(bound)\(count) pipeline\(incident.pipelines.count == 1 ? "" : "s") that have no alert of their own"
        report.facts += [
            IncidentFact("pipelines", .number(Double(incident.pipelines.count))), IncidentFact("pipelines_first", .list(incident.names)),
        ]
        return report
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: incidents.count)
        for incident in incidents {
            writer.write(byte: incident.breach.rawValue)
            writer.write(string: incident.pipeline)
            writer.write(count: incident.model)
            for value in [incident.labels, incident.orphans, incident.fraud, incident.legit, incident.startedAt, incident.lastAt] { writer.write(signed: value) }
            incident.amount.encode(into: &writer)
            for list in [incident.actors, incident.samples, incident.names] {
                writer.write(count: list.count)
                for text in list { writer.write(string: text) }
            }
            writer.write(count: incident.pipelines.count)
            for hash in incident.pipelines.sorted() { writer.write(fixed64: hash) }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        incidents = []
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            guard let breach = LabelBreach(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "a breach") }
            let pipeline = try reader.readString()
            let model = Int(truncatingIfNeeded: try reader.readVarint())
            guard model < models.count else { throw CorruptBytes(offset: reader.offset, expected: "a model of the inventory") }
            var values: [Int64] = []
            for _ in 0..<6 { values.append(try reader.readSigned()) }
            var incident = Incident(breach: breach, pipeline: pipeline, model: model, startedAt: values[4], lastAt: values[5])
            incident.labels = values[0]
            incident.orphans = values[1]
            incident.fraud = values[2]
            incident.legit = values[3]
            incident.amount = try AmountSum(from: &reader)
            for _ in 0..<(try reader.readCount()) { incident.actors.append(try reader.readString()) }
            for _ in 0..<(try reader.readCount()) { incident.samples.append(try reader.readString()) }
            for _ in 0..<(try reader.readCount()) { incident.names.append(try reader.readString()) }
            for _ in 0..<(try reader.readCount(minimumSize: 8)) { incident.pipelines.insert(try reader.readFixed64()) }
            incidents.append(incident)
        }
    }
}
