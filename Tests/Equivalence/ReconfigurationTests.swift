import Driving
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// One state under several configurations in turn: what may change must change nothing that was counted before.
@Suite(.serialized) struct ReconfigurationTests {
    private static let hour: Int64 = 3_600_000
    private static let day: Int64 = 86_400_000

    private func log(_ seed: UInt64, _ directory: ScratchDirectory) throws -> InputLog {
        var mix = TrafficMix(seed: seed)
        mix.decisions = 700
        mix.perSecond = 700 / 100_000
        mix.oddShare = 0.3
        mix.spanMs = 130_000_000
        mix.scenarios = [SimulationScenario(.duplicates, strength: 0.05), SimulationScenario(.labelCorrections, strength: 0.7)]
        return InputLog(try mix.records(), decisions: 2, labels: 1, in: directory)
    }

    /// Reads a share of the log under each configuration, each time going on from the checkpoint of the one before.
    private func run(
        _ log: InputLog, _ state: String, _ changes: [(inout TopologyConfiguration) -> Void], _ look: (Topology) throws -> Void
    ) throws {
        let output = MemoryOutput()
        for (turn, change) in changes.enumerated() {
            var configuration = try Settings.load(isShort: false, stateDirectory: state)
            change(&configuration.topology)
            let pipeline = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases), mode: .replay)
            let places = pipeline.register(log)
            for partition in log.identities.indices {
                let end = log.records[partition].count * (turn + 1) / changes.count
                pipeline.feed(log, partition, places[partition]..<max(places[partition], end))
            }
            try pipeline.step()
            guard turn == changes.count - 1 else {
                try pipeline.checkpoint()
                continue
            }
            for partition in log.identities.indices { try pipeline.end(partition) }
            try pipeline.topology.finish()
            try look(pipeline.topology)
        }
    }

    /// What is kept of every model and slice, all versions together.
    private func whole(_ topology: Topology) -> [String: Pane] {
        let entries = topology.baselineEntries(lastMs: 400 * Self.day).entries
        return Dictionary(uniqueKeysWithValues: entries.map { ("\($0.model) \($0.slice.text)", $0.pane) })
    }

    private func bytes(_ pane: Pane) -> [UInt8] {
        var writer = ByteWriter()
        pane.encode(into: &writer)
        return writer.bytes
    }

    @Test(arguments: [UInt64(51), 52]) func panesMayBeKeptForLongerAndForLess(_ seed: UInt64) throws {
        let directory = try ScratchDirectory()
        let log = try log(seed, directory)
        func keeping(_ minutes: Int64, _ hours: Int64) -> (inout TopologyConfiguration) -> Void {
            { topology in
                topology.panes.levels[0].keepMs = minutes
                topology.panes.levels[1].keepMs = hours
            }
        }
        let last = keeping(6 * Self.day, 30 * Self.day)
        var expected: [String: [UInt8]] = [:]
        var counters = Counters()
        try run(log, directory.file("constant"), Array(repeating: last, count: 6)) {
            expected = whole($0).mapValues(bytes)
            counters = $0.counters
        }
        let changes = [
            keeping(2 * Self.hour, Self.day), keeping(30 * Self.hour, 20 * Self.day), keeping(2 * Self.hour, Self.day),
            keeping(3 * Self.hour, 2 * Self.day), keeping(Self.hour, Self.day), last,
        ]
        try run(log, directory.file("changing"), changes) { topology in
            #expect(topology.counters == counters && counters.labelsChanged > 50 && counters.labelsUncounted == 0)
            let found = whole(topology).mapValues(bytes)
            #expect(found.count == expected.count && found.filter { expected[$0.key] != $0.value }.isEmpty)
        }
    }

    @Test(arguments: [UInt64(53), 54]) func limitsMayRiseAndFall(_ seed: UInt64) throws {
        let directory = try ScratchDirectory()
        let log = try log(seed, directory)
        func limits(_ slices: Int, _ values: Int, _ versions: Int, _ kinds: Int, _ nowcast: Int?) -> (inout TopologyConfiguration) -> Void {
            { topology in
                topology.slices.maxSlices = slices
                topology.slices.maxValuesPerDimension = values
                topology.slices.maxVersions = versions
                topology.join.maxLabelKinds = kinds
                topology.panes.scoreEntries = 21 + slices
                topology.panes.quantileBins = 16 + values
                topology.nowcast.isEnabled = nowcast != nil
                topology.nowcast.slices = .all
                topology.nowcast.maxSeries = nowcast ?? 0
                topology.nowcast.halfLifeMs = Int64(10 + values) * Self.day
            }
        }
        let changes = [
            limits(3, 2, 1, 1, 1), limits(3, 3, 3, 2, nil), limits(9, 3, 1, 1, 3), limits(4, 2, 2, 3, 0), limits(1_000, 1_000, 32, 32, 64),
            limits(1_000, 1_000, 32, 32, 64),
        ]
        var expected: Pane?
        try run(log, directory.file("constant"), [changes[4]]) { expected = whole($0)["payments-gbm all traffic"] }
        try run(log, directory.file("changing"), changes) { topology in
            let panes = whole(topology)
            let all = try #require(panes["payments-gbm all traffic"]), reference = try #require(expected)
            #expect(topology.counters.labelsUncounted == 0 && topology.counters.labelsChanged > 50)
            #expect(all.decisions == reference.decisions && all.outcomes?.fraud == reference.outcomes?.fraud && all.outcomes?.legit == reference.outcomes?.legit)
            // The slices of a group make up all traffic, in decisions, truths and arrivals, and none gave back more than it had.
            for dimensions in [["channel"], ["channel", "account_age"]] {
                let group = topology.baselineEntries(lastMs: 400 * Self.day).entries.filter { $0.slice.parts.map(\.dimension) == dimensions }.map(\.pane)
                #expect(group.count > 3)
                for count in [\Pane.total, \.labelled, \.arrivedFraud, \.arrivedLegit] {
                    #expect(group.reduce(0) { $0 + $1[keyPath: count] } == all[keyPath: count])
                    #expect(group.allSatisfy { $0[keyPath: count] >= 0 && $0.labelled <= $0.total })
                }
            }
        }
    }

    @Test func whatTheStateIsLaidOutByIsRefusedByName() throws {
        let directory = try ScratchDirectory()
        let log = try log(55, directory)
        func refusal(_ name: String, _ changes: [(inout TopologyConfiguration) -> Void]) throws -> String {
            do {
                try run(log, directory.file(name), changes) { _ in }
                return ""
            } catch {
                return "\(error)"
            }
        }
        let features = try refusal("features", [{ _ in }, { $0.models[0].features.removeLast() }])
        #expect(features.contains("models[].features was 'amount+"), "\(features)")
        let rule = try refusal("rule", [{ $0.slices.newEntities = [] }, { _ in }])
        #expect(rule.contains("slices.dimensions[].new_entity was '' and is 'newcomer:user'"), "\(rule)")
        let noRule = try refusal("no rule", [{ _ in }, { $0.slices.newEntities = [] }])
        #expect(noRule.contains("slices.dimensions[].new_entity was 'newcomer:user' and is ''"), "\(noRule)")
    }
}
