/// What a label counts for, judged once: when it joins its decision.
public enum LabelStanding: UInt8, Sendable, CaseIterable {
    /// Its source may not say it, or is not in the registry where there is one: kept, and nothing else.
    case inadmissible
    /// Of an actor or a source under suspicion: kept and judged like any other, and no truth.
    case quarantined
    case admitted

    /// The key under which a source's word of this standing is kept, so that it can not replace what the source said by right.
    ///
    /// - Parameter isListed: the source is in the registry; one that is not has no other words.
    func key(of source: UInt64, isListed: Bool) -> UInt64 {
        switch self {
        case .admitted: source
        case .quarantined: source ^ 1
        case .inadmissible: isListed ? ~source : source
        }
    }
}

/// What one source says about one request.
public struct LabelEntry: Sendable, Equatable {
    /// Keyed hash of the source's pipeline, as ``LabelStanding/key(of:isListed:)`` has it.
    public var source: UInt64
    /// When it became known, ms.
    public var time: Int64
    public var outcome: Outcome
    /// From the registry: 0 unlisted or inadmissible ... 3 high.
    public var tier: UInt8
    /// Interned kind, such as `chargeback`; 0 where the record has none. Inadmissible words have numbers of their own (``LabelVocabulary``).
    public var kind: Int32
    /// How many requests it stands for, in thousandths: 1000 where labels are not a sample.
    public var weight: Int64
    /// Interned actor within the source; 0 where the record has none.
    public var actor: Int32 = 0
    /// Interned conditions under which it was given; 0 where the record does not say.
    public var conditions: Int32 = 0
    public var standing = LabelStanding.admitted

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

    /// Between sources: standing, trust, then the newest, then a fixed order.
    func outweighs(_ other: LabelEntry) -> Bool {
        if standing != other.standing { return standing.rawValue > other.standing.rawValue }
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

extension LabelEntry {
    /// It says something, and it counts.
    var isEvidence: Bool { outcome != .withdrawn && standing == .admitted }
}
