import Testing
import VedetteCore

@Suite("Sampling weights of labels")
struct LabelWeightTests {
    private func weights(_ change: (inout TopologyConfiguration) -> Void) throws -> [Int64] {
        var configuration = LabelKit.configuration([])
        change(&configuration)
        let harness = DetectorHarness(configuration)
        var found: [Int64] = []
        harness.topology.onLabel = { found.append($0.label.weight) }
        for (pipeline, weight) in [("desk", Double.nan), ("desk", 5), ("nobody", 5), ("nobody", 1e9), ("nobody", .nan)] {
            let request = LabelKit.decide(harness, at: LabelKit.minute)
            LabelKit.label(harness, request, .legit, pipeline: pipeline, actor: "desk-1", weight: weight, at: 2 * LabelKit.minute)
        }
        _ = try harness.advance(to: LabelKit.day)
        // Of one moment, in an order of their own.
        return found.sorted()
    }

    @Test("A source that is not listed is not believed; where none is listed, there is nobody to distrust") func registry() throws {
        let listed = try weights { _ in }
        #expect(listed == [1_000, 1_000, 1_000, 1_000, 5_000])
        let sampled = try weights { configuration in
            for index in configuration.labelSources.indices where configuration.labelSources[index].pipeline == "desk" {
                configuration.labelSources[index].samplingWeight = 3
            }
        }
        #expect(sampled == [1_000, 1_000, 1_000, 3_000, 5_000])
        let without = try weights { $0.labelSources = [] }
        #expect(without == [1_000, 1_000, 5_000, 5_000, 1_000_000])
    }
}
