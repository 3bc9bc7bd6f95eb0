/// Reads the JSON of Avro schemas into the tables of an ``AvroSchema``.
struct AvroSchemaParser {
    private(set) var nodes: [AvroSchema.Node] = []
    private(set) var nodeNames: [String] = []
    private(set) var entries: [AvroSchema.Entry] = []
    private(set) var entryNames: [String] = []
    private(set) var texts: [UInt8] = []
    private var named: [String: Int] = [:]

    /// Fields, branches or symbols, until all of them are known.
    private typealias Entries = [(entry: AvroSchema.Entry, name: String)]

    private static let primitives: [String: AvroSchema.Kind] = [
        "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double, "bytes": .bytes, "string": .string,
    ]
    /// The largest `fixed`, in bytes; no record is longer.
    private static let maxFixed: Int64 = 256 << 20
    private static let maxPrecision: Int64 = 150

    mutating func parse(_ text: [UInt8]) throws(SchemaError) -> Int {
        let document = try JSONDocument(text)
        return try type(document.root, document, namespace: "", place: "the schema")
    }

    private mutating func add(_ node: AvroSchema.Node, _ name: String) throws(SchemaError) -> Int {
        guard nodes.count < AvroSchema.maxNodes else { throw SchemaError("more than \(AvroSchema.maxNodes) types") }
        nodes.append(node)
        nodeNames.append(name)
        return nodes.count - 1
    }

    /// Gives a node its entries.
    private mutating func give(_ list: Entries, to node: Int) {
        (nodes[node].first, nodes[node].count) = (entries.count, list.count)
        entries += list.map(\.entry)
        entryNames += list.map(\.name)
    }

    private mutating func add(_ kind: AvroSchema.Kind, _ name: String, _ list: Entries) throws(SchemaError) -> Int {
        let node = try add(AvroSchema.Node(kind: kind), name)
        give(list, to: node)
        return node
    }

    private mutating func primitive(_ kind: AvroSchema.Kind, _ name: String) throws(SchemaError) -> Int {
        if let known = nodes.firstIndex(where: { $0.kind == kind }) { return known }
        return try add(AvroSchema.Node(kind: kind), name)
    }

    private mutating func type(_ at: Int, _ json: JSONDocument, namespace: String, place: String) throws(SchemaError) -> Int {
        switch json.value(at: at).kind {
        case .string: return try reference(json.string(at: at) ?? "", namespace, place)
        case .array: return try union(at, json, namespace, place)
        case .object: return try complex(at, json, namespace, place)
        default: throw SchemaError("\(place): expected a type: a name, an object or an array")
        }
    }

    private mutating func reference(_ name: String, _ namespace: String, _ place: String) throws(SchemaError) -> Int {
        if let kind = Self.primitives[name] { return try primitive(kind, name) }
        if let node = named[fullName(name, namespace)] ?? named[name] { return node }
        throw SchemaError("\(place): no type is named \(name.prefix(100))")
    }

    private func fullName(_ name: String, _ namespace: String) -> String {
        name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
    }

    private mutating func union(_ at: Int, _ json: JSONDocument, _ namespace: String, _ place: String) throws(SchemaError) -> Int {
        var branches: Entries = []
        for element in json.elements(of: at) {
            let branch = try type(element, json, namespace: namespace, place: place)
            guard nodes[branch].kind != .union else { throw SchemaError("\(place): a union directly in a union") }
            branches.append((AvroSchema.Entry(node: branch), ""))
        }
        guard !branches.isEmpty else { throw SchemaError("\(place): a union of nothing") }
        return try add(.union, "a union", branches)
    }

    private mutating func complex(_ at: Int, _ json: JSONDocument, _ namespace: String, _ place: String) throws(SchemaError) -> Int {
        guard let inner = json.member("type", of: at) else { throw SchemaError("\(place): expected a member \"type\"") }
        guard let name = json.string(at: inner) else { return try type(inner, json, namespace: namespace, place: place) }
        switch name {
        case "record", "error": return try record(at, json, namespace, place)
        case "enum": return try enumeration(at, json, namespace, place)
        case "fixed": return try fixed(at, json, namespace, place)
        case "array", "map":
            let key = name == "array" ? "items" : "values"
            guard let items = json.member(key, of: at) else { throw SchemaError("\(place): expected a member \"\(key)\"") }
            let element = try type(items, json, namespace: namespace, place: "\(place)/\(key)")
            return try add(name == "array" ? .array : .map, name, [(AvroSchema.Entry(node: element), "")])
        case "bytes":
            guard let scale = decimalScale(at, json) else { return try primitive(.bytes, name) }
            return try add(AvroSchema.Node(kind: .decimalBytes, scale: scale), "decimal")
        default: return try reference(name, namespace, place)
        }
    }

    /// A logical type that is not valid is to be taken as if it were not there.
    private func decimalScale(_ at: Int, _ json: JSONDocument) -> Int? {
        guard json.string("logicalType", of: at) == "decimal", let precision = json.member("precision", of: at).flatMap(json.integer(at:)) else { return nil }
        let scale = json.member("scale", of: at).flatMap(json.integer(at:)) ?? 0
        return precision > 0 && precision <= Self.maxPrecision && scale >= 0 && scale <= precision ? Int(scale) : nil
    }

    // MARK: Named types

    /// Full name and the namespace of what is inside.
    private func name(_ at: Int, _ json: JSONDocument, _ namespace: String, _ place: String) throws(SchemaError) -> (full: String, namespace: String) {
        guard let name = json.string("name", of: at), !name.isEmpty else { throw SchemaError("\(place): expected a member \"name\"") }
        let full = fullName(name, json.string("namespace", of: at) ?? namespace)
        guard named[full] == nil, Self.primitives[full] == nil else { throw SchemaError("\(place): \(full.prefix(100)) is defined twice") }
        return (full, full.lastIndex(of: ".").map { String(full[..<$0]) } ?? "")
    }

    private mutating func record(_ at: Int, _ json: JSONDocument, _ namespace: String, _ place: String) throws(SchemaError) -> Int {
        let (full, inside) = try name(at, json, namespace, place)
        // Known before its fields are: one of them may be of this type.
        let node = try add(AvroSchema.Node(kind: .record), full)
        named[full] = node
        guard let list = json.member("fields", of: at) else { throw SchemaError("\(place): record \(full) has no \"fields\"") }
        var fields: Entries = []
        var seen = Set<String>()
        for field in json.elements(of: list) {
            guard let name = json.string("name", of: field), let type = json.member("type", of: field) else {
                throw SchemaError("record \(full): expected fields with \"name\" and \"type\"")
            }
            guard seen.insert(name).inserted else { throw SchemaError("record \(full): field \(name.prefix(100)) is there twice") }
            let child = try self.type(type, json, namespace: inside, place: "\(full).\(name)")
            fields.append((AvroSchema.Entry(node: child, text: texts.append(key: name)), name))
        }
        give(fields, to: node)
        return node
    }

    private mutating func enumeration(_ at: Int, _ json: JSONDocument, _ namespace: String, _ place: String) throws(SchemaError) -> Int {
        let (full, _) = try name(at, json, namespace, place)
        guard let list = json.member("symbols", of: at) else { throw SchemaError("\(place): enum \(full) has no \"symbols\"") }
        var symbols: Entries = []
        for element in json.elements(of: list) {
            guard let symbol = json.string(at: element) else { throw SchemaError("enum \(full): expected symbols that are strings") }
            symbols.append((AvroSchema.Entry(node: -1, text: texts.append(word: symbol)), symbol))
        }
        let node = try add(.enumeration, full, symbols)
        named[full] = node
        return node
    }

    private mutating func fixed(_ at: Int, _ json: JSONDocument, _ namespace: String, _ place: String) throws(SchemaError) -> Int {
        let (full, _) = try name(at, json, namespace, place)
        guard let size = json.member("size", of: at).flatMap(json.integer(at:)), size >= 0, size <= Self.maxFixed else {
            throw SchemaError("\(place): fixed \(full) has no \"size\" from 0 to \(Self.maxFixed)")
        }
        var node = AvroSchema.Node(kind: .fixed, size: Int(size))
        if let scale = decimalScale(at, json) { (node.kind, node.scale) = (.decimalFixed, scale) }
        if size == 16, json.string("logicalType", of: at) == "uuid" { node.kind = .uuid }
        let index = try add(node, full)
        named[full] = index
        return index
    }
}
