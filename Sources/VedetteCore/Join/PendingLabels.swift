import DequeModule

/// A label whose decision has not arrived.
struct PendingLabel {
    var id: RequestID
    var words: LabelWords
    var entry: LabelEntry
    /// Row of the source registry, -1 for unlisted: for counting orphans.
    var source: Int
    var expiresAt: Int64
}

/// The texts of a label, empty where the record has none.
struct LabelWords: Equatable {
    var request: String
    /// Such as `chargeback`.
    var kind: String
    var pipeline: String
    var actor: String
    /// Such as a guideline or a blind review.
    var conditions: String
}

/// Labels that wait for their decisions (topics race), each with its own time to live.
///
/// Bounded: beyond the limit the oldest goes early. What is dropped is an orphan: a label
/// whose decision never came.
struct PendingLabels {
    private let limit: Int
    private var waiting: [RequestID: [PendingLabel]] = [:]
    /// In the order of arrival, which is the order of expiry.
    private var queue = Deque<(id: RequestID, expiresAt: Int64)>()
    private(set) var count = 0

    init(limit: Int) { self.limit = limit }

    /// Returns the labels that had to go to make room.
    mutating func add(_ label: PendingLabel) -> [PendingLabel] {
        waiting[label.id, default: []].append(label)
        queue.append((label.id, label.expiresAt))
        count += 1
        return count > limit ? dropOldest() : []
    }

    /// Takes out everything that waits for `id`, in order of arrival.
    mutating func take(_ id: RequestID) -> [PendingLabel] {
        guard count > 0, let labels = waiting.removeValue(forKey: id) else { return [] }
        count -= labels.count
        return labels
    }

    /// Takes out everything that has expired at `watermark`.
    mutating func expire(at watermark: Int64) -> [PendingLabel] {
        var orphans: [PendingLabel] = []
        while let first = queue.first, first.expiresAt <= watermark {
            queue.removeFirst()
            guard let labels = waiting[first.id] else { continue }
            let (gone, kept) = (labels.filter { $0.expiresAt <= watermark }, labels.filter { $0.expiresAt > watermark })
            waiting[first.id] = kept.isEmpty ? nil : kept
            count -= gone.count
            orphans += gone
        }
        return orphans
    }

    private mutating func dropOldest() -> [PendingLabel] {
        while let first = queue.popFirst() {
            guard var labels = waiting[first.id] else { continue }
            let gone = labels.removeFirst()
            waiting[first.id] = labels.isEmpty ? nil : labels
            count -= 1
            return [gone]
        }
        return []
    }

    func encode(into writer: inout ByteWriter) {
        var left = waiting
        writer.write(count: count)
        for place in queue {
            guard var labels = left[place.id], !labels.isEmpty else { continue }
            let label = labels.removeFirst()
            left[place.id] = labels
            writer.write(fixed64: label.id.high)
            writer.write(fixed64: label.id.low)
            for word in [label.words.request, label.words.kind, label.words.pipeline, label.words.actor, label.words.conditions] {
                writer.write(string: word)
            }
            writer.write(fixed64: label.entry.source)
            writer.write(signed: label.entry.time)
            writer.write(byte: label.entry.outcome.rawValue)
            writer.write(byte: label.entry.tier)
            writer.write(varint: UInt64(label.entry.kind))
            writer.write(varint: UInt64(label.entry.weight))
            writer.write(varint: UInt64(label.entry.actor))
            writer.write(varint: UInt64(label.entry.conditions))
            writer.write(signed: Int64(label.source))
            writer.write(signed: label.expiresAt)
        }
    }

    init(limit: Int, from reader: inout ByteReader) throws {
        self.init(limit: limit)
        for _ in 0..<(try reader.readCount(minimumSize: 35)) {
            let id = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            let words = LabelWords(
                request: try reader.readString(), kind: try reader.readString(), pipeline: try reader.readString(), actor: try reader.readString(),
                conditions: try reader.readString())
            let source = try reader.readFixed64()
            let time = try reader.readSigned()
            guard let outcome = Outcome(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "an outcome") }
            var entry = LabelEntry(
                source: source, time: time, outcome: outcome, tier: try reader.readByte(),
                kind: Int32(truncatingIfNeeded: try reader.readVarint()), weight: Int64(truncatingIfNeeded: try reader.readVarint()))
            entry.actor = Int32(truncatingIfNeeded: try reader.readVarint())
            entry.conditions = Int32(truncatingIfNeeded: try reader.readVarint())
            _ = add(PendingLabel(id: id, words: words, entry: entry, source: Int(try reader.readSigned()), expiresAt: try reader.readSigned()))
        }
    }
}
