/// What is measured of one feature in one pane.
public struct FeatureAggregate: Sendable {
    /// Decisions that carried a usable value.
    public private(set) var present: Int64 = 0
    public private(set) var absent: Int64 = 0
    public private(set) var null: Int64 = 0
    public private(set) var wrongType: Int64 = 0
    /// Requests of decisions in which it is absent or null, and of those in which it is of the wrong type.
    public private(set) var missingSamples = SampleSet()
    public private(set) var wrongTypeSamples = SampleSet()
    /// Of numbers only.
    public private(set) var moments = Moments()
    public private(set) var quantiles: QuantileSketch
    /// Of booleans and categories only.
    public private(set) var categories: CategoryCounts
    /// Nil while ``categories`` keeps them all.
    private var beyond: ManyCategories?

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
            quantiles.addAgain(value)
        case .absent: absent += 1
        case .null: null += 1
        case .wrongType: wrongType += 1
        case .boolean:
            present += 1
            let (category, name): (UInt64, String) = value != 0 ? (2, "true") : (1, "false")
            count(category, name: name)
        case .category:
            present += 1
            let ref = TextRef(packed: value)
            let category = hash.hash64(of: ref, in: text)
            count(category, name: text.string(ref))
        }
    }

    /// Whether a request would enter the samples; ask before looking up its text. Where the feature is as it should be, none does.
    @inline(__always)
    func admits(_ id: RequestID, _ state: FeatureState) -> Bool {
        switch state {
        case .absent, .null: missingSamples.admits(id)
        case .wrongType: wrongTypeSamples.admits(id)
        case .number, .boolean, .category: false
        }
    }

    mutating func sample(_ id: RequestID, _ state: FeatureState, text: UnsafeRawBufferPointer) {
        if state == .wrongType { wrongTypeSamples.insert(id, text: text) } else { missingSamples.insert(id, text: text) }
    }

    @inline(__always)
    private mutating func count(_ category: UInt64, name: @autoclosure () -> String) {
        if beyond == nil, !categories.hasRoom(for: category) { beyond = ManyCategories(categories) }
        categories.add(hash: category, name: name())
        beyond?.add(hash: category, name: name())
    }

    /// Distinct categories: exact while all are kept, then to 3.3 % (standard error). nil without any.
    public var distinct: Double? {
        guard !categories.isEmpty else { return nil }
        return beyond?.seen.estimate ?? Double(categories.keptCount)
    }

    /// Entropy of the categories in nats, those that are not kept as one. nil without any.
    public var entropy: Double? { categories.isEmpty ? nil : categories.entropy }

    /// Before the categories are merged: afterwards, those that were pushed out are gone.
    private mutating func mergeBeyond(_ other: borrowing FeatureAggregate) {
        let fits = beyond == nil && other.beyond == nil && categories.keptCount + other.categories.keptCount <= min(categories.capacity, other.categories.capacity)
        guard !fits else { return }
        var all = beyond ?? ManyCategories(categories)
        all.merge(other.beyond ?? ManyCategories(other.categories))
        beyond = all
    }

    /// Merges what panes measured of the feature at a place of the schema; some of them may have measured no features.
    mutating func merge(_ panes: ContiguousArray<Pane>, at place: Int) {
        for pane in panes where place < pane.features.count { merge(pane.features[place]) }
        quantiles.merge(ContiguousArray(panes.lazy.filter { place < $0.features.count }.map { $0.features[place].quantiles }))
    }

    /// All but ``quantiles``, which take all of theirs at once.
    private mutating func merge(_ other: borrowing FeatureAggregate) {
        present += other.present
        absent += other.absent
        null += other.null
        wrongType += other.wrongType
        missingSamples.merge(other.missingSamples)
        wrongTypeSamples.merge(other.wrongTypeSamples)
        moments.merge(other.moments)
        // Numbers have no categories, and most features are numbers.
        if other.categories.isEmpty, beyond == nil, categories.capacity <= other.categories.capacity { return }
        mergeBeyond(other)
        categories.merge(other.categories)
        if !categories.isTruncated { beyond = nil }
    }

    mutating func compact() { quantiles.compact() }

    mutating func seal() { quantiles.seal() }

    /// - Parameter samples: of the same pane's decisions, which the reader has read before.
    func encode(into writer: inout ByteWriter, _ hash: KeyedHash?, besides samples: SampleSet) {
        writer.write(sparse: [present, absent, null, wrongType])
        // Whether they follow, the counts say.
        if missing > 0 { missingSamples.encode(into: &writer, hash, besides: samples) }
        if wrongType > 0 { wrongTypeSamples.encode(into: &writer, hash, besides: samples) }
        moments.encode(into: &writer)
        quantiles.encode(into: &writer)
        categories.encode(into: &writer)
        writer.write(bool: beyond != nil)
        beyond?.encode(into: &writer)
    }

    init(from reader: inout ByteReader, _ hash: KeyedHash?, besides samples: SampleSet) throws {
        var counts = try reader.readSparse(of: 4)
        present = try counts.next(&reader)
        absent = try counts.next(&reader)
        null = try counts.next(&reader)
        wrongType = try counts.next(&reader)
        if absent + null > 0 { missingSamples = try SampleSet(from: &reader, hash, besides: samples) }
        if wrongType > 0 { wrongTypeSamples = try SampleSet(from: &reader, hash, besides: samples) }
        moments = try Moments(from: &reader)
        quantiles = try QuantileSketch(from: &reader)
        categories = try CategoryCounts(from: &reader)
        beyond = try reader.readBool() ? try ManyCategories(from: &reader) : nil
    }
}

// MARK: - Categories that occur most

extension FeatureAggregate {
    /// A category with the least and the largest count that it can have: equal where it is kept exactly.
    public struct TopCategory: Sendable, Equatable {
        public var name: String
        public var counts: ClosedRange<Int64>
    }

    /// Of more than are kept, the heaviest; of fewer, all of them. Ascending by hash; their counts are the least.
    var heaviest: ContiguousArray<CategoryCounts.Category> { beyond?.heaviest.categories ?? categories.categories }

    /// The least and the largest count that a category can have. O(log categories).
    func bounds(of hash: UInt64) -> ClosedRange<Int64> {
        if let exact = categories.count(hash: hash) { return exact...exact }
        return beyond?.heaviest.bounds(of: hash) ?? 0...0
    }

    /// Nil where it is not kept. O(log categories).
    func name(of hash: UInt64) -> String? { categories.name(hash: hash) ?? beyond?.heaviest.name(hash: hash) }

    /// At most `count` categories, the heaviest first. Those whose count is not known to within a factor of two are
    /// left out: where many are about as rare, none is a top one. O(n log n) of the kept ones.
    public func topCategories(_ count: Int) -> [TopCategory] {
        heaviest.map { TopCategory(name: $0.name, counts: bounds(of: $0.hash)) }
            .filter { $0.counts.upperBound <= 2 * $0.counts.lowerBound }
            .sorted { ($1.counts.lowerBound, $0.name) < ($0.counts.lowerBound, $1.name) }
            .prefix(count).map(\.self)
    }
}
