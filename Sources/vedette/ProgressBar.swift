import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// One line on a terminal that says how far a replay is; silent where standard error is not a terminal.
final class ProgressBar {
    private static let width = 24
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let started = Date()
    private var lastShown = Date.distantPast

    func show(_ progress: ReplayProgress) {
        guard isTerminal, Date().timeIntervalSince(lastShown) > 0.2 else { return }
        lastShown = Date()
        let elapsed = Date().timeIntervalSince(started)
        var parts: [String] = []
        if let fraction = progress.fraction {
            let full = Int(fraction * Double(Self.width))
            parts.append("[" + String(repeating: "#", count: full) + String(repeating: ".", count: Self.width - full) + "]")
            parts.append(String(format: "%3.0f %%", fraction * 100))
        }
        parts.append("\(progress.records) records")
        if elapsed > 0 { parts.append(String(format: "%.0f/s", Double(progress.records) / elapsed)) }
        if let time = progress.eventTime { parts.append(RFC3339.string(time)) }
        if let fraction = progress.fraction, fraction > 0.01 {
            parts.append(String(format: "%.0f s left", elapsed / fraction - elapsed))
        }
        write("\r\u{1B}[K" + parts.joined(separator: "  "))
    }

    /// Prints a line above the bar.
    func printLine(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
    }

    func finish() { if isTerminal { write("\r\u{1B}[K") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// What a replay did, for a person.
func text(of summary: ReplaySummary, _ counters: Counters) -> String {
    """
    \(counters.decisions) decisions\(counters.otherModels == 0 ? "" : " and \(counters.otherModels) of other models"), \
    \(counters.labels) labels; \(summary.rejected) rejected, \(counters.late) late, \
    \(counters.duplicates) duplicates, \(counters.conflicts) conflicting, \(counters.orphans) orphaned labels; \
    \(summary.metrics) metric records, \(summary.alerts) alert records
    """
}
