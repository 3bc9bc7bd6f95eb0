/// How long after their decisions labels came, per source and kind, milliseconds: of the labels
/// that now stand and arrived in a pane.
///
/// One DDSketch per pair that occurs, so bounded by (sources + 1) × (kinds + 2); what a
/// correction takes back is gone exactly. Error: 1 % of the delay.
public struct LabelDelays: Sendable, Equatable, Snapshottable {
    public struct Entry: Sendable, Equatable {
        /// Row of the source registry, -1 for a source that is not listed.
        public var source: Int32
        /// Interned kind; 0 where labels have none.
        public var kind: Int32
        public var delays: QuantileSketch

        init(source: Int32, kind: Int32, delays: QuantileSketch = QuantileSketch(accuracy: accuracy, maxBins: bins)) {
            self.source = source
            self.kind = kind
            self.delays = delays
        }
    }

    /// Ascending by source, then kind.
    public private(set) var entries: ContiguousArray<Entry> = []

    static let accuracy = 0.01
    static let bins = 512

    public init() {}

    mutating func add(_ delayMs: Int64, source: Int32, kind: Int32) {
        let (place, found) = position(source, kind)
        if !found {
            entries.insert(Entry(source: source, kind: kind), at: place)
        }
        entries[place].delays.add(Double(delayMs))
    }

    /// Takes back a delay that was added. One that was not changes nothing, and the answer is false.
    mutating func remove(_ delayMs: Int64, source: Int32, kind: Int32) -> Bool {
        let (place, found) = position(source, kind)
        guard found, entries[place].delays.remove(Double(delayMs)) else { return false }
        if entries[place].delays.isEmpty { entries.remove(at: place) }
        return true
    }

    /// Adds the delays of several panes: of each pair all sketches at once. O(pairs · bins).
    mutating func merge(_ others: ContiguousArray<LabelDelays>) {
        for other in others {
            for entry in other.entries {
                let (place, found) = position(entry.source, entry.kind)
                if !found { entries.insert(Entry(source: entry.source, kind: entry.kind), at: place) }
            }
        }
        for place in entries.indices {
            let (source, kind) = (entries[place].source, entries[place].kind)
            entries[place].delays.merge(ContiguousArray(others.lazy.compactMap { $0.sketch(source, kind) }))
        }
    }

    private func sketch(_ source: Int32, _ kind: Int32) -> QuantileSketch? {
        let (place, found) = position(source, kind)
        return found ? entries[place].delays : nil
    }

    /// Folds pending adds in.
    mutating func compact() {
        for place in entries.indices { entries[place].delays.compact() }
    }

    /// Compacts and gives back spare memory.
    mutating func seal() {
        for place in entries.indices { entries[place].delays.seal() }
    }

    /// Where the entries are, to be asked for and not to be read; nil where there are none.
    @inline(__always)
    var address: UnsafeRawPointer? { mutating get { entries.withUnsafeBytes { $0.baseAddress } } }

    /// What a label of a source and a kind changes, to be asked for early and not to be read; nil where there is no entry yet.
    @inline(__always)
    mutating func addresses(_ source: Int32, _ kind: Int32) -> InlineArray<2, UnsafeRawPointer?>? {
        let (place, found) = position(source, kind)
        return found ? entries.withUnsafeMutableBufferPointer { $0[place].delays.addresses } : nil
    }

    private func position(_ source: Int32, _ kind: Int32) -> (place: Int, found: Bool) {
        // A handful of entries: a scan is the fastest search. In place: a copy of an entry would count a reference.
        var place = 0
        while place < entries.count, (entries[place].source, entries[place].kind) < (source, kind) { place += 1 }
        return (place, place < entries.count && entries[place].source == source && entries[place].kind == kind)
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(count: entries.count)
        for entry in entries {
            writer.write(signed: Int64(entry.source))
            writer.write(signed: Int64(entry.kind))
            entry.delays.encode(into: &writer)
        }
    }

    public init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            let source = Int32(truncatingIfNeeded: try reader.readSigned())
            let kind = Int32(truncatingIfNeeded: try reader.readSigned())
            let delays = try QuantileSketch(from: &reader)
            guard delays.accuracy == Self.accuracy else { throw CorruptBytes(offset: reader.offset, expected: "delays to \(Self.accuracy) of themselves") }
            entries.append(Entry(source: source, kind: kind, delays: delays))
        }
    }
}
