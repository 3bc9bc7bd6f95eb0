/// Breaks good lines, one way each. Not a hot path: a scenario breaks a few lines in a hundred.
struct MalformedLines: Sendable {
    private static let nestingLevels = 2000
    private static let longIDBytes = 100_000

    /// - Parameters:
    ///   - kind: how the line is to be broken.
    ///   - good: a valid decision or label, as `kind` asks, as ``SimulatedLines`` writes it.
    static func line(_ kind: MalformedKind, from good: [UInt8]) -> [UInt8] {
        switch kind {
        case .cutShort, .labelCutShort: return Array(good.prefix(good.count * 2 / 3))
        case .notJSON: return Array("Nov 14 22:13:20 gateway decision service restarted".utf8)
        case .array: return [0x5B] + good + [0x5D]
        case .nanScore: return replacing(good, "score", with: "NaN")
        case .scoreAsText: return replacing(good, "score", with: "\"high\"")
        case .scoreAboveOne: return replacing(good, "score", with: "1.7")
        case .hugeScore: return replacing(good, "score", with: "1e308")
        case .emptyRequestID: return replacing(good, "request_id", with: "\"\"")
        case .noRequestID: return removing(good, "request_id")
        case .nullTime: return replacing(good, "time", with: "null")
        case .badTime: return replacing(good, "time", with: "\"yesterday evening\"")
        case .futureTime: return replacing(good, "time", with: "\"9999-12-31T23:59:59.999Z\"")
        case .unknownDecision: return replacing(good, "decision", with: "\"maybe\"")
        case .unknownModel: return replacing(good, "name", with: "\"a-model-nobody-listed\"")
        case .invalidUTF8: return replacing(good, "user", withBytes: [0x22, 0x75, 0xFF, 0xC0, 0x22])
        case .tooDeep:
            let nested = [UInt8](repeating: 0x5B, count: nestingLevels) + [UInt8](repeating: 0x5D, count: nestingLevels)
            return replacing(good, "amount", withBytes: nested)
        case .repeatedKey: return Array(good.dropLast()) + Array(",\"request_id\":\"second\"}".utf8)
        case .longRequestID:
            return replacing(good, "request_id", withBytes: [0x22] + [UInt8](repeating: 0x61, count: longIDBytes) + [0x22])
        case .labelWithoutOutcome: return removing(good, "outcome")
        case .labelUnknownOutcome: return replacing(good, "outcome", with: "\"perhaps\"")
        }
    }

    private static func replacing(_ good: [UInt8], _ field: String, with value: String) -> [UInt8] {
        replacing(good, field, withBytes: Array(value.utf8))
    }

    private static func replacing(_ good: [UInt8], _ field: String, withBytes value: [UInt8]) -> [UInt8] {
        guard let range = valueRange(good, field) else { return good }
        var out = good
        out.replaceSubrange(range, with: value)
        return out
    }

    /// Takes out a field that is not the last one, with the comma after it.
    private static func removing(_ good: [UInt8], _ field: String) -> [UInt8] {
        guard let range = valueRange(good, field) else { return good }
        var out = good
        out.removeSubrange(range.lowerBound - field.utf8.count - 3..<range.upperBound + 1)
        return out
    }

    /// Where the first value named `field` stands. Values here are scalars without escapes or commas.
    private static func valueRange(_ line: [UInt8], _ field: String) -> Range<Int>? {
        let name = Array("\"\(field)\":".utf8)
        guard let found = line.indices.first(where: { line[$0...].starts(with: name) }) else { return nil }
        let start = found + name.count
        guard let end = line[start...].firstIndex(where: { $0 == 0x2C || $0 == 0x7D }) else { return nil }
        return start..<end
    }
}
