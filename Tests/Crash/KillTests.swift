import Driving
import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// Exactly once: whatever kills the process, and however often, what has been committed in the
/// end is what one uninterrupted run commits.
@Suite(.serialized) struct KillTests {
    /// Lives that end before their time, per run.
    private static let killsPerRun = 30
    private static let runs = 18

    func log(_ seed: UInt64, _ directory: ScratchDirectory) throws -> InputLog {
        var mix = TrafficMix(seed: seed)
        mix.decisions = 320
        mix.perSecond = 320 / 80_000
        mix.oddShare = 0.2
        mix.spanMs = 100_000_000
        mix.scenarios = [
            SimulationScenario(.duplicates, strength: 0.1), SimulationScenario(.malformed, strength: 0.04),
            SimulationScenario(.labelCorrections, strength: 0.5), SimulationScenario(.disorder, strength: 0.4, boundMs: 60_000),
            SimulationScenario(.featureMissing, fromMs: 30_000_000, untilMs: 70_000_000, strength: 0.6),
            SimulationScenario(.volumeDrop, fromMs: 60_000_000, untilMs: 68_000_000, strength: 0.97),
        ]
        var random = TestRandom(seed ^ 0x5EED)
        return InputLog(
            withBadClocks(try mix.records(), &random), decisions: 1 + random.below(3), labels: 1 + random.below(2), in: directory)
    }

    /// Some records are stamped hours ahead: alone, where nobody confirms them, or several in a row.
    private func withBadClocks(_ records: [InputRecord], _ random: inout TestRandom) -> [InputRecord] {
        records.enumerated().flatMap { index, record -> [InputRecord] in
            guard record.stream == .labels, record.broken == nil, random.chance(0.03) else { return [record] }
            let ahead = record.deliveryMs + Int64(3 + random.below(3)) * 3_600_000
            return [record] + (0..<(random.chance(0.1) ? 3 : 1 + random.below(2))).map { copy in
                InputRecord(
                    stream: .labels, line: TrafficMix.label("ahead-\(index)-\(copy)", ahead, "fraud", "app-reports", decision: nil), broken: nil,
                    deliveryMs: record.deliveryMs, routing: record.routing)
            }
        }
    }

    func settings(_ seed: UInt64, _ directory: String) throws -> VedetteConfiguration {
        var configuration = try Settings.load(isShort: seed % 2 == 0, monitors: Settings.monitors, stateDirectory: directory)
        configuration.topology.time.maxFutureMs = 2 * 3_600_000
        // So few that the filters behind them are used, rotated and restored too.
        configuration.topology.slices.entityMemory = 5
        return configuration
    }

    @Test func everyKillPoint() throws {
        var kills = 0
        var steps: [Pipeline.Step: Int] = [:]
        var reexecutions = 0
        var verdicts = 0
        var seen: [OutputKind: Int] = [:]
        for number in 0..<Self.runs {
            let seed = 1_000 + UInt64(number)
            let directory = try ScratchDirectory()
            let log = try log(seed, directory)
            let run = CrashRun(
                log, try settings(seed, directory.file("state")), seed: seed, maxKills: Self.killsPerRun, isTransactional: true,
                lastWatermark: presentMs)
            try run.run()
            let reference = try log.uninterrupted(try settings(seed, directory.file("reference")), run.punctuations, seed: seed)
            let difference = run.output.output.difference(from: reference)
            #expect(difference == nil, "seed \(seed), \(run.kills) kills, punctuations \(run.punctuations)")
            kills += run.kills
            reexecutions += run.reexecutions
            verdicts += run.punctuations.joined().count { $0.value.present < presentMs }
            steps.merge(run.killsAt) { $0 + $1 }
            for kind in OutputKind.allCases { seen[kind, default: 0] += reference[kind].count }
            if difference != nil { break }
        }
        #expect(kills >= 500)
        #expect(reexecutions > 100)
        #expect(verdicts > 10, "records were held in silence")
        for step in Pipeline.Step.allCases { #expect(steps[step] ?? 0 > 0, "never killed at \(step)") }
        for kind in OutputKind.allCases { #expect(seen[kind] ?? 0 > Self.runs, "too few \(kind.rawValue)") }
    }

    /// The same where every pane is packed as soon as nobody uses it, against one that never packs any.
    @Test func packedPanes() throws {
        for seed in UInt64(3_000)..<3_004 {
            let directory = try ScratchDirectory()
            let log = try log(seed, directory)
            var packing = try settings(seed, directory.file("state"))
            packing.topology.panes.packAfterMs = 0
            let run = CrashRun(log, packing, seed: seed, maxKills: Self.killsPerRun, isTransactional: true, lastWatermark: presentMs)
            try run.run()
            var never = try settings(seed, directory.file("reference"))
            never.topology.panes.packAfterMs = .max
            let reference = try log.uninterrupted(never, run.punctuations, seed: seed)
            let difference = run.output.output.difference(from: reference)
            #expect(difference == nil, "seed \(seed), \(run.kills) kills")
            #expect(run.kills > 10)
        }
    }

    /// Without transactions records may come twice, but they are the same records, and none is missing.
    @Test func atLeastOnce() throws {
        var doubled = 0
        for number in 0..<6 {
            let seed = 5_000 + UInt64(number)
            let directory = try ScratchDirectory()
            let log = try log(seed, directory)
            let run = CrashRun(
                log, try settings(seed, directory.file("state")), seed: seed, maxKills: Self.killsPerRun, isTransactional: false,
                lastWatermark: presentMs)
            try run.run()
            let reference = try log.uninterrupted(try settings(seed, directory.file("reference")), run.punctuations, seed: seed)
            var once = Output()
            for kind in OutputKind.allCases {
                var known = Set<[UInt8]>()
                once.lines[kind] = run.output.output[kind].filter { known.insert($0).inserted }
                doubled += run.output.output[kind].count - (once.lines[kind]?.count ?? 0)
            }
            let difference = once.difference(from: reference)
            #expect(difference == nil, "seed \(seed)")
            if difference != nil { break }
        }
        #expect(doubled > 0, "nothing was ever left behind")
    }

    /// What tells a repetition from news: no two alerts share an ID, no two metric records key and revision.
    @Test func identitiesAreUnique() throws {
        for seed in UInt64(1)...2 {
            let directory = try ScratchDirectory()
            let log = try log(seed, directory)
            let output = try log.uninterrupted(
                try settings(seed, directory.file("state")), log.identities.map { _ in [:] }, seed: seed)
            var revisions = Set<String>()
            for line in output[.metrics] {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
                let slice = (object["slice"] as? [String: Any] ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
                let name = ["model", "version", "window", "start", "revision"].map { "\(object[$0] ?? "")" } + slice
                #expect(revisions.insert(name.joined(separator: "|")).inserted, "seed \(seed): \(name)")
            }
            var ids = Set<String>()
            for line in output[.alerts] {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
                let id = try #require(object["id"] as? String)
                #expect(ids.insert(id).inserted, "seed \(seed): \(id)")
            }
            #expect(!revisions.isEmpty)
        }
    }
}
