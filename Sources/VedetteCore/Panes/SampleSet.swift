/// Up to `capacity` request IDs of a pane, or of those of its decisions that have one fault, so that an alert can name some.
///
/// A bottom-k sample: the smallest keyed hashes win. So it is a uniform sample, it does
/// not depend on order, and merging two gives the sample of the union.
///
/// There are two per pane and feature, three beside, and a thousand panes per series, so it is one piece of memory, and none
/// where there is nothing: the count, the IDs in ascending order, and for each its text's length and bytes.
public struct SampleSet: Sendable, Equatable {
    public static let capacity = 5
    private static let idBytes = 16
    private static let lengthBytes = 4

    private var bytes: ContiguousArray<UInt8> = []

    public init() {}

    /// Where it lies, to be asked for early and not to be read.
    @inline(__always)
    var address: UnsafeRawPointer? { bytes.withUnsafeBytes { $0.baseAddress } }

    var count: Int { bytes.isEmpty ? 0 : Int(bytes[0]) }

    /// In ascending order of the IDs.
    public var texts: [String] {
        var all: [String] = []
        bytes.withUnsafeBytes { bytes in
            Self.forEachText(of: bytes) { all.append(String(decoding: $0, as: UTF8.self)) }
        }
        return all
    }

    /// Whether an ID would enter; ask before making its text.
    @inline(__always)
    func admits(_ id: RequestID) -> Bool {
        let count = count
        return count < Self.capacity || id < self.id(count - 1)
    }

    private func id(_ index: Int) -> RequestID { bytes.withUnsafeBytes { Self.id(index, of: $0) } }

    mutating func insert(_ id: RequestID, text: String) {
        var text = text
        text.withUTF8 { insert(id, text: UnsafeRawBufferPointer($0)) }
    }

    mutating func insert(_ id: RequestID, text: UnsafeRawBufferPointer) {
        guard admits(id) else { return }
        let sample = Sample(id: id, text: text)
        if replaceLast(by: sample) { return }
        bytes = bytes.withUnsafeBytes { Self.pack(Samples(smallestOf: Cursor($0), and: sample)) }
    }

    mutating func merge(_ other: SampleSet) {
        guard other.count > 0 else { return }
        guard count > 0 else {
            bytes = other.bytes
            return
        }
        // Ascending: where the first does not enter, none does.
        guard admits(other.id(0)) else { return }
        merge(other.bytes)
    }

    private mutating func merge(_ other: ContiguousArray<UInt8>) {
        bytes = bytes.withUnsafeBytes { mine in
            other.withUnsafeBytes { theirs in Self.pack(Samples(smallestOf: Cursor(mine), and: Cursor(theirs))) }
        }
    }

    var isEmpty: Bool { bytes.isEmpty }

    /// Twice the count, one more where the IDs are written out; the texts; the IDs, unless they are the texts' hashes.
    func encode(into writer: inout ByteWriter, _ hash: KeyedHash?) {
        bytes.withUnsafeBytes { bytes in
            var place = 0
            var isHashed = hash != nil
            Self.forEachText(of: bytes) { text in
                if let hash, isHashed { isHashed = hash.hash128(text) == Self.id(place, of: bytes) }
                place += 1
            }
            writer.write(count: count << 1 | (isHashed ? 0 : 1))
            Self.forEachText(of: bytes) { RequestText.write($0, into: &writer) }
            if count > 0, !isHashed { writer.write(bytes: UnsafeRawBufferPointer(rebasing: bytes[1..<1 + count * Self.idBytes])) }
        }
    }

    init(from reader: inout ByteReader, _ hash: KeyedHash?) throws {
        let head = try reader.readVarint()
        let (count, isHashed) = (Int(truncatingIfNeeded: head >> 1), head & 1 == 0)
        guard count >= 0, count <= Self.capacity, !isHashed || hash != nil || count == 0 else {
            throw CorruptBytes(offset: reader.offset, expected: "at most \(Self.capacity) samples, with their IDs or the hash of them")
        }
        guard count > 0 else { return }
        bytes.reserveCapacity(1 + count * (Self.idBytes + Self.lengthBytes + Self.usualLength))
        bytes.append(UInt8(count))
        for _ in 0..<(count * Self.idBytes) { bytes.append(0) }
        for sample in 0..<count {
            var id = RequestID(high: 0, low: 0)
            try RequestText.read(from: &reader) { text in
                withUnsafeBytes(of: UInt32(text.count)) { bytes.append(contentsOf: $0) }
                bytes.append(contentsOf: text)
                if let hash, isHashed { id = hash.hash128(text) }
            }
            if isHashed { set(id, at: sample) }
        }
        if !isHashed { for sample in 0..<count { set(RequestID(high: try reader.readFixed64(), low: try reader.readFixed64()), at: sample) } }
        guard (1..<count).allSatisfy({ id($0 - 1) < id($0) }) else { throw CorruptBytes(offset: reader.offset, expected: "ascending IDs") }
    }

    /// As ``encode(into:_:)``, but what is among `others` too is told by its place there: of the decisions with a fault, those
    /// with the smallest hashes of all. A pane of few decisions has no others, so in there a fault takes a byte, whatever the IDs.
    func encode(into writer: inout ByteWriter, _ hash: KeyedHash?, besides others: SampleSet) {
        bytes.withUnsafeBytes { bytes in
            others.bytes.withUnsafeBytes { others in
                let known = Self.samples(of: others)
                var (places, rest) = (UInt64(0), Samples())
                for sample in Self.samples(of: bytes) {
                    if let place = known.firstIndex(where: { $0.id == sample.id }) { places |= 1 << UInt64(place) } else { rest.append(sample) }
                }
                writer.write(varint: places << 1 | (rest.isEmpty ? 0 : 1))
                if !rest.isEmpty { SampleSet(rest).encode(into: &writer, hash) }
            }
        }
    }

    init(from reader: inout ByteReader, _ hash: KeyedHash?, besides others: SampleSet) throws {
        let head = try reader.readVarint()
        guard head >> 1 < 1 << UInt64(others.count) else { throw CorruptBytes(offset: reader.offset, expected: "places among \(others.count) samples") }
        let rest = head & 1 == 1 ? try SampleSet(from: &reader, hash) : SampleSet()
        bytes = others.bytes.withUnsafeBytes { others in
            var chosen = Samples()
            for (place, sample) in Self.samples(of: others).enumerated() where head >> UInt64(place + 1) & 1 == 1 { chosen.append(sample) }
            return SampleSet(chosen).bytes
        }
        merge(rest)
    }

    /// Of a request ID: room for more is made when it is needed.
    private static let usualLength = 16

    private mutating func set(_ id: RequestID, at index: Int) {
        bytes.withUnsafeMutableBytes { Self.write(id, at: 1 + index * Self.idBytes, of: $0) }
    }
}

// MARK: - Memory

/// Safe: `pack` lays the memory out, and what changes it keeps to that.
extension SampleSet {
    /// A sample that lies in the memory of a set, which must outlive it.
    private struct Sample {
        var id: RequestID
        var text: UnsafeRawBufferPointer
    }

    /// A way through the samples in the memory of a set, which must outlive it.
    private struct Cursor {
        private let bytes: UnsafeRawBufferPointer
        private let count: Int
        private var index = 0
        /// Of the length of the next text.
        private var place: Int

        init(_ bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
            count = bytes.isEmpty ? 0 : Int(bytes[0])
            place = 1 + count * SampleSet.idBytes
        }

        var isAtEnd: Bool { index == count }
        /// There must be one.
        var id: RequestID { SampleSet.id(index, of: bytes) }

        mutating func next() -> Sample {
            let start = place + SampleSet.lengthBytes
            let end = start + Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
            let sample = Sample(id: id, text: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            (index, place) = (index + 1, end)
            return sample
        }
    }

    /// As many samples as a set has, ascending. Every decision that enters a pane's sample makes some: an array would be
    /// memory of its own each time.
    private struct Samples: RandomAccessCollection {
        private var storage = InlineArray<5, Sample>(repeating: Sample(id: RequestID(high: 0, low: 0), text: UnsafeRawBufferPointer(start: nil, count: 0)))
        private(set) var count = 0

        init() {}

        /// The first of both together, each once. O(capacity).
        init(smallestOf left: Cursor, and right: Cursor) {
            var (left, right) = (left, right)
            while count < SampleSet.capacity, !left.isAtEnd || !right.isAtEnd {
                if right.isAtEnd || (!left.isAtEnd && left.id <= right.id) {
                    if !right.isAtEnd, left.id == right.id { _ = right.next() }
                    append(left.next())
                } else {
                    append(right.next())
                }
            }
        }

        /// The same of a set and one sample, which may be in it.
        init(smallestOf set: Cursor, and one: Sample) {
            var (set, isLeft) = (set, true)
            while count < SampleSet.capacity, isLeft || !set.isAtEnd {
                if isLeft, set.isAtEnd || one.id < set.id {
                    append(one)
                    isLeft = false
                } else {
                    if isLeft, one.id == set.id { isLeft = false }
                    append(set.next())
                }
            }
        }

        var startIndex: Int { 0 }
        var endIndex: Int { count }
        subscript(index: Int) -> Sample { storage[index] }

        mutating func append(_ sample: Sample) {
            storage[count] = sample
            count += 1
        }
    }

    /// Lets a sample that is admitted take the last one's place where that leaves the size as it is: of requests whose IDs are all of a
    /// length, in the memory that is there. False where the set is not full or the size would be another.
    private mutating func replaceLast(by sample: Sample) -> Bool {
        guard count == Self.capacity else { return false }
        let last = bytes.withUnsafeBytes { Self.place(of: Self.capacity - 1, of: $0) }
        guard bytes.count - last == Self.lengthBytes + sample.text.count else { return false }
        bytes.withUnsafeMutableBytes { bytes in
            let all = UnsafeRawBufferPointer(bytes)
            var index = 0
            while index < Self.capacity, Self.id(index, of: all) < sample.id { index += 1 }
            guard index < Self.capacity, Self.id(index, of: all) != sample.id else { return }
            // Safe: what moves stays before the end, since as much as comes in goes out behind it.
            let (place, size) = (Self.place(of: index, of: all), bytes.count - last)
            let ids = 1 + index * Self.idBytes
            let later = (Self.capacity - 1 - index) * Self.idBytes
            UnsafeMutableRawBufferPointer(rebasing: bytes[(ids + Self.idBytes)...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: all[ids..<ids + later]))
            UnsafeMutableRawBufferPointer(rebasing: bytes[(place + size)...]).copyMemory(from: UnsafeRawBufferPointer(rebasing: all[place..<last]))
            Self.write(sample.id, at: ids, of: bytes)
            Self.write(sample.text, at: place, of: bytes)
        }
        return true
    }

    /// Where a sample's text begins, with its length.
    private static func place(of index: Int, of bytes: UnsafeRawBufferPointer) -> Int {
        var place = 1 + Int(bytes[0]) * idBytes
        for _ in 0..<index { place += lengthBytes + Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)) }
        return place
    }

    private static func write(_ id: RequestID, at place: Int, of bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: id.high, toByteOffset: place, as: UInt64.self)
        bytes.storeBytes(of: id.low, toByteOffset: place + 8, as: UInt64.self)
    }

    private static func write(_ text: UnsafeRawBufferPointer, at place: Int, of bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: UInt32(text.count), toByteOffset: place, as: UInt32.self)
        UnsafeMutableRawBufferPointer(rebasing: bytes[(place + lengthBytes)...]).copyMemory(from: text)
    }

    private static func id(_ index: Int, of bytes: UnsafeRawBufferPointer) -> RequestID {
        let place = 1 + index * idBytes
        return RequestID(
            high: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self), low: bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
    }

    private static func forEachText(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var cursor = Cursor(bytes)
        while !cursor.isAtEnd { body(cursor.next().text) }
    }

    private static func samples(of bytes: UnsafeRawBufferPointer) -> Samples {
        var (all, cursor) = (Samples(), Cursor(bytes))
        while !cursor.isAtEnd { all.append(cursor.next()) }
        return all
    }

    /// Ascending, none twice.
    private init(_ samples: Samples) { bytes = samples.isEmpty ? [] : Self.pack(samples) }

    private static func pack(_ samples: Samples) -> ContiguousArray<UInt8> {
        var size = 1
        for sample in samples { size += idBytes + lengthBytes + sample.text.count }
        return ContiguousArray(unsafeUninitializedCapacity: size) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw[0] = UInt8(samples.count)
            var place = 1
            for sample in samples {
                write(sample.id, at: place, of: raw)
                place += idBytes
            }
            for sample in samples {
                write(sample.text, at: place, of: raw)
                place += lengthBytes + sample.text.count
            }
            used = size
        }
    }
}
