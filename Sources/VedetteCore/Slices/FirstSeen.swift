import DequeModule

/// When each entity of one kind was first seen, in bounded memory.
///
/// The last `capacity` entities are known exactly, with their times. Older ones are remembered
/// without a time in up to ``filters`` Bloom filters of `4 capacity` each; an entity that is seen
/// again moves to the newest filter, and a full filter pushes out the oldest. So:
/// - an entity among the last `capacity` is right;
/// - of really new entities at most 0.2 % are taken for known (four full filters);
/// - an entity that was not seen for the length of at least `12 capacity` others counts as new again;
/// - a flood of more than `capacity` new entities within the time that an entity is new makes the
///   first of them known early.
///
/// About 40 bytes an entity of `capacity` in the table and queue, and 32 more in full filters.
/// Deterministic: a function of the sequence of observations.
public struct FirstSeen: Sendable {
    static let filters = 4
    static let filterFactor = 4
    /// What ``observe(_:at:)`` answers for an entity of which no time is known any more.
    public static let longAgo = Int64.min

    public let capacity: Int
    private var table: DigestTable
    /// The digests of the table, oldest first.
    private var queue = Deque<UInt64>()
    /// Oldest first.
    private var known: [(slot: Int, filter: BloomFilter)] = []
    private var nextSlot = 0
    private var dirtySlots: Set<Int> = []

    public init(capacity: Int) {
        precondition(capacity >= 1, "memory for at least one entity")
        self.capacity = capacity
        table = DigestTable()
    }

    /// Entities that are known exactly.
    public var count: Int { queue.count }

    /// Takes note of an entity and answers when it was first seen, ms; ``longAgo`` where only that is known.
    public mutating func observe(_ digest: UInt64, at time: Int64) -> Int64 {
        if let first = table.lower(digest, to: time) { return first }
        if isKnown(digest) { return Self.longAgo }
        if queue.count == capacity, let oldest = queue.popFirst() {
            table.remove(oldest)
            remember(oldest)
        }
        table.insert(digest, time)
        queue.append(digest)
        return time
    }

    private mutating func isKnown(_ digest: UInt64) -> Bool {
        guard let newest = known.last else { return false }
        if newest.filter.contains(digest) { return true }
        guard known.dropLast().contains(where: { $0.filter.contains(digest) }) else { return false }
        remember(digest)
        return true
    }

    private mutating func remember(_ digest: UInt64) {
        if known.last.map(\.filter.isFull) ?? true {
            if known.count == Self.filters { known.removeFirst() }
            known.append((nextSlot, BloomFilter(capacity: capacity * Self.filterFactor)))
            nextSlot = (nextSlot + 1) % Self.filters
        }
        known[known.count - 1].filter.insert(digest)
        dirtySlots.insert(known[known.count - 1].slot)
    }
}

// MARK: - Snapshot

extension FirstSeen {
    /// Part 0 is the table and the order of the filters, part `1 + slot` a filter. Filters that did
    /// not change since the last call are left out. O(capacity).
    mutating func encodeParts(_ put: (Int, ByteWriter) throws -> Void) rethrows {
        var writer = ByteWriter(reservingCapacity: 16 * queue.count + 16)
        writer.write(count: nextSlot)
        writer.write(count: known.count)
        for entry in known { writer.write(count: entry.slot) }
        writer.write(count: queue.count)
        for digest in queue {
            writer.write(fixed64: digest)
            writer.write(signed: table.find(digest) ?? 0)
        }
        try put(0, writer)
        for entry in known where dirtySlots.contains(entry.slot) {
            var writer = ByteWriter(reservingCapacity: entry.filter.capacity * 2)
            entry.filter.encode(into: &writer)
            try put(1 + entry.slot, writer)
        }
        dirtySlots.removeAll()
    }

    /// Parts come in ascending order.
    mutating func restore(part: Int, _ reader: inout ByteReader) throws {
        if part > 0 {
            // A filter that was pushed out may still lie in its slot.
            guard let place = known.firstIndex(where: { $0.slot == part - 1 }) else { return }
            known[place].filter = try BloomFilter(from: &reader)
            return
        }
        nextSlot = Int(truncatingIfNeeded: try reader.readVarint())
        for _ in 0..<(try reader.readCount()) {
            known.append((Int(truncatingIfNeeded: try reader.readVarint()), BloomFilter(capacity: 1)))
        }
        for _ in 0..<(try reader.readCount(minimumSize: 9)) {
            let digest = try reader.readFixed64()
            table.insert(digest, try reader.readSigned())
            queue.append(digest)
        }
    }
}

/// An open-addressing table from keyed digests to times, with removal.
///
/// Linear probing at a load of at most 1/2, removal by shifting back (Knuth, 6.4, algorithm R), so
/// there are no tombstones to pile up. Expected O(1). A digest is never 0.
struct DigestTable: Sendable {
    private var digests: ContiguousArray<UInt64> = []
    private var times: ContiguousArray<Int64> = []
    private var mask = 0
    private(set) var count = 0

    private func home(_ digest: UInt64) -> Int { Int(truncatingIfNeeded: digest >> 16) & mask }

    private func place(of digest: UInt64) -> Int? {
        guard count > 0 else { return nil }
        var place = home(digest)
        while digests[place] != 0 {
            if digests[place] == digest { return place }
            place = (place + 1) & mask
        }
        return nil
    }

    func find(_ digest: UInt64) -> Int64? { place(of: digest).map { times[$0] } }

    /// Lowers the time of a digest to `time` if that is earlier; answers the time then, nil where it is not there.
    mutating func lower(_ digest: UInt64, to time: Int64) -> Int64? {
        guard let place = place(of: digest) else { return nil }
        if time < times[place] { times[place] = time }
        return times[place]
    }

    /// Adds a digest that is not there.
    mutating func insert(_ digest: UInt64, _ time: Int64) {
        if (count + 1) * 2 > digests.count { grow() }
        var place = home(digest)
        while digests[place] != 0 { place = (place + 1) & mask }
        digests[place] = digest
        times[place] = time
        count += 1
    }

    mutating func remove(_ digest: UInt64) {
        guard var hole = place(of: digest) else { return }
        var next = (hole + 1) & mask
        while digests[next] != 0 {
            // An entry may fill the hole if its home does not lie between the hole and itself.
            if (next - home(digests[next])) & mask >= (next - hole) & mask {
                digests[hole] = digests[next]
                times[hole] = times[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        digests[hole] = 0
        count -= 1
    }

    private mutating func grow() {
        let (oldDigests, oldTimes) = (digests, times)
        let size = max(16, digests.count * 2)
        digests = ContiguousArray(repeating: 0, count: size)
        times = ContiguousArray(repeating: 0, count: size)
        mask = size - 1
        count = 0
        for place in oldDigests.indices where oldDigests[place] != 0 { insert(oldDigests[place], oldTimes[place]) }
    }
}
