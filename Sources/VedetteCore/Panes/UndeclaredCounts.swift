/// Decisions of a pane that have a field which is not declared, by ``UndeclaredFields`` place.
///
/// A class, so that a pane without any carries one word. Sums merge exactly and in any order.
public final class UndeclaredCounts: Snapshottable {
    /// Ascending by place.
    private var counts: ContiguousArray<(place: UInt64, count: Int64)> = []

    init() {}

    /// O(log places).
    func add(_ place: UInt64, _ count: Int64 = 1) {
        let index = lowerBound(place)
        if index < counts.count, counts[index].place == place {
            counts[index].count += count
        } else {
            counts.insert((place, count), at: index)
        }
    }

    /// Decisions that have the field.
    public func count(_ place: UInt64) -> Int64 {
        let index = lowerBound(place)
        return index < counts.count && counts[index].place == place ? counts[index].count : 0
    }

    func merge(_ other: UndeclaredCounts) {
        for one in other.counts { add(one.place, one.count) }
    }

    private func lowerBound(_ place: UInt64) -> Int {
        var (low, high) = (0, counts.count)
        while low < high {
            let middle = (low + high) / 2
            if counts[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(count: counts.count)
        for one in counts {
            writer.write(fixed64: one.place)
            writer.write(signed: one.count)
        }
    }

    public init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 9)) { counts.append((try reader.readFixed64(), try reader.readSigned())) }
        guard zip(counts, counts.dropFirst()).allSatisfy({ $0.place < $1.place }) else {
            throw CorruptBytes(offset: reader.offset, expected: "ascending places")
        }
    }
}
