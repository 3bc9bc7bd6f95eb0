/// What is known of categories that were too many to keep all: how many there are, and which occur most.
struct ManyCategories: Sendable {
    static let distinctPrecision = 10

    /// Every category ever seen.
    private(set) var seen: HyperLogLog
    private(set) var heaviest: HeavyCategories

    /// What is complete so far.
    init(_ counts: CategoryCounts) {
        seen = HyperLogLog(precision: Self.distinctPrecision)
        for category in counts.categories { seen.add(hash: category.hash) }
        heaviest = HeavyCategories(counts)
    }

    @inline(__always)
    mutating func add(hash: UInt64, name: @autoclosure () -> String) {
        seen.add(hash: hash)
        heaviest.add(hash: hash, name: name())
    }

    mutating func merge(_ other: ManyCategories) {
        seen.merge(other.seen)
        heaviest.merge(other.heaviest)
    }

    func encode(into writer: inout ByteWriter) {
        seen.encode(into: &writer)
        heaviest.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        seen = try HyperLogLog(from: &reader)
        heaviest = try HeavyCategories(from: &reader)
    }
}
