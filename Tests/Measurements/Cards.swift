import Foundation
import VedetteCore
import VedetteRuntime

/// Every alert of the default monitors on the sixteen weeks of card payments.
struct Cards {
    private let options: MeasureOptions
    init(_ options: MeasureOptions) { self.options = options }

    func run() throws {
        let path = "\(options.data)/cards/decisions.jsonl.zst"
        guard FileManager.default.fileExists(atPath: path) else {
            log("\(path) is not there: sixteen simulated weeks with a new version in the ninth take its place")
            return report(try simulated())
        }
        report(try replayed())
    }

    private func simulated() throws -> [AlertEvent] {
        let stream = try SimulatedStream(try Pool(data: options.data, size: 20_000), configuration: try Configurations.simulated(), seed: 1)
        for day in 0..<(16 * 7) { try stream.feed(day: day, perDay: 1_800, fault: day < 8 * 7 ? .none : .version("2018.08.0")) }
        return stream.alerts
    }

    private func replayed() throws -> [AlertEvent] {
        let replay = try FileReplay(
            configuration: try Configurations.cards(), decisions: ["\(options.data)/cards/decisions.jsonl.zst"],
            labels: ["\(options.data)/cards/labels.jsonl.zst"], output: OutputFiles([:]), now: .max)
        var events: [AlertEvent] = []
        replay.onAlert = { events.append($0) }
        _ = try replay.run()
        return events
    }

    private func report(_ events: [AlertEvent]) {
        print("| time | severity | status | what | control | contributors |\n|---|---|---|---|---|---|")
        for event in events where event.status == .firing || event.severity >= .p1 || event.monitor == "version_change" {
            let day = Date(timeIntervalSince1970: Double(event.emittedAt) / 1_000).ISO8601Format()
            let control = "\(event.control.method), \(event.control.windows) windows"
            let others = event.contributors.map(\.name).joined(separator: "; ")
            print("| \(day) | \(event.severity.rawValue) | \(event.status.rawValue) | \(event.summary) | \(control) | \(others) |")
        }
        // An alert may begin mildly and be raised later.
        let paged = Set(events.filter { $0.status != .resolved && $0.severity >= .p1 }.map { "\($0.fingerprint) \($0.episode)" })
        print("\n\(paged.count) alerts of P0 or P1 in \(events.filter { $0.status == .firing }.count) that fired.")
    }
}
