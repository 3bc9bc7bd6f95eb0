/// Fraud and legit among labelled decisions.
public struct OutcomeCounts: Sendable, Equatable {
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
    public private(set) var byKind: ContiguousArray<(kind: Int32, counts: OutcomeCounts)> = []

    public init() {}

    mutating func add(_ outcome: Outcome, tier: UInt8, kind: Int32, count: Int64) {
        byTier[min(Int(tier), Self.tiers - 1)].add(outcome, count)
        add(kind) { $0.add(outcome, count) }
    }

    private mutating func add(_ kind: Int32, _ change: (inout OutcomeCounts) -> Void) {
        let place = byKind.firstIndex { $0.kind >= kind } ?? byKind.count
        if place == byKind.count || byKind[place].kind != kind { byKind.insert((kind, OutcomeCounts()), at: place) }
        change(&byKind[place].counts)
        if byKind[place].counts.isEmpty { byKind.remove(at: place) }
    }

    mutating func merge(_ other: LabelBreakdown) {
        for tier in 0..<Self.tiers {
            byTier[tier].fraud += other.byTier[tier].fraud
            byTier[tier].legit += other.byTier[tier].legit
        }
        for entry in other.byKind {
            add(entry.kind) {
                $0.fraud += entry.counts.fraud
                $0.legit += entry.counts.legit
            }
        }
    }

    public static func == (a: LabelBreakdown, b: LabelBreakdown) -> Bool {
        (0..<tiers).allSatisfy { a.byTier[$0] == b.byTier[$0] } && a.byKind.elementsEqual(b.byKind) { $0.kind == $1.kind && $0.counts == $1.counts }
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(sparse: (0..<Self.tiers).flatMap { [byTier[$0].fraud, byTier[$0].legit] })
        writer.write(count: byKind.count)
        for entry in byKind {
            writer.write(signed: Int64(entry.kind))
            writer.write(signed: entry.counts.fraud)
            writer.write(signed: entry.counts.legit)
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
            byKind.append((kind, counts))
        }
    }
}
