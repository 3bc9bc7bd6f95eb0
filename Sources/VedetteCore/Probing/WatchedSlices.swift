/// The slices of a model that are watched one by one: all traffic, and each value of each dimension, the first that come.
struct WatchedSlices {
    static let capacity = 256
    /// Places of one request's slices: all traffic, and one a dimension.
    typealias Places = InlineList<17, Int32>

    /// Dimension + 1 and interned value; 0 is all traffic.
    private var keys: ContiguousArray<UInt64> = []
    private(set) var names: ContiguousArray<SliceName> = []
    private var index = HashIndex()
    /// Places of the newest request's slices.
    private(set) var found: Places = []

    var count: Int { names.count }

    /// - Parameter name: of a dimension's value, made only when a slice is seen for the first time.
    mutating func look(up values: DecisionRow.Values, name: (Int) -> SliceName) {
        found = Places()
        add(0) { SliceName() }
        for dimension in values.indices where values[dimension] > 0 {
            add(UInt64(dimension + 1) << 32 | UInt64(UInt32(bitPattern: values[dimension]))) { name(dimension) }
        }
    }

    @inline(__always)
    private mutating func add(_ key: UInt64, _ name: () -> SliceName) {
        let hash = Self.hash(key)
        if let place = index.find(hash) { return found.append(Int32(place)) }
        if make(key, hash, name) { found.append(Int32(count - 1)) }
    }

    private static func hash(_ key: UInt64) -> UInt64 { (key &+ 1) &* 0x9E37_79B9_7F4A_7C15 }

    /// - Returns: whether there is room for it.
    @inline(never)
    private mutating func make(_ key: UInt64, _ hash: UInt64, _ name: () -> SliceName) -> Bool {
        guard count < Self.capacity else { return false }
        index.set(hash, to: count)
        keys.append(key)
        names.append(name())
        return true
    }
}

extension WatchedSlices {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: count)
        for place in names.indices {
            writer.write(varint: keys[place])
            writer.write(count: names[place].parts.count)
            for part in names[place].parts {
                writer.write(string: part.dimension)
                writer.write(bool: part.value != nil)
                writer.write(string: part.value ?? "")
            }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        self = WatchedSlices()
        for place in 0..<(try reader.readCount(minimumSize: 2)) {
            let key = try reader.readVarint()
            let name = SliceName(
                try (0..<(try reader.readCount(minimumSize: 3))).map { _ in
                    let dimension = try reader.readString()
                    let isKnown = try reader.readBool()
                    let value = try reader.readString()
                    return SliceName.Part(dimension: dimension, value: isKnown ? value : nil)
                })
            let hash = Self.hash(key)
            guard index.find(hash) == nil, make(key, hash, { name }), count == place + 1 else {
                throw CorruptBytes(offset: reader.offset, expected: "at most \(Self.capacity) different slices")
            }
        }
    }
}
