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
            categories.add(hash: hash.hash64(of: ref, in: text), name: text.string(ref))
        }
    }

    mutating func merge(_ others: ContiguousArray<FeatureAggregate>) {
        for other in others {
            present += other.present
            absent += other.absent
            null += other.null
            wrongType += other.wrongType
            moments.merge(other.moments)
            categories.merge(other.categories)
        }
        quantiles.merge(ContiguousArray(others.map(\.quantiles)))
    }

    mutating func compact() { quantiles.compact() }

    mutating func seal() { quantiles.seal() }

    func encode(into writer: inout ByteWriter) {
        for count in [present, absent, null, wrongType] { writer.write(signed: count) }
        moments.encode(into: &writer)
        quantiles.encode(into: &writer)
        categories.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        present = try reader.readSigned()
        absent = try reader.readSigned()
        null = try reader.readSigned()
        wrongType = try reader.readSigned()
        moments = try Moments(from: &reader)
        quantiles = try QuantileSketch(from: &reader)
        categories = try CategoryCounts(from: &reader)
    }
}
