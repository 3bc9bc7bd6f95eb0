import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Processes of one group, each with a state directory of its own.
final class Instances {
    private let site: Site
    private let transactional: Bool
    private var programs: [Program] = []
    /// Lines of each one's log that were there before the last change.
    private var marks: [Int]
    /// Who was found to be active, in turn.
    private(set) var actives: [Int] = []

    init(_ count: Int, _ site: Site, transactional: Bool = true) throws {
        (self.site, self.transactional) = (site, transactional)
        marks = Array(repeating: 0, count: count)
        programs = try (0..<count).map(start)
    }

    private func start(_ number: Int) throws -> Program {
        let path = site.file("live-\(number).yaml")
        try site.yaml("live", transactional: transactional, instance: "-\(number)").write(toFile: path, atomically: true, encoding: .utf8)
        return try Program(#require(Program.path), ["run", "--config", path], log: file(number))
    }

    private func file(_ number: Int) -> String { site.file("live-\(number).log") }

    private func log(_ number: Int) -> [Substring] {
        ((try? String(contentsOfFile: file(number), encoding: .utf8)) ?? "").split(separator: "\n")
    }

    private func mark() { for number in programs.indices { marks[number] = log(number).count } }

    /// Waits for the one that has become active since the last change, and lets it be active for a while.
    ///
    /// - Parameter other: one that it can not be.
    func active(otherThan other: Int? = nil, for seconds: ClosedRange<Double> = 0.5...4) throws -> Int {
        var found: Int?
        do {
            try wait("an active instance", seconds: 60) {
                found = programs.indices.first { number in
                    number != other && log(number).dropFirst(marks[number]).contains { $0.hasSuffix("] active") }
                }
                return found != nil
            }
        } catch is TestTimeout {
            throw TestTimeout(what: (["an active instance"] + programs.map(\.lastLines)).joined(separator: "\n"))
        }
        Thread.sleep(forTimeInterval: Double.random(in: seconds))
        for (number, program) in programs.enumerated() { #expect(program.isRunning, "\(number) ended: \(program.lastLines)") }
        let number = try #require(found)
        actives.append(number)
        return number
    }

    /// Kill -9, and a new process on the same state.
    func kill(_ number: Int) throws {
        programs[number].kill()
        mark()
        programs[number] = try start(number)
    }

    /// SIGTERM: it hands over. Then a new process on the same state.
    func stop(_ number: Int) throws {
        mark()
        #expect(try programs[number].terminate() == 0, "\(programs[number].lastLines)")
        programs[number] = try start(number)
    }

    /// As a machine does that hangs until another has taken over.
    func pause(_ number: Int) throws {
        mark()
        programs[number].signal(SIGSTOP)
        let heir = try active(otherThan: number, for: 0...0.5)
        programs[number].signal(SIGCONT)
        Thread.sleep(forTimeInterval: 4)
        for one in [number, heir] { #expect(programs[one].isRunning, "\(programs[one].lastLines)") }
    }

    /// Waits until everything is out, and ends them.
    func finish(_ feeding: Thread) throws {
        _ = try active()
        try wait("the feed to end", seconds: 240) { feeding.isFinished }
        // Done when nothing has moved for a while.
        var before: Int64 = -1
        try wait("the last commit", seconds: 120) {
            Thread.sleep(forTimeInterval: 10)
            let now = try site.progress("live")?.watermark ?? -1
            defer { before = now }
            return now != -1 && now == before
        }
        for program in programs { #expect(try program.terminate() == 0, "\(program.lastLines)") }
    }
}

/// Sends the records over a time, on a thread of its own.
func feed(_ traffic: Traffic, to site: Site, seconds: Int) -> Thread {
    let feeding = Thread { try? traffic.produce(to: site, burst: 10, pauseMs: seconds * 1_000 / (traffic.count / 10)) }
    feeding.start()
    return feeding
}
