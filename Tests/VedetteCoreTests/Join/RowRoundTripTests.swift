import Testing
import VedetteCore

@Suite("Rows and amounts survive storage")
struct RowRoundTripTests {
    private static let amounts: [Double] = [.nan, 0, 27.5, -3.1, 0.0001, 1e10, -1e300, 12_345.6789, 19.99]
    private static let explorations: [Float] = [0, 1, 0.01]

    @Test("whatever a row holds comes back, in at most 64 bytes with three dimensions and four entities")
    func rows() throws {
        for (index, amount) in Self.amounts.enumerated() {
            for exploration in Self.explorations {
                let row = DecisionRow(
                    time: 1_528_675_492_454, model: 3, version: 300, score: index.isMultiple(of: 2) ? 0.25 : 1.0 / 3, decision: .escalate,
                    amount: Money(amount), exploration: exploration, values: [0, 5, 900], content: 7, entities: [1, 0, .max, 4])
                var writer = ByteWriter()
                row.encode(into: &writer, segmentStart: 1_528_588_800_000)
                let read = try DecisionRow(writer.bytes, segmentStart: 1_528_588_800_000, dimensions: 3, entities: 4)
                #expect(read == row)
                #expect(writer.bytes.count <= 64)
            }
        }
    }

    @Test("of a model that is ignored a row keeps the time, in at most 8 bytes")
    func otherModels() throws {
        for offset: Int64 in [0, 1, 86_399_999] {
            let row = DecisionRow.ofOtherModel(at: 1_528_588_800_000 + offset)
            var writer = ByteWriter()
            row.encode(into: &writer, segmentStart: 1_528_588_800_000)
            #expect(try DecisionRow(writer.bytes, segmentStart: 1_528_588_800_000, dimensions: 16, entities: 12) == row)
            #expect(writer.bytes.count <= 8)
        }
    }

    @Test("amounts of up to four decimals are exact, larger ones are cut, and NaN is none")
    func money() {
        #expect(Money(.nan).isNone)
        #expect(Money(19.99).units == 199_900)
        #expect(Money(-0.0001).units == -1)
        #expect(Money(1e300).units == 100_000_000_000_000)
        #expect(Money(-.infinity).units == -100_000_000_000_000)
    }

    @Test("a label's kind, weight, actor, conditions and standing survive storage")
    func labels() throws {
        var set = LabelSet()
        set.request = "request-1"
        _ = set.apply(LabelEntry(source: 9, time: 70, outcome: .fraud, tier: 3, kind: 4, weight: 2_500), maxEntries: 4)
        _ = set.apply(LabelEntry(source: 8, time: 60, outcome: .withdrawn, tier: 0), maxEntries: 4)
        let given: [(UInt64, Int32, LabelStanding, Int64)] = [
            (7, 1, .quarantined, 1_000), (6, 1_023, .admitted, 1_000), (5, 300, .quarantined, 7), (4, 0, .inadmissible, 1_000), (3, 2, .inadmissible, 900),
        ]
        for (source, conditions, standing, weight) in given {
            var label = LabelEntry(source: source, time: 65, outcome: .legit, tier: 2, weight: weight)
            (label.actor, label.conditions, label.standing) = (12, conditions, standing)
            _ = set.apply(label, maxEntries: 7)
        }
        #expect(set.entries.count == 7)
        var writer = ByteWriter()
        set.encode(into: &writer, segmentStart: 50)
        #expect(try LabelSet(writer.bytes, segmentStart: 50) == set)
    }
}
