import Driving
import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// The output is a function of the log: not of how it was cut into reads, of which partition
/// was read first, of when state went to disk.
@Suite(.serialized) struct InterleavingTests {
    private func mix(_ seed: UInt64, isOrdered: Bool) -> TrafficMix {
        var mix = TrafficMix(seed: seed)
        mix.decisions = 700
        mix.perSecond = 700 / 100_000
        mix.oddShare = 0.2
        mix.spanMs = 130_000_000
        mix.isOrdered = isOrdered
        mix.scenarios = [
            SimulationScenario(.duplicates, strength: 0.1), SimulationScenario(.malformed, strength: 0.03),
            SimulationScenario(.labelCorrections, strength: 0.5),
            SimulationScenario(.featureMissing, fromMs: 36_000_000, strength: 0.5),
            SimulationScenario(.scoreDrift, fromMs: 60_000_000, strength: 3),
            SimulationScenario(.volumeDrop, fromMs: 80_000_000, untilMs: 90_000_000, strength: 0.97),
        ]
        if !isOrdered { mix.scenarios.append(SimulationScenario(.disorder, strength: 0.5, boundMs: 60_000)) }
        return mix
    }

    /// Silences all but one kind of monitor for most of the stream, with an end that comes early, and one line that nobody understands.
    private static let control: [String] = {
        let (start, hour) = (1_767_571_200_000, 3_600_000)
        func silence(_ id: String, _ at: Int, _ hours: Int, _ monitor: String) -> String {
            """
            {"kind":"silence","time":\(start + at * hour),"id":"\(id)","author":"a","reason":"r","until":\(start + (at + hours) * hour),"monitor":"\(monitor)"}
            """
        }
        return [
            silence("a", 5, 20, "missing_features"), silence("b", 6, 24, "score_drift"), silence("c", 6, 24, "outcome_rate"),
            silence("d", 7, 24, "feature_drift"), "{\"kind\":\"silence\"}", silence("e", 8, 20, "slo"), silence("f", 8, 20, "volume"),
            "{\"kind\":\"unsilence\",\"time\":\(start + 20 * hour),\"id\":\"b\",\"author\":\"a\"}",
        ]
    }()

    /// Files against pipelines that read in random order, in random amounts, with random checkpoints.
    @Test(arguments: 1...3) func anyInterleaving(_ number: Int) throws {
        let seed = UInt64(number)
        var random = TestRandom(seed)
        let directory = try ScratchDirectory()
        var log = InputLog(try mix(seed, isOrdered: false).records(), decisions: 1 + random.below(4), labels: 1 + random.below(3), in: directory)
        let isShort = number % 2 == 0
        let aloud = try log.replay(try Settings.load(isShort: isShort, monitors: Settings.monitors), in: directory)
        log.addControl(Self.control, name: directory.file("control-0.jsonl"))
        let replayed = try log.replay(try Settings.load(isShort: isShort, monitors: Settings.monitors), in: directory)
        #expect(!replayed[.alerts].isEmpty && !replayed[.late].isEmpty && !replayed[.deadLetters].isEmpty, "seed \(seed) tests too little")
        #expect(replayed[.alerts].count < aloud[.alerts].count, "the silences of seed \(seed) silence nothing")
        #expect(replayed[.metrics] == aloud[.metrics])
        for drive in 0..<2 {
            let configuration = try Settings.load(isShort: isShort, monitors: Settings.monitors, stateDirectory: directory.file("state-\(drive)"))
            let driven = try log.drive(configuration, seed: seed * 100 + UInt64(drive), checkpointShare: drive == 0 ? 0 : 0.1)
            let difference = driven.difference(from: replayed)
            #expect(difference == nil, "seed \(seed), drive \(drive)")
            #expect(driven.counters == replayed.counters, "seed \(seed), drive \(drive)")
        }
    }

    /// Rows on disk from the start against rows in memory.
    @Test(arguments: [false, true]) func spilledRows(isShort: Bool) throws {
        let directory = try ScratchDirectory()
        let log = InputLog(try mix(77, isOrdered: false).records(), decisions: 2, labels: 1, in: directory)
        var configuration = try Settings.load(isShort: isShort, monitors: Settings.monitors)
        let inMemory = try log.replay(configuration, in: directory)
        configuration.state.spillRows = 1
        let onDisk = try log.replay(configuration, in: directory)
        let difference = onDisk.difference(from: inMemory)
        #expect(difference == nil)
        #expect(onDisk.counters == inMemory.counters)
    }

    /// As long as nothing is late, the number of partitions does not matter.
    @Test(arguments: 1...2) func anyPartitioning(_ number: Int) throws {
        let records = try mix(500 + UInt64(number), isOrdered: true).records()
        let configuration = try Settings.load(isShort: false, monitors: Settings.monitors)
        let directory = try ScratchDirectory()
        let whole = try InputLog(records, decisions: 1, labels: 1, in: directory).replay(configuration, in: directory)
        #expect(whole[.late].isEmpty, "the stream was to be in order")
        #expect(!whole[.alerts].isEmpty)
        let other = try ScratchDirectory()
        let cut = try InputLog(records, decisions: 3, labels: 2, in: other).replay(configuration, in: other)
        let difference = cut.difference(from: whole, ignoring: [.deadLetters])
        #expect(difference == nil, "seed \(500 + number)")
        #expect(cut[.deadLetters].count == whole[.deadLetters].count)
        #expect(cut.counters == whole.counters)
    }
}
