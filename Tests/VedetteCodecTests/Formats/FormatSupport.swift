import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

/// The JSON text of a record, or why there is none.
enum Transcoded: Equatable {
    case json(String)
    case rejected(RejectReason)

    var text: String? { if case .json(let text) = self { text } else { nil } }
}

extension RecordTranscoder {
    func transcode(_ bytes: [UInt8]) -> Transcoded {
        var text: String?
        let rejection = bytes.withUnsafeBytes { decode($0) { text = String(decoding: $0, as: UTF8.self); return nil } }
        return rejection.map { .rejected($0.reason) } ?? .json(text ?? "")
    }
}

func avro(_ schema: String, framing: RecordFraming = .none, limits: DecodeLimits = DecodeLimits()) throws -> AvroTranscoder {
    AvroTranscoder(.one(try AvroSchema(parsing: Array(schema.utf8))), framing: framing, limits: limits)
}

func canonical(_ json: String) throws -> String { try ReferenceJSON.parse(Array(json.utf8), depth: 64).canonical }

func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0 }
}

/// What `make_format_fixtures.py` made.
struct FormatFixture {
    let object: [String: Any]

    init(_ name: String) throws {
        let url = try #require(Bundle.module.url(forResource: "FormatFixtures", withExtension: nil)).appendingPathComponent(name)
        object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    }

    var cases: [[String: String]] { object["cases"] as? [[String: String]] ?? [] }
    func texts(_ key: String) -> [String: String] { object[key] as? [String: String] ?? [:] }
    func base64(_ key: String, _ name: String) throws -> [UInt8] { 
        let text = try #require(texts(key)[name])
        return [UInt8](try #require(Data(base64Encoded: text)))
    }
}
