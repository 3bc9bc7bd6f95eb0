/// The fields that one model's records bring and its configuration does not declare: which are
/// followed by name, and since when.
///
/// Bounded whatever names are sent: at most ``capacity`` of at most ``UndeclaredMember/nameBytes``,
/// by their keyed hash; what comes beyond is one thing, `others`. A name that was not seen for
/// ``newMs`` makes room for another. Learned in the one order, so a function of the log.
public struct UndeclaredFields: Sendable, Equatable {
    /// Names that are followed at once.
    public static let capacity = 64
    /// How long a field counts as new.
    public static let newMs: Int64 = 7 * 86_400_000
    /// The place of all that are not followed by name.
    static let others: UInt64 = .max
    static let othersName = "others"

    struct Entry: Sendable, Equatable {
        /// Of the name, keyed.
        var hash: UInt64
        var name: String
        /// Effective times, ms.
        var firstSeen: Int64
        var newest: Int64
        /// Decisions of the model before the first with this field, and up to the newest with it.
        var before: Int64
        var upTo: Int64
    }

    /// Ascending by hash.
    private(set) var entries: ContiguousArray<Entry> = []
    /// Decisions of the model so far.
    private var decisions: Int64 = 0

    package init() {}

    /// Counts the decision whose fields come next.
    @inline(__always)
    package mutating func begin() { decisions += 1 }

    /// Takes in a field of the present decision.
    ///
    /// - Returns: the place to count it at; nil where this decision has been counted there. O(log capacity), O(capacity) for a new name.
    package mutating func note(hash: UInt64, at time: Int64, name: @autoclosure () -> String) -> UInt64? {
        if let known = find(hash) { return renew(known, time) }
        if hash != Self.others, !hasRoom(at: time) { return note(hash: Self.others, at: time, name: Self.othersName) }
        let place = entries.firstIndex { $0.hash > hash } ?? entries.count
        entries.insert(Entry(hash: hash, name: name(), firstSeen: time, newest: time, before: decisions - 1, upTo: decisions), at: place)
        return hash
    }

    private mutating func renew(_ place: Int, _ time: Int64) -> UInt64? {
        guard entries[place].upTo < decisions else { return nil }
        entries[place].upTo = decisions
        entries[place].newest = max(entries[place].newest, time)
        return entries[place].hash
    }

    /// Makes room for one more name where there is none and the name unseen for longest has been so for long enough.
    private mutating func hasRoom(at time: Int64) -> Bool {
        let named = entries.indices.filter { entries[$0].hash != Self.others }
        guard named.count >= Self.capacity else { return true }
        guard let oldest = named.min(by: { (entries[$0].newest, entries[$0].hash) < (entries[$1].newest, entries[$1].hash) }),
            time - entries[oldest].newest > Self.newMs
        else { return false }
        entries.remove(at: oldest)
        return true
    }

    private func find(_ hash: UInt64) -> Int? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].hash == hash ? low : nil
    }

    /// What a monitor may know of them at a time, in the order of the names.
    package func fields(at time: Int64) -> [UndeclaredField] {
        entries.map { UndeclaredField(place: $0.hash, name: $0.name, isNew: time - $0.firstSeen <= Self.newMs, before: $0.before) }
            .sorted { ($0.name, $0.place) < ($1.name, $1.place) }
    }
}

/// A field that is not declared, as a monitor sees it.
public struct UndeclaredField: Sendable, Equatable {
    /// Where a pane counts it (``UndeclaredCounts``).
    public var place: UInt64
    public var name: String
    /// First seen within ``UndeclaredFields/newMs``.
    public var isNew: Bool
    /// Decisions of the model before the first that had it.
    public var before: Int64

    public init(place: UInt64, name: String, isNew: Bool, before: Int64) {
        self.place = place
        self.name = name
        self.isNew = isNew
        self.before = before
    }

    /// Whether this is all those that are not followed by name.
    public var isOthers: Bool { place == UndeclaredFields.others }
}

extension UndeclaredFields: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: decisions)
        writer.write(count: entries.count)
        for entry in entries {
            writer.write(fixed64: entry.hash)
            writer.write(string: entry.name)
            for value in [entry.firstSeen, entry.newest, entry.before, entry.upTo] { writer.write(signed: value) }
        }
    }

    public init(from reader: inout ByteReader) throws {
        decisions = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 13)) {
            entries.append(
                Entry(
                    hash: try reader.readFixed64(), name: try reader.readString(), firstSeen: try reader.readSigned(),
                    newest: try reader.readSigned(), before: try reader.readSigned(), upTo: try reader.readSigned()))
        }
        guard entries.count <= Self.capacity + 1, zip(entries, entries.dropFirst()).allSatisfy({ $0.hash < $1.hash }) else {
            throw CorruptBytes(offset: reader.offset, expected: "at most \(Self.capacity + 1) fields, ascending")
        }
    }
}
