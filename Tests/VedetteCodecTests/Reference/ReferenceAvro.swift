import Foundation

/// An Avro schema, and a slow encoder of JSON values by it that shares no code with the decoder under test.
package indirect enum ReferenceAvro: Sendable {
    case null, boolean, int, long, float, double, bytes, string
    case enumeration(String, [String])
    case fixed(String, Int)
    case array(ReferenceAvro)
    case map(ReferenceAvro)
    case union([ReferenceAvro])
    case record(String, [Field])

    package struct Field: Sendable {
        package var name: String
        package var type: ReferenceAvro
        package init(_ name: String, _ type: ReferenceAvro) {
            self.name = name
            self.type = type
        }
    }

    /// The value is none of this type.
    struct Mismatch: Error {}

    /// The schema's JSON.
    package var schema: String {
        switch self {
        case .null: "\"null\""
        case .boolean: "\"boolean\""
        case .int: "\"int\""
        case .long: "\"long\""
        case .float: "\"float\""
        case .double: "\"double\""
        case .bytes: "\"bytes\""
        case .string: "\"string\""
        case .enumeration(let name, let symbols): "{\"type\":\"enum\",\"name\":\"\(name)\",\"symbols\":[\(symbols.map { "\"\($0)\"" }.joined(separator: ","))]}"
        case .fixed(let name, let size): "{\"type\":\"fixed\",\"name\":\"\(name)\",\"size\":\(size)}"
        case .array(let element): "{\"type\":\"array\",\"items\":\(element.schema)}"
        case .map(let element): "{\"type\":\"map\",\"values\":\(element.schema)}"
        case .union(let branches): "[\(branches.map(\.schema).joined(separator: ","))]"
        case .record(let name, let fields):
            "{\"type\":\"record\",\"name\":\"\(name)\",\"fields\":[\(fields.map { "{\"name\":\"\($0.name)\",\"type\":\($0.type.schema)}" }.joined(separator: ","))]}"
        }
    }

    /// - Parameter blocks: of lists and maps; 1 is one block of all, 2 blocks of one, 3 blocks of one with their size.
    package func encode(_ value: ReferenceJSON, blocks: Int = 1) throws -> [UInt8] {
        switch (self, value) {
        case (.null, .null): return []
        case (.boolean, .bool(let value)): return [value ? 1 : 0]
        case (.int, .integer(let value)), (.long, .integer(let value)): return Self.long(value)
        case (.float, .double(let value)): return Self.little(UInt64(Float(value).bitPattern), 4)
        case (.double, .double(let value)): return Self.little(value.bitPattern, 8)
        case (.double, .integer(let value)): return Self.little(Double(value).bitPattern, 8)
        case (.bytes, .string(let text)):
            let data = [UInt8](Data(base64Encoded: text) ?? Data())
            return Self.long(Int64(data.count)) + data
        case (.fixed(_, let size), .string(let text)):
            let data = [UInt8](Data(base64Encoded: text) ?? Data())
            guard data.count == size else { throw Mismatch() }
            return data
        case (.string, .string(let text)): return Self.long(Int64(text.utf8.count)) + Array(text.utf8)
        case (.enumeration(_, let symbols), .string(let text)):
            guard let index = symbols.firstIndex(of: text) else { throw Mismatch() }
            return Self.long(Int64(index))
        case (.array(let element), .array(let values)): return Self.items(try values.map { try element.encode($0, blocks: blocks) }, blocks)
        case (.map(let element), .object(let members)):
            return Self.items(try members.map { Self.long(Int64($0.key.utf8.count)) + Array($0.key.utf8) + (try element.encode($0.value, blocks: blocks)) }, blocks)
        case (.union(let branches), _):
            for (index, branch) in branches.enumerated() {
                if let bytes = try? branch.encode(value, blocks: blocks) { return Self.long(Int64(index)) + bytes }
            }
            throw Mismatch()
        case (.record(_, let fields), .object(let members)):
            guard Set(members.map(\.key)).count == members.count, Set(members.map(\.key)).isSubset(of: fields.map(\.name)) else { throw Mismatch() }
            return try fields.flatMap { field in try field.type.encode(members.first { $0.key == field.name }?.value ?? .null, blocks: blocks) }
        default: throw Mismatch()
        }
    }

    private static func items(_ items: [[UInt8]], _ blocks: Int) -> [UInt8] {
        if items.isEmpty { return [0] }
        switch blocks {
        case 1: return long(Int64(items.count)) + items.flatMap { $0 } + [0]
        case 2: return items.flatMap { long(1) + $0 } + [0]
        default: return items.flatMap { long(-1) + long(Int64($0.count)) + $0 } + [0]
        }
    }

    package static func long(_ value: Int64) -> [UInt8] {
        // Doubled, and turned over where negative; in 128 bits so that nothing overflows.
        var rest = value < 0 ? UInt64(-(Int128(value) + 1) * 2 + 1) : UInt64(Int128(value) * 2)
        var bytes: [UInt8] = []
        while rest >= 128 {
            bytes.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        return bytes + [UInt8(rest)]
    }

    static func little(_ bits: UInt64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(bits >> UInt64(8 * $0) & 0xFF) } }

    /// A container file of one block, not compressed, whatever the header says.
    package func container(_ records: [[UInt8]], codec: String = "null") -> [UInt8] { Self.container(records, schema: schema, codec: codec) }

    /// - Parameter schema: the text that the header has.
    package static func container(_ records: [[UInt8]], schema: String, codec: String = "null") -> [UInt8] {
        container(records.flatMap { $0 }, claiming: Int64(records.count), schema: schema, codec: codec)
    }

    /// With one block, which may say what it likes of how many records it has.
    package static func container(_ block: [UInt8], claiming count: Int64, schema: String, codec: String = "null") -> [UInt8] {
        let sync = [UInt8](repeating: 0x5A, count: 16)
        func run(_ text: String) -> [UInt8] { long(Int64(text.utf8.count)) + Array(text.utf8) }
        var bytes: [UInt8] = Array("Obj\u{1}".utf8) + long(2)
        bytes += run("avro.schema") + run(schema) + run("avro.codec") + run(codec) + [0] + sync
        return bytes + long(count) + long(Int64(block.count)) + block + sync
    }
}

// MARK: Random

extension ReferenceAvro {
    /// A record of random fields.
    package static func random(using generator: inout some RandomNumberGenerator) -> ReferenceAvro {
        var names = 0
        return record(depth: 0, &names, &generator)
    }

    private static func record(depth: Int, _ names: inout Int, _ generator: inout some RandomNumberGenerator) -> ReferenceAvro {
        names += 1
        let name = "R\(names)"
        let fields = (0..<Int.random(in: depth == 0 ? 1...8 : 0...4, using: &generator)).map {
            Field("f\($0)\(["", "_é", "_b"].randomElement(using: &generator) ?? "")", type(depth: depth + 1, &names, &generator))
        }
        return .record(name, fields)
    }

    private static func type(depth: Int, _ names: inout Int, _ generator: inout some RandomNumberGenerator) -> ReferenceAvro {
        names += 1
        switch Int.random(in: 0..<(depth < 4 ? 15 : 10), using: &generator) {
        case 0: return .null
        case 1: return .boolean
        case 2: return .int
        case 3: return .long
        case 4: return .float
        case 5: return .double
        case 6: return .bytes
        case 7: return .string
        case 8: return .enumeration("E\(names)", ["A", "B_2", "c"])
        case 9: return .fixed("F\(names)", Int.random(in: 0...5, using: &generator))
        case 10: return .array(type(depth: depth + 1, &names, &generator))
        case 11: return .map(type(depth: depth + 1, &names, &generator))
        case 12: return .union([.null, .long, .string].shuffled(using: &generator))
        case 13: return .union([.null, record(depth: depth, &names, &generator)])
        default: return record(depth: depth, &names, &generator)
        }
    }

    package func randomValue(using generator: inout some RandomNumberGenerator) -> ReferenceJSON {
        let few = 0..<Int.random(in: 0...3, using: &generator)
        switch self {
        case .null: return .null
        case .boolean: return .bool(Bool.random(using: &generator))
        case .int: return .integer([0, -1, Int64(Int32.max), Int64(Int32.min), Int64.random(in: -100...100, using: &generator)].randomElement(using: &generator) ?? 0)
        case .long: return .integer([0, .max, .min, Int64.random(in: .min ... .max, using: &generator)].randomElement(using: &generator) ?? 0)
        case .float: return .double(Double(Self.finite(Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator)))))
        case .double: return .double(Self.finite(Double(bitPattern: UInt64.random(in: 0 ... .max, using: &generator))))
        case .bytes: return .string(Self.base64(few.count, &generator))
        case .fixed(_, let size): return .string(Self.base64(size, &generator))
        case .string: return .string(few.map { _ in ["a", "\"", "\\", "\n", "\u{1}", "é", "🐟", "\u{0}"].randomElement(using: &generator) ?? "" }.joined())
        case .enumeration(_, let symbols): return .string(symbols.randomElement(using: &generator) ?? "")
        case .array(let element): return .array(few.map { _ in element.randomValue(using: &generator) })
        case .map(let element): return .object(few.map { ReferenceJSON.Member(key: "k\($0)\"", value: element.randomValue(using: &generator)) })
        case .union(let branches): return (branches.randomElement(using: &generator) ?? .null).randomValue(using: &generator)
        case .record(_, let fields): return .object(fields.map { ReferenceJSON.Member(key: $0.name, value: $0.type.randomValue(using: &generator)) })
        }
    }

    private static func finite<Number: BinaryFloatingPoint>(_ value: Number) -> Number { value.isFinite ? value : 0.1 }

    private static func base64(_ count: Int, _ generator: inout some RandomNumberGenerator) -> String {
        Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }).base64EncodedString()
    }
}

extension ReferenceJSON {
    /// A text that is the same for equal values only: members sorted, numbers by kind and bits.
    package var canonical: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "i\(value)"
        case .unsigned(let value): "u\(value)"
        case .double(let value): "d\(value.bitPattern)"
        case .string(let text): "s\(text.utf8.count):\(text)"
        case .array(let values): "[" + values.map(\.canonical).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\($0.key.utf8.count):\($0.key)=\($0.value.canonical)" }.sorted().joined(separator: ",") + "}"
        }
    }
}
