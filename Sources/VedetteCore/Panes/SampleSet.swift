/// Up to `capacity` request IDs of a pane, so that an alert can name some.
///
/// A bottom-k sample: the smallest keyed hashes win. So it is a uniform sample, it does
/// not depend on order, and merging two gives the sample of the union.
public struct SampleSet: Sendable, Equatable, Snapshottable {
    public static let capacity = 5

    public private(set) var entries: [(id: RequestID, text: String)] = []

    public init() {}

    public var texts: [String] { entries.map(\.text) }

    /// Whether an ID would enter; ask before making its text.
    @inline(__always)
    func admits(_ id: RequestID) -> Bool {
        guard entries.count >= Self.capacity else { return true }
        return id < entries[entries.count - 1].id
    }

    mutating func insert(_ id: RequestID, text: String) {
        guard admits(id), !entries.contains(where: { $0.id == id }) else { return }
        let place = entries.firstIndex { id < $0.id } ?? entries.count
        entries.insert((id, text), at: place)
        if entries.count > Self.capacity { entries.removeLast() }
    }

    mutating func merge(_ other: SampleSet) {
        // Ascending: where one is too large, so are the rest.
        for index in other.entries.indices {
            guard admits(other.entries[index].id) else { return }
            insert(other.entries[index].id, text: other.entries[index].text)
        }
    }

    public static func == (a: SampleSet, b: SampleSet) -> Bool {
        a.entries.elementsEqual(b.entries) { $0.id == $1.id && $0.text == $1.text }
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(count: entries.count)
        for entry in entries {
            writer.write(fixed64: entry.id.high)
            writer.write(fixed64: entry.id.low)
            writer.write(string: entry.text)
        }
    }

    public init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 17)) {
            entries.append((RequestID(high: try reader.readFixed64(), low: try reader.readFixed64()), try reader.readString()))
        }
    }
}
