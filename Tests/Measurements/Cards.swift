import Foundation
import VedetteCore
import VedetteRuntime

/// Every alert of the default monitors on the sixteen weeks of card payments.
struct Cards {
    private let options: MeasureOptions
    init(_ options: MeasureOptions) { self.options = options }

    func run() throws {
        let replay = try FileReplay(
            configuration: try Configurations.cards(), decisions: ["\(options.data)/cards/decisions.jsonl.zst"],
            labels: ["\(options.data)/cards/labels.jsonl.zst"], output: OutputFiles([:]), now: .max)
        var events: [AlertEvent] = []
        replay.onAlert = { events.append($0) }
        _ = try replay.run()
        print("| time | severity | status | what | control | contributors |\n|---|---|---|---|---|---|")
        for event in events where event.status == .firing || event.monitor == "version_change" {
            let day = Date(timeIntervalSince1970: Double(event.emittedAt) / 1_000).ISO8601Format()
            let control = "\(event.control.method), \(event.control.windows) windows"
            let others = event.contributors.map(\.name).joined(separator: "; ")
            print("| \(day) | \(event.severity.rawValue) | \(event.status.rawValue) | \(event.summary) | \(control) | \(others) |")
        }
        let paged = events.filter { $0.status == .firing && $0.severity >= .p1 }
        print("\n\(paged.count) alerts of P0 or P1 in \(events.filter { $0.status == .firing }.count) that fired.")
    }
}
