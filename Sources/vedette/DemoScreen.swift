import Foundation
import Synchronization
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// What the demo shows: alerts as they fire, and one line of metrics that stays at the bottom of a terminal.
final class DemoScreen: Sendable {
    private struct State {
        var alerts = 0
        var latest: (end: Int64, total: Int64, block: Int64, mean: Double, fraud: Int64, labelled: Int64)?
        var lastLine = Date.distantPast
        var sent = 0
    }

    private let state = Mutex(State())
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let started = Date()

    static func introduction(_ options: SimulationOptions) -> String {
        var lines = ["vedette demo: a simulated payments model, \(options.decisionsPerSecond) decisions/s of event time, in topics of a broker inside this process", ""]
        for scenario in options.scenarios {
            let hours = (scenario.fromMs - 0) / 3_600_000
            let expected = scenario.expectation(labelDelayMedianMs: options.labelDelayMedianMs)
            lines.append("  hour \(hours): \(scenario.kind.rawValue); expected: \(expected.text)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func alert(_ event: AlertEvent) {
        state.withLock { $0.alerts += 1 }
        line("\(RFC3339.string(event.emittedAt))  \(event.severity.rawValue)  \(event.status.rawValue.uppercased())  \(event.summary)")
        guard event.status == .firing, let action = event.immediateActions.first else { return }
        line("    page \(event.owner.name) \(event.owner.contact), runbook \(event.runbook)")
        line("    first: \(action)")
    }

    func window(_ result: WindowResult) {
        guard result.version == "*", result.slice.isOverall, result.window.name == "1h" else { return }
        state.withLock {
            $0.latest = (
                result.end, result.pane.total, result.pane.decisions.block, result.pane.score.mean ?? 0, result.pane.arrivedFraud,
                result.pane.arrived)
        }
    }

    func status(_ status: RunStatus, sent: Int) {
        let text: String? = state.withLock { state in
            state.sent = sent
            guard Date().timeIntervalSince(state.lastLine) > (isTerminal ? 0.25 : 5), let latest = state.latest else { return nil }
            state.lastLine = Date()
            let rate = Double(status.recordsRead) / Date().timeIntervalSince(started)
            return "last hour to \(RFC3339.string(latest.end)): \(latest.total) decisions, \(latest.block) blocked, "
                + String(format: "mean score %.4f, ", latest.mean)
                + "\(latest.fraud) of \(latest.labelled) labels fraud; \(state.alerts) alerts; "
                + String(format: "%.0f records/s", rate)
        }
        guard let text else { return }
        write(isTerminal ? "\r\u{1B}[K\(text)" : text + "\n")
    }

    func finish(_ status: RunStatus) {
        let snapshot = status.snapshot
        let counters = Dictionary(uniqueKeysWithValues: snapshot.counters.map { ($0.name, $0.value) })
        line("")
        line(
            "done: \(counters["decisions"] ?? 0) decisions and \(counters["labels"] ?? 0) labels joined and judged, "
                + "\(state.withLock(\.alerts)) alert records, checkpoint \(snapshot.checkpointNumber), "
                + String(format: "%.0f s", Date().timeIntervalSince(started)))
        line("")
        line("What to try next:")
        line("  vedette simulate --decisions-out d.jsonl.zst --labels-out l.jsonl.zst --count 200000 --density 2")
        line("  vedette check --config vedette.yaml             (docker/vedette.yaml is an example)")
        line("  vedette replay --config vedette.yaml --decisions d.jsonl.zst --labels l.jsonl.zst --metrics-out metrics.jsonl")
        line("  vedette run --config vedette.yaml               beside your own topics")
    }

    func line(_ text: String) { write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n") }

    private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
