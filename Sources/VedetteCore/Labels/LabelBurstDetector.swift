/// `label_burst`: a source or an actor sends far more labels in a day than it ever did.
///
/// Input: every label that joins, and orphans. Bad direction: up. Default: 50 labels and three times the largest day of the past (which
/// fades with a half-life of ``BurstCount/halfLifeDays``), and a chance below `alpha` / 365 under a negative binomial with the mean and scatter of its
/// days. An actor without two weeks of past is held against the largest day of any actor of its source. A source that would have no
/// burst without one actor's labels has none: the actor's alert says it. Judged at every boundary, so a burst is seen while it comes. All models together; the alert stands under the first that the source may label.
/// Memory: 90 bytes an actor, at most `max_actors`; those beyond share one count per source.
struct LabelBurstDetector: StreamDetector {
    static let maxSamples = 10
    /// A mean of labels a day below which an actor is forgotten when its day ends.
    private static let idleMean = 0.01

    struct Entry: Equatable {
        var count: BurstCount
        /// Row of the registry; the last one is "unlisted".
        var source: Int
        /// Empty for the source itself.
        var actor: String
        var samples: [String] = []
        /// Of the decisions that today's labels are about, each once for a source.
        var amount = AmountSum()
        var firedAt: Int64?
    }

    let detector: Int
    let rule: LabelIntegrityRule
    let sources: [LabelSource]
    let models: [String]
    let hash: KeyedHash
    /// The sources, then one for each source's actors that are not followed, then actors.
    private(set) var entries: [Entry] = []
    private var index = HashIndex()
    /// Largest day of any actor, per source, fading.
    private var largest: [Double]
    private var day: Int64 = .min
    private var touched: Set<Int> = []

    init(detector: Int, rule: LabelIntegrityRule, sources: [LabelSource], models: [String], hash: KeyedHash) {
        self.detector = detector
        self.rule = rule
        self.sources = sources
        self.models = models
        self.hash = hash
        largest = Array(repeating: 0, count: sources.count + 1)
        for source in 0...sources.count { entries.append(Entry(count: BurstCount(), source: source, actor: "")) }
        for source in 0...sources.count { entries.append(Entry(count: BurstCount(), source: source, actor: Interner.otherName)) }
    }

    private var fixed: Int { 2 * (sources.count + 1) }

    mutating func observe(_ label: borrowing ObservedLabel) {
        count(label.source, label.words, label.effect.kind == .new ? label.decision.amount : .none, label.effective)
    }

    mutating func observe(orphan: PendingLabel, at time: Int64) { count(orphan.stated.row, orphan.words, .none, time) }

    private mutating func count(_ row: Int, _ words: LabelWords, _ amount: Money, _ time: Int64) {
        pass(to: floorDivide(time, 86_400_000))
        let source = row < 0 ? sources.count : row
        add(source, words.request, amount)
        if !words.actor.isEmpty { add(find(words.actor, source), words.request, amount) }
    }

    private mutating func add(_ place: Int, _ request: String, _ amount: Money) {
        entries[place].count.today += 1
        entries[place].amount.add(amount)
        if entries[place].samples.count < Self.maxSamples { entries[place].samples.append(request) }
        touched.insert(place)
    }

    private mutating func find(_ actor: String, _ source: Int) -> Int {
        let key = key(actor, source)
        if let known = index.find(key) { return known }
        guard entries.count - fixed < rule.peers.maxActors else { return sources.count + 1 + source }
        entries.append(Entry(count: BurstCount(), source: source, actor: ShownName.of(actor)))
        entries[entries.count - 1].count.firstDay = day
        keys.append(key)
        index.set(key, to: entries.count - 1)
        return entries.count - 1
    }

    /// Keys of the entries from `fixed` on.
    private var keys: [UInt64] = []
    private func key(_ actor: String, _ source: Int) -> UInt64 { hash.hash64("\(source)|\(actor)") }

    private mutating func pass(to today: Int64) {
        guard today > day else { return }
        if day != .min {
            for source in largest.indices { largest[source] *= BurstCount.fading(today - day) }
            for place in entries.indices {
                if place >= fixed { largest[entries[place].source] = max(largest[entries[place].source], Double(entries[place].count.today)) }
                entries[place].count.end(days: today - day)
                entries[place].amount = AmountSum()
                if entries[place].firedAt == nil { entries[place].samples = [] }
            }
            forget()
        } else {
            for place in entries.indices { entries[place].count.firstDay = today }
        }
        day = today
    }

    private mutating func forget() {
        guard entries.count - fixed > rule.peers.maxActors / 2 else { return }
        var kept = Array(entries[..<fixed]), names: [UInt64] = []
        for (key, entry) in zip(keys, entries[fixed...]) where entry.count.mean >= Self.idleMean || entry.firedAt != nil {
            kept.append(entry)
            names.append(key)
        }
        guard kept.count < entries.count else { return }
        entries = kept
        keys = names
        touched = []
        index.removeAll()
        for (place, key) in keys.enumerated() { index.set(key, to: fixed + place) }
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        let looked = touched.sorted()
        touched = []
        var reports: [IncidentReport] = []
        for place in looked where isBurst(entries[place], place) {
            if let actor = culprit(of: place) {
                guard entries[place].firedAt != nil else { continue }
                reports.append(merged(place, into: actor, at: boundary))
            } else {
                entries[place].firedAt = boundary
                reports.append(report(place, at: boundary))
            }
        }
        for place in entries.indices {
            guard let fired = entries[place].firedAt, boundary - fired >= rule.keepFiringForMs else { continue }
            var report = report(place, at: boundary)
            report.headline = "the burst is over: \(report.headline)"
            report.phase = .closed(reason: "no burst for \(AlertNumbers.duration(rule.keepFiringForMs))")
            entries[place].firedAt = nil
            reports.append(report)
        }
        return reports
    }

    /// The actor whose burst is all that its source's is. O(actors).
    private func culprit(of place: Int) -> Int? {
        guard place <= sources.count else { return nil }
        var actor: Int?
        for other in entries.indices.dropFirst(fixed) where entries[other].source == place && isBurst(entries[other], other) {
            if actor.map({ entries[other].count.today > entries[$0].count.today }) ?? true { actor = other }
        }
        guard let actor else { return nil }
        var rest = entries[place]
        rest.count.today -= entries[actor].count.today
        return isBurst(rest, place) ? nil : actor
    }

    /// The end of a source's burst that has turned out to be an actor's.
    private mutating func merged(_ place: Int, into actor: Int, at boundary: Int64) -> IncidentReport {
        var report = report(place, at: boundary)
        report.phase = .merged(into: subject(entries[actor]))
        entries[place].firedAt = nil
        return report
    }

    private func report(_ place: Int, at boundary: Int64) -> IncidentReport {
        let entry = entries[place]
        return LabelReports.burst(
            entry, limit: limit(entry, place), pipeline(entry), subject: subject(entry), rule, detector: detector,
            model: model(of: entry), at: boundary)
    }

    private func model(of entry: Entry) -> Int { entry.source < sources.count ? sources[entry.source].rights.firstModel(of: models) : 0 }

    func stands(_ identity: AlertIdentity) -> Bool {
        entries.contains { $0.firedAt != nil && identity.model == model(of: $0) && identity.subject == subject($0) }
    }

    /// What the alert of it is called by.
    private func subject(_ entry: Entry) -> String { entry.actor.isEmpty ? pipeline(entry) : "\(pipeline(entry))/\(entry.actor)" }

    private func pipeline(_ entry: Entry) -> String { entry.source < sources.count ? sources[entry.source].pipeline : "(unlisted)" }

    /// Labels of a day above which it is a burst.
    private func limit(_ entry: Entry, _ place: Int) -> Double {
        let isKnown = day - entry.count.firstDay >= BurstCount.minDays
        return max(Double(rule.burstLabels), rule.burstFactor * max(entry.count.largest, isKnown || place < fixed ? 0 : largest[entry.source]))
    }

    private func isBurst(_ entry: Entry, _ place: Int) -> Bool {
        let isKnown = day - entry.count.firstDay >= BurstCount.minDays
        // Without anybody's past nothing is known: the first weeks of a deployment.
        guard isKnown || (place >= fixed && largest[entry.source] > 0 && day - entries[entry.source].count.firstDay >= BurstCount.minDays) else { return false }
        guard Double(entry.count.today) >= limit(entry, place) else { return false }
        return !isKnown || entry.count.tail <= rule.peers.alpha / 365
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(signed: day)
        for value in largest { writer.write(double: value) }
        writer.write(count: entries.count)
        for (place, entry) in entries.enumerated() {
            entry.count.encode(into: &writer)
            writer.write(count: entry.source)
            writer.write(string: entry.actor)
            writer.write(fixed64: place < fixed ? 0 : keys[place - fixed])
            writer.write(count: entry.samples.count)
            for sample in entry.samples { writer.write(string: sample) }
            entry.amount.encode(into: &writer)
            writer.write(signed: entry.firedAt ?? .min)
        }
        writer.write(count: touched.count)
        for place in touched.sorted() { writer.write(count: place) }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        let fixed = fixed
        self = LabelBurstDetector(detector: detector, rule: rule, sources: sources, models: models, hash: hash)
        entries = []
        day = try reader.readSigned()
        for source in largest.indices { largest[source] = try reader.readDouble() }
        for place in 0..<(try reader.readCount(minimumSize: 16)) {
            let count = try BurstCount(from: &reader)
            var entry = Entry(count: count, source: Int(truncatingIfNeeded: try reader.readVarint()), actor: try reader.readString())
            let key = try reader.readFixed64()
            for _ in 0..<(try reader.readCount()) { entry.samples.append(try reader.readString()) }
            entry.amount = try AmountSum(from: &reader)
            let fired = try reader.readSigned()
            entry.firedAt = fired == .min ? nil : fired
            guard entry.source <= sources.count else { throw CorruptBytes(offset: reader.offset, expected: "a source of the registry") }
            entries.append(entry)
            if place >= fixed {
                keys.append(key)
                index.set(key, to: place)
            }
        }
        for _ in 0..<(try reader.readCount()) { touched.insert(Int(truncatingIfNeeded: try reader.readVarint())) }
        guard entries.count >= fixed, touched.allSatisfy({ $0 < entries.count }) else {
            throw CorruptBytes(offset: reader.offset, expected: "entries of \(sources.count) sources")
        }
    }
}
