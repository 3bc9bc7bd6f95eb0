/// A label whose decision has not arrived.
struct PendingLabel {
    var id: RequestID
    var words: LabelWords
    var stated: StatedLabel
    var expiresAt: Int64

    /// What it counts of ``JoinConfiguration/maxPendingBytes``: its texts, and a round figure for its place and its entry in the index. A function of
    /// the record alone, since it decides what becomes an orphan.
    var bytes: Int {
        PendingLabels.labelBytes
            + [words.request, words.kind, words.pipeline, words.actor, words.conditions].reduce(0) { $0 + $1.utf8.count }
    }
}

/// Labels that wait for their decisions (topics race), each with its own time to live.
///
/// Bounded by number, by memory and by request. Beyond the first two the oldest goes early; beyond the third the new one, or, if its
/// source is registered, the oldest under that ID whose source is not. What goes is an orphan: a label whose decision never came.
/// O(1) per label, and O(labels per request) where a request has too many, whatever IDs they name.
struct PendingLabels {
    /// Memory of a label beside its texts, bytes.
    static let labelBytes = 256

    /// A label in two lists: of all, and of its ID; both in the order of arrival, which is the order of expiry.
    private struct Place {
        var label: PendingLabel
        var next = PendingLabels.none
        var previous = PendingLabels.none
        var nextOfID = PendingLabels.none
    }

    private struct Waiting {
        var first: Int
        var last: Int
        var count: Int
    }

    private static let none = -1

    private let limit: Int
    private let byteLimit: Int
    private let perRequest: Int
    private var places: ContiguousArray<Place?> = []
    private var free: ContiguousArray<Int> = []
    private var oldest = PendingLabels.none
    private var newest = PendingLabels.none
    private var waiting: [RequestID: Waiting] = [:]
    private(set) var count = 0
    /// Of all that wait, as ``PendingLabel/bytes``.
    private(set) var bytes = 0

    init(_ configuration: JoinConfiguration) {
        limit = configuration.maxPending
        byteLimit = configuration.maxPendingBytes
        perRequest = configuration.maxLabelsPerRequest
    }

    /// Returns the labels that had to go to make room, the new one perhaps among them.
    mutating func add(_ label: PendingLabel) -> [PendingLabel] {
        var orphans: [PendingLabel] = []
        if let known = waiting[label.id], known.count >= perRequest {
            guard label.stated.row >= 0, let gone = removeUnlisted(label.id) else { return [label] }
            orphans.append(gone)
        }
        append(label)
        while count > limit || bytes > byteLimit, let gone = dropOldest() { orphans.append(gone) }
        return orphans
    }

    /// Takes out everything that waits for `id`, in order of arrival.
    mutating func take(_ id: RequestID) -> [PendingLabel] {
        guard count > 0, let known = waiting.removeValue(forKey: id) else { return [] }
        var labels: [PendingLabel] = []
        var place = known.first
        while place != Self.none, let one = places[place] {
            labels.append(one.label)
            release(place, one)
            place = one.nextOfID
        }
        return labels
    }

    /// Takes out everything that has expired at `watermark`, in order of arrival.
    mutating func expire(at watermark: Int64) -> [PendingLabel] {
        var orphans: [PendingLabel] = []
        while oldest != Self.none, let first = places[oldest], first.label.expiresAt <= watermark, let gone = dropOldest() { orphans.append(gone) }
        return orphans
    }

    private mutating func append(_ label: PendingLabel) {
        let place: Int
        if let empty = free.popLast() {
            place = empty
            places[place] = Place(label: label, previous: newest)
        } else {
            place = places.count
            places.append(Place(label: label, previous: newest))
        }
        if newest != Self.none { places[newest]?.next = place } else { oldest = place }
        newest = place
        if let known = waiting[label.id] {
            places[known.last]?.nextOfID = place
            waiting[label.id] = Waiting(first: known.first, last: place, count: known.count + 1)
        } else {
            waiting[label.id] = Waiting(first: place, last: place, count: 1)
        }
        count += 1
        bytes += label.bytes
    }

    /// The oldest of all is the first of its ID.
    private mutating func dropOldest() -> PendingLabel? {
        guard oldest != Self.none, let one = places[oldest], let known = waiting[one.label.id] else { return nil }
        waiting[one.label.id] = known.count == 1 ? nil : Waiting(first: one.nextOfID, last: known.last, count: known.count - 1)
        release(oldest, one)
        return one.label
    }

    /// The oldest label under an ID whose source is not registered.
    private mutating func removeUnlisted(_ id: RequestID) -> PendingLabel? {
        guard var known = waiting[id] else { return nil }
        var before = Self.none, place = known.first
        while place != Self.none, let one = places[place] {
            guard one.label.stated.row < 0 else {
                (before, place) = (place, one.nextOfID)
                continue
            }
            if before == Self.none { known.first = one.nextOfID } else { places[before]?.nextOfID = one.nextOfID }
            if place == known.last { known.last = before }
            known.count -= 1
            waiting[id] = known.count == 0 ? nil : known
            release(place, one)
            return one.label
        }
        return nil
    }

    /// Takes a place out of the list of all.
    private mutating func release(_ place: Int, _ one: Place) {
        if one.previous != Self.none { places[one.previous]?.next = one.next } else { oldest = one.next }
        if one.next != Self.none { places[one.next]?.previous = one.previous } else { newest = one.previous }
        places[place] = nil
        free.append(place)
        count -= 1
        bytes -= one.label.bytes
    }
}

extension PendingLabels {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: count)
        var place = oldest
        while place != Self.none, let one = places[place] {
            one.label.encode(into: &writer)
            place = one.next
        }
    }

    /// All that waited, also where the limits are lower now: they hold from the next label on, so that nothing goes uncounted.
    init(_ configuration: JoinConfiguration, from reader: inout ByteReader) throws {
        self.init(configuration)
        for _ in 0..<(try reader.readCount(minimumSize: 35)) { append(try PendingLabel(from: &reader)) }
    }
}

extension PendingLabel: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(fixed64: id.high)
        writer.write(fixed64: id.low)
        for word in [words.request, words.kind, words.pipeline, words.actor, words.conditions] { writer.write(string: word) }
        writer.write(fixed64: stated.source)
        writer.write(signed: Int64(stated.row))
        writer.write(signed: stated.time)
        writer.write(byte: stated.outcome.rawValue)
        writer.write(double: stated.samplingWeight)
        writer.write(signed: expiresAt)
    }

    init(from reader: inout ByteReader) throws {
        id = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
        words = LabelWords(
            request: try reader.readString(), kind: try reader.readString(), pipeline: try reader.readString(), actor: try reader.readString(),
            conditions: try reader.readString())
        let source = try reader.readFixed64(), row = Int(try reader.readSigned()), time = try reader.readSigned()
        guard let outcome = Outcome(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "an outcome") }
        stated = StatedLabel(source: source, row: row, time: time, outcome: outcome, samplingWeight: try reader.readDouble())
        expiresAt = try reader.readSigned()
    }
}
