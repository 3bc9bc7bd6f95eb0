import CodecReference
import Foundation
import VedetteCodec
import VedetteCore

/// One decision decoded: its batch (of one row or none), and the rejection.
struct DecodedDecision {
    var batch: DecisionBatch
    var rejection: Rejection?
    var isAccepted: Bool { rejection == nil && batch.count == 1 }
}

func makeDecoder(
    _ mapping: DecisionMapping = DecisionMapping(), limits: DecodeLimits = DecodeLimits(), schema: EventSchema = testSchema
) throws -> DecisionDecoder {
    try DecisionDecoder(schema: schema, mapping: mapping, limits: limits, hash: testHash)
}

func decode(_ json: String, with decoder: DecisionDecoder) -> DecodedDecision { decode(Array(json.utf8), with: decoder) }

func decode(_ json: [UInt8], with decoder: DecisionDecoder) -> DecodedDecision {
    let batch = DecisionBatch(schema: decoder.schema, partition: 0)
    let rejection = json.withUnsafeBytes { decoder.decode($0, offset: 7, into: batch) }
    return DecodedDecision(batch: batch, rejection: rejection)
}

func decode(
    _ json: String, _ mapping: DecisionMapping = DecisionMapping(), limits: DecodeLimits = DecodeLimits(), schema: EventSchema = testSchema
) throws -> DecodedDecision {
    decode(json, with: try makeDecoder(mapping, limits: limits, schema: schema))
}

func decodeLabel(
    _ json: String, _ mapping: LabelMapping = LabelMapping(), limits: DecodeLimits = DecodeLimits()
) throws -> (batch: LabelBatch, rejection: Rejection?) {
    let decoder = try LabelDecoder(schema: testSchema, mapping: mapping, limits: limits, hash: testHash)
    let batch = LabelBatch(partition: 0)
    let rejection = Array(json.utf8).withUnsafeBytes { decoder.decode($0, offset: 7, into: batch) }
    return (batch, rejection)
}

/// A small generator with a printable seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// A directory that is removed with this object.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-codec-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }
}
