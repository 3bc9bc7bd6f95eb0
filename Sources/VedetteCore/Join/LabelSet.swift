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
/// a batch job over all labels so far would compute. Words that are not admitted are kept
/// beside it and move nothing: neither the truth, nor since when it is known, nor conflicts.
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
        for entry in entries where entry.isEvidence && tier.map({ entry.tier > $0 }) ?? true {
            if let current = best, !entry.outweighs(current) { continue }
            best = entry
        }
        return best
    }

    /// When the truth's outcome was first said by a source that still says so: like the truth, a function of the set.
    private var knownSince: Int64? {
        guard let truth else { return nil }
        return entries.lazy.filter { $0.isEvidence && $0.outcome == truth.outcome }.map(\.time).min()
    }

    private var disagrees: Bool {
        var seen: Outcome?
        for entry in entries where entry.isEvidence {
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

    /// One byte of an entry: conditions and quarantine, two bits of the outcome, weight and inadmissibility, two bits of the tier.
    private enum Flags {
        static let conditions: UInt8 = 0x80
        static let quarantined: UInt8 = 0x40
        static let weight: UInt8 = 0x08
        static let inadmissible: UInt8 = 0x04
        static let tier: UInt8 = 0x03

        static func bits(_ standing: LabelStanding) -> UInt8 {
            switch standing {
            case .admitted: 0
            case .quarantined: quarantined
            case .inadmissible: inadmissible
            }
        }

        static func standing(_ byte: UInt8) -> LabelStanding {
            if byte & inadmissible != 0 { return .inadmissible }
            return byte & quarantined != 0 ? .quarantined : .admitted
        }
    }

    public func encode(into writer: inout ByteWriter, segmentStart: Int64) {
        writer.write(string: request)
        for entry in entries {
            writer.write(fixed64: entry.source)
            writer.write(signed: entry.time - segmentStart)
            let isWeighted = entry.weight != LabelEntry.weightUnit
            let flags = (entry.conditions != 0 ? Flags.conditions : 0) | (isWeighted ? Flags.weight : 0) | Flags.bits(entry.standing)
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
            let weight = packed & Flags.weight != 0 ? Int64(truncatingIfNeeded: try reader.readVarint()) : LabelEntry.weightUnit
            var entry = LabelEntry(source: source, time: time, outcome: outcome, tier: packed & Flags.tier, kind: kind, weight: weight)
            entry.actor = actor
            if packed & Flags.conditions != 0 { entry.conditions = Int32(truncatingIfNeeded: try reader.readVarint()) }
            entry.standing = Flags.standing(packed)
            entries.append(entry)
        }
    }
}
