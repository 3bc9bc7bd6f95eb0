import VedetteCore

/// Writes Protobuf records as JSON, by the proto3 JSON mapping, but for:
/// - names: the fields' own, not lowerCamelCase; 64-bit integers are numbers, in full; numbers that are none are null;
/// - defaults: a field without presence (a proto3 scalar that is not `optional`, a list, a map) is always written, as
///   the wire does not carry a score of 0; one with presence is left out where it is not there;
/// - a `google.protobuf.Duration` is its number of seconds; an enum value that has no name is its number.
/// Fields that are not known are passed over. Keys that a map has twice are written twice.
public final class ProtobufTranscoder: RecordTranscoder {
    let schema: ProtobufSchema
    private let framing: RecordFraming
    var text: TranscodedText
    var scan = ProtobufScan()
    /// The parts of the messages that are being written, each sent in one or several.
    private var parts: [Range<Int>] = []
    private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)

    /// Messages that are being written.
    private var nesting = 0

    /// Levels of a message's index at most.
    private static let maxIndexes = 32
    /// Messages for each level of JSON at most: a `google.protobuf.Value` is a few in one another.
    private static let maxMessagesPerLevel = 4

    public init(_ schema: ProtobufSchema, framing: RecordFraming, limits: DecodeLimits) {
        self.schema = schema
        self.framing = framing
        text = TranscodedText(limits: limits)
    }

    public func decode(_ record: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Rejection?) -> Rejection? {
        // A message of nothing but defaults has no bytes.
        guard !record.isEmpty || framing == .none else {
            return Rejection(reason: .emptyPayload, detail: "the payload is empty; expected a Protobuf record")
        }
        guard record.count <= text.recordBytes else { return Rejection(reason: .oversized, detail: "\(record.count) bytes; the limit is \(text.recordBytes)") }
        text.json.removeAll()
        scan.removeAll()
        parts.removeAll(keepingCapacity: true)
        nesting = 0
        bytes = record
        do throws(BinaryFault) {
            var cursor = BinaryCursor(record)
            if framing == .confluent {
                _ = try WireHeader.read(&cursor)
                let message = try messageOfIndex(&cursor)
                guard message == schema.root else { return other(message) }
            }
            parts.append(cursor.offset..<record.count)
            try message(schema.root, partsFrom: 0, level: 1)
        } catch {
            return error.rejection(malformed: .malformedProtobuf)
        }
        return text.json.withUnsafeBytes(body)
    }

    private func other(_ message: Int?) -> Rejection {
        let found = message.map { schema.messageNames[$0] } ?? "a message type that the descriptors do not have"
        return Rejection(reason: .unknownSchema, detail: "the record's index names \(found); expected \(schema.messageNames[schema.root])")
    }

    /// The message type that the header's list of indexes names: a count and so many; a single zero stands for `[0]`.
    private func messageOfIndex(_ cursor: inout BinaryCursor) throws(BinaryFault) -> Int? {
        let count = try cursor.zigzag()
        guard count >= 0, count <= Self.maxIndexes else { throw cursor.malformed("at most 32 indexes of a message type before this place") }
        if count == 0 { return schema.top.first }
        var found: Int?
        var list: [Int]? = schema.top
        for _ in 0..<count {
            let index = try cursor.zigzag()
            found = list.flatMap { index >= 0 && index < Int64($0.count) ? $0[Int(index)] : nil }
            list = found.map { schema.nested[$0] }
        }
        return found
    }

    // MARK: Messages

    /// Writes the message whose parts are those from an index on, and forgets them.
    func message(_ index: Int, partsFrom first: Int, level: Int) throws(BinaryFault) {
        let message = schema.messages[index]
        let end = parts.last?.upperBound ?? 0
        nesting += 1
        guard nesting <= Self.maxMessagesPerLevel * (text.depth + 1) else {
            throw BinaryFault(kind: .tooDeep, offset: end, expected: "no more levels than limits.depth")
        }
        let frame = scan.begin(message)
        for part in first..<parts.count { try scan.add(bytes, parts[part], message, schema, frame) }
        parts.removeSubrange(first...)
        if message.wellKnown == .none {
            try text.check(level: level, at: end)
            text.json.beginObject()
            for field in message.fields { try member(field, message, frame, level) }
            text.json.endObject()
        } else {
            try wellKnown(message, frame, level)
        }
        scan.end(frame)
        nesting -= 1
        try text.check(at: end)
    }

    private func member(_ index: Int, _ message: ProtobufSchema.Message, _ frame: ProtobufScan.Frame, _ level: Int) throws(BinaryFault) {
        let field = schema.fields[index]
        let chain = scan.chain(index, of: message, frame)
        if chain.first < 0, field.hasPresence { return }
        text.json.key(written: schema.texts[field.text])
        try value(field, chain, level)
    }

    /// The value of a field: a list, a map, the last one that was sent, or the default.
    func value(_ field: ProtobufSchema.Field, _ chain: ProtobufScan.Chain, _ level: Int) throws(BinaryFault) {
        if field.isMap { return try map(field, chain, level + 1) }
        if field.isRepeated { return try list(field, chain, level + 1) }
        guard chain.last >= 0 else { return try writeDefault(of: field, level) }
        guard field.type >= 0, field.kind != .enumeration else { return try scalar(field, scan.occurrences[chain.last]) }
        let first = parts.count
        var next = chain.first
        while next >= 0 {
            parts.append(scan.occurrences[next].start..<scan.occurrences[next].end)
            next = scan.occurrences[next].next
        }
        try self.message(field.type, partsFrom: first, level: level + 1)
    }

    private func list(_ field: ProtobufSchema.Field, _ chain: ProtobufScan.Chain, _ level: Int) throws(BinaryFault) {
        try text.check(level: level, at: 0)
        text.json.beginArray()
        var next = chain.first
        while next >= 0 {
            let occurrence = scan.occurrences[next]
            if field.kind == .message || field.kind == .group {
                parts.append(occurrence.start..<occurrence.end)
                try self.message(field.type, partsFrom: parts.count - 1, level: level + 1)
            } else if occurrence.wire == 2, field.kind.canBePacked {
                try packed(field, occurrence)
            } else {
                try scalar(field, occurrence)
            }
            next = scan.occurrences[next].next
        }
        text.json.endArray()
    }

    private func packed(_ field: ProtobufSchema.Field, _ occurrence: ProtobufScan.Occurrence) throws(BinaryFault) {
        var cursor = BinaryCursor(bytes, from: occurrence.start, to: occurrence.end)
        while !cursor.isAtEnd {
            var element = ProtobufScan.Occurrence(wire: field.kind.wire)
            switch field.kind.wire {
            case 0: element.bits = try cursor.varint()
            case 1: element.bits = try cursor.fixed(UInt64.self)
            default: element.bits = UInt64(try cursor.fixed(UInt32.self))
            }
            try scalar(field, element)
        }
    }

    /// Each entry is a message of a key and a value; either may be left out where it is the default.
    private func map(_ field: ProtobufSchema.Field, _ chain: ProtobufScan.Chain, _ level: Int) throws(BinaryFault) {
        try text.check(level: level, at: 0)
        text.json.beginObject()
        let entry = schema.messages[field.type]
        let (key, value) = (entry.field(1) ?? entry.fields.lowerBound, entry.field(2) ?? entry.fields.upperBound - 1)
        var next = chain.first
        while next >= 0 {
            let occurrence = scan.occurrences[next]
            let frame = scan.begin(entry)
            try scan.add(bytes, occurrence.start..<occurrence.end, entry, schema, frame)
            let last = scan.chain(key, of: entry, frame).last
            writeKey(schema.fields[key], last < 0 ? nil : scan.occurrences[last])
            try self.value(schema.fields[value], scan.chain(value, of: entry, frame), level)
            scan.end(frame)
            try text.check(at: occurrence.end)
            next = scan.occurrences[next].next
        }
        text.json.endObject()
    }

    private func writeKey(_ field: ProtobufSchema.Field, _ occurrence: ProtobufScan.Occurrence?) {
        if field.kind == .string {
            let empty = UnsafeRawBufferPointer(start: nil, count: 0)
            return text.json.key(unchecked: occurrence.map { UnsafeRawBufferPointer(rebasing: bytes[$0.start..<$0.end]) } ?? empty)
        }
        let bits = occurrence?.bits ?? 0
        if field.kind == .bool { return text.json.key(bits == 0 ? "false" : "true") }
        text.json.key(field.kind.isSigned ? String(field.kind.signed(bits)) : String(field.kind.unsigned(bits)))
    }

    // MARK: Scalars

    func scalar(_ field: ProtobufSchema.Field, _ occurrence: ProtobufScan.Occurrence) throws(BinaryFault) {
        let bits = occurrence.bits
        switch field.kind {
        case .double: text.write(Double(bitPattern: bits))
        case .float: text.write(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .bool: text.json.value(bits != 0)
        case .enumeration: symbol(Int32(truncatingIfNeeded: bits), of: schema.enumerations[field.type])
        case .string:
            try text.check(adding: occurrence.end - occurrence.start, at: occurrence.start)
            text.json.value(unchecked: UnsafeRawBufferPointer(rebasing: bytes[occurrence.start..<occurrence.end]))
        case .bytes:
            try text.check(adding: occurrence.end - occurrence.start, at: occurrence.start)
            text.json.value(base64: bytes[occurrence.start..<occurrence.end])
        case .message, .group: break
        default: if field.kind.isSigned { text.write(field.kind.signed(bits)) } else { text.write(field.kind.unsigned(bits)) }
        }
        try text.check(at: occurrence.start)
    }

    private func symbol(_ number: Int32, of enumeration: ProtobufSchema.Enumeration) {
        if enumeration.isNull { return text.json.null() }
        if let name = enumeration.names[number] { text.json.value(written: schema.texts[name]) } else { text.write(Int64(number)) }
    }

    private func writeDefault(of field: ProtobufSchema.Field, _ level: Int) throws(BinaryFault) {
        switch field.kind {
        case .string, .bytes: text.json.value("")
        case .enumeration: symbol(schema.enumerations[field.type].first, of: schema.enumerations[field.type])
        // The value of a map's entry.
        case .message, .group: try message(field.type, partsFrom: parts.count, level: level + 1)
        default: try scalar(field, ProtobufScan.Occurrence(wire: field.kind.wire))
        }
    }
}

extension ProtobufSchema.Kind {
    var isSigned: Bool {
        switch self {
        case .uint64, .uint32, .fixed64, .fixed32: false
        default: true
        }
    }

    /// A 32-bit number is the low half, as every Protobuf library takes it.
    func signed(_ bits: UInt64) -> Int64 {
        switch self {
        case .int32, .sfixed32: Int64(Int32(truncatingIfNeeded: bits))
        case .sint32:
            Int64(Int32(bitPattern: UInt32(truncatingIfNeeded: bits) >> 1) ^ -Int32(bitPattern: UInt32(truncatingIfNeeded: bits) & 1))
        case .sint64: Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1)
        default: Int64(bitPattern: bits)
        }
    }

    func unsigned(_ bits: UInt64) -> UInt64 {
        switch self {
        case .uint32, .fixed32: UInt64(UInt32(truncatingIfNeeded: bits))
        default: bits
        }
    }
}
