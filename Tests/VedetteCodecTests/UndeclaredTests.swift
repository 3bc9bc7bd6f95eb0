import Testing
import VedetteCodec
import VedetteCore

/// Members of the features object that nobody declared.
@Suite struct UndeclaredTests {
    private func line(_ features: String) -> String {
        #"{"request_id":"a","time":5,"model":{"name":"cards-gbm"},"score":0,"decision":"log","features":{"amount":1"# + features + "}}"
    }

    private func names(_ batch: DecisionBatch) -> [String?] {
        batch.undeclared.elements.map { $0.name.isNone ? nil : batch.string($0.name) }
    }

    @Test func namesGoWithTheirRow() throws {
        let decoder = try makeDecoder()
        let batch = DecisionBatch(schema: decoder.schema, partition: 0)
        for (offset, features) in ["", #","one":1,"mcc":"5411","two":{"one":2}"#, "", #","é\n":null"#].enumerated() {
            let rejection = Array(line(features).utf8).withUnsafeBytes { decoder.decode($0, offset: Int64(offset), into: batch) }
            #expect(rejection == nil)
        }
        #expect(names(batch) == ["one", "two", "é\n"] && batch.undeclared.elements.map(\.row) == [1, 1, 3])
        #expect(batch.requestText.elements.allSatisfy { batch.string($0) == "a" })
        // What is taken back takes its names along.
        batch.removeLast()
        #expect(names(batch) == ["one", "two"])
        batch.removeLast()
        batch.removeLast()
        #expect(batch.undeclared.count == 0 && batch.count == 1)
    }

    @Test func noneOfARejectedRecordOrOutsideOfTheFeatures() throws {
        let decoder = try makeDecoder()
        let rejected = decode(line(#","new":1"#).replacingOccurrences(of: "log", with: "nothing"), with: decoder)
        #expect(!rejected.isAccepted && rejected.batch.undeclared.count == 0)
        let outside = decode(line("").replacingOccurrences(of: #""score":0"#, with: #""score":0,"new":1"#), with: decoder)
        #expect(outside.isAccepted && outside.batch.undeclared.count == 0)
        #expect(decoder.unknownFeatureFields == 0)
    }

    @Test func boundedInNumberAndLength() throws {
        let many = (0..<9).map { ",\"n\($0)\":1" }.joined()
        let some = try decode(line(many), limits: DecodeLimits(undeclaredFeatures: 4))
        #expect(names(some.batch) == ["n0", "n1", "n2", "n3", nil])
        let exact = try decode(line(",\"n0\":1"), limits: DecodeLimits(undeclaredFeatures: 1))
        #expect(names(exact.batch) == ["n0"])
        #expect(try decode(line(many), limits: DecodeLimits(undeclaredFeatures: 0)).batch.undeclared.count == 0)
        let long = String(repeating: "x", count: 5_000)
        let cut = try decode(line(",\"\(long)\":1"))
        #expect(names(cut.batch) == [String(long.prefix(UndeclaredMember.nameBytes))])
    }
}
