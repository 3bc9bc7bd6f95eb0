/// A parsed JSON text with access by name, for schemas and what a registry answers; not for records.
package struct JSONDocument {
    /// Keeps the tape alive.
    private let parser: JSONParser
    private let tape: JSONTape
    package let root: Int

    /// Longest text, in bytes.
    package static let maxBytes = 4 << 20
    /// Levels of a text that is read so; what walks it may recurse.
    static let maxDepth = 64

    /// - Parameter text: any JSON value.
    /// - Throws: ``SchemaError`` where it is not one, is longer than ``maxBytes`` or nested deeper than ``maxDepth``.
    package init(_ text: [UInt8]) throws(SchemaError) {
        guard text.count <= Self.maxBytes else { throw SchemaError("longer than \(Self.maxBytes) bytes") }
        // The parser wants an object at the root.
        let wrapped = Array("{\"root\":".utf8) + text + [0x7D]
        do {
            parser = try JSONParser(limits: DecodeLimits(recordBytes: wrapped.count, depth: Self.maxDepth + 1))
        } catch {
            throw SchemaError("no memory to parse it")
        }
        guard let parsed = wrapped.withUnsafeBytes({ [parser] bytes in try? parser.parse(bytes) }) else {
            throw SchemaError("not JSON, or nested deeper than \(Self.maxDepth) levels")
        }
        tape = parsed
        // Behind the root object and the member's name.
        root = JSONTape.rootIndex + 2
        guard tape.index(after: root) == tape.closing(of: JSONTape.rootIndex) else { throw SchemaError("not one JSON value") }
    }

    func value(at index: Int) -> JSONValue { tape.value(at: index) }

    package func string(at index: Int) -> String? {
        let value = tape.value(at: index)
        guard value.kind == .string else { return nil }
        return String(decoding: UnsafeBufferPointer(start: value.text, count: value.length), as: UTF8.self)
    }

    package func integer(at index: Int) -> Int64? {
        let value = tape.value(at: index)
        return value.kind == .integer ? Int64(bitPattern: value.bits) : nil
    }

    /// Value of the first member of that name; nil where there is none, or no object.
    package func member(_ name: String, of object: Int) -> Int? { members(of: object).first { $0.name == name }?.value }

    package func string(_ name: String, of object: Int) -> String? { member(name, of: object).flatMap(string(at:)) }

    package func members(of object: Int) -> [(name: String, value: Int)] {
        guard tape.value(at: object).kind == .object else { return [] }
        var found: [(name: String, value: Int)] = []
        var at = object + 1
        while at < tape.closing(of: object) {
            found.append((string(at: at) ?? "", at + 1))
            at = tape.index(after: at + 1)
        }
        return found
    }

    package func elements(of array: Int) -> [Int] {
        guard tape.value(at: array).kind == .array else { return [] }
        var found: [Int] = []
        var at = array + 1
        while at < tape.closing(of: array) {
            found.append(at)
            at = tape.index(after: at)
        }
        return found
    }
}
