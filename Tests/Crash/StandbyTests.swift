import Driving
import Testing
import VedetteCore
import VedetteRuntime

/// Exactly once with two instances: whichever dies, and however far behind the standby is that takes over.
@Suite(.serialized) struct StandbyTests {
    private static let killsPerRun = 22
    private static let runs = 8

    @Test func theStandbyTakesOverAtEveryKillPoint() throws {
        let kit = KillTests()
        var takeovers = 0
        var warm = 0
        var alerts = 0
        for seed in 7_000..<(7_000 + UInt64(Self.runs)) {
            let directory = try ScratchDirectory()
            let log = try kit.log(seed, directory)
            let run = CrashRun(
                log, try kit.settings(seed, directory.file("state")), seed: seed, maxKills: Self.killsPerRun, isTransactional: true,
                lastWatermark: presentMs, hasStandby: true)
            try run.run()
            let reference = try log.uninterrupted(try kit.settings(seed, directory.file("reference")), run.punctuations, seed: seed)
            let difference = run.output.output.difference(from: reference)
            #expect(difference == nil, "seed \(seed), \(run.takeovers) takeovers, punctuations \(run.punctuations)")
            if difference != nil { break }
            takeovers += run.takeovers
            warm += run.warmTakeovers
            alerts += reference[.alerts].count
        }
        #expect(takeovers > 100)
        // Some take over where the other one fell, others have to catch up first.
        #expect(warm > 0 && warm < takeovers)
        #expect(alerts > Self.runs)
    }
}
