import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

/// A record at a limit is taken; one byte, level, member beyond it is not.
@Suite struct LimitTests {
    private func reason(_ json: String, _ limits: DecodeLimits) throws -> RejectReason? { try decode(json, limits: limits).rejection?.reason }

    @Test func recordBytes() throws {
        let length = wholeDecision.utf8.count
        #expect(try reason(wholeDecision, DecodeLimits(recordBytes: length)) == nil)
        #expect(try reason(wholeDecision, DecodeLimits(recordBytes: length - 1)) == .oversized)
        #expect(DecodeLimits().recordBytes == 1_048_576)
        let padding = String(repeating: " ", count: (1 << 20) - length)
        #expect(try reason(wholeDecision + padding, DecodeLimits()) == nil)
        #expect(try reason(wholeDecision + padding + " ", DecodeLimits()) == .oversized)
    }

    @Test(arguments: [2, 3, 8, 32, 1024]) func depth(limit: Int) throws {
        func nested(_ levels: Int, _ inner: String) -> String {
            wholeDecision.dropLast() + ",\"x\":" + String(repeating: "[", count: levels) + inner + String(repeating: "]", count: levels) + "}"
        }
        let limits = DecodeLimits(depth: limit)
        // The record itself is the first level.
        #expect(try reason(nested(limit - 1, "1"), limits) == nil)
        #expect(try reason(nested(limit, "1"), limits) == .tooDeep)
        #expect(try reason(nested(limit, ""), limits) == nil, "an empty array holds nothing")
        #expect(try reason(nested(limit - 1, "{\"a\":1}"), limits) == .tooDeep)
        #expect(DecodeLimits().depth == 32)
    }

    @Test func features() throws {
        func record(_ count: Int) -> String {
            let members = (0..<count).map { "\"f\($0)\":\($0)" }.joined(separator: ",")
            return wholeDecision.replacing(/"features":\{[^}]*\}/, with: "\"features\":{\(members)}")
        }
        #expect(try reason(record(512), DecodeLimits()) == nil)
        #expect(try reason(record(513), DecodeLimits()) == .tooManyFeatures)
        #expect(try reason(record(4), DecodeLimits(features: 4)) == nil)
        #expect(try reason(record(5), DecodeLimits(features: 4)) == .tooManyFeatures)
    }

    @Test(arguments: ["r-1", "2018.06.1", "5411", "FR", "c2968"]) func stringBytes(field: String) throws {
        func record(_ length: Int) -> String {
            wholeDecision.replacingOccurrences(of: "\"\(field)\"", with: "\"" + String(repeating: "x", count: length) + "\"")
        }
        #expect(try reason(record(1024), DecodeLimits()) == nil)
        #expect(try reason(record(1025), DecodeLimits()) == .stringTooLong)
        #expect(try reason(record(20), DecodeLimits(stringBytes: 20)) == nil)
        #expect(try reason(record(21), DecodeLimits(stringBytes: 20)) == .stringTooLong)
    }

    @Test func unmappedStringsHaveNoLimitOfTheirOwn() throws {
        let long = String(repeating: "x", count: 100_000)
        #expect(try reason(wholeDecision.dropLast() + ",\"\(long)\":\"\(long)\"}", DecodeLimits()) == nil)
        #expect(try reason(wholeDecision.replacingOccurrences(of: "\"mcc\"", with: "\"\(long)\":1,\"mcc\""), DecodeLimits()) == nil)
    }

    @Test func manyLongTextsAreKeptWhole() throws {
        let schema = EventSchema(
            models: ["m"], features: (0..<40).map { EventSchema.Feature(name: "f\($0)", kind: .category) }, dimensions: [], entities: [])
        let texts = (0..<40).map { String(repeating: "\($0 % 10)", count: 1000 + $0 % 20) }
        let features = texts.enumerated().map { "\"f\($0)\":\"\($1)\"" }.joined(separator: ",")
        let decoded = try decode(
            "{\"request_id\":1,\"time\":1,\"model\":{\"name\":\"m\"},\"score\":0,\"decision\":\"log\",\"features\":{\(features)}}", schema: schema)
        try #require(decoded.isAccepted)
        #expect(decoded.batch.featureValue.elements.map { decoded.batch.string(TextRef(packed: $0)) } == texts)
    }

    @Test func limitsOutOfTheirRangeAreRefusedTogether() throws {
        let limits = DecodeLimits(recordBytes: 0, depth: 0, features: 0, stringBytes: 0, deadLetterBytes: -1)
        #expect(limits.problems.map(\.key) == [
            "limits.record_bytes", "limits.depth", "limits.features", "limits.string_bytes", "limits.dead_letter_bytes",
        ])
        #expect(throws: MappingError.self) { try makeDecoder(limits: limits) }
        #expect(DecodeLimits().problems.isEmpty)
    }
}
