/// Fraud and legit among labelled decisions.
public struct OutcomeCounts: BitwiseCopyable, Sendable, Equatable {
    public internal(set) var fraud: Int64 = 0
    public internal(set) var legit: Int64 = 0

    public init() {}

    var isEmpty: Bool { fraud == 0 && legit == 0 }

    mutating func add(_ outcome: Outcome, _ count: Int64) {
        switch outcome {
        case .fraud: fraud += count
        case .legit: legit += count
        case .withdrawn: break
        }
    }
}

/// Labelled decisions by the trust tier and the kind of the label that stands.
public struct LabelBreakdown: Sendable, Equatable, Snapshottable {
    /// 0 unlisted, 1 low, 2 medium, 3 high.
    public static let tiers = 4
    public private(set) var byTier = InlineArray<4, OutcomeCounts>(repeating: OutcomeCounts())
    /// Ascending by the interned kind; 0 is labels without a kind. Bounded by `join.max_label_kinds`.
    private var kinds = ShortList<2, Kind>(filler: Kind(kind: 0, counts: OutcomeCounts()))

    private struct Kind: Sendable, Equatable {
        var kind: Int32
        var counts: OutcomeCounts
    }

    public init() {}

    /// Of ``ShortList/address``.
    @inline(__always)
    var address: UnsafeRawPointer? { mutating get { kinds.address } }

    /// The labels of each kind, ascending by its number.
    public var byKind: [(kind: Int32, counts: OutcomeCounts)] { kinds.indices.map { (kinds[$0].kind, kinds[$0].counts) } }

    @inline(__always)
    mutating func add(_ outcome: Outcome, tier: UInt8, kind: Int32, count: Int64) {
        byTier[min(Int(tier), Self.tiers - 1)].add(outcome, count)
        add(kind) { $0.add(outcome, count) }
    }

    @inline(__always)
    private mutating func add(_ kind: Int32, _ change: (inout OutcomeCounts) -> Void) {
        var place = 0
        while place < kinds.count, kinds[place].kind < kind { place += 1 }
        let isKnown = place < kinds.count && kinds[place].kind == kind
        var counts = isKnown ? kinds[place].counts : OutcomeCounts()
        change(&counts)
        switch (isKnown, counts.isEmpty) {
        case (true, false): kinds[place].counts = counts
        case (true, true): kinds.remove(at: place)
        case (false, false): kinds.insert(Kind(kind: kind, counts: counts), at: place)
        case (false, true): break
        }
    }

    mutating func merge(_ other: LabelBreakdown) {
        for tier in 0..<Self.tiers {
            byTier[tier].fraud += other.byTier[tier].fraud
            byTier[tier].legit += other.byTier[tier].legit
        }
        for place in other.kinds.indices {
            let entry = other.kinds[place]
            add(entry.kind) {
                $0.fraud += entry.counts.fraud
                $0.legit += entry.counts.legit
            }
        }
    }

    public static func == (a: LabelBreakdown, b: LabelBreakdown) -> Bool {
        (0..<tiers).allSatisfy { a.byTier[$0] == b.byTier[$0] } && a.kinds == b.kinds
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(sparse: (0..<Self.tiers).flatMap { [byTier[$0].fraud, byTier[$0].legit] })
        writer.write(count: kinds.count)
        for place in kinds.indices {
            writer.write(signed: Int64(kinds[place].kind))
            writer.write(signed: kinds[place].counts.fraud)
            writer.write(signed: kinds[place].counts.legit)
        }
    }

    public init(from reader: inout ByteReader) throws {
        var tiers = try reader.readSparse(of: 2 * Self.tiers)
        for tier in 0..<Self.tiers {
            byTier[tier].fraud = try tiers.next(&reader)
            byTier[tier].legit = try tiers.next(&reader)
        }
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            let kind = Int32(truncatingIfNeeded: try reader.readSigned())
            var counts = OutcomeCounts()
            counts.fraud = try reader.readSigned()
            counts.legit = try reader.readSigned()
            kinds.insert(Kind(kind: kind, counts: counts), at: kinds.count)
        }
    }
}
