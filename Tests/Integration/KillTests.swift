import Foundation
import Testing
import VedetteRuntime

/// The program itself, killed with SIGKILL again and again in the middle of one stream.
@Suite(
    .serialized,
    .enabled(if: RealBroker.addresses != nil && Program.path != nil, "needs VEDETTE_TEST_BROKERS and the built program"))
struct KillTests {
    static let kills = Int(ProcessInfo.processInfo.environment["VEDETTE_TEST_KILLS"] ?? "") ?? 10
    let site: Site

    init() throws {
        site = try Site(brokers: #require(RealBroker.addresses))
        try site.createInputs()
    }

    @Test("Killed at any moment: with transactions the committed output is that of a replay, without them only repeats are added", arguments: [true, false])
    func kills(transactional: Bool) throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let configuration = site.file("live.yaml")
        try site.yaml("live", transactional: transactional).write(toFile: configuration, atomically: true, encoding: .utf8)
        // The stream goes on while the program dies.
        let feeding = Thread { [site] in
            try? traffic.produce(to: site, burst: 10, pauseMs: Self.kills * 2_500 / (traffic.count / 10))
        }
        feeding.start()
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for kill in 1...Self.kills {
            let program = try Program(#require(Program.path), ["run", "--config", configuration], log: site.file("live.log"))
            Thread.sleep(forTimeInterval: Double.random(in: 0.2...4, using: &random))
            #expect(program.isRunning, "ended by itself before kill \(kill) (seed \(seed)): \(program.lastLines)")
            program.kill()
        }
        let last = try Program(#require(Program.path), ["run", "--config", configuration], log: site.file("live.log"))
        try wait("the feed to end", seconds: 120) { feeding.isFinished }
        // Done when nothing has moved for a while.
        var before: Int64 = -1
        try wait("the last commit", seconds: 120) {
            Thread.sleep(forTimeInterval: 4)
            let now = try site.progress("live")?.watermark ?? -1
            defer { before = now }
            return now != -1 && now == before
        }
        #expect(try last.terminate() == 0, "\(last.lastLines)")
        try compare(traffic, transactional, seed)
    }

    private func compare(_ traffic: Traffic, _ transactional: Bool, _ seed: UInt64) throws {
        if transactional { return try expectAgreement(site, traffic) }
        let topics = try Replayed.topics(site)
        for (output, kind) in [("metrics", OutputKind.metrics), ("alerts", .alerts), ("late", .late)] {
            let lines = try site.committed("live", output).map(asReplayed)
            var seen = Set<String>()
            let distinct = lines.filter { seen.insert($0).inserted }
            #expect(difference(distinct, beginningOf: topics[kind]) == nil, "\(output), seed \(seed)")
            #expect(!distinct.isEmpty)
        }
        #expect(try Set(site.committed("live", "dead_letters")) == Set(topics[.deadLetters]))
    }
}

/// A generator whose seed can be told, so that a failure can be looked at again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        // Wrapping is what the generator is made of.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
