import Driving
import Testing
import VedetteCore
import VedetteRuntime

/// Whether a pane lies in memory as an object or as bytes changes nothing that comes out.
@Suite(.serialized) struct PackingTests {
    private func log(_ seed: UInt64, _ directory: ScratchDirectory) throws -> InputLog {
        var mix = TrafficMix(seed: seed)
        mix.decisions = 700
        mix.perSecond = 700 / 100_000
        mix.oddShare = 0.2
        mix.spanMs = 130_000_000
        mix.scenarios = [
            SimulationScenario(.duplicates, strength: 0.1), SimulationScenario(.malformed, strength: 0.03),
            SimulationScenario(.labelCorrections, strength: 0.5), SimulationScenario(.disorder, strength: 0.5, boundMs: 60_000),
            SimulationScenario(.featureMissing, fromMs: 36_000_000, strength: 0.5),
            SimulationScenario(.scoreDrift, fromMs: 60_000_000, strength: 3),
        ]
        return InputLog(try mix.records(), decisions: 2, labels: 1, in: directory)
    }

    private func settings(_ seed: UInt64, packAfterMs: Int64, stateDirectory: String? = nil) throws -> VedetteConfiguration {
        var configuration = try Settings.load(isShort: seed % 2 == 0, monitors: Settings.monitors, stateDirectory: stateDirectory)
        configuration.topology.panes.packAfterMs = packAfterMs
        return configuration
    }

    /// Packed as soon as it has closed and has been looked at, an hour later, never: files, and pipelines with checkpoints.
    @Test(arguments: [UInt64(31), 32]) func outputIsTheSame(_ seed: UInt64) throws {
        let directory = try ScratchDirectory()
        let log = try log(seed, directory)
        let reference = try log.replay(try settings(seed, packAfterMs: .max), in: directory)
        #expect(!reference[.alerts].isEmpty && !reference[.metrics].isEmpty && reference.counters.labelsChanged > 0)
        for age in [Int64(0), 3_600_000] {
            let packed = try log.replay(try settings(seed, packAfterMs: age), in: directory)
            let difference = packed.difference(from: reference)
            #expect(difference == nil, "packed after \(age) ms")
            #expect(packed.counters == reference.counters)
            let configuration = try settings(seed, packAfterMs: age, stateDirectory: directory.file("state-\(age)"))
            let driven = try log.drive(configuration, seed: seed, checkpointShare: 0.1)
            let inPieces = driven.difference(from: reference)
            #expect(inPieces == nil, "packed after \(age) ms, with checkpoints")
        }
    }

    /// What a checkpoint would hold, and how many panes are packed.
    private func state(_ log: InputLog, _ configuration: VedetteConfiguration) throws -> (state: [[UInt8]: [UInt8]], packed: Int64) {
        let pipeline = try Pipeline(configuration: configuration, output: MemoryOutput(), wanted: Set(OutputKind.allCases), mode: .replay)
        _ = pipeline.register(log)
        for partition in log.identities.indices { pipeline.feed(log, partition, 0..<log.records[partition].count) }
        try pipeline.step()
        var state: [[UInt8]: [UInt8]] = [:]
        pipeline.topology.snapshot(put: { state[$0] = $1 }, delete: { state[$0] = nil })
        return (state, pipeline.topology.paneCensus.reduce(0) { $0 + $1.packed })
    }

    @Test(arguments: [UInt64(33), 34]) func checkpointsAreTheSame(_ seed: UInt64) throws {
        let directory = try ScratchDirectory()
        let log = try log(seed, directory)
        func state(_ age: Int64) throws -> (state: [[UInt8]: [UInt8]], packed: Int64) {
            try self.state(log, try settings(seed, packAfterMs: age, stateDirectory: directory.file("state-\(age)")))
        }
        let (never, always) = (try state(.max), try state(0))
        #expect(never.packed == 0)
        #expect(always.packed > 100)
        #expect(always.state.count == never.state.count)
        #expect(always.state.filter { $0.value != never.state[$0.key] }.map(\.key) == [SnapshotKey.topology], "only the mark of the configuration may differ")
        let (whole, other) = (always.state[SnapshotKey.topology] ?? [], never.state[SnapshotKey.topology] ?? [])
        let places = zip(whole, other).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
        #expect(whole.count == other.count && (places.last ?? 0) - (places.first ?? 0) < 8)
    }
}
