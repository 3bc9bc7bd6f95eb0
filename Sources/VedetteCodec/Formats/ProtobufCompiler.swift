/// Turns descriptors into the tables of a ``ProtobufSchema``.
struct ProtobufCompiler {
    private(set) var messages: [ProtobufSchema.Message] = []
    private(set) var messageNames: [String] = []
    private(set) var fields: [ProtobufSchema.Field] = []
    private(set) var fieldNames: [String] = []
    private(set) var enumerations: [ProtobufSchema.Enumeration] = []
    private(set) var texts: [UInt8] = []
    private(set) var top: [Int] = []
    private(set) var nested: [[Int]] = []

    private let files: [ProtobufDescriptors.File]
    private var declared: [(message: ProtobufDescriptors.Message, file: Int)] = []
    private var fileOf: [String: Int] = [:]
    private var messageIndex: [String: Int] = [:]
    private var enumerationIndex: [String: Int] = [:]

    /// Field numbers that a table finds; the others are looked up.
    private static let directNumbers = 256

    init(files: [ProtobufDescriptors.File]) { self.files = files }

    /// - Returns: index of the records' message.
    mutating func compile(_ name: String?) throws(SchemaError) -> Int {
        for (index, file) in files.enumerated() {
            let prefix = file.package.isEmpty ? "" : "\(file.package)."
            for enumeration in file.enumerations { declare(enumeration, prefix) }
            for message in file.messages { declare(message, prefix, index) }
        }
        let root = try find(name)
        let file = files[declared[root].file]
        top = file.messages.compactMap { messageIndex[(file.package.isEmpty ? "" : "\(file.package).") + $0.name] }
        for index in declared.indices { try compile(message: index) }
        return root
    }

    private func find(_ name: String?) throws(SchemaError) -> Int {
        guard let name else {
            guard let file = files.last, let first = file.messages.first,
                let index = messageIndex[(file.package.isEmpty ? "" : "\(file.package).") + first.name]
            else { throw SchemaError("the last file of the set has no message type") }
            return index
        }
        if let index = messageIndex[name] { return index }
        let known = messageNames.filter { !$0.hasPrefix("google.protobuf.") && !isMapEntry($0) }
        throw SchemaError("there is no message type \(name.prefix(100)); there are: \(known.prefix(20).joined(separator: ", "))")
    }

    private func isMapEntry(_ name: String) -> Bool { messageIndex[name].map { declared[$0].message.isMapEntry } ?? false }

    private mutating func declare(_ message: ProtobufDescriptors.Message, _ prefix: String, _ file: Int) {
        let name = prefix + message.name
        messageIndex[name] = declared.count
        declared.append((message, file))
        messageNames.append(name)
        for enumeration in message.enumerations { declare(enumeration, "\(name).") }
        for inner in message.messages { declare(inner, "\(name).", file) }
    }

    private mutating func declare(_ enumeration: ProtobufDescriptors.Enumeration, _ prefix: String) {
        let name = prefix + enumeration.name
        enumerationIndex[name] = enumerations.count
        var names: [Int32: Range<Int>] = [:]
        // Of several names for one number the first counts.
        for value in enumeration.values where names[value.number] == nil { names[value.number] = texts.append(word: value.name) }
        enumerations.append(
            ProtobufSchema.Enumeration(names: names, first: enumeration.values.first?.number ?? 0, isNull: name == "google.protobuf.NullValue"))
    }

    private mutating func compile(message index: Int) throws(SchemaError) {
        let (message, file) = declared[index]
        let start = fields.count
        for field in message.fields {
            fields.append(try compile(field, of: messageNames[index], in: files[file]))
            fieldNames.append(field.name)
        }
        var direct = [Int32](repeating: 0, count: min(Self.directNumbers, (message.fields.map(\.number).max() ?? -1) + 1))
        var others: [Int: Int] = [:]
        for place in start..<fields.count {
            let number = fields[place].number
            if number < direct.count { direct[number] = Int32(place + 1) } else { others[number] = place }
        }
        messages.append(
            ProtobufSchema.Message(
                fields: start..<fields.count, oneofs: message.oneofs, wellKnown: Self.wellKnown(messageNames[index]), direct: direct, others: others))
        // Entries of maps have no index of their own.
        nested.append(message.messages.filter { !$0.isMapEntry }.compactMap { messageIndex["\(messageNames[index]).\($0.name)"] })
    }

    private mutating func compile(
        _ field: ProtobufDescriptors.Field, of message: String, in file: ProtobufDescriptors.File
    ) throws(SchemaError) -> ProtobufSchema.Field {
        guard let kind = ProtobufSchema.Kind(rawValue: UInt8(clamping: field.kind)), field.number > 0, field.number < 1 << 29 else {
            throw SchemaError("\(message).\(field.name): a field of type \(field.kind) and number \(field.number) is not known")
        }
        let typeName = String(field.typeName.drop { $0 == "." })
        var type = -1
        if kind == .message || kind == .group { type = messageIndex[typeName] ?? -1 }
        if kind == .enumeration { type = enumerationIndex[typeName] ?? -1 }
        if type < 0, [.message, .group, .enumeration].contains(kind) {
            throw SchemaError("\(message).\(field.name): \(typeName) is not in the set; make it with --include_imports")
        }
        let isMap = kind == .message && field.isRepeated && declared[type].message.isMapEntry && declared[type].message.fields.count == 2
        return ProtobufSchema.Field(
            number: field.number, kind: kind, isRepeated: field.isRepeated, isMap: isMap, hasPresence: hasPresence(field, kind, file),
            oneof: field.oneof, type: type, text: texts.append(key: field.name))
    }

    private func hasPresence(_ field: ProtobufDescriptors.Field, _ kind: ProtobufSchema.Kind, _ file: ProtobufDescriptors.File) -> Bool {
        if field.isRepeated { return false }
        if kind == .message || kind == .group || field.oneof >= 0 || field.isOptional { return true }
        switch file.syntax {
        case "proto3": return false
        // 2 is IMPLICIT, of the field or else of the file.
        case "editions": return (field.presence == 0 ? file.presence : field.presence) != 2
        default: return true
        }
    }

    private static func wellKnown(_ name: String) -> ProtobufSchema.WellKnown {
        guard name.hasPrefix("google.protobuf.") else { return .none }
        switch name.dropFirst("google.protobuf.".count) {
        case "Timestamp": return .timestamp
        case "Duration": return .duration
        case "Struct": return .structure
        case "Value": return .value
        case "ListValue": return .list
        case "DoubleValue", "FloatValue", "Int64Value", "UInt64Value", "Int32Value", "UInt32Value", "BoolValue", "StringValue", "BytesValue":
            return .wrapper
        default: return .none
        }
    }
}
