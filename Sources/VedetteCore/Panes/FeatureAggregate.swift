/// What is measured of one feature in one pane.
public struct FeatureAggregate: Sendable {
    /// Decisions that carried a usable value.
    public private(set) var present: Int64 = 0
    public private(set) var absent: Int64 = 0
    public private(set) var null: Int64 = 0
    public private(set) var wrongType: Int64 = 0
    /// Of numbers only.
    public private(set) var moments = Moments()
    public private(set) var quantiles: QuantileSketch
    /// Of booleans and categories only.
    public private(set) var categories: CategoryCounts
    /// Every category ever seen; nil while ``categories`` keeps them all.
    private var seen: HyperLogLog?

    static let distinctPrecision = 10

    init(_ configuration: PaneConfiguration) {
        quantiles = QuantileSketch(accuracy: configuration.quantileAccuracy, maxBins: configuration.quantileBins)
        categories = CategoryCounts(capacity: configuration.categories)
    }

    /// All decisions counted, with or without a value.
    public var total: Int64 { present + absent + null + wrongType }
    public var missing: Int64 { absent + null }

    @inline(__always)
    mutating func add(_ state: FeatureState, _ value: Double, text: borrowing Column<UInt8>, hash: KeyedHash) {
        switch state {
        case .number:
            present += 1
            moments.add(value)
            quantiles.add(value)
        case .absent: absent += 1
        case .null: null += 1
        case .wrongType: wrongType += 1
        case .boolean:
            present += 1
            categories.add(hash: value != 0 ? 2 : 1, name: value != 0 ? "true" : "false")
        case .category:
            present += 1
            let ref = TextRef(packed: value)
            let category = hash.hash64(of: ref, in: text)
            categories.add(hash: category, name: text.string(ref))
            noteDistinct(category)
        }
    }

    /// Distinct categories: exact while all are kept, then to 3.3 % (standard error). nil without any.
    public var distinct: Double? {
        guard !categories.isEmpty else { return nil }
        return seen?.estimate ?? Double(categories.keptCount)
    }

    /// Entropy of the categories in nats, those that are not kept as one. nil without any.
    public var entropy: Double? { categories.isEmpty ? nil : categories.entropy }

    /// From the first category too many on, all of them are in `seen`: those kept until then, the one that was pushed out, and each new one.
    @inline(__always)
    private mutating func noteDistinct(_ hash: UInt64) {
        guard categories.isTruncated else { return }
        if seen == nil {
            seen = Self.hashes(of: categories)
            seen?.add(hash: categories.cut)
        }
        seen?.add(hash: hash)
    }

    private static func hashes(of categories: CategoryCounts) -> HyperLogLog {
        var all = HyperLogLog(precision: distinctPrecision)
        for category in categories.categories { all.add(hash: category.hash) }
        return all
    }

    /// Before the categories are merged: afterwards, those that were pushed out are gone.
    private mutating func mergeDistinct(_ other: FeatureAggregate) {
        let fits = seen == nil && other.seen == nil && categories.keptCount + other.categories.keptCount <= categories.capacity
        guard !fits else { return }
        var all = seen ?? Self.hashes(of: categories)
        all.merge(other.seen ?? Self.hashes(of: other.categories))
        seen = all
    }

    mutating func merge(_ others: ContiguousArray<FeatureAggregate>) {
        for other in others {
            present += other.present
            absent += other.absent
            null += other.null
            wrongType += other.wrongType
            moments.merge(other.moments)
            mergeDistinct(other)
            categories.merge(other.categories)
            if !categories.isTruncated { seen = nil }
        }
        quantiles.merge(ContiguousArray(others.map(\.quantiles)))
    }

    mutating func compact() { quantiles.compact() }

    mutating func seal() { quantiles.seal() }

    func encode(into writer: inout ByteWriter) {
        writer.write(sparse: [present, absent, null, wrongType])
        moments.encode(into: &writer)
        quantiles.encode(into: &writer)
        categories.encode(into: &writer)
        writer.write(bool: seen != nil)
        seen?.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        var counts = try reader.readSparse(of: 4)
        present = try counts.next(&reader)
        absent = try counts.next(&reader)
        null = try counts.next(&reader)
        wrongType = try counts.next(&reader)
        moments = try Moments(from: &reader)
        quantiles = try QuantileSketch(from: &reader)
        categories = try CategoryCounts(from: &reader)
        seen = try reader.readBool() ? try HyperLogLog(from: &reader) : nil
    }
}
