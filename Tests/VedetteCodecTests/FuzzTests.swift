import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

/// Corpus entries are named `<reason>__<what>.json`, with `ok` for records that must be taken.
struct CorpusEntry: Sendable, CustomStringConvertible {
    var name: String
    var bytes: [UInt8]
    var reason: String { name.split(separator: "__").first.map(String.init) ?? "" }
    var description: String { name }

    static func all() throws -> [CorpusEntry] {
        let directory = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".json") }.sorted().map {
            CorpusEntry(name: $0, bytes: Array(try Data(contentsOf: directory.appendingPathComponent($0))))
        }
    }
}

@Suite struct FuzzTests {
    @Test func corpusEntriesAreTakenOrRejectedAsTheirNamesSay() throws {
        let decoder = try makeDecoder()
        let reference = ReferenceDecoder(schema: testSchema, limits: DecodeLimits())
        let entries = try CorpusEntry.all()
        #expect(entries.count >= 30)
        for entry in entries {
            let decoded = decode(entry.bytes, with: decoder)
            #expect((decoded.rejection?.reason.rawValue ?? "ok") == entry.reason, "\(entry): \(String(describing: decoded.rejection))")
            #expect(isConsistent(decoded.batch))
            let expected = try? reference.decode(entry.bytes)
            #expect((expected != nil) == decoded.isAccepted, "\(entry): the reference disagrees")
            if decoded.isAccepted { #expect(row(decoded.batch, 0) == expected, "\(entry)") }
        }
    }

    /// Mutants of the corpus: never a crash, batches always whole, and the same records and
    /// values as a slow decoder that shares no code. `VEDETTE_FUZZ_SEED` and
    /// `VEDETTE_FUZZ_CASES` replay or lengthen a run.
    @Test func mutantsDecodeLikeTheReference() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["VEDETTE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_260_105
        let cases = environment["VEDETTE_FUZZ_CASES"].flatMap { Int($0) } ?? 60_000
        let decoder = try makeDecoder()
        let reference = ReferenceDecoder(schema: testSchema, limits: DecodeLimits())
        let corpus = try CorpusEntry.all().map(\.bytes) + Array(repeating: Array(wholeDecision.utf8), count: 20)
        var generator = SeededGenerator(state: seed)
        var batch = DecisionBatch(schema: testSchema, partition: 0)
        var accepted = 0
        for index in 0..<cases {
            let mutant = Mutator.mutate(corpus, using: &generator)
            let before = batch.count
            let rejection = mutant.withUnsafeBytes { decoder.decode($0, offset: Int64(index), into: batch) }
            let expected = try? reference.decode(mutant)
            let where_ = "seed \(seed), case \(index): \(String(decoding: mutant, as: UTF8.self)) \(String(describing: rejection))"
            try #require(batch.count == before + (rejection == nil ? 1 : 0), "\(where_)")
            try #require((expected != nil) == (rejection == nil), "\(where_)")
            if rejection == nil {
                accepted += 1
                try #require(row(batch, before) == expected, "\(where_)")
            }
            if batch.count == 100 || index == cases - 1 {
                try #require(isConsistent(batch), "\(where_)")
                batch = DecisionBatch(schema: testSchema, partition: 0)
            }
        }
        // A fuzzer whose mutants are all refused would test nothing.
        #expect(accepted > cases / 20)
    }

    @Test func mutantsOfLabelsNeverLeaveAHalfRow() throws {
        let decoder = try LabelDecoder(schema: testSchema, mapping: LabelMapping(), limits: DecodeLimits(), hash: testHash)
        var generator = SeededGenerator(state: 4711)
        let batch = LabelBatch(partition: 0)
        for index in 0..<20_000 {
            let mutant = Mutator.mutate([Array(wholeLabel.utf8)], using: &generator)
            let before = batch.count
            let rejection = mutant.withUnsafeBytes { decoder.decode($0, offset: Int64(index), into: batch) }
            try #require(batch.count == before + (rejection == nil ? 1 : 0))
        }
        let sizes = [
            batch.offset.count, batch.requestID.count, batch.requestText.count, batch.outcome.count, batch.kind.count,
            batch.pipeline.count, batch.actor.count, batch.conditions.count, batch.decisionTime.count, batch.samplingWeight.count,
        ]
        #expect(sizes.allSatisfy { $0 == batch.count })
        #expect(batch.count > 1000)
    }
}

/// Makes broken and unbroken neighbours of good records.
enum Mutator {
    private static let pieces: [[UInt8]] = [
        "null", "true", "false", "0", "-0", "-1", "1", "1.0", "0.5", "1e308", "1e999", "1e-400", "18446744073709551615",
        "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "9007199254740993", "0.1", "2.5e-7", "01", "1.", "\"\"",
        "\"x\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\u0000\"", "{}", "[]", "[1]", "[\"model\"]", "{\"a\":1}", ",", ":", "{", "}", "[", "]", "\"",
        "\\", "\"amount\":1,", "\"cost\":-1,", "\"cost\":2.5,", "\"status\":\"error\",", "\"status\":false,", "\"override\":false,",
        "\"override\":true,", "\"exploration_probability\":1.5,", "\"action\":7,", "[\"otp\",\"x\",\"model\"]", "\"score\":0.5,",
        "\"time\":1528675492454,", "\"time\":1.5,", "\"model\":null,", "\"x\":[[[[]]]],", " ", "\n", "\u{FEFF}",
        "block", "allow", "other-model", "2018-12-31T23:59:60Z", "2018-06-11t00:04:52.9999999+02:00",
    ].map { Array($0.utf8) }

    static func mutate(_ corpus: [[UInt8]], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = corpus.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            let length = min(bytes.count - at, Int.random(in: 1...12, using: &generator))
            switch Int.random(in: 0..<9, using: &generator) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(at..<at + length)
            case 3: bytes.insert(contentsOf: bytes[at..<at + length], at: at)
            case 4: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: at)
            case 5, 6: replaceValue(&bytes, from: at, using: &generator)
            case 7: replaceDigit(&bytes, from: at, using: &generator)
            default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &generator))
            }
        }
        return bytes
    }

    /// Puts another value behind the next colon.
    private static func replaceValue(_ bytes: inout [UInt8], from at: Int, using generator: inout SeededGenerator) {
        guard let colon = bytes[at...].firstIndex(of: UInt8(ascii: ":")) else { return }
        let end = bytes[colon...].firstIndex { [UInt8(ascii: ","), UInt8(ascii: "}")].contains($0) } ?? bytes.count
        bytes.replaceSubrange(colon + 1..<end, with: pieces.randomElement(using: &generator) ?? [])
    }

    private static func replaceDigit(_ bytes: inout [UInt8], from at: Int, using generator: inout SeededGenerator) {
        guard let digit = bytes[at...].firstIndex(where: { 0x30...0x39 ~= $0 }) else { return }
        bytes[digit] = UInt8.random(in: 0x30...0x39, using: &generator)
    }
}
