import CodecReference
import Testing
import VedetteCodec
import VedetteCore

/// Decisions of models that the inventory does not list, where the configuration leaves them to others.
@Suite struct OtherModelsTests {
    private func ignoring() throws -> DecisionDecoder {
        var schema = testSchema
        schema.otherModels = .ignore
        return try makeDecoder(schema: schema)
    }

    private static let listed =
        #"{"request_id":"a","time":5,"model":{"name":"cards-gbm"},"score":0,"decision":"log","features":{"amount":1,"new":2},"slices":{"country":"FR"}}"#
    private static let other = #"{"request_id":"a","time":6,"model":{"name":"somebody-elses"},"features":{"new":7}}"#

    @Test func rejectedByDefault() throws {
        let decoded = try decode(Self.other)
        #expect(!decoded.isAccepted && decoded.rejection?.reason == .unknownModel)
    }

    /// It need not have a score or a decision, and leaves nothing of the record before it in its row.
    @Test func aRowOfTimeAndRequest() throws {
        let decoder = try ignoring()
        let batch = DecisionBatch(schema: decoder.schema, partition: 0)
        for (offset, line) in [Self.listed, Self.other, Self.listed].enumerated() {
            let rejection = Array(line.utf8).withUnsafeBytes { decoder.decode($0, offset: Int64(offset), into: batch) }
            #expect(rejection == nil)
        }
        #expect(batch.model.elements.map { $0 == OtherModels.index } == [false, true, false])
        #expect(batch.time.elements == [5, 6, 5] && Set(batch.requestID.elements).count == 1)
        #expect(batch.undeclared.elements.map(\.row) == [0, 2])
        let dimensions = decoder.schema.dimensions.count
        let staged = batch.dimensions.elements[dimensions..<2 * dimensions].filter { !$0.isNone }
        #expect(staged.isEmpty)
        #expect(batch.dimensions.elements[..<dimensions].contains { !$0.isNone })
    }

    /// Where texts were staged and never read, their places would run over after 4 GiB of text.
    @Test func nothingStagedIsMovedOn() throws {
        let decoder = try ignoring()
        _ = decode(Self.listed, with: decoder)
        let batch = DecisionBatch(schema: decoder.schema, partition: 0)
        for offset in 0..<1_000 {
            _ = Array(Self.other.utf8).withUnsafeBytes { decoder.decode($0, offset: Int64(offset), into: batch) }
        }
        #expect(batch.dimensions.elements.allSatisfy { $0.isNone } && batch.count == 1_000)
    }

    /// Time and request ID are what the join needs of it.
    @Test(arguments: [
        (#"{"request_id":"a","model":{"name":"x"}}"#, RejectReason.missingField), (#"{"time":6,"model":{"name":"x"}}"#, .missingField),
        (#"{"request_id":"a","time":6}"#, .missingField),
    ]) func stillNeeded(line: String, reason: RejectReason) throws {
        #expect(try decode(line, with: ignoring()).rejection?.reason == reason)
    }
}
