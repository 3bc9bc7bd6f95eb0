import Driving
import Testing
import VedetteRuntime

/// Detectors are shown decisions together. How many come together follows from the buckets that records are put in order in, and nothing
/// else may follow from those.
@Suite struct TogetherTests {
    private static let detectors = """
        monitors: []
        detectors:
          - {detector: probing}
        signals: [rules]
        policy:
          rules:
            - {name: blocks-are-seen, reason: r, when: decision == block, require: {any_of: [rules]}}
            - {name: few-pass, reason: r, max_share: {of: decision == allow, share: 20%, period: 1h}}
        """

    private func configuration(granuleMs: Int64) throws -> VedetteConfiguration {
        let text = Settings.text(isShort: false, monitors: Self.detectors).replacing("labels:\n  sources:", with: "labels:\n  integrity: {}\n  sources:")
        var configuration = try ConfigurationLoader.load(text: text, file: "settings").configuration
        #expect(configuration.topology.detectors.contains { $0.id.hasPrefix("label_") })
        configuration.topology.time.granuleMs = granuleMs
        return configuration
    }

    /// A millisecond's decisions, a second's and a minute's, which are some two hundred: conflicts, labels between them and late ones too.
    @Test(arguments: [1, 2] as [UInt64]) func anyBuckets(seed: UInt64) throws {
        var mix = TrafficMix(seed: seed)
        (mix.decisions, mix.perSecond, mix.spanMs, mix.oddShare) = (12_000, 3, 12_000_000, 0.1)
        mix.scenarios = [SimulationScenario(.duplicates, strength: 0.05), SimulationScenario(.disorder, strength: 0.5, boundMs: 60_000)]
        let directory = try ScratchDirectory()
        let log = InputLog(try mix.records(), decisions: 2, labels: 1, in: directory)
        let alone = try log.replay(try configuration(granuleMs: 1), in: directory)
        #expect(alone[.alerts].count > 1)
        #expect(alone.counters.conflicts > 20)
        #expect(alone.counters.labels > 500)
        for granuleMs in [1_000, 60_000] as [Int64] {
            let together = try log.replay(try configuration(granuleMs: granuleMs), in: directory)
            let difference = together.difference(from: alone)
            #expect(difference == nil, "buckets of \(granuleMs) ms")
            #expect(together.counters == alone.counters)
        }
    }
}
