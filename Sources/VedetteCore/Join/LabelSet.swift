/// What one source says about one request.
public struct LabelEntry: Sendable, Equatable {
    /// Keyed hash of the source's pipeline.
    public var source: UInt64
    /// When it became known, ms.
    public var time: Int64
    public var outcome: Outcome
    /// From the registry: 0 unlisted ... 3 high.
    public var tier: UInt8
    /// Interned kind, such as `chargeback`; 0 where the record has none.
    public var kind: Int32
    /// How many requests it stands for, in thousandths: 1000 where labels are not a sample.
    public var weight: Int64
    /// Interned actor within the source; 0 where the record has none.
    public var actor: Int32 = 0
    /// Interned conditions under which it was given; 0 where the record does not say.
    public var conditions: Int32 = 0
    /// Its actor is under suspicion: the label is kept, and no truth.
    public var isQuarantined = false

    public static let weightUnit: Int64 = 1_000
    /// The largest weight that is taken: one label may not be most of a window. Sums of 10^12 such labels fit in 64 bits.
    public static let maxWeight = 1_000.0

    public init(source: UInt64, time: Int64, outcome: Outcome, tier: UInt8, kind: Int32 = 0, weight: Int64 = LabelEntry.weightUnit) {
        self.kind = kind
        self.weight = weight
        self.source = source
        self.time = time
        self.outcome = outcome
        self.tier = tier
    }

    /// Same source, time and outcome: a repeat, of which the first stands.
    func isRepeat(of other: LabelEntry) -> Bool { source == other.source && time == other.time && outcome == other.outcome }

    /// Within one source the newest word counts; at the same time, fraud over legit over withdrawn, so that order of arrival cannot matter.
    func supersedes(_ other: LabelEntry) -> Bool {
        time != other.time ? time > other.time : Self.rank(outcome) > Self.rank(other.outcome)
    }

    /// Between sources: trust, then the newest, then a fixed order.
    func outweighs(_ other: LabelEntry) -> Bool {
        if tier != other.tier { return tier > other.tier }
        if time != other.time { return time > other.time }
        if outcome != other.outcome { return Self.rank(outcome) > Self.rank(other.outcome) }
        return source > other.source
    }

    private static func rank(_ outcome: Outcome) -> Int {
        switch outcome {
        case .withdrawn: 0
        case .legit: 1
        case .fraud: 2
        }
    }
}

/// What a label did to a request's truth.
public struct LabelEffect: Sendable, Equatable {
    public enum Kind: Sendable { case new, changed, repeated, superseded, withdrawn, dropped }
    public var kind: Kind
    /// The truth before and after; nil is unlabelled.
    public var before: LabelEntry?
    public var after: LabelEntry?
    /// When the outcome before and after was first said by a source that still says so, ms; nil is unlabelled.
    public var knownBefore: Int64?
    public var knownAfter: Int64?
    /// Whether sources now disagree that did not before.
    public var conflict: Bool
    /// Every source's word on the request, this one included.
    var standing: [LabelEntry] = []
    /// The same before this one.
    var stood: [LabelEntry] = []

    public init(
        kind: Kind, before: LabelEntry?, after: LabelEntry?, knownBefore: Int64? = nil, knownAfter: Int64? = nil, conflict: Bool
    ) {
        self.kind = kind
        self.before = before
        self.after = after
        self.knownBefore = knownBefore
        self.knownAfter = knownAfter
        self.conflict = conflict
    }
}

/// All that is known of one request: at most one entry per source.
///
/// The truth is a function of the set of labels alone, not of the order in which they
/// came: each source's newest word, then the most trusted source. So aggregates equal what
/// a batch job over all labels so far would compute.
public struct LabelSet: Sendable, Equatable {
    public private(set) var entries: [LabelEntry] = []
    /// The request ID as its first label wrote it: rows know only its hash, and an export must name it.
    public var request = ""

    public init() {}

    /// The truth now: the outcome that outweighs all others, nil when every source has withdrawn.
    public var truth: LabelEntry? { Self.truth(entries) }

    /// The truth of what was said, by sources above a tier alone where one is given.
    static func truth(_ entries: [LabelEntry], above tier: UInt8? = nil) -> LabelEntry? {
        var best: LabelEntry?
        for entry in entries where entry.outcome != .withdrawn && !entry.isQuarantined && tier.map({ entry.tier > $0 }) ?? true {
            if let current = best, !entry.outweighs(current) { continue }
            best = entry
        }
        return best
    }

    /// When the truth's outcome was first said by a source that still says so: like the truth, a function of the set.
    private var knownSince: Int64? {
        guard let truth else { return nil }
        return entries.lazy.filter { $0.outcome == truth.outcome }.map(\.time).min()
    }

    private var disagrees: Bool {
        var seen: Outcome?
        for entry in entries where entry.outcome != .withdrawn && !entry.isQuarantined {
            if let seen, seen != entry.outcome { return true }
            seen = entry.outcome
        }
        return false
    }

    /// Takes a label in. O(sources).
    public mutating func apply(_ label: LabelEntry, maxEntries: Int) -> LabelEffect {
        let before = truth
        let knownBefore = knownSince
        let disagreed = disagrees
        var kind: LabelEffect.Kind = .new
        let stood = entries
        if let index = entries.firstIndex(where: { $0.source == label.source }) {
            if label.isRepeat(of: entries[index]) {
                return LabelEffect(kind: .repeated, before: before, after: before, conflict: false)
            }
            guard label.supersedes(entries[index]) else {
                return LabelEffect(kind: .superseded, before: before, after: before, conflict: false)
            }
            entries[index] = label
            kind = label.outcome == .withdrawn ? .withdrawn : .changed
        } else if entries.count < maxEntries {
            entries.append(label)
        } else {
            guard let weakest = entries.indices.min(by: { entries[$1].outweighs(entries[$0]) }), label.outweighs(entries[weakest]) else {
                return LabelEffect(kind: .dropped, before: before, after: before, conflict: false)
            }
            entries[weakest] = label
        }
        var effect = LabelEffect(
            kind: kind, before: before, after: truth, knownBefore: knownBefore, knownAfter: knownSince, conflict: disagrees && !disagreed)
        effect.standing = entries
        effect.stood = stood
        return effect
    }

    public func encode(into writer: inout ByteWriter, segmentStart: Int64) {
        writer.write(string: request)
        for entry in entries {
            writer.write(fixed64: entry.source)
            writer.write(signed: entry.time - segmentStart)
            let isWeighted = entry.weight != LabelEntry.weightUnit
            let flags: UInt8 = (entry.conditions != 0 ? 0x80 : 0) | (entry.isQuarantined ? 0x40 : 0) | (isWeighted ? 8 : 0)
            writer.write(byte: flags | entry.outcome.rawValue << 4 | entry.tier)
            writer.write(varint: UInt64(entry.kind))
            writer.write(varint: UInt64(entry.actor))
            if isWeighted { writer.write(varint: UInt64(entry.weight)) }
            if entry.conditions != 0 { writer.write(varint: UInt64(entry.conditions)) }
        }
    }

    public init(_ bytes: [UInt8], segmentStart: Int64) throws {
        var reader = ByteReader(bytes)
        request = try reader.readString()
        while !reader.isAtEnd {
            let source = try reader.readFixed64()
            let time = segmentStart + (try reader.readSigned())
            let packed = try reader.readByte()
            guard let outcome = Outcome(rawValue: packed >> 4 & 3) else { throw CorruptBytes(offset: reader.offset, expected: "an outcome") }
            let kind = Int32(truncatingIfNeeded: try reader.readVarint())
            let actor = Int32(truncatingIfNeeded: try reader.readVarint())
            let weight = packed & 8 != 0 ? Int64(truncatingIfNeeded: try reader.readVarint()) : LabelEntry.weightUnit
            var entry = LabelEntry(source: source, time: time, outcome: outcome, tier: packed & 7, kind: kind, weight: weight)
            entry.actor = actor
            if packed & 0x80 != 0 { entry.conditions = Int32(truncatingIfNeeded: try reader.readVarint()) }
            entry.isQuarantined = packed & 0x40 != 0
            entries.append(entry)
        }
    }
}
