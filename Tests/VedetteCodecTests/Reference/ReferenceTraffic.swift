import Foundation

/// The default shapes of decisions and labels in the binary formats, and simulated JSON lines written in them.
///
/// Nil for a line that has no such form: malformed ones, and those of another shape.
package enum ReferenceTraffic {
    private static let optionalDouble = ReferenceAvro.union([.null, .double])
    private static let optionalText = ReferenceAvro.union([.null, .string])

    /// Features are a map: a record can not tell a feature that is null from one that is not there.
    package static let decision = ReferenceAvro.record("Decision", [
        .init("request_id", .string), .init("time", .string),
        .init("model", .record("Model", [.init("name", .string), .init("version", optionalText)])),
        .init("score", .double), .init("decision", .string),
        .init("threshold", .union([.null, .record("Threshold", [.init("challenge", optionalDouble), .init("block", optionalDouble)])])),
        .init("features", .map(.union([.null, .boolean, .long, .double, .string]))),
        .init("amount", optionalDouble), .init("entities", .map(.string)), .init("slices", .map(.string)), .init("latency_ms", optionalDouble),
        .init("signals", .union([.null, .array(.string)])),
    ])

    package static let label = ReferenceAvro.record("Label", [
        .init("request_id", .string), .init("time", .string), .init("outcome", .string), .init("kind", optionalText),
        .init("source", .union([.null, .record("Source", [.init("pipeline", optionalText), .init("actor", optionalText), .init("trust", optionalText)])])),
        .init("decision_time", optionalText),
    ])

    package static func avro(_ line: [UInt8], isLabel: Bool) -> [UInt8]? {
        guard let json = try? ReferenceJSON.parse(line, depth: 32) else { return nil }
        return try? (isLabel ? label : decision).encode(json)
    }

    package static func framed(_ value: [UInt8], id: UInt32) -> [UInt8] { [0] + (0..<4).map { UInt8(id >> (24 - 8 * UInt32($0)) & 0xFF) } + value }

    // MARK: Protobuf, by traffic.proto

    package static func protobuf(_ line: [UInt8], isLabel: Bool) -> [UInt8]? {
        // What Avro can not say is left out here too.
        guard avro(line, isLabel: isLabel) != nil, let json = try? ReferenceJSON.parse(line, depth: 32) else { return nil }
        let numbers = isLabel
            ? ["request_id": 1, "time": 2, "outcome": 3, "kind": 4, "source": 5, "decision_time": 6, "pipeline": 1, "actor": 2, "trust": 3]
            : [
                "request_id": 1, "time": 2, "model": 3, "score": 4, "decision": 5, "threshold": 6, "features": 7, "amount": 8, "entities": 9,
                "slices": 10, "latency_ms": 11, "signals": 12, "name": 1, "version": 2, "challenge": 1, "block": 2,
            ]
        return message(json, numbers)
    }

    private static func message(_ json: ReferenceJSON, _ numbers: [String: Int]) -> [UInt8] {
        guard case .object(let members) = json else { return [] }
        return members.flatMap { member -> [UInt8] in
            let number = numbers[member.key] ?? 0
            switch member.value {
            case .null: return []
            case .object(let inner) where member.key == "entities" || member.key == "slices":
                return inner.flatMap { run(number, text(1, $0.key) + field(2, $0.value)) }
            case .object where member.key == "features": return run(number, structure(member.value))
            case .object: return run(number, message(member.value, numbers))
            case .array(let values): return values.flatMap { field(number, $0) }
            default: return field(number, member.value)
            }
        }
    }

    private static func field(_ number: Int, _ value: ReferenceJSON) -> [UInt8] {
        switch value {
        case .string(let string): text(number, string)
        case .double(let value): tag(number, 1) + ReferenceAvro.little(value.bitPattern, 8)
        case .integer(let value): tag(number, 1) + ReferenceAvro.little(Double(value).bitPattern, 8)
        default: []
        }
    }

    /// google.protobuf.Struct.
    private static func structure(_ json: ReferenceJSON) -> [UInt8] {
        guard case .object(let members) = json else { return [] }
        return members.flatMap { member in
            let value: [UInt8] =
                switch member.value {
                case .null: tag(1, 0) + [0]
                case .bool(let value): tag(4, 0) + [value ? 1 : 0]
                case .string(let string): text(3, string)
                default: field(2, member.value)
                }
            return run(1, text(1, member.key) + run(2, value))
        }
    }

    package static func varint(_ value: UInt64) -> [UInt8] { value < 128 ? [UInt8(value)] : [UInt8(value % 128 + 128)] + varint(value / 128) }
    package static func tag(_ number: Int, _ wire: Int) -> [UInt8] { varint(UInt64(number * 8 + wire)) }
    package static func run(_ number: Int, _ bytes: [UInt8]) -> [UInt8] { tag(number, 2) + varint(UInt64(bytes.count)) + bytes }
    private static func text(_ number: Int, _ text: String) -> [UInt8] { run(number, Array(text.utf8)) }
}
