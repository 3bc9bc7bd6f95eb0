import Foundation
import VedetteCodec
import VedetteRuntime

/// A directory for one benchmark's files; it goes when the object goes.
final class Workspace {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Simulated decisions and labels in two files, as a producer would have sent them.
struct TrafficFiles {
    let decisions: String
    let labels: String
    private(set) var decisionCount = 0
    private(set) var labelCount = 0
    private(set) var bytes = 0

    var recordCount: Int { decisionCount + labelCount }
    var summary: String {
        "\(decisionCount) decisions and \(labelCount) labels of \(bytes / max(1, recordCount)) bytes on average"
    }

    /// - Parameters:
    ///   - options: labels come within hours and end with the decisions, so that the
    ///     stream is the middle of a longer one and not the long tail of its labels.
    ///   - name: what the files' names begin with.
    ///   - moreFeatures: members, each with a comma behind it, that every decision's features begin with.
    init(_ options: SimulationOptions, in workspace: Workspace, name: String = "", moreFeatures: String = "") throws {
        decisions = workspace.file("\(name)decisions.jsonl")
        labels = workspace.file("\(name)labels.jsonl")
        let place = Array("\"features\":{".utf8)
        let decisionSink = try FileSink(path: decisions)
        let labelSink = try FileSink(path: labels)
        for var record in try TrafficSimulator(options) {
            if record.stream == .decisions, !moreFeatures.isEmpty, let found = record.line.firstRange(of: place) {
                record.line.insert(contentsOf: moreFeatures.utf8, at: found.upperBound)
            }
            bytes += record.line.count
            switch record.stream {
            case .decisions:
                decisionCount += 1
                try decisionSink.writeLine(record.line)
            case .labels:
                labelCount += 1
                try labelSink.writeLine(record.line)
            case .control: break
            }
        }
        try decisionSink.close()
        try labelSink.close()
    }

    /// Options of ordinary traffic: `perSecond` decisions a second of event time.
    static func options(decisions: Int, perSecond: Double, countries: Int = 12) -> SimulationOptions {
        var options = SimulationOptions()
        options.length = .decisions(decisions)
        options.decisionsPerSecond = perSecond
        options.countries = countries
        options.labelDelayMedianMs = 1_800_000
        options.deliversRemainingLabels = false
        return options
    }
}
