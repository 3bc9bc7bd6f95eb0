/// The parts of a `FileDescriptorSet` (google/protobuf/descriptor.proto) that reading records needs.
struct ProtobufDescriptors {
    struct File {
        var name = ""
        var package = ""
        var syntax = ""
        /// `features.field_presence` of the file, 0 where nothing is said.
        var presence: UInt64 = 0
        var messages: [Message] = []
        var enumerations: [Enumeration] = []
    }

    struct Message {
        var name = ""
        var fields: [Field] = []
        var messages: [Message] = []
        var enumerations: [Enumeration] = []
        var oneofs = 0
        var isMapEntry = false
    }

    struct Field {
        var name = ""
        var number = 0
        var isRepeated = false
        var kind: UInt64 = 0
        var typeName = ""
        var oneof = -1
        /// `optional` in proto3.
        var isOptional = false
        /// `features.field_presence`, 0 where nothing is said.
        var presence: UInt64 = 0
    }

    struct Enumeration {
        var name = ""
        var values: [(name: String, number: Int32)] = []
    }

    /// Message types inside of message types at most.
    static let maxDepth = 32

    static func read(_ bytes: [UInt8]) throws(SchemaError) -> [File] {
        let files = bytes.withUnsafeBytes { raw in
            var files: [File] = []
            let isWhole = (try? each(raw) { number, value throws(BinaryFault) in if number == 1 { files.append(try file(value.bytes)) } }) != nil
            return isWhole ? files : []
        }
        guard !files.isEmpty else { throw SchemaError("not a FileDescriptorSet as protoc writes it (--descriptor_set_out=FILE --include_imports)") }
        return files
    }

    /// One field of a message: its bytes, or its number.
    private struct Value {
        var bits: UInt64 = 0
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private static func each(
        _ bytes: UnsafeRawBufferPointer, _ body: (Int, Value) throws(BinaryFault) -> Void
    ) throws(BinaryFault) {
        var cursor = BinaryCursor(bytes)
        while !cursor.isAtEnd {
            let tag = try cursor.varint()
            var value = Value()
            switch tag & 7 {
            case 0: value.bits = try cursor.varint()
            case 1: value.bits = try cursor.fixed(UInt64.self)
            case 2: value.bytes = try cursor.take(Int64(clamping: try cursor.varint()), "a field that ends in the file")
            case 5: value.bits = UInt64(try cursor.fixed(UInt32.self))
            default: throw cursor.malformed("a wire type of descriptors")
            }
            try body(Int(clamping: tag >> 3), value)
        }
    }

    private static func file(_ bytes: UnsafeRawBufferPointer) throws(BinaryFault) -> File {
        var file = File()
        try each(bytes) { number, value throws(BinaryFault) in
            switch number {
            case 1: file.name = value.text
            case 2: file.package = value.text
            case 4: file.messages.append(try message(value.bytes, depth: 1))
            case 5: file.enumerations.append(try enumeration(value.bytes))
            case 8: file.presence = try presence(value.bytes, features: 50)
            case 12: file.syntax = value.text
            default: break
            }
        }
        return file
    }

    /// `field_presence` of the features in a message of options.
    private static func presence(_ options: UnsafeRawBufferPointer, features: Int) throws(BinaryFault) -> UInt64 {
        var found: UInt64 = 0
        try each(options) { number, value throws(BinaryFault) in
            guard number == features else { return }
            try each(value.bytes) { number, value throws(BinaryFault) in if number == 1 { found = value.bits } }
        }
        return found
    }

    private static func message(_ bytes: UnsafeRawBufferPointer, depth: Int) throws(BinaryFault) -> Message {
        guard depth <= maxDepth else { throw BinaryFault(kind: .tooDeep, offset: 0, expected: "fewer levels of message types") }
        var message = Message()
        try each(bytes) { number, value throws(BinaryFault) in
            switch number {
            case 1: message.name = value.text
            case 2: message.fields.append(try field(value.bytes))
            case 3: message.messages.append(try self.message(value.bytes, depth: depth + 1))
            case 4: message.enumerations.append(try enumeration(value.bytes))
            case 7: try each(value.bytes) { number, value throws(BinaryFault) in if number == 7 { message.isMapEntry = value.bits != 0 } }
            case 8: message.oneofs += 1
            default: break
            }
        }
        return message
    }

    private static func field(_ bytes: UnsafeRawBufferPointer) throws(BinaryFault) -> Field {
        var field = Field()
        try each(bytes) { number, value throws(BinaryFault) in
            switch number {
            case 1: field.name = value.text
            case 3: field.number = Int(clamping: value.bits)
            case 4: field.isRepeated = value.bits == 3
            case 5: field.kind = value.bits
            case 6: field.typeName = value.text
            case 8: field.presence = try presence(value.bytes, features: 21)
            case 9: field.oneof = Int(clamping: value.bits)
            case 17: field.isOptional = value.bits != 0
            default: break
            }
        }
        return field
    }

    private static func enumeration(_ bytes: UnsafeRawBufferPointer) throws(BinaryFault) -> Enumeration {
        var enumeration = Enumeration()
        try each(bytes) { number, value throws(BinaryFault) in
            if number == 1 { enumeration.name = value.text }
            guard number == 2 else { return }
            var entry = (name: "", number: Int32(0))
            try each(value.bytes) { number, value throws(BinaryFault) in
                if number == 1 { entry.name = value.text }
                if number == 2 { entry.number = Int32(truncatingIfNeeded: value.bits) }
            }
            enumeration.values.append(entry)
        }
        return enumeration
    }
}
