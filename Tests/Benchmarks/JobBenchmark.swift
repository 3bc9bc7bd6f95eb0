import Foundation
import VedetteCore
import VedetteRuntime

/// The comparison job: one million decisions, 20,930 windows, each emitted once and right.
enum JobBenchmark {
    static func run(directory: String?) throws {
        guard let directory else {
            print("\njob: skipped; name the directory of the job's data with --job")
            return
        }
        let decisions = "\(directory)/data/decisions.jsonl"
        let labels = "\(directory)/data/labels.jsonl"
        let reference = "\(directory)/reference.json"
        for path in [decisions, labels, reference] where !FileManager.default.fileExists(atPath: path) {
            print("\njob: skipped; there is no \(path)")
            return
        }
        let workspace = try Workspace()
        let metrics = workspace.file("metrics.jsonl")
        let configuration = try BenchmarkConfiguration.job()
        let (counters, cost) = try Measurement.of {
            let replay = try FileReplay(
                configuration: configuration, decisions: [decisions], labels: [labels], output: try OutputFiles([.metrics: metrics]), now: .max)
            _ = try replay.run()
            return replay.counters
        }
        var report = Report("job: the shared comparison job, from files")
        report.add("replay", records: Int(counters.decisions), cost)
        let check = try JobCheck(reference: reference, metrics: metrics)
        report.add(fact: "windows right", "\(check.right) of \(check.expected)")
        report.add(fact: "wrong, missing, twice, unexpected", "\(check.wrong), \(check.missing), \(check.repeated), \(check.unexpected)")
        if let example = check.example { report.add(fact: "first wrong", example) }
        report.print()
    }
}
