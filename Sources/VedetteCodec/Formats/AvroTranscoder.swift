import VedetteCore

/// Writes Avro records (specification 1.12, binary encoding) as JSON.
///
/// What becomes of a value: records and maps are objects, arrays arrays, enums their symbols; a union is the value of
/// its branch alone; `bytes` and `fixed` are Base64; floats are widened, which is exact; numbers that are none are null.
/// Logical types: times and dates are the integers that they are written as, `decimal` is the exact number, a `uuid`
/// its text. The record is read by the schema that it was written with: there is no resolution to another one, and
/// defaults and aliases are not looked at.
public final class AvroTranscoder: RecordTranscoder {
    public enum Schemas {
        /// Every record has this one, whatever id its header names.
        case one(AvroSchema)
        /// By the id in the header.
        case byID(any SchemaSource)
    }

    private let schemas: Schemas
    private let framing: RecordFraming
    private var text: TranscodedText
    private var schema: AvroSchema
    private var cursor = BinaryCursor(UnsafeRawBufferPointer(start: nil, count: 0))
    /// The id whose schema `schema` is.
    private var latest: UInt32?

    public init(_ schemas: Schemas, framing: RecordFraming, limits: DecodeLimits) {
        self.schemas = schemas
        self.framing = framing
        text = TranscodedText(limits: limits)
        schema = if case .one(let schema) = schemas { schema } else { .none }
    }

    public func decode(_ record: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Rejection?) -> Rejection? {
        // A record of nulls has no bytes.
        guard !record.isEmpty || framing == .none else { return Rejection(reason: .emptyPayload, detail: "the payload is empty; expected an Avro record") }
        guard record.count <= text.recordBytes else { return Rejection(reason: .oversized, detail: "\(record.count) bytes; the limit is \(text.recordBytes)") }
        text.json.removeAll()
        cursor = BinaryCursor(record)
        do throws(BinaryFault) {
            if framing == .confluent, let missing = choose(try WireHeader.read(&cursor)) {
                return Rejection(reason: .unknownSchema, detail: missing)
            }
            try value(schema.root, level: 1)
            guard cursor.isAtEnd else { throw cursor.malformed("the end of the record, as its schema says") }
        } catch {
            return error.rejection(malformed: .malformedAvro)
        }
        return text.json.withUnsafeBytes(body)
    }

    /// Takes the schema of an id, or says why there is none.
    private func choose(_ id: UInt32) -> String? {
        guard case .byID(let source) = schemas, id != latest else { return nil }
        switch source.find(id) {
        case .schema(let found):
            schema = found
            latest = id
            return nil
        case .unusable(let why): return why
        case .interrupted: return "schema \(id) was not waited for"
        }
    }

    // MARK: Values

    private func value(_ index: Int, level: Int) throws(BinaryFault) {
        let node = schema.nodes[index]
        switch node.kind {
        case .null: text.json.null()
        case .boolean: text.json.value(try boolean())
        case .int: text.write(try int())
        case .long: text.write(try cursor.zigzag())
        case .float: text.write(Double(Float(bitPattern: try cursor.fixed(UInt32.self))))
        case .double: text.write(Double(bitPattern: try cursor.fixed(UInt64.self)))
        case .string:
            let string = try run("a string that ends in the record")
            text.json.value(unchecked: string)
        case .bytes: text.json.value(base64: try run("bytes that end in the record"))
        case .fixed: text.json.value(base64: try cursor.take(Int64(node.size), "the bytes of a fixed"))
        case .uuid: uuid(try cursor.take(16, "the sixteen bytes of a UUID"))
        case .decimalBytes: try decimal(try run("the bytes of a decimal"), node.scale)
        case .decimalFixed: try decimal(try cursor.take(Int64(node.size), "the bytes of a decimal"), node.scale)
        case .enumeration: text.json.value(written: schema.texts[schema.entries[try entry(of: node, "a symbol that the enum has")].text])
        case .union: try value(schema.entries[try entry(of: node, "a branch that the union has")].node, level: level)
        case .record: try record(node, level)
        case .array, .map: try blocks(node, level)
        }
        try text.check(at: cursor.offset)
    }

    private func boolean() throws(BinaryFault) -> Bool {
        switch try cursor.byte("a boolean") {
        case 0: return false
        case 1: return true
        default: throw cursor.malformed("a boolean of 0 or 1 before this place")
        }
    }

    private func int() throws(BinaryFault) -> Int64 {
        let value = try cursor.zigzag()
        guard Int32(exactly: value) != nil else { throw cursor.malformed("an int of 32 bits before this place") }
        return value
    }

    private func run(_ expected: StaticString) throws(BinaryFault) -> UnsafeRawBufferPointer {
        let bytes = try cursor.take(try cursor.zigzag(), expected)
        try text.check(adding: bytes.count, at: cursor.offset)
        return bytes
    }

    private func entry(of node: AvroSchema.Node, _ expected: StaticString) throws(BinaryFault) -> Int {
        let index = try cursor.zigzag()
        guard index >= 0, index < Int64(node.count) else { throw cursor.malformed(expected) }
        return node.first + Int(index)
    }

    private func decimal(_ bytes: UnsafeRawBufferPointer, _ scale: Int) throws(BinaryFault) {
        guard DecimalText.write(bytes, scale: scale, to: &text.json) else { throw cursor.malformed("a decimal of 1 to 64 bytes before this place") }
    }

    private func uuid(_ bytes: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(byteCount: 36, alignment: 1) { space in
            // Safe: 32 digits and four hyphens.
            var at = 0
            for (index, byte) in bytes.enumerated() {
                if [4, 6, 8, 10].contains(index) {
                    space[at] = 0x2D
                    at += 1
                }
                space[at] = Base64.hexDigit(byte >> 4)
                space[at + 1] = Base64.hexDigit(byte & 0xF)
                at += 2
            }
            text.json.value(unchecked: UnsafeRawBufferPointer(space))
        }
    }

    private func record(_ node: AvroSchema.Node, _ level: Int) throws(BinaryFault) {
        try text.check(level: level, at: cursor.offset)
        text.json.beginObject()
        for index in node.first..<node.first + node.count {
            let field = schema.entries[index]
            text.json.key(written: schema.texts[field.text])
            try value(field.node, level: level + 1)
        }
        text.json.endObject()
    }

    /// An array or a map: blocks of a count and so many items, until a count of zero. A negative count is followed by
    /// the block's length in bytes.
    private func blocks(_ node: AvroSchema.Node, _ level: Int) throws(BinaryFault) {
        try text.check(level: level, at: cursor.offset)
        let isMap = node.kind == .map
        let element = schema.entries[node.first].node
        if isMap { text.json.beginObject() } else { text.json.beginArray() }
        while true {
            let count = try cursor.blockCount()
            if count == 0 { break }
            // Items may have no bytes; each has a text, though, which ends this.
            for _ in 0..<count {
                if isMap { text.json.key(unchecked: try run("a key that ends in the record")) }
                try value(element, level: level + 1)
            }
        }
        if isMap { text.json.endObject() } else { text.json.endArray() }
    }
}

extension BinaryCursor {
    /// How many items the next block of an array or a map has.
    mutating func blockCount() throws(BinaryFault) -> UInt64 {
        let count = try zigzag()
        guard count < 0 else { return UInt64(count) }
        let size = try zigzag()
        guard size >= 0, size <= Int64(remaining) else { throw malformed("a block that ends in the record") }
        return count.magnitude
    }
}
