/// Exact counts of integer keys, in key order: the store beneath ``ScoreSketch`` and ``QuantileSketch``.
///
/// One array of 8-byte entries (24 bits of key, 40 bits of count): first the sorted, distinct
/// ones, then a tail of unsorted appends that is sorted and folded in when it has grown to
/// half of the sorted part. So an add is an append, amortised O(log) and about 10 ns; an empty
/// value owns no heap memory, and a value of `d` distinct keys owns at most about `12 d + 290` bytes.
///
/// Reading works on the compacted form. A reader of a value with a tail pays for a compacted
/// copy, so call ``compact()`` first where the value is read more than once.
///
/// `merge` is associative and commutative; the value is a function of the multiset of
/// (adds − removes), and so is equality. Bounding the number of keys is the owner's duty.
public struct SparseCounts: Sendable {
    /// Keys lie in `minKey...maxKey` (24 bits, signed); another key is a broken invariant.
    public static let minKey: Int32 = -(1 << 23)
    public static let maxKey: Int32 = (1 << 23) - 1
    /// The largest count of one key (40 bits): at 100,000 records a second on one key, four months.
    /// More is a broken invariant.
    public static let maxCount: Int64 = (1 << 40) - 1
    /// The tail is folded in when it holds this many entries or half of the sorted part.
    static let minTail = 32

    var entries: ContiguousArray<UInt64> = []
    var sortedCount = 0
    /// The sum of all counts.
    public internal(set) var total: Int64 = 0

    public init() {}

    /// Whether nothing is counted.
    public var isEmpty: Bool { total == 0 }

    /// Whether all adds are folded in, so that reading costs nothing extra.
    public var isCompact: Bool { sortedCount == entries.count }

    /// An upper bound of the number of distinct keys, O(1): exact when compacted.
    public var distinctUpperBound: Int { entries.count }

    /// The number of distinct keys. O(1) when compacted.
    public var distinctCount: Int { compacted().entries.count }

    /// Of an array's memory before its first element: reference count, count, capacity.
    private static let headBytes = 24

    /// What the next add changes, to be asked for early and not to be read: how many entries there are, and about where the next one goes.
    ///
    /// Changes nothing. `mutating`, as with all who ask for it, so that it is read where it is: a copy would count a reference, in the very
    /// memory that has yet to come.
    @inline(__always)
    var addresses: InlineArray<2, UnsafeRawPointer?> {
        mutating get {
            let start = entries.withUnsafeBytes { $0.baseAddress }
            return [start.map { $0 - Self.headBytes }, start.map { $0 + sortedCount &* MemoryLayout<UInt64>.stride }]
        }
    }

    /// Adds one to a key's count.
    public mutating func add(_ key: Int32) { add(key, count: 1) }

    /// Adds to a key's count. A zero count has no effect; a negative one is a broken invariant.
    @inline(__always)
    public mutating func add(_ key: Int32, count: Int64) {
        precondition(count >= 0 && count <= Self.maxCount, "a count must lie in 0...maxCount")
        guard count > 0 else { return }
        if entries.count == entries.capacity { makeRoom() }
        entries.append(PackedCount.pack(key, count))
        total += count
        if entries.count - sortedCount >= Swift.max(Self.minTail, sortedCount / 2) { foldTail() }
    }

    /// Adds to the count of a key that was probably added before: where most were, looking for it is cheaper than folding it in.
    @inline(__always)
    mutating func addAgain(_ key: Int32, count: Int64) {
        precondition(count >= 0 && count <= Self.maxCount, "a count must lie in 0...maxCount")
        guard let index = sortedIndex(of: key) else { return add(key, count: count) }
        let sum = PackedCount.count(entries[index]) + count
        precondition(sum <= Self.maxCount, "the count of one key overflows 40 bits")
        entries[index] += UInt64(count)
        total += count
    }

    /// Most values stay empty or get one entry, and those with more get many: by doubling, a first tail would be moved five times.
    @inline(never)
    private mutating func makeRoom() {
        let few = Self.minTail / 4
        if entries.count >= 1, entries.count < Self.minTail { entries.reserveCapacity(entries.count < few ? few : Self.minTail) }
    }

    /// Takes back what ``add(_:count:)`` added; a key that reaches zero vanishes.
    ///
    /// Where less was added it changes nothing and answers false. O(log d) where the key is in the
    /// sorted part and stays, else O(d).
    @discardableResult
    public mutating func remove(_ key: Int32, count: Int64 = 1) -> Bool {
        precondition(count >= 0, "a count must not be negative")
        guard count > 0 else { return true }
        if let index = sortedIndex(of: key), PackedCount.count(entries[index]) > count {
            entries[index] -= UInt64(count)
        } else {
            compact()
            guard let index = sortedIndex(of: key), PackedCount.count(entries[index]) >= count else { return false }
            if PackedCount.count(entries[index]) == count {
                entries.remove(at: index)
                sortedCount -= 1
            } else {
                entries[index] -= UInt64(count)
            }
        }
        total -= count
        return true
    }

    /// Adds another value's counts. O(d) where the other is large, amortised O(its keys) where it is small.
    public mutating func merge(_ other: SparseCounts) {
        guard !other.isEmpty else { return }
        guard !isEmpty else {
            self = other
            return
        }
        total += other.total
        let tail = entries.count - sortedCount + other.entries.count
        if tail < Swift.max(Self.minTail, sortedCount / 2) {
            entries.append(contentsOf: other.entries)
            return
        }
        if !isCompact, tail <= PackedCount.rankingLimit {
            entries.append(contentsOf: other.entries)
            return foldTail()
        }
        compact()
        let added = other.compacted().entries
        let prefix = sortedCount
        entries.append(contentsOf: added)
        let merged = entries.withUnsafeMutableBufferPointer {
            PackedCount.mergeTail($0, prefix: prefix, tail: added.count)
        }
        entries.removeLast(entries.count - merged)
        sortedCount = merged
    }

    /// The count of one key, 0 where it has none. O(log d) when compacted.
    public func count(of key: Int32) -> Int64 {
        let whole = compacted()
        guard let index = whole.sortedIndex(of: key) else { return 0 }
        return PackedCount.count(whole.entries[index])
    }

    /// Folds the tail into the sorted part. The value does not change, the cost of reading it does.
    public mutating func compact() {
        if sortedCount < entries.count { foldTail() }
    }

    /// Apart, so that what comes before it is a few instructions: it is a matter of every fiftieth add.
    @inline(never)
    private mutating func foldTail() {
        let prefix = sortedCount
        let merged = entries.withUnsafeMutableBufferPointer { buffer in
            let tail = UnsafeMutableBufferPointer(rebasing: buffer[prefix...])
            let distinct = PackedCount.sortAndCombine(tail)
            return PackedCount.mergeTail(buffer, prefix: prefix, tail: distinct)
        }
        entries.removeLast(entries.count - merged)
        sortedCount = merged
    }

    /// Compacts and gives back spare memory: for a value that will be kept and seldom changed.
    public mutating func seal() {
        compact()
        guard entries.capacity > entries.count + 2 else { return }
        var exact = ContiguousArray<UInt64>()
        exact.reserveCapacity(entries.count)
        exact.append(contentsOf: entries)
        entries = exact
    }

    /// This value without a tail.
    public func compacted() -> SparseCounts {
        guard sortedCount < entries.count else { return self }
        var copy = self
        copy.compact()
        return copy
    }

    /// Replaces every key by `transform(key)` and adds up what falls together. O(d).
    ///
    /// `transform` must not decrease where the key increases; otherwise the order breaks.
    @inline(__always)
    mutating func mapKeys(_ transform: (Int32) -> Int32) {
        compact()
        let kept = entries.withUnsafeMutableBufferPointer { PackedCount.mapKeys($0, transform) }
        entries.removeLast(entries.count - kept)
        sortedCount = kept
    }

    private func sortedIndex(of key: Int32) -> Int? {
        guard sortedCount > 0 else { return nil }
        // The largest entry of this key.
        let bound = PackedCount.pack(key, Self.maxCount)
        return entries.withUnsafeBufferPointer { entries in
            // The last place whose key is at most this one. Which half it is in is as good as random, so the choice is arithmetic and not
            // a branch. Wrapping: all of it stays below the number of entries.
            var (place, count) = (0, sortedCount)
            while count > 1 {
                let half = count &>> 1
                place = entries[place &+ half] <= bound ? place &+ half : place
                count &-= half
            }
            return PackedCount.key(entries[place]) == key ? place : nil
        }
    }
}

extension SparseCounts: Equatable {
    /// Whether two values count the same, however they came about.
    public static func == (a: SparseCounts, b: SparseCounts) -> Bool {
        a.total == b.total && a.compacted().entries == b.compacted().entries
    }
}

/// Iterates in ascending key order.
extension SparseCounts: Sequence {
    public struct Iterator: IteratorProtocol, Sendable {
        private let entries: ContiguousArray<UInt64>
        private var index = 0

        fileprivate init(_ entries: ContiguousArray<UInt64>) { self.entries = entries }

        public mutating func next() -> (key: Int32, count: Int64)? {
            guard index < entries.count else { return nil }
            defer { index += 1 }
            return (PackedCount.key(entries[index]), PackedCount.count(entries[index]))
        }
    }

    public func makeIterator() -> Iterator { Iterator(compacted().entries) }

    public var underestimatedCount: Int { sortedCount }

    /// The `index`-th key in ascending order with its count. O(1) when compacted.
    public func entry(at index: Int) -> (key: Int32, count: Int64) {
        let entry = isCompact ? entries[index] : compacted().entries[index]
        return (PackedCount.key(entry), PackedCount.count(entry))
    }
}

extension SparseCounts: Snapshottable {
    /// Number of keys, then per key twice the gap to the key before (twice the zig-zag of the first key itself), and
    /// where the count is not 1, one more than that and the count.
    public func encode(into writer: inout ByteWriter) {
        guard isCompact else { return compacted().encode(into: &writer) }
        writer.write(count: entries.count)
        var previous: Int32?
        entries.withUnsafeBufferPointer { entries in
            for entry in entries {
                let (key, count) = (PackedCount.key(entry), PackedCount.count(entry))
                let step = previous.map { UInt64(key - $0) } ?? UInt64(UInt32(bitPattern: (key << 1) ^ (key >> 31)))
                writer.write(varint: step << 1 | (count == 1 ? 0 : 1))
                if count != 1 { writer.write(varint: UInt64(count)) }
                previous = key
            }
        }
    }

    /// Throws ``CorruptBytes`` on keys out of order or range and on counts out of range.
    public init(from reader: inout ByteReader) throws {
        let count = try reader.readCount()
        entries.reserveCapacity(count)
        var previous: Int64?
        for _ in 0..<count {
            let word = try reader.readVarint()
            let amount = word & 1 == 0 ? 1 : try reader.readVarint()
            let step = word >> 1
            guard step <= 1 << 32, previous == nil || step >= 1, amount >= 1, amount <= UInt64(Self.maxCount) else {
                throw CorruptBytes(offset: reader.offset, expected: "an ascending key and a count of 1 to \(Self.maxCount)")
            }
            let key = previous.map { $0 + Int64(step) } ?? Int64(step >> 1) ^ -Int64(step & 1)
            guard key >= Int64(Self.minKey), key <= Int64(Self.maxKey) else { throw CorruptBytes(offset: reader.offset, expected: "a key of 24 bits") }
            entries.append(PackedCount.pack(Int32(key), Int64(amount)))
            total += Int64(amount)
            previous = key
        }
        sortedCount = count
    }
}
