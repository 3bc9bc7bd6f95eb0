import CodecReference
import Testing
import VedetteCodec
import VedetteCore

/// Broken records of the binary formats: never a crash, never a text that is no JSON or is longer than a record may be.
@Suite struct FormatFuzzTests {
    static let limits = DecodeLimits(recordBytes: 4_096, depth: 12)

    private func check(_ transcoder: any RecordTranscoder, _ bytes: [UInt8], _ what: @autoclosure () -> String) throws -> Bool {
        guard let text = transcoder.transcode(bytes).text else { return false }
        try #require(text.utf8.count <= Self.limits.recordBytes, "\(what())")
        return true
    }

    private func tryAll(_ transcoder: any RecordTranscoder, _ records: [[UInt8]], seed: UInt64, _ cases: Int) throws {
        var generator = SeededGenerator(state: seed)
        for record in records.prefix(20) {
            // Short lengths only: the fixtures' long records are cut at some places.
            for end in stride(from: 0, to: record.count, by: max(1, record.count / 200)) { _ = try check(transcoder, Array(record[..<end]), "cut at \(end): \(record)") }
            for bit in stride(from: 0, to: record.count * 8, by: max(1, record.count / 40)) {
                var flipped = record
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                _ = try check(transcoder, flipped, "bit \(bit) of \(record)")
            }
        }
        var taken = 0
        for number in 0..<cases {
            let mutant = Mutator.mutate(records, using: &generator)
            if try check(transcoder, mutant, "seed \(seed), case \(number): \(mutant)") { taken += 1 }
            let noise = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            _ = try check(transcoder, noise, "seed \(seed), noise \(number): \(noise)")
        }
        // A fuzzer whose mutants are all refused would test nothing.
        #expect(taken > 0)
    }

    @Test func avroRecords() throws {
        let fixture = try FormatFixture("avro.json")
        let schema = try #require(fixture.object["schema"] as? String)
        let transcoder = try avro(schema, limits: Self.limits)
        try tryAll(transcoder, fixture.cases.map { bytes(hex: $0["hex"] ?? "") }, seed: 4711, 20_000)
        var generator = SeededGenerator(state: 99)
        for _ in 0..<100 {
            let type = ReferenceAvro.random(using: &generator)
            let records = try (0..<5).map { _ in try type.encode(type.randomValue(using: &generator)) }.filter { !$0.isEmpty }
            if !records.isEmpty { try tryAll(avro(type.schema, limits: Self.limits), records, seed: generator.next(), 50) }
        }
    }

    @Test func protobufRecords() throws {
        let fixture = try FormatFixture("protobuf.json")
        for (set, message) in [("every.proto", "fixture.Every"), ("old.proto", "fixture.Old")] {
            let schema = try ProtobufSchema(descriptorSet: fixture.base64("sets", set), message: message)
            let records = fixture.cases.filter { $0["set"] == set }.map { bytes(hex: $0["hex"] ?? "") }
            try tryAll(ProtobufTranscoder(schema, framing: .none, limits: Self.limits), records, seed: 815, 20_000)
        }
    }

    @Test func descriptorSets() throws {
        let set = try FormatFixture("protobuf.json").base64("sets", "old.proto")
        for end in stride(from: 0, to: set.count, by: 3) { _ = try? ProtobufSchema(descriptorSet: Array(set[..<end]), message: nil) }
        var generator = SeededGenerator(state: 5)
        for _ in 0..<2_000 { _ = try? ProtobufSchema(descriptorSet: Mutator.mutate([set], using: &generator), message: nil) }
    }
}
