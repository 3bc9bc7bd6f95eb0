/// Labels by how long after their decisions they came: fraud and legit, in classes of delay.
///
/// Young labels are another mix than old ones (chargebacks take weeks, reviews days), so labels
/// are only compared with labels of the same class. Counts are exact under corrections. Twenty
/// classes, each half as long again as the one before, from an hour to two months; what is
/// compared within a class differs in delay by less than that.
public struct LabelAges: Sendable, Equatable, Snapshottable {
    /// Ends of all classes but the last, ms; delays below 0 are in the first.
    public static let edges: [Int64] = (0..<19).reduce(into: []) { edges, _ in edges.append((edges.last ?? 2_400_000) * 3 / 2) }
    public static let classes = edges.count + 1

    /// Fraud by class, then legit by class; empty before the first label.
    private var counts: ContiguousArray<Int32> = []

    public init() {}

    public static func delayClass(of delayMs: Int64) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if delayMs < edges[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Adds labels (`count` above 0) or takes them back; a withdrawn one is none.
    mutating func add(_ outcome: Outcome, delayMs: Int64, _ count: Int64) {
        guard outcome != .withdrawn else { return }
        if counts.isEmpty { counts = ContiguousArray(repeating: 0, count: 2 * Self.classes) }
        counts[Self.delayClass(of: delayMs) + (outcome == .fraud ? 0 : Self.classes)] &+= Int32(truncatingIfNeeded: count)
    }

    mutating func merge(_ other: LabelAges) {
        guard !other.counts.isEmpty else { return }
        guard !counts.isEmpty else {
            counts = other.counts
            return
        }
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    public func fraud(_ delayClass: Int) -> Int64 { counts.isEmpty ? 0 : Int64(counts[delayClass]) }
    public func labels(_ delayClass: Int) -> Int64 { counts.isEmpty ? 0 : Int64(counts[delayClass]) + Int64(counts[delayClass + Self.classes]) }

    public static func == (a: LabelAges, b: LabelAges) -> Bool {
        (0..<classes).allSatisfy { a.fraud($0) == b.fraud($0) && a.labels($0) == b.labels($0) }
    }

    var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }

    /// The counts that are not 0, each with its place.
    public func encode(into writer: inout ByteWriter) {
        writer.write(count: counts.count { $0 != 0 })
        for (place, count) in counts.enumerated() where count != 0 {
            writer.write(count: place)
            writer.write(signed: Int64(count))
        }
    }

    public init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let place = try reader.readVarint()
            guard place < UInt64(2 * Self.classes) else { throw CorruptBytes(offset: reader.offset, expected: "a class of delay") }
            if counts.isEmpty { counts = ContiguousArray(repeating: 0, count: 2 * Self.classes) }
            counts[Int(place)] = Int32(truncatingIfNeeded: try reader.readSigned())
        }
    }
}
