/// A slow, obvious JSON parser, to check the fast one against.
///
/// Follows RFC 8259; like simdjson it refuses lone surrogates, integers beyond 64 bits,
/// doubles beyond the finite ones, and non-empty containers nested deeper than the limit.
package indirect enum ReferenceJSON {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case double(Double)
    case string(String)
    case array([ReferenceJSON])
    case object([Member])

    package struct Member {
        package var key: String
        package var value: ReferenceJSON
    }

    struct Malformed: Error {}

    package static func parse(_ bytes: [UInt8], depth: Int) throws -> ReferenceJSON {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Malformed() }
        var parser = Parser(bytes: bytes, limit: depth)
        let value = try parser.value(depth: 1)
        parser.skipSpace()
        guard parser.index == bytes.count else { throw Malformed() }
        return value
    }

    private struct Parser {
        let bytes: [UInt8]
        let limit: Int
        var index = 0

        init(bytes: [UInt8], limit: Int) {
            self.bytes = bytes
            self.limit = limit
        }

        var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func skipSpace() { while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 } }

        mutating func expect(_ text: String) throws {
            for byte in text.utf8 {
                guard current == byte else { throw Malformed() }
                index += 1
            }
        }

        mutating func value(depth: Int) throws -> ReferenceJSON {
            skipSpace()
            switch current {
            case UInt8(ascii: "{"): return try object(depth: depth)
            case UInt8(ascii: "["): return try array(depth: depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): try expect("true"); return .bool(true)
            case UInt8(ascii: "f"): try expect("false"); return .bool(false)
            case UInt8(ascii: "n"): try expect("null"); return .null
            default: return try number()
            }
        }

        mutating func object(depth: Int) throws -> ReferenceJSON {
            index += 1
            skipSpace()
            if current == UInt8(ascii: "}") { index += 1; return .object([]) }
            guard depth <= limit else { throw Malformed() }
            var members: [Member] = []
            while true {
                skipSpace()
                guard current == UInt8(ascii: "\"") else { throw Malformed() }
                let key = try string()
                skipSpace()
                try expect(":")
                members.append(Member(key: key, value: try value(depth: depth + 1)))
                skipSpace()
                if current == UInt8(ascii: "}") { index += 1; return .object(members) }
                try expect(",")
            }
        }

        mutating func array(depth: Int) throws -> ReferenceJSON {
            index += 1
            skipSpace()
            if current == UInt8(ascii: "]") { index += 1; return .array([]) }
            guard depth <= limit else { throw Malformed() }
            var elements: [ReferenceJSON] = []
            while true {
                elements.append(try value(depth: depth + 1))
                skipSpace()
                if current == UInt8(ascii: "]") { index += 1; return .array(elements) }
                try expect(",")
            }
        }

        mutating func hex() throws -> UInt16 {
            guard index + 4 <= bytes.count, let text = String(validating: bytes[index..<index + 4], as: UTF8.self),
                text.allSatisfy(\.isHexDigit), let unit = UInt16(text, radix: 16)
            else { throw Malformed() }
            index += 4
            return unit
        }

        mutating func string() throws -> String {
            index += 1
            var text: [UInt8] = []
            while let byte = current {
                index += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
                guard byte >= 0x20 else { throw Malformed() }
                guard byte == UInt8(ascii: "\\") else { text.append(byte); continue }
                guard let escape = current else { throw Malformed() }
                index += 1
                switch escape {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
                case UInt8(ascii: "b"): text.append(8)
                case UInt8(ascii: "f"): text.append(12)
                case UInt8(ascii: "n"): text.append(10)
                case UInt8(ascii: "r"): text.append(13)
                case UInt8(ascii: "t"): text.append(9)
                case UInt8(ascii: "u"):
                    var units = [try hex()]
                    if UTF16.isLeadSurrogate(units[0]) {
                        try expect("\\u")
                        units.append(try hex())
                        guard UTF16.isTrailSurrogate(units[1]) else { throw Malformed() }
                    } else if UTF16.isTrailSurrogate(units[0]) {
                        throw Malformed()
                    }
                    text += Array(String(decoding: units, as: UTF16.self).utf8)
                default: throw Malformed()
                }
            }
            throw Malformed()
        }

        mutating func digits() throws {
            guard let byte = current, 0x30...0x39 ~= byte else { throw Malformed() }
            while let byte = current, 0x30...0x39 ~= byte { index += 1 }
        }

        mutating func number() throws -> ReferenceJSON {
            let start = index
            var isInteger = true
            if current == UInt8(ascii: "-") { index += 1 }
            if current == UInt8(ascii: "0") { index += 1 } else { try digits() }
            if current == UInt8(ascii: ".") { index += 1; isInteger = false; try digits() }
            if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
                index += 1
                isInteger = false
                if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
                try digits()
            }
            let text = String(decoding: bytes[start..<index], as: UTF8.self)
            if isInteger {
                if let value = Int64(text) { return .integer(value) }
                if let value = UInt64(text) { return .unsigned(value) }
                throw Malformed()
            }
            guard let value = Double(text), value.isFinite else { throw Malformed() }
            return .double(value)
        }
    }
}
