import VedetteCore
import VedetteRuntime

/// Files through the whole topology, with every output written.
enum ReplayBenchmark {
    /// Mean decisions a second of event time; the work per window is shared by the decisions in it.
    static let perSecond = 50.0

    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        let files = try TrafficFiles(TrafficFiles.options(decisions: decisions, perSecond: perSecond), in: workspace)
        let configuration = try BenchmarkConfiguration.payments()
        var report = Report("replay: \(files.summary), \(Int(perSecond)) a second of event time")
        report.add("floor: lines, parse", records: files.recordCount, try Measurement.of { try Floor.parse(files) }.1)
        report.add("floor: lines, decode", records: files.recordCount, try Measurement.of { try Floor.decode(files, configuration) }.1)
        let (summary, cost) = try Measurement.of { try replay(files, configuration, workspace) }
        report.add("replay", records: files.recordCount, cost)
        var others = configuration
        others.topology.schema.models = ["none of them"]
        others.topology.schema.otherModels = .ignore
        report.add("replay, all of it other deployments' models", records: files.recordCount, try Measurement.of { try replay(files, others, workspace) }.1)
        report.add(fact: "metric records", "\(summary.metrics)")
        report.add(fact: "alerts", "\(summary.alerts)")
        report.add(fact: "rejected", "\(summary.rejected)")
        report.print()
    }

    /// What each part of what can be switched on costs, in the order of their use.
    ///
    /// - Parameter runs: of all of them, in turns; the table has each one's median. A neighbour of a virtual machine can only slow them down.
    static func everything(decisions: Int, runs: Int) throws {
        let workspace = try Workspace()
        let files = try TrafficFiles(TrafficFiles.options(decisions: decisions, perSecond: perSecond), in: workspace)
        var report = Report("everything: \(files.summary), \(Int(perSecond)) a second of event time")
        let cases = [
            ("defaults", try BenchmarkConfiguration.payments()),
            ("and probing", try BenchmarkConfiguration.payments(extra: BenchmarkConfiguration.probing)),
            ("everything", try BenchmarkConfiguration.payments(labels: BenchmarkConfiguration.integrity, extra: BenchmarkConfiguration.everything)),
        ]
        var floor: [Measurement] = []
        var costs: [[Measurement]] = cases.map { _ in [] }
        var summaries: [ReplaySummary] = []
        for _ in 0..<runs {
            floor.append(try Measurement.of { try Floor.parse(files) }.1)
            summaries.removeAll()
            for (place, one) in cases.enumerated() {
                let (summary, cost) = try Measurement.of { try replay(files, one.1, workspace) }
                costs[place].append(cost)
                summaries.append(summary)
            }
        }
        report.add("floor: lines, parse", records: files.recordCount, ofRuns: floor)
        for (place, one) in cases.enumerated() {
            report.add(one.0, records: files.recordCount, ofRuns: costs[place])
            report.add(fact: "metric records and alerts, \(one.0)", "\(summaries[place].metrics), \(summaries[place].alerts)")
        }
        report.print()
    }

    static func replay(_ files: TrafficFiles, _ configuration: VedetteConfiguration, _ workspace: Workspace) throws -> ReplaySummary {
        let paths = Dictionary(uniqueKeysWithValues: OutputKind.allCases.map { ($0, workspace.file("\($0.rawValue).jsonl")) })
        let replay = try FileReplay(
            configuration: configuration, decisions: [files.decisions], labels: [files.labels], output: try OutputFiles(paths), now: .max)
        return try replay.run()
    }
}
