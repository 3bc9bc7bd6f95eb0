/// The heaviest text categories of a stream in bounded space, with a bound on what their counts miss.
///
/// Source: Misra and Gries, "Finding Repeated Elements" (1982); that merging keeps the bound, and that
/// Space-Saving is the same summary with its counts shifted: Agarwal et al., "Mergeable Summaries" (2012).
///
/// For a category that is kept, `count <= true count <= count + missed`; one that is not kept occurred at
/// most `missed` times; and `missed <= (total - sum of the kept counts) / (capacity + 1)`, so whatever has
/// a larger share than `1 / (capacity + 1)` is kept. The state is a function of the sequence of adds.
/// Merging is commutative; the grouping of merges may change which light categories are kept, never the
/// bounds. Nothing can be removed. The hashes must be keyed (``KeyedHash``).
///
/// An add costs O(log capacity), amortised, and an insertion's move. Size: 32 bytes a category plus names
/// longer than 15 bytes.
public struct HeavyCategories: Sendable, Equatable {
    public typealias Category = CategoryCounts.Category

    private let limit: Int32
    /// Ascending by hash.
    private var kept: ContiguousArray<Category>
    /// By how much a count is too small at most, and the largest count of a category that is not kept.
    public private(set) var missed: Int64 = 0

    /// What was counted so far, exactly: every category of `counts` is kept.
    public init(_ counts: CategoryCounts) {
        precondition(!counts.isTruncated, "only what is complete can begin a summary")
        limit = Int32(counts.capacity)
        kept = counts.categories
    }

    public var capacity: Int { Int(limit) }

    /// Counts one occurrence; `name` is evaluated only where the category is kept anew.
    public mutating func add(hash: UInt64, name: @autoclosure () -> String) {
        let hash = Self.placed(hash), index = kept.lowerBound(hash)
        if index < kept.count, kept[index].hash == hash {
            kept[index].count += 1
        } else if kept.count < capacity {
            kept.insert(Category(hash: hash, count: 1, name: CategoryCounts.shortened(name())), at: index)
        } else {
            lower(by: 1)
        }
    }

    /// Adds another summary. The smaller capacity of the two holds. O(k log k).
    public mutating func merge(_ other: HeavyCategories) {
        self = HeavyCategories(limit: Swift.min(limit, other.limit), kept: .merged(kept, other.kept), missed: missed + other.missed)
        guard kept.count > capacity else { return }
        lower(by: kept.map(\.count).sorted(by: >)[capacity])
    }

    /// Takes the same from every count: each that was taken in full stands for `capacity` other occurrences.
    private mutating func lower(by amount: Int64) {
        missed += amount
        for index in kept.indices { kept[index].count -= amount }
        kept.removeAll { $0.count <= 0 }
    }

    /// The largest hash stands for the end of a list.
    private static func placed(_ hash: UInt64) -> UInt64 { Swift.min(hash, .max - 1) }

    private init(limit: Int32, kept: ContiguousArray<Category>, missed: Int64) {
        self.limit = limit
        self.kept = kept
        self.missed = missed
    }
}

// MARK: - Reading

extension HeavyCategories {
    /// In ascending order of their hash.
    public var categories: ContiguousArray<Category> { kept }

    /// Nil where it is not kept.
    public func name(hash: UInt64) -> String? { kept.place(of: Self.placed(hash)).map { kept[$0].name } }

    /// The least and the largest count that a category can have.
    public func bounds(of hash: UInt64) -> ClosedRange<Int64> {
        let count = kept.place(of: Self.placed(hash)).map { kept[$0].count } ?? 0
        return count...(count + missed)
    }
}

extension HeavyCategories: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(varint: UInt64(limit))
        writer.write(varint: UInt64(missed))
        kept.encode(into: &writer)
    }

    public init(from reader: inout ByteReader) throws {
        let capacity = try reader.readVarint()
        let missed = try reader.readVarint()
        guard capacity >= 1, capacity <= UInt64(Int32.max), missed <= UInt64(Int64.max / 2) else {
            throw CorruptBytes(offset: reader.offset, expected: "a capacity of at least 1 and a 62-bit bound")
        }
        let kept = try ContiguousArray<Category>.read(from: &reader, atMost: Int(capacity), below: .max, counted: Int64(missed))
        self.init(limit: Int32(capacity), kept: kept.0, missed: Int64(missed))
    }
}
