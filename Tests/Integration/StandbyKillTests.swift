import Foundation
import Testing
import VedetteRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// Several processes of one group, of which the active one is killed or paused again and again.
@Suite(
    .serialized,
    .enabled(if: RealBroker.addresses != nil && Program.path != nil, "needs VEDETTE_TEST_BROKERS and the built program"))
struct StandbyKillTests {
    static let kills = Int(ProcessInfo.processInfo.environment["VEDETTE_TEST_KILLS"] ?? "") ?? 5
    let site: Site

    init() throws {
        site = try Site(brokers: #require(RealBroker.addresses))
        try site.createInputs()
        try site.createOutputs("live")
    }

    private func start(_ number: Int) throws -> Program {
        let path = site.file("live-\(number).yaml")
        try site.yaml("live", instance: "-\(number)").write(toFile: path, atomically: true, encoding: .utf8)
        return try Program(#require(Program.path), ["run", "--config", path], log: site.file("live-\(number).log"))
    }

    /// Which one the log says was the last to become active.
    private func isActive(_ number: Int, since mark: Int) -> Bool {
        log(number).dropFirst(mark).contains { $0.hasSuffix("] active") }
    }

    private func log(_ number: Int) -> [Substring] {
        ((try? String(contentsOfFile: site.file("live-\(number).log"), encoding: .utf8)) ?? "").split(separator: "\n")
    }

    private func watermark() throws -> Int64 { try site.progress("live")?.watermark ?? -1 }

    @Test("The active one of several is killed again and again; what is committed is a replay's", arguments: [2, 3])
    func kills(instances: Int) throws {
        let traffic = try Traffic.mixed()
        let feeding = feed(traffic, seconds: Self.kills * 14)
        var programs = try (0..<instances).map(start)
        var marks = Array(repeating: 0, count: instances)
        for kill in 1...Self.kills {
            var active: Int?
            try wait("an active instance before kill \(kill)", seconds: 60) {
                active = programs.indices.first { isActive($0, since: marks[$0]) }
                return active != nil
            }
            guard let active else { return }
            Thread.sleep(forTimeInterval: Double.random(in: 0.5...4))
            for (number, program) in programs.enumerated() { #expect(program.isRunning, "\(number) ended: \(program.lastLines)") }
            programs[active].kill()
            for number in programs.indices { marks[number] = log(number).count }
            programs[active] = try start(active)
        }
        try finish(traffic, feeding, programs)
    }

    @Test("A paused instance that wakes up after another has taken over commits nothing more and stands by")
    func paused() throws {
        let traffic = try Traffic.mixed()
        let feeding = feed(traffic, seconds: 60)
        let programs = try (0..<2).map(start)
        var marks = [0, 0]
        for _ in 1...3 {
            var active: Int?
            try wait("an active instance", seconds: 60) {
                active = programs.indices.first { isActive($0, since: marks[$0]) }
                return active != nil
            }
            guard let active else { return }
            Thread.sleep(forTimeInterval: 2)
            for number in programs.indices { marks[number] = log(number).count }
            programs[active].signal(SIGSTOP)
            try wait("the other one to take over", seconds: 60) { isActive(1 - active, since: marks[1 - active]) }
            programs[active].signal(SIGCONT)
            Thread.sleep(forTimeInterval: 4)
            #expect(programs[active].isRunning, "\(programs[active].lastLines)")
        }
        try finish(traffic, feeding, programs)
    }

    private func feed(_ traffic: Traffic, seconds: Int) -> Thread {
        let feeding = Thread { [site] in try? traffic.produce(to: site, burst: 10, pauseMs: seconds * 1_000 / (traffic.count / 10)) }
        feeding.start()
        return feeding
    }

    private func finish(_ traffic: Traffic, _ feeding: Thread, _ programs: [Program]) throws {
        try wait("the feed to end", seconds: 240) { feeding.isFinished }
        // Done when nothing has moved for a while.
        var before: Int64 = -1
        try wait("the last commit", seconds: 120) {
            Thread.sleep(forTimeInterval: 10)
            let now = try watermark()
            defer { before = now }
            return now != -1 && now == before
        }
        for program in programs { #expect(try program.terminate() == 0, "\(program.lastLines)") }
        try expectAgreement(site, traffic)
    }
}
