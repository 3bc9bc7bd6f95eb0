/// Compiled Protobuf message types: what to write for each field, by its number on the wire. Immutable.
public final class ProtobufSchema: Sendable {
    /// What a field's values are, by the numbers that descriptors use.
    enum Kind: UInt8, Sendable {
        case double = 1, float, int64, uint64, int32, fixed64, fixed32, bool, string, group, message, bytes, uint32, enumeration, sfixed32,
            sfixed64, sint32, sint64

        /// The wire type of one value that is not packed.
        var wire: UInt8 {
            switch self {
            case .double, .fixed64, .sfixed64: 1
            case .float, .fixed32, .sfixed32: 5
            case .string, .message, .bytes: 2
            case .group: 3
            case .int64, .uint64, .int32, .bool, .uint32, .enumeration, .sint32, .sint64: 0
            }
        }

        var canBePacked: Bool { wire != 2 && wire != 3 }
    }

    /// Messages that JSON has a value for (proto3 JSON mapping).
    enum WellKnown: UInt8, Sendable {
        case none, timestamp, duration, wrapper, structure, value, list
    }

    struct Field: Sendable {
        var number: Int
        var kind: Kind
        var isRepeated: Bool
        var isMap: Bool
        /// Whether it can be told from its default when it is not there; it is left out then.
        var hasPresence: Bool
        /// Number of its oneof within the message; -1 for none.
        var oneof: Int
        /// Index of its message or enum; -1 for scalars.
        var type: Int
        /// Where `"name":` is in `texts`.
        var text: Range<Int>
    }

    struct Message: Sendable {
        var fields: Range<Int>
        var oneofs: Int
        var wellKnown: WellKnown
        /// Field by number, where the numbers are small: index of the field and 1, or 0.
        var direct: [Int32]
        /// The other fields, by number.
        var others: [Int: Int]

        @inline(__always)
        func field(_ number: Int) -> Int? {
            if number < direct.count {
                let found = Int(direct[number])
                return found == 0 ? nil : found - 1
            }
            return others.isEmpty ? nil : others[number]
        }
    }

    struct Enumeration: Sendable {
        /// Where `"NAME"` is in `texts`, by number.
        var names: [Int32: Range<Int>]
        /// The value of a field that is not there.
        var first: Int32
        /// `google.protobuf.NullValue`.
        var isNull: Bool
    }

    let messages: [Message]
    let messageNames: [String]
    let fields: [Field]
    let fieldNames: [String]
    let enumerations: [Enumeration]
    let texts: [UInt8]
    /// The message that the records are of.
    let root: Int
    /// Message types that a record's index may name: those at the top of the root's file, and those inside of each.
    let top: [Int]
    let nested: [[Int]]

    /// Compiles the message types of a descriptor set.
    ///
    /// - Parameters:
    ///   - set: a serialized `FileDescriptorSet`, as `protoc --descriptor_set_out=… --include_imports` writes it.
    ///   - message: full name of the records' message type, such as `shop.Decision`; nil for the first one of the last
    ///     file in the set.
    /// - Throws: ``SchemaError``.
    public convenience init(descriptorSet set: [UInt8], message: String?) throws(SchemaError) {
        var compiler = ProtobufCompiler(files: try ProtobufDescriptors.read(set))
        let root = try compiler.compile(message)
        self.init(compiler, root: root)
    }

    private init(_ compiler: ProtobufCompiler, root: Int) {
        messages = compiler.messages
        messageNames = compiler.messageNames
        fields = compiler.fields
        fieldNames = compiler.fieldNames
        enumerations = compiler.enumerations
        texts = compiler.texts
        top = compiler.top
        nested = compiler.nested
        self.root = root
    }
}
