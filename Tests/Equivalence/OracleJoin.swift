import Driving
import VedetteCore
import VedetteRuntime

/// The rules of time and join, applied one record after the other with arrays and
/// dictionaries that are never cleaned up.
///
/// What comes out is a list of effects, each with the moment at which it happened.
struct OracleJoin {
    struct Row {
        var decision: OracleDecision
        /// Newest word of each source; what it may not say stands beside what it may.
        var words: [Speaker: Word] = [:]
    }

    struct Speaker: Hashable {
        var pipeline: String
        var counts: Bool
    }

    struct Word: Equatable {
        var time: Int64
        var outcome: Int
        var tier: Int
        var pipeline: String
        /// Between sources that are equal in all else: a fixed order.
        var rank: UInt64
        /// 0 for none; else in the order of first mention by a word that counts.
        var kind: Int
        var weight: Double
    }

    enum Effect {
        case accepted(row: Int)
        case repeated(of: Int, time: Int64, isSame: Bool)
        case truth(row: Int, before: Word?, after: Word?)
    }

    let topology: TopologyConfiguration
    let hash: KeyedHash
    /// Names of label kinds, in the order of their numbers from 1 on.
    private(set) var kinds: [String] = []
    private var firstSeen: [Int: [String: Int64]] = [:]
    private var began: Int64 = .max
    private(set) var rows: [Row] = []
    private(set) var effects: [(at: Int64, effect: Effect)] = []
    private(set) var counters = Counters()
    /// `stream partition offset joined`, one per late record.
    private(set) var late: [String] = []
    /// End of the last pane.
    private(set) var closed: Int64 = .min
    private var rowsByID: [String: [Int]] = [:]
    private var waiting: [(label: OracleLabel, expiresAt: Int64)] = []

    struct Arrival {
        var effective: Int64
        var partition: Int
        var offset: Int
        var record: OracleRecord
    }

    init(_ topology: TopologyConfiguration, _ hash: KeyedHash, _ partitions: [[OracleRecord?]], _ identities: [InputPartition]) {
        self.topology = topology
        self.hash = hash
        for arrival in Self.ordered(partitions, topology.time.outOfOrdernessMs) {
            began = min(began, arrival.effective / topology.panes.paneMs * topology.panes.paneMs)
            expire(before: arrival.effective)
            switch arrival.record {
            case .decision(let decision): take(decision, arrival, identities[arrival.partition])
            case .label(let label): take(label, arrival, identities[arrival.partition])
            }
        }
        guard let newest = partitions.joined().compactMap({ $0?.time }).max() else { return }
        closed = (newest / topology.panes.paneMs + 1) * topology.panes.paneMs
        expire(before: closed)
    }

    /// The one order: when it takes effect, decisions first, time; then ID, partition and offset.
    private static func ordered(_ partitions: [[OracleRecord?]], _ outOfOrderness: Int64) -> [Arrival] {
        var all: [Arrival] = []
        for (partition, records) in partitions.enumerated() {
            var newest: Int64?
            for (offset, record) in records.enumerated() {
                guard let record else { continue }
                let watermark = newest.map { $0 - outOfOrderness } ?? .min
                all.append(Arrival(effective: max(record.time, watermark), partition: partition, offset: offset, record: record))
                newest = max(newest ?? .min, record.time)
            }
        }
        return all.sorted { a, b in
            if a.effective != b.effective { return a.effective < b.effective }
            if a.record.isLabel != b.record.isLabel { return b.record.isLabel }
            if a.record.time != b.record.time { return a.record.time < b.record.time }
            // Records of different requests do not meet, so any order of the IDs will do.
            if a.record.id != b.record.id { return a.record.id < b.record.id }
            return (a.partition, a.offset) < (b.partition, b.offset)
        }
    }

    private func segment(_ time: Int64) -> Int64 { time / topology.join.segmentMs }
    private func isLive(_ time: Int64, at now: Int64) -> Bool { segment(time) >= segment(now - topology.join.retentionMs) }

    /// Labels expire when a pane closes.
    private mutating func expire(before now: Int64) {
        let boundary = now / topology.panes.paneMs * topology.panes.paneMs
        let orphans = waiting.filter { $0.expiresAt <= boundary }
        waiting.removeAll { $0.expiresAt <= boundary }
        counters.orphans += Int64(orphans.count)
        counters.labelsUnlistedSource += Int64(orphans.filter { tier($0.label.pipeline) == 0 }.count)
    }

    private mutating func note(_ arrival: Arrival, _ identity: InputPartition, joined: Bool) {
        guard arrival.record.time < arrival.effective else { return }
        counters.late += 1
        late.append("\(identity.stream.word) \(identity.number) \(arrival.offset) \(joined)")
    }

    // MARK: Decisions

    private mutating func take(_ decision: OracleDecision, _ arrival: Arrival, _ identity: InputPartition) {
        counters.decisions += 1
        guard isLive(decision.time, at: arrival.effective) else {
            counters.tooLate += 1
            return note(arrival, identity, joined: false)
        }
        // The nearest of the decisions that this one may be a repetition of, the older where two are equally near.
        let nearest = (rowsByID[decision.id] ?? []).filter { row in
            let time = rows[row].decision.time
            let isNear = abs(time - decision.time) <= topology.join.duplicateWindowMs || segment(time) == segment(decision.time)
            return isNear && isLive(time, at: arrival.effective)
        }.min { a, b in
            let (x, y) = (rows[a].decision.time, rows[b].decision.time)
            return (abs(x - decision.time), x) < (abs(y - decision.time), y)
        }
        if let nearest {
            note(arrival, identity, joined: false)
            let isSame = rows[nearest].decision.content == decision.content
            if isSame { counters.duplicates += 1 } else { counters.conflicts += 1 }
            return effects.append((arrival.effective, .repeated(of: nearest, time: decision.time, isSame: isSame)))
        }
        note(arrival, identity, joined: true)
        let row = rows.count
        rows.append(Row(decision: learned(decision, isLate: decision.time < arrival.effective)))
        rowsByID[decision.id, default: []].append(row)
        effects.append((arrival.effective, .accepted(row: row)))
        let mine = waiting.filter { $0.label.id == decision.id }
        waiting.removeAll { $0.label.id == decision.id }
        for label in mine { apply(label.label, to: row, at: arrival.effective) }
    }

    /// With the dimensions that say whether an entity is new.
    private mutating func learned(_ decision: OracleDecision, isLate: Bool) -> OracleDecision {
        var result = decision
        result.isLate = isLate
        for entity in Set(topology.slices.newEntities.map(\.entity)) {
            guard let name = decision.entities[topology.schema.entities[entity]] else { continue }
            firstSeen[entity, default: [:]][name] = min(decision.time, firstSeen[entity]?[name] ?? .max)
        }
        for rule in topology.slices.newEntities where decision.time - began >= rule.withinMs {
            let dimension = topology.schema.dimensions[rule.dimension]
            guard let name = decision.entities[topology.schema.entities[rule.entity]], decision.slices[dimension] == nil else { continue }
            let first = firstSeen[rule.entity]?[name] ?? decision.time
            result.slices[dimension] = decision.time - first < rule.withinMs ? "new" : "known"
        }
        return result
    }

    // MARK: Labels

    private func tier(_ pipeline: String) -> Int { Int(topology.labelSources.first { $0.pipeline == pipeline }?.tier ?? 0) }

    private mutating func take(_ label: OracleLabel, _ arrival: Arrival, _ identity: InputPartition) {
        counters.labels += 1
        let live = (rowsByID[label.id] ?? []).filter { isLive(rows[$0].decision.time, at: arrival.effective) }
        let named = live.first { row in label.decisionTime.map { segment($0) == segment(rows[row].decision.time) } ?? false }
        let newest = live.max { rows[$0].decision.time < rows[$1].decision.time }
        note(arrival, identity, joined: newest != nil)
        guard let row = named ?? newest else {
            return waiting.append((label, arrival.effective + topology.join.pendingTTLMs))
        }
        apply(label, to: row, at: arrival.effective)
    }

    /// With a registry, whoever it does not list says nothing that counts, nor who may not say it.
    private func counts(_ label: OracleLabel) -> Bool {
        guard let source = topology.labelSources.first(where: { $0.pipeline == label.pipeline }) else { return topology.labelSources.isEmpty }
        return source.rights.outcomes.isEmpty || label.outcome == 0 || source.rights.outcomes.contains(label.outcome == 2 ? .fraud : .legit)
    }

    private func truth(_ words: [Speaker: Word]) -> Word? {
        words.filter { $0.key.counts && $0.value.outcome != 0 }.values.max { ($0.tier, $0.time, $0.outcome, $0.rank) < ($1.tier, $1.time, $1.outcome, $1.rank) }
    }

    private func disagree(_ words: [Speaker: Word]) -> Bool { Set(words.filter(\.key.counts).values.map(\.outcome)).isSuperset(of: [1, 2]) }

    private mutating func apply(_ label: OracleLabel, to row: Int, at now: Int64) {
        let before = rows[row].words
        if tier(label.pipeline) == 0 { counters.labelsUnlistedSource += 1 }
        let source = topology.labelSources.first { $0.pipeline == label.pipeline }
        let speaker = Speaker(pipeline: label.pipeline, counts: counts(label))
        if source != nil, !speaker.counts { counters.labelsUnauthorised += 1 }
        if speaker.counts, let kind = label.kind, !kinds.contains(kind) { kinds.append(kind) }
        let word = Word(
            time: label.time, outcome: label.outcome, tier: tier(label.pipeline), pipeline: label.pipeline, rank: hash.hash64(label.pipeline),
            kind: label.kind.flatMap { kinds.firstIndex(of: $0) }.map { $0 + 1 } ?? 0,
            weight: source.map { label.samplingWeight ?? $0.samplingWeight } ?? 1)
        if let known = before[speaker] {
            if (known.time, known.outcome) == (word.time, word.outcome) {
                counters.labelsRepeated += 1
                return
            }
            guard (word.time, word.outcome) > (known.time, known.outcome) else {
                counters.labelsIgnored += 1
                return
            }
            if word.outcome == 0 { counters.labelsWithdrawn += 1 } else { counters.labelsChanged += 1 }
        } else {
            counters.labelsJoined += 1
        }
        rows[row].words[speaker] = word
        let after = rows[row].words
        if disagree(after), !disagree(before) { counters.labelConflicts += 1 }
        guard truth(before) != truth(after) else { return }
        effects.append((now, .truth(row: row, before: truth(before), after: truth(after))))
    }
}
