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
        merge(Self.pack([(id, text)]))
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
        let merged = bytes.withUnsafeBytes { mine in
            other.withUnsafeBytes { theirs -> ContiguousArray<UInt8> in
                let (left, right) = (Self.samples(of: mine), Self.samples(of: theirs))
                var chosen = Samples()
                var (a, b) = (0, 0)
                while chosen.count < Self.capacity, a < left.count || b < right.count {
                    if b == right.count || (a < left.count && left[a].id <= right[b].id) {
                        if b < right.count, left[a].id == right[b].id { b += 1 }
                        chosen.append(left[a])
                        a += 1
                    } else {
                        chosen.append(right[b])
                        b += 1
                    }
                }
                return Self.pack(chosen)
            }
        }
        bytes = merged
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
            let known = Self.samples(of: others)
            return SampleSet(known.indices.filter { head >> UInt64($0 + 1) & 1 == 1 }.map { known[$0] }).bytes
        }
        merge(rest)
    }

    /// Of a request ID: room for more is made when it is needed.
    private static let usualLength = 16

    private mutating func set(_ id: RequestID, at index: Int) {
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: id.high, toByteOffset: 1 + index * Self.idBytes, as: UInt64.self)
            $0.storeBytes(of: id.low, toByteOffset: 9 + index * Self.idBytes, as: UInt64.self)
        }
    }
}

// MARK: - Memory

/// Safe: `pack` writes the memory, and nothing else does.
extension SampleSet {
    private typealias Samples = [(id: RequestID, text: UnsafeRawBufferPointer)]

    private static func id(_ index: Int, of bytes: UnsafeRawBufferPointer) -> RequestID {
        let place = 1 + index * idBytes
        return RequestID(
            high: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self), low: bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
    }

    private static func forEachText(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard bytes.count > 0 else { return }
        var place = 1 + Int(bytes[0]) * idBytes
        while place < bytes.count {
            let length = Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
            body(UnsafeRawBufferPointer(rebasing: bytes[place + lengthBytes..<place + lengthBytes + length]))
            place += lengthBytes + length
        }
    }

    private static func samples(of bytes: UnsafeRawBufferPointer) -> Samples {
        var all = Samples()
        forEachText(of: bytes) { all.append((id(all.count, of: bytes), $0)) }
        return all
    }

    /// Ascending, none twice.
    private init(_ samples: Samples) { bytes = samples.isEmpty ? [] : Self.pack(samples) }

    private static func pack(_ samples: Samples) -> ContiguousArray<UInt8> {
        let size = samples.reduce(1) { $0 + idBytes + lengthBytes + $1.text.count }
        return ContiguousArray(unsafeUninitializedCapacity: size) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw[0] = UInt8(samples.count)
            var place = 1
            for sample in samples {
                raw.storeBytes(of: sample.id.high, toByteOffset: place, as: UInt64.self)
                raw.storeBytes(of: sample.id.low, toByteOffset: place + 8, as: UInt64.self)
                place += idBytes
            }
            for sample in samples {
                raw.storeBytes(of: UInt32(sample.text.count), toByteOffset: place, as: UInt32.self)
                place += lengthBytes
                UnsafeMutableRawBufferPointer(rebasing: raw[place...]).copyMemory(from: sample.text)
                place += sample.text.count
            }
            used = size
        }
    }
}
