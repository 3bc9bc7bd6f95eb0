/// Counts of text categories: exact for up to `capacity` of them, the rest together as `other`.
///
/// Which categories are kept when there are too many does not depend on the order of arrival:
/// those with the smallest hashes of all ever seen. A kept category has been kept since it was
/// first seen, so its count is exact, and merging is associative and commutative. The kept ones
/// are then a uniform sample of the categories, not the largest.
/// The hash must be keyed (``KeyedHash``), so that nobody can choose to be kept or dropped.
///
/// The names of categories are kept up to ``maxNameBytes``.
/// An add costs a binary search, O(log capacity). Size: nothing while empty, else 32 bytes a
/// category plus names longer than 15 bytes.
public struct CategoryCounts: Sendable {
    public struct Category: Sendable, Equatable {
        public var hash: UInt64
        public var count: Int64
        public var name: String

        public init(hash: UInt64, count: Int64, name: String) {
            self.hash = hash
            self.count = count
            self.name = name
        }
    }

    public static let defaultCapacity = 256
    public static let maxNameBytes = 128

    private let limit: Int32
    /// Ascending by hash.
    private var kept: ContiguousArray<Category> = []
    /// Hashes from here on count as `other`; `UInt64.max` while everything fits (that hash itself is always `other`).
    public private(set) var cut = UInt64.max
    /// The count of all categories that are not kept.
    public private(set) var other: Int64 = 0
    public private(set) var total: Int64 = 0

    /// An empty value for at most `capacity` categories, at least 1.
    public init(capacity: Int = CategoryCounts.defaultCapacity) {
        precondition(capacity >= 1 && capacity <= Int(Int32.max), "capacity must be at least 1")
        limit = Int32(capacity)
    }

    public var capacity: Int { Int(limit) }
    public var isEmpty: Bool { total == 0 }
    /// Whether some categories were too many, so that ``other`` holds counts of several.
    public var isTruncated: Bool { cut < .max }

    /// Whether nothing is pushed out if this category is added; false once something was.
    func hasRoom(for hash: UInt64) -> Bool { !isTruncated && (kept.count < capacity || count(hash: hash) != 0) }

    /// Counts a category; `name` is evaluated only where the category is new.
    public mutating func add(hash: UInt64, count: Int64 = 1, name: @autoclosure () -> String) {
        precondition(count >= 0, "a count must not be negative")
        guard count > 0 else { return }
        total += count
        guard hash < cut else {
            other += count
            return
        }
        let index = kept.lowerBound(hash)
        if index < kept.count, kept[index].hash == hash {
            kept[index].count += count
        } else {
            kept.insert(Category(hash: hash, count: count, name: Self.shortened(name())), at: index)
            if kept.count > capacity { lowerCut(to: kept[kept.count - 1].hash) }
        }
    }

    /// Adds another value's counts. The smaller capacity of the two holds. O(categories).
    public mutating func merge(_ added: CategoryCounts) {
        let capacity = Swift.min(limit, added.limit)
        var merged = CategoryCounts(capacity: Int(capacity))
        merged.total = total + added.total
        merged.other = other + added.other
        merged.kept = .merged(kept, added.kept)
        var newCut = Swift.min(cut, added.cut)
        if merged.kept.count > Int(capacity) { newCut = Swift.min(newCut, merged.kept[Int(capacity)].hash) }
        merged.lowerCut(to: newCut)
        self = merged
    }

    /// The same counts with every category whose hash is at least `bound` in `other`: what makes
    /// two truncated values comparable, category by category, is their smaller ``cut``.
    public func truncated(atCut bound: UInt64) -> CategoryCounts {
        var copy = self
        if bound < cut { copy.lowerCut(to: bound) }
        return copy
    }

    private mutating func lowerCut(to bound: UInt64) {
        cut = bound
        while let last = kept.last, last.hash >= bound {
            other += last.count
            kept.removeLast()
        }
    }

    static func shortened(_ name: String) -> String {
        guard name.utf8.count > maxNameBytes else { return name }
        var result = String.UnicodeScalarView()
        var bytes = 0
        for scalar in name.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > maxNameBytes { break }
            result.append(scalar)
        }
        return String(result)
    }
}

// MARK: - Reading

extension CategoryCounts {
    /// The kept categories in ascending order of their hash.
    public var categories: ContiguousArray<Category> { kept }

    /// How many categories are kept.
    public var keptCount: Int { kept.count }

    /// The count of a kept category; 0 where it was not seen, nil where it would be in ``other``.
    public func count(hash: UInt64) -> Int64? {
        guard hash < cut else { return nil }
        return kept.place(of: hash).map { kept[$0].count } ?? 0
    }

    /// Nil where it is not kept.
    public func name(hash: UInt64) -> String? { kept.place(of: hash).map { kept[$0].name } }

    /// The Shannon entropy of the shares in nats, `other` as one category; 0 where nothing is counted.
    public var entropy: Double {
        var sum = 0.0
        // In ascending order of the counts, so that the result does not depend on the secret of the hash.
        for count in (kept.map(\.count) + [other]).sorted() where count > 0 {
            let share = Double(count) / Double(total)
            sum -= share * RealFunctions.log(share)
        }
        return Swift.max(0, sum)
    }
}

extension CategoryCounts: Equatable {
    public static func == (a: CategoryCounts, b: CategoryCounts) -> Bool {
        a.limit == b.limit && a.cut == b.cut && a.other == b.other && a.total == b.total && a.kept == b.kept
    }
}

extension CategoryCounts: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(varint: UInt64(limit))
        writer.write(fixed64: cut)
        writer.write(varint: UInt64(other))
        kept.encode(into: &writer)
    }

    public init(from reader: inout ByteReader) throws {
        let capacity = try reader.readVarint()
        guard capacity >= 1, capacity <= UInt64(Int32.max) else { throw CorruptBytes(offset: reader.offset, expected: "a capacity of at least 1") }
        self.init(capacity: Int(capacity))
        cut = try reader.readFixed64()
        let rest = try reader.readVarint()
        guard rest <= UInt64(Int64.max) else { throw CorruptBytes(offset: reader.offset, expected: "a 63-bit count") }
        other = Int64(rest)
        (kept, total) = try ContiguousArray.read(from: &reader, atMost: Int(capacity), below: cut, counted: other)
    }
}

// MARK: - Lists of categories, ascending by hash

extension ContiguousArray where Element == CategoryCounts.Category {
    /// The first place whose hash is not below this one.
    func lowerBound(_ hash: UInt64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func place(of hash: UInt64) -> Int? {
        let index = lowerBound(hash)
        return index < count && self[index].hash == hash ? index : nil
    }

    /// The categories of both, the counts of those in both added. O(n + m).
    static func merged(_ a: Self, _ b: Self) -> Self {
        var merged = Self()
        merged.reserveCapacity(a.count + b.count)
        var (left, right) = (0, 0)
        while left < a.count || right < b.count {
            let x = left < a.count ? a[left].hash : .max
            let y = right < b.count ? b[right].hash : .max
            merged.append(x <= y ? a[left] : b[right])
            if x == y { merged[merged.count - 1].count += b[right].count }
            if x <= y { left += 1 }
            if y <= x { right += 1 }
        }
        return merged
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: count)
        for category in self {
            writer.write(fixed64: category.hash)
            writer.write(varint: UInt64(category.count))
            writer.write(string: category.name)
        }
    }

    /// What was encoded, and its total with what is already counted.
    static func read(from reader: inout ByteReader, atMost most: Int, below cut: UInt64, counted: Int64) throws -> (Self, total: Int64) {
        var (categories, total) = (Self(), counted)
        let count = try reader.readCount(minimumSize: 10)
        guard count <= most else { throw CorruptBytes(offset: reader.offset, expected: "at most \(most) categories") }
        for _ in 0..<count {
            let hash = try reader.readFixed64()
            let amount = try reader.readVarint()
            let name = try reader.readString()
            guard hash < cut, categories.last.map({ $0.hash < hash }) ?? true, amount >= 1, amount <= UInt64(Int64.max - total) else {
                throw CorruptBytes(offset: reader.offset, expected: "ascending categories below the cut")
            }
            categories.append(Element(hash: hash, count: Int64(amount), name: name))
            total += Int64(amount)
        }
        return (categories, total)
    }
}
