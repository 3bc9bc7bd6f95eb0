/// The heaviest keys of a stream in bounded space, with a bound on each count's error.
///
/// Source: Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k
/// Elements in Data Streams" (2005); merging: Agarwal et al., "Mergeable Summaries" (2012).
///
/// For every key that is kept, `count − error ≤ true count ≤ count`, and `error ≤ total / capacity`;
/// every key whose true count exceeds `total / capacity` is kept. Ties go to the smaller key, so
/// the state is a function of the sequence of adds. Merging is commutative. While the keys of
/// all parts fit the capacity everything is exact and merging associative; beyond that the
/// grouping of merges may change which light keys are kept, never the guarantees, so who wants
/// identical results merges in a fixed order. Nothing can be removed.
///
/// An add costs O(log capacity). Size: nothing while empty, else at most about 48 bytes a key.
public struct SpaceSaving: Sendable {
    public struct Hitter: Sendable, Equatable {
        public var key: UInt64
        /// At least the true count.
        public var count: Int64
        /// By how much `count` exceeds the true count at most.
        public var error: Int64

        public init(key: UInt64, count: Int64, error: Int64) {
            self.key = key
            self.count = count
            self.error = error
        }
    }

    public static let capacities = 2...65_536

    private let limit: Int32
    public private(set) var total: Int64 = 0
    /// A binary heap, the least (count, key) at the root: the one to give way.
    private var heap: ContiguousArray<Hitter> = []
    private var slots = HashSlots()

    /// An empty summary of at most `capacity` keys, in ``capacities``.
    public init(capacity: Int) {
        precondition(Self.capacities.contains(capacity), "capacity must lie in 2...65,536")
        limit = Int32(capacity)
    }

    public var capacity: Int { Int(limit) }
    public var isEmpty: Bool { heap.isEmpty }
    /// The largest count that a key which is not kept can have; above 0 only where the heap is full.
    public private(set) var evicted: Int64 = 0
    /// Whether every count is exact and no key is missing.
    public var isExact: Bool { evicted == 0 }

    /// Counts a key; `count` must not be negative.
    public mutating func add(_ key: UInt64, count: Int64 = 1) {
        precondition(count >= 0, "a count must not be negative")
        guard count > 0 else { return }
        total += count
        if let position = slots.position(of: key, in: heap) {
            heap[position].count += count
            siftDown(position)
        } else if heap.count < capacity {
            heap.append(Hitter(key: key, count: count, error: 0))
            slots.insertLast(of: heap)
            siftUp(heap.count - 1)
        } else {
            let least = heap[0]
            evicted = Swift.max(evicted, least.count)
            slots.remove(least.key, in: heap)
            heap[0] = Hitter(key: key, count: least.count + count, error: least.count)
            slots.insert(key, at: 0)
            siftDown(0)
        }
    }

    /// Adds another summary. The smaller capacity of the two holds. O(k log k).
    public mutating func merge(_ other: SpaceSaving) {
        guard !other.isEmpty else { return }
        var sums: [UInt64: Hitter] = [:]
        for hitter in heap {
            sums[hitter.key] = Hitter(key: hitter.key, count: hitter.count + other.evicted, error: hitter.error + other.evicted)
        }
        for hitter in other.heap {
            if var sum = sums[hitter.key] {
                sum.count += hitter.count - other.evicted
                sum.error += hitter.error - other.evicted
                sums[hitter.key] = sum
            } else {
                sums[hitter.key] = Hitter(key: hitter.key, count: hitter.count + evicted, error: hitter.error + evicted)
            }
        }
        let ordered = sums.values.sorted(by: Self.isHeavier)
        let kept = Swift.min(capacity, other.capacity)
        let dropped = ordered.count > kept ? ordered[kept].count : 0
        let bound = Swift.max(evicted + other.evicted, dropped)
        let sum = total + other.total
        self = SpaceSaving(capacity: kept)
        restore(Array(ordered.prefix(kept)), total: sum, evicted: bound)
    }

    /// The heaviest keys first; ties in ascending order of the key.
    public func top(_ count: Int) -> [Hitter] { Array(heap.sorted(by: Self.isHeavier).prefix(Swift.max(0, count))) }

    /// What is known of a key: nil where it is not kept, and then its count is at most ``evicted``.
    public func hitter(_ key: UInt64) -> Hitter? { slots.position(of: key, in: heap).map { heap[$0] } }

    private mutating func restore(_ hitters: [Hitter], total: Int64, evicted: Int64) {
        // Ascending (count, key) is a heap already.
        heap = ContiguousArray(hitters.sorted(by: Self.givesWayBefore))
        slots = HashSlots(heap)
        self.total = total
        self.evicted = evicted
    }

    private static func isHeavier(_ a: Hitter, _ b: Hitter) -> Bool { (b.count, a.key) < (a.count, b.key) }

    private static func givesWayBefore(_ a: Hitter, _ b: Hitter) -> Bool { (a.count, a.key) < (b.count, b.key) }

    private mutating func siftDown(_ start: Int) {
        var position = start
        while true {
            var least = position
            for child in [2 * position + 1, 2 * position + 2] where child < heap.count && Self.givesWayBefore(heap[child], heap[least]) {
                least = child
            }
            guard least != position else { return }
            exchange(position, least)
            position = least
        }
    }

    private mutating func siftUp(_ start: Int) {
        var position = start
        while position > 0, Self.givesWayBefore(heap[position], heap[(position - 1) / 2]) {
            exchange(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        slots.exchange(heap[a].key, heap[b].key, in: heap)
        heap.swapAt(a, b)
    }
}

extension SpaceSaving: Equatable {
    public static func == (a: SpaceSaving, b: SpaceSaving) -> Bool {
        a.limit == b.limit && a.total == b.total && a.evicted == b.evicted && a.top(a.capacity) == b.top(b.capacity)
    }
}

extension SpaceSaving: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(varint: UInt64(limit))
        writer.write(varint: UInt64(total))
        writer.write(varint: UInt64(evicted))
        writer.write(count: heap.count)
        for hitter in heap.sorted(by: { $0.key < $1.key }) {
            writer.write(fixed64: hitter.key)
            writer.write(varint: UInt64(hitter.count))
            writer.write(varint: UInt64(hitter.error))
        }
    }

    public init(from reader: inout ByteReader) throws {
        let capacity = try reader.readVarint()
        let total = try reader.readVarint()
        let evicted = try reader.readVarint()
        let count = try reader.readCount(minimumSize: 10)
        guard capacity >= 2, capacity <= UInt64(Self.capacities.upperBound), count <= Int(capacity), total <= UInt64(Int64.max), evicted <= total
        else { throw CorruptBytes(offset: reader.offset, expected: "a summary's capacity, total and bound") }
        self.init(capacity: Int(capacity))
        var hitters: [Hitter] = []
        for _ in 0..<count {
            let key = try reader.readFixed64()
            let amount = try reader.readVarint()
            let error = try reader.readVarint()
            guard amount >= 1, amount <= total, error < amount, hitters.last.map({ $0.key < key }) ?? true else {
                throw CorruptBytes(offset: reader.offset, expected: "ascending keys with counts above their errors")
            }
            hitters.append(Hitter(key: key, count: Int64(amount), error: Int64(error)))
        }
        restore(hitters, total: Int64(total), evicted: Int64(evicted))
    }
}
