/// Labels by how long after their decisions they came: fraud and legit, in classes of delay.
///
/// Young labels are another mix than old ones (chargebacks take weeks, reviews days), so labels
/// are only compared with labels of the same class. Counts and weights are exact under corrections. Twenty
/// classes, each half as long again as the one before, from an hour to two months; what is
/// compared within a class differs in delay by less than that.
///
/// Most panes hold labels of few classes and without weights: what is 0 takes no room.
public struct LabelAges: Sendable, Equatable, Snapshottable {
    /// Ends of all classes but the last, ms; delays below 0 are in the first.
    public static let edges: [Int64] = (0..<19).reduce(into: []) { edges, _ in edges.append((edges.last ?? 2_400_000) * 3 / 2) }
    public static let classes = edges.count + 1

    /// A class of fraud (0 ..< classes) or legit (from there on), and its labels.
    private struct Cell: Sendable, Equatable {
        var place: Int32
        var count: Int64
    }

    /// What the labels of a place weigh beyond 1 each, in thousandths, and their squares beyond 1, in millionths.
    private struct Excess: Sendable, Equatable {
        var place: Int32
        var weight: Int64
        var squares: Int128
    }

    /// Ascending by place, without what is 0. Panes of minutes have labels of one class or two.
    private var cells = ShortList<2, Cell>(filler: Cell(place: 0, count: 0))
    private var excesses: ContiguousArray<Excess> = []

    public init() {}

    /// Of ``ShortList/address``.
    @inline(__always)
    var address: UnsafeRawPointer? { mutating get { cells.address } }

    /// A class of delay of fraud or of legit labels: the same for all panes that a label is counted in, so found once.
    struct Place {
        fileprivate let number: Int32

        /// nil where a label is withdrawn.
        init?(_ outcome: Outcome, delayMs: Int64) {
            guard outcome != .withdrawn else { return nil }
            number = Int32(LabelAges.delayClass(of: delayMs) + (outcome == .fraud ? 0 : LabelAges.classes))
        }
    }

    public static func delayClass(of delayMs: Int64) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if delayMs < edges[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Adds labels (`count` above 0) or takes them back; a withdrawn one is none. O(classes with labels).
    ///
    /// - Parameter weight: sampling weight of each, in thousandths.
    @inline(__always)
    mutating func add(_ place: Place?, weight: Int64, _ count: Int64) {
        guard let place else { return }
        add(Cell(place: place.number, count: count))
        if weight != LabelEntry.weightUnit { addExcess(place, weight: weight, count) }
    }

    private mutating func addExcess(_ place: Place, weight: Int64, _ count: Int64) {
        let square = Int128(weight) * Int128(weight) - Self.unitSquared
        add(Excess(place: place.number, weight: count * (weight - LabelEntry.weightUnit), squares: Int128(count) * square))
    }

    private static let unitSquared = Int128(LabelEntry.weightUnit) * Int128(LabelEntry.weightUnit)

    private mutating func add(_ cell: Cell) {
        var index = 0
        while index < cells.count, cells[index].place < cell.place { index += 1 }
        guard index < cells.count, cells[index].place == cell.place else { return cells.insert(cell, at: index) }
        cells[index].count += cell.count
        if cells[index].count == 0 { cells.remove(at: index) }
    }

    private mutating func add(_ excess: Excess) {
        let index = excesses.firstIndex { $0.place >= excess.place } ?? excesses.count
        guard index < excesses.count, excesses[index].place == excess.place else { return excesses.insert(excess, at: index) }
        excesses[index].weight += excess.weight
        excesses[index].squares += excess.squares
        if excesses[index].weight == 0, excesses[index].squares == 0 { excesses.remove(at: index) }
    }

    mutating func merge(_ other: LabelAges) {
        if isEmpty, !isWeighted {
            self = other
            return
        }
        for index in other.cells.indices { add(other.cells[index]) }
        for excess in other.excesses { add(excess) }
    }

    public func fraud(_ delayClass: Int) -> Int64 { count(at: Int32(delayClass)) }
    public func labels(_ delayClass: Int) -> Int64 { fraud(delayClass) + count(at: Int32(delayClass + Self.classes)) }

    private func count(at place: Int32) -> Int64 { cells.indices.first { cells[$0].place == place }.map { cells[$0].count } ?? 0 }

    /// Fraud as events among a class's labels.
    package func share(_ delayClass: Int) -> SampledShare {
        SampledShare(events: sampled(at: Int32(delayClass)), others: sampled(at: Int32(delayClass + Self.classes)))
    }

    private func sampled(at place: Int32) -> SampledCount {
        let plain = SampledCount(count(at: place))
        guard let excess = excesses.first(where: { $0.place == place }) else { return plain }
        return SampledCount(
            count: plain.count, weight: plain.weight + WeightedOutcomes.whole(excess.weight),
            squares: plain.squares + Double(excess.squares) / Double(Self.unitSquared))
    }

    /// Fraud among all labels. O(classes with labels).
    package var share: SampledShare {
        var sum = SampledShare()
        for index in cells.indices {
            let place = cells[index].place
            let part = sampled(at: place)
            if Int(place) < Self.classes { sum.events = sum.events + part } else { sum.others = sum.others + part }
        }
        return sum
    }

    /// Whether any label stands for more or less than itself.
    var isWeighted: Bool { !excesses.isEmpty }
    var isEmpty: Bool { cells.isEmpty }

    /// The places that have labels with their counts, then those that have weights with these.
    public func encode(into writer: inout ByteWriter) {
        writer.write(count: cells.count)
        for index in cells.indices {
            writer.write(varint: UInt64(cells[index].place))
            writer.write(signed: cells[index].count)
        }
        writer.write(count: excesses.count)
        for excess in excesses {
            writer.write(varint: UInt64(excess.place))
            writer.write(signed: excess.weight)
            writer.write(wide: excess.squares)
        }
    }

    public init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            add(Cell(place: try Self.place(&reader), count: try reader.readSigned()))
        }
        for _ in 0..<(try reader.readCount(minimumSize: 4)) {
            add(Excess(place: try Self.place(&reader), weight: try reader.readSigned(), squares: try reader.readWide()))
        }
    }

    private static func place(_ reader: inout ByteReader) throws -> Int32 {
        let place = try reader.readVarint()
        guard place < UInt64(2 * classes) else { throw CorruptBytes(offset: reader.offset, expected: "a class of delay") }
        return Int32(place)
    }
}
