/// A time in which the words of an actor, or of a whole source, were under suspicion on one model.
package struct LabelAccusation: Equatable {
    /// Model and source, as the detector numbers them.
    var place: Int
    /// The detector's key of the actor; nil is the whole source.
    var actor: UInt64?
    /// Event times of the words, ms: from the beginning of the evidence until it had fallen to nothing; `Int64.max` while it stands.
    var from: Int64
    var until = Int64.max

    package init(place: Int, actor: UInt64?, from: Int64, until: Int64 = .max) {
        self.place = place
        self.actor = actor
        self.from = from
        self.until = until
    }
}

/// All accusations that stand or stood, in the order in which they were made.
///
/// Evidence is older than its accusation, so words that counted when they joined turn out to be the poison: an export asks here.
/// Bounded by ``limit``: beyond it the one that ended first is forgotten, or the oldest where all stand.
package struct LabelAccusations: Equatable {
    package static let limit = 4_096

    package private(set) var all: [LabelAccusation] = []

    package init() {}

    /// What stands at a boundary, ms: begins what is new, ends what stands no longer, and dates back what has turned out to have begun sooner.
    /// O(accusations).
    package mutating func update(_ standing: [LabelAccusation], at boundary: Int64) {
        guard !standing.isEmpty || !all.isEmpty else { return }
        func isSame(_ a: LabelAccusation, _ b: LabelAccusation) -> Bool { a.place == b.place && a.actor == b.actor }
        for index in all.indices where all[index].until == .max && !standing.contains(where: { isSame($0, all[index]) }) { all[index].until = boundary }
        for one in standing {
            if let known = all.firstIndex(where: { $0.until == .max && isSame($0, one) }) {
                all[known].from = min(all[known].from, one.from)
            } else {
                makeRoom()
                all.append(one)
            }
        }
    }

    private mutating func makeRoom() {
        guard all.count >= Self.limit, let first = all.indices.min(by: { all[$0].until < all[$1].until }) else { return }
        all.remove(at: first)
    }

    /// Whether a word of that time was, or is, under suspicion. O(accusations).
    package func cover(place: Int, actor: UInt64?, at time: Int64) -> Bool {
        all.contains { $0.place == place && ($0.actor == nil || $0.actor == actor) && $0.from <= time && time < $0.until }
    }
}

extension LabelAccusations: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: all.count)
        for one in all {
            writer.write(count: one.place)
            writer.write(bool: one.actor != nil)
            writer.write(fixed64: one.actor ?? 0)
            writer.write(signed: one.from)
            writer.write(signed: one.until)
        }
    }

    package init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 12)) {
            let place = Int(truncatingIfNeeded: try reader.readVarint()), isActor = try reader.readBool(), actor = try reader.readFixed64()
            all.append(LabelAccusation(place: place, actor: isActor ? actor : nil, from: try reader.readSigned(), until: try reader.readSigned()))
        }
    }
}
