/// A compiled Avro schema (specification 1.12): what to write for each value, in the order of the bytes.
///
/// Named types are compiled once and referred to by number, so a recursive schema is finite. Immutable.
public final class AvroSchema: Sendable {
    enum Kind: UInt8, Sendable {
        case null, boolean, int, long, float, double, bytes, string, record, enumeration, array, map, union, fixed
        /// `decimal` on bytes and on fixed.
        case decimalBytes, decimalFixed
        /// `uuid` on fixed(16).
        case uuid
    }

    struct Node: Sendable {
        var kind: Kind
        /// Index of its first entry: fields, branches, symbols, or the type of elements and values.
        var first = 0
        var count = 0
        /// Bytes of a fixed.
        var size = 0
        /// Digits behind the point of a decimal.
        var scale = 0
    }

    struct Entry: Sendable {
        /// Node of the field, branch or element; -1 for a symbol.
        var node: Int
        /// Where its JSON is in `texts`: `"name":` of a field, `"SYMBOL"`.
        var text: Range<Int> = 0..<0
    }

    let nodes: [Node]
    /// Full name of each named type, kind of the others.
    let nodeNames: [String]
    let entries: [Entry]
    /// Names of fields and symbols, by entry; empty for the others.
    let entryNames: [String]
    let texts: [UInt8]
    let root: Int

    /// Nodes of one schema at most.
    public static let maxNodes = 20_000

    /// What a transcoder has before its first record.
    static let none = AvroSchema(AvroSchemaParser(), root: 0)

    private init(_ parser: AvroSchemaParser, root: Int) {
        nodes = parser.nodes
        nodeNames = parser.nodeNames
        entries = parser.entries
        entryNames = parser.entryNames
        texts = parser.texts
        self.root = root
    }

    /// Compiles a schema.
    ///
    /// - Parameters:
    ///   - text: the schema's JSON (`.avsc`), at most 4 MiB and 64 levels.
    ///   - references: schemas whose named types it uses, each after those that it uses itself.
    /// - Throws: ``SchemaError`` with the place and what was expected.
    public convenience init(parsing text: [UInt8], references: [[UInt8]] = []) throws(SchemaError) {
        var parser = AvroSchemaParser()
        for reference in references { _ = try parser.parse(reference) }
        let root = try parser.parse(text)
        self.init(parser, root: root)
        guard isObject(root) else {
            throw SchemaError("the schema is of \(nodeNames[root]); expected a record, whose fields the mapping names")
        }
    }

    private func isObject(_ node: Int) -> Bool {
        switch nodes[node].kind {
        case .record, .map: true
        case .union: entries(of: node).contains { isObject($0.node) }
        default: false
        }
    }

    func entries(of node: Int) -> ArraySlice<Entry> { entries[nodes[node].first..<nodes[node].first + nodes[node].count] }
}
