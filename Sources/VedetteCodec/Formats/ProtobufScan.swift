/// What a message has on the wire, sorted by field: Protobuf may send the fields in any order and the elements of a
/// list apart, JSON wants each member once.
///
/// One stack for a record; a message that is written uses the top of it. There are never more occurrences on it than half
/// the bytes of the record, and one chain for each field of the messages that are being written.
struct ProtobufScan {
    struct Occurrence {
        var wire: UInt8
        /// A number's bits.
        var bits: UInt64 = 0
        /// The bytes of a length-delimited value or a group.
        var start = 0
        var end = 0
        /// The next one of its field; -1 for none.
        var next = -1
    }

    /// The first and the last occurrence of a field; -1 for none.
    struct Chain {
        var first = -1
        var last = -1
    }

    /// Where a message's part of the stacks begins.
    struct Frame {
        var occurrences: Int
        var chains: Int
    }

    private(set) var occurrences: [Occurrence] = []
    private(set) var chains: [Chain] = []
    /// The field that each oneof of the newest message is set to.
    private var set: [Int] = []

    mutating func removeAll() {
        occurrences.removeAll(keepingCapacity: true)
        chains.removeAll(keepingCapacity: true)
    }

    mutating func begin(_ message: ProtobufSchema.Message) -> Frame {
        let frame = Frame(occurrences: occurrences.count, chains: chains.count)
        for _ in message.fields { chains.append(Chain()) }
        set.removeAll(keepingCapacity: true)
        for _ in 0..<message.oneofs { set.append(-1) }
        return frame
    }

    mutating func end(_ frame: Frame) {
        occurrences.removeSubrange(frame.occurrences...)
        chains.removeSubrange(frame.chains...)
    }

    func chain(_ field: Int, of message: ProtobufSchema.Message, _ frame: Frame) -> Chain { chains[frame.chains + field - message.fields.lowerBound] }

    /// Adds what stands between two places; called once for each part of a message that was sent in several.
    mutating func add(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ message: ProtobufSchema.Message, _ schema: ProtobufSchema, _ frame: Frame
    ) throws(BinaryFault) {
        var cursor = BinaryCursor(bytes, from: range.lowerBound, to: range.upperBound)
        while !cursor.isAtEnd {
            let tag = try cursor.tag()
            let found = try Self.value(tag, &cursor)
            guard let field = message.field(tag.number), schema.fields[field].accepts(wire: found.wire) else { continue }
            append(found, to: field, schema.fields[field].oneof, message, frame)
        }
    }

    private mutating func append(_ occurrence: Occurrence, to field: Int, _ oneof: Int, _ message: ProtobufSchema.Message, _ frame: Frame) {
        if oneof >= 0, oneof < set.count, set[oneof] != field {
            // The newest member of a oneof clears the others.
            if set[oneof] >= 0 { chains[frame.chains + set[oneof] - message.fields.lowerBound] = Chain() }
            set[oneof] = field
        }
        let chain = frame.chains + field - message.fields.lowerBound
        occurrences.append(occurrence)
        if chains[chain].last >= 0 { occurrences[chains[chain].last].next = occurrences.count - 1 } else { chains[chain].first = occurrences.count - 1 }
        chains[chain].last = occurrences.count - 1
    }

    private static func value(_ tag: BinaryCursor.Tag, _ cursor: inout BinaryCursor) throws(BinaryFault) -> Occurrence {
        var found = Occurrence(wire: tag.wire)
        switch tag.wire {
        case 0: found.bits = try cursor.varint()
        case 1: found.bits = try cursor.fixed(UInt64.self)
        case 5: found.bits = UInt64(try cursor.fixed(UInt32.self))
        case 2:
            let length = try cursor.varint()
            found.start = cursor.offset
            _ = try cursor.take(Int64(clamping: length), "a field that ends in its message")
            found.end = cursor.offset
        case 3:
            found.start = cursor.offset
            found.end = try cursor.skipGroup(tag.number, level: 1)
        default: throw cursor.malformed("a wire type that Protobuf has, before this place")
        }
        return found
    }
}

extension ProtobufSchema.Field {
    /// A value of another wire type is not this field's: it is passed over, as a field that is not known.
    @inline(__always)
    func accepts(wire: UInt8) -> Bool { wire == kind.wire || (wire == 2 && isRepeated && kind.canBePacked) }
}

extension BinaryCursor {
    struct Tag {
        var number: Int
        var wire: UInt8
    }

    /// Groups in groups at most, of fields that are not known.
    static let maxGroups = 100

    mutating func tag() throws(BinaryFault) -> Tag {
        let raw = try varint()
        guard raw <= UInt64(UInt32.max), raw >> 3 > 0 else { throw malformed("a field number from 1 to 536870911 before this place") }
        return Tag(number: Int(raw >> 3), wire: UInt8(truncatingIfNeeded: raw & 7))
    }

    /// Passes over a group; returns where its content ends.
    mutating func skipGroup(_ number: Int, level: Int) throws(BinaryFault) -> Int {
        guard level <= Self.maxGroups else { throw BinaryFault(kind: .tooDeep, offset: offset, expected: "fewer groups in groups") }
        while true {
            let place = offset
            let tag = try tag()
            switch tag.wire {
            case 0: _ = try varint()
            case 1: _ = try fixed(UInt64.self)
            case 2: _ = try take(Int64(clamping: try varint()), "a field that ends in its message")
            case 3: _ = try skipGroup(tag.number, level: level + 1)
            case 4:
                guard tag.number == number else { throw malformed("the end of the group that was begun") }
                return place
            case 5: _ = try fixed(UInt32.self)
            default: throw malformed("a wire type that Protobuf has, before this place")
            }
        }
    }
}
