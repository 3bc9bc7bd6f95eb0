import CSimdjson
import VedetteCore

/// One value of a parsed record, or a constant of the mapping.
struct JSONValue {
    var kind: JSONKind
    /// Bytes of a string.
    var length: Int = 0
    /// A string's address, a number's bits, or an object's or array's index on the tape.
    var bits: UInt64 = 0

    static let absent = JSONValue(kind: .absent)

    /// The bytes of a string. At least 8 more bytes can be read behind them.
    @inline(__always)
    var text: UnsafePointer<UInt8>? { UnsafePointer(bitPattern: UInt(bits)) }

    /// The value of a number, as the nearest double.
    @inline(__always)
    var number: Double? {
        switch kind {
        case .double: Double(bitPattern: bits)
        case .integer: Double(Int64(bitPattern: bits))
        case .unsigned: Double(bits)
        default: nil
        }
    }
}

/// A parsed record: simdjson's tape and string buffer (format in `CSimdjson.h`).
///
/// Valid until the parser's next record.
struct JSONTape {
    let words: UnsafePointer<UInt64>
    let strings: UnsafePointer<UInt8>

    static let payloadMask: UInt64 = 0x00FF_FFFF_FFFF_FFFF

    /// Where simdjson puts the root value: word 0 is the document's own.
    static let rootIndex = 1

    /// Safe: `index` is that of a value's first word, and simdjson wrote the word after each
    /// number and the length and bytes behind each string offset.
    @inline(__always)
    func value(at index: Int) -> JSONValue {
        let word = words[index]
        switch UInt8(truncatingIfNeeded: word >> 56) {
        case 0x22:
            let (bytes, length) = string(word)
            return JSONValue(kind: .string, length: length, bits: UInt64(UInt(bitPattern: bytes)))
        case 0x64: return JSONValue(kind: .double, bits: words[index + 1])
        case 0x6C: return JSONValue(kind: .integer, bits: words[index + 1])
        case 0x75: return JSONValue(kind: .unsigned, bits: words[index + 1])
        case 0x74: return JSONValue(kind: .yes)
        case 0x66: return JSONValue(kind: .no)
        case 0x7B: return JSONValue(kind: .object, bits: UInt64(index))
        case 0x5B: return JSONValue(kind: .array, bits: UInt64(index))
        default: return JSONValue(kind: .null)
        }
    }

    /// Bytes and length of the string whose tape word is `word`.
    @inline(__always)
    func string(_ word: UInt64) -> (UnsafePointer<UInt8>, Int) {
        let start = strings + Int(truncatingIfNeeded: word & Self.payloadMask)
        let length = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return (start + 4, Int(length))
    }

    /// Index of the word behind the value at `index`.
    @inline(__always)
    func index(after index: Int) -> Int {
        let word = words[index]
        switch UInt8(truncatingIfNeeded: word >> 56) {
        case 0x7B, 0x5B: return Int(word & 0xFFFF_FFFF)
        case 0x64, 0x6C, 0x75: return index + 2
        default: return index + 1
        }
    }

    /// Index of the closing word of the object or array at `index`.
    @inline(__always)
    func closing(of index: Int) -> Int { Int(words[index] & 0xFFFF_FFFF) - 1 }

    /// Number of members or elements, saturated at 0xFFFFFF.
    @inline(__always)
    func memberCount(of index: Int) -> Int { Int(words[index] >> 32 & 0xFF_FFFF) }
}

/// The one owner of a simdjson parser; freed with this object. For one thread at a time.
final class JSONParser {
    private let handle: OpaquePointer
    private let recordBytes: Int

    /// Room for this many bytes is made at first; it grows to the largest record seen.
    private static let initialCapacity = 4096

    /// - Throws: a ``MappingError`` if memory ran out.
    init(limits: DecodeLimits) throws(MappingError) {
        // simdjson refuses the container that makes the depth reach its maximum, hence one more.
        guard let made = vedette_json_parser_create(limits.depth + 1, min(Self.initialCapacity, limits.recordBytes)) else {
            throw MappingError(problems: [MappingProblem(key: "limits", message: "no memory for a JSON parser")])
        }
        handle = made
        recordBytes = limits.recordBytes
    }

    deinit { vedette_json_parser_destroy(handle) }

    /// Parses one record, whose root is an object.
    ///
    /// A leading byte order mark is refused here, whatever simdjson's version makes of it.
    /// Numbers beyond 64 bits or beyond the finite doubles reject the record wherever they
    /// are: simdjson stops there.
    @inline(__always)
    func parse(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> JSONTape {
        guard let base = bytes.baseAddress, bytes.count > 0 else { throw Fault(reason: .emptyPayload, expected: .payload) }
        guard bytes.count <= recordBytes else { throw Fault(reason: .oversized, expected: .recordLength) }
        let document = vedette_json_parse(handle, base, bytes.count)
        guard document.status == Int32(VEDETTE_JSON_OK.rawValue), let tape = document.tape, let strings = document.strings else {
            throw Self.fault(status: document.status, bytes)
        }
        let parsed = JSONTape(words: tape, strings: strings)
        guard bytes[0] != 0xEF else { throw Fault(reason: .malformedJSON, expected: .noByteOrderMark) }
        let root = parsed.value(at: JSONTape.rootIndex).kind
        guard root == .object else { throw Fault(reason: .malformedJSON, expected: .oneObject, found: root) }
        return parsed
    }

    @inline(never)
    private static func fault(status: Int32, _ bytes: UnsafeRawBufferPointer) -> Fault {
        switch vedette_json_status(rawValue: UInt32(bitPattern: status)) {
        case VEDETTE_JSON_EMPTY: Fault(reason: .emptyPayload, expected: .payload)
        case VEDETTE_JSON_UTF8: Fault(reason: .invalidUTF8, expected: .utf8)
        case VEDETTE_JSON_DEPTH: Fault(reason: .tooDeep, expected: .shallow)
        case VEDETTE_JSON_CAPACITY: Fault(reason: .oversized, expected: .capacity)
        case VEDETTE_JSON_NUMBER:
            NumberGrammar.allNumbersWellFormed(bytes)
                ? Fault(reason: .outOfRange, expected: .numberInRange)
                : Fault(reason: .malformedJSON, expected: .json)
        default:
            bytes.starts(with: [0xEF, 0xBB, 0xBF])
                ? Fault(reason: .malformedJSON, expected: .noByteOrderMark)
                : Fault(reason: .malformedJSON, expected: .json)
        }
    }
}
