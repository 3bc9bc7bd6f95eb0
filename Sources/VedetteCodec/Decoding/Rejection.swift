import VedetteCore

/// Why a record was not decoded.
public struct Rejection: Error, Sendable, Equatable, CustomStringConvertible {
    public var reason: RejectReason
    /// The field, what was expected and what kind of value was found; at most ``detailLimit`` bytes, never a value.
    public var detail: String

    public static let detailLimit = 200

    public init(reason: RejectReason, detail: String) {
        self.reason = reason
        self.detail = Self.cut(detail)
    }

    public var description: String { "\(reason.rawValue): \(detail)" }

    /// The longest prefix of whole characters within the limit.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > detailLimit else { return text }
        var kept = ""
        var bytes = 0
        for character in text {
            bytes += character.utf8.count
            guard bytes <= detailLimit else { break }
            kept.append(character)
        }
        return kept
    }
}

extension DeadLetter {
    /// The dead letter of a rejected payload, cut to `limits.deadLetterBytes`.
    ///
    /// - Parameter originalLength: length of the original in bytes, where `payload` is only its beginning.
    public init(
        rejection: Rejection, stream: StreamKind, partition: Int, offset: Int64, payload: UnsafeRawBufferPointer,
        originalLength: Int? = nil, limits: DecodeLimits
    ) {
        self.init(
            stream: stream, partition: partition, offset: offset, reason: rejection.reason, detail: rejection.detail,
            payload: Array(payload.prefix(max(0, limits.deadLetterBytes))), originalLength: originalLength ?? payload.count)
    }
}

/// A rejection before it has words: no string is made unless somebody asks for the detail.
struct Fault: Error {
    var reason: RejectReason
    var expected: Expectation
    var found: JSONKind = .absent
    /// Index of the mapped field, or -1.
    var target: Int32 = -1
    /// Index of the trie entry, or -1; used where there is no target.
    var entry: Int32 = -1
}

/// What a value has, as far as JSON is concerned.
enum JSONKind: UInt8 {
    case absent, null, no, yes, integer, unsigned, double, string, object, array

    var words: String {
        switch self {
        case .absent: "nothing"
        case .null: "null"
        case .no, .yes: "a boolean"
        case .integer, .unsigned: "an integer"
        case .double: "a number with a fraction or exponent"
        case .string: "a string"
        case .object: "an object"
        case .array: "an array"
        }
    }
}

/// What a fault says was expected. Words with `found` are completed by the kind of the value.
enum Expectation: UInt8 {
    case payload, recordLength, noByteOrderMark, json, oneObject, utf8, shallow, numberInRange, capacity
    case once, container, fewFeatures, shortText
    case identifier, nonEmptyIdentifier, text, scalar, number, unitInterval, nonNegative, positive, finite
    case rfc3339, epoch, time, word, knownWord, knownModel, arrayOfStrings

    var words: String {
        switch self {
        case .payload: "the payload is empty; expected one JSON object"
        case .recordLength: "the payload is longer than limits.record_bytes"
        case .noByteOrderMark: "the payload starts with a byte order mark; expected one JSON object in UTF-8 without it"
        case .json: "expected one JSON object and nothing after it"
        case .oneObject: "expected a JSON object"
        case .utf8: "the payload has bytes that are not UTF-8"
        case .shallow: "nested deeper than limits.depth"
        case .numberInRange: "a number is beyond 64 bits or beyond the finite doubles"
        case .capacity: "no memory for a payload of this length"
        case .once: "the field is there more than once"
        case .container: "expected an object"
        case .fewFeatures: "more members than limits.features"
        case .shortText: "the text is longer than limits.string_bytes"
        case .identifier: "expected a string or an integer"
        case .nonEmptyIdentifier: "expected a string or an integer that is not empty"
        case .text: "expected a string or a number"
        case .scalar: "expected a string, a number or a boolean"
        case .number: "expected a number"
        case .unitInterval: "expected a number that is in [0, 1] after scaling"
        case .nonNegative: "expected a number that is not negative"
        case .positive: "expected a number above 0"
        case .finite: "expected a number that is finite after scaling"
        case .rfc3339: "expected an RFC 3339 time with offset"
        case .epoch: "expected an epoch time in the years 0000 to 9999"
        case .time: "expected an RFC 3339 time with offset, or epoch milliseconds in the years 0000 to 9999"
        case .word: "expected a string, an integer or a boolean"
        case .knownWord: "the word is not in the value map"
        case .knownModel: "the inventory does not list this model"
        case .arrayOfStrings: "expected an array of strings"
        }
    }

    /// Whether the kind of the value found belongs to the message.
    var namesFound: Bool {
        switch self {
        case .oneObject, .container, .identifier, .nonEmptyIdentifier, .text, .scalar, .number, .word, .arrayOfStrings, .time, .rfc3339, .epoch: true
        default: false
        }
    }
}

extension Fault {
    /// The fault in words, given the JSON Pointer of each target and each trie entry.
    func rejection(targets: [String], entries: [String]) -> Rejection {
        var detail = ""
        if target >= 0, Int(target) < targets.count {
            detail = targets[Int(target)] + ": "
        } else if entry >= 0, Int(entry) < entries.count {
            detail = entries[Int(entry)] + ": "
        }
        detail += expected.words
        if expected.namesFound { detail += ", found " + found.words }
        return Rejection(reason: reason, detail: detail)
    }
}
