import VedetteCore
import VedetteRuntime

/// What a retained decision costs on disk, and how long a checkpoint and a restart take.
enum StateBenchmark {
    /// Mean decisions a second of event time.
    static let perSecond = 50.0
    /// With their combinations, these give about a thousand slices.
    static let countries = 300

    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        let files = try TrafficFiles(
            TrafficFiles.options(decisions: decisions, perSecond: perSecond, countries: countries), in: workspace)
        var configuration = try BenchmarkConfiguration.payments(combination: "[country, channel]")
        configuration.state.directory = workspace.file("state")
        configuration.state.spillRows = 100_000
        let port = MemoryPort()
        var report = Report("state: \(files.summary)")
        var feed: PipelineFeed? = try PipelineFeed(Pipeline(configuration: configuration, output: port, wanted: Set(OutputKind.allCases)), files)
        let (_, cost) = try Measurement.of { try feed?.run() }
        report.add("pipeline, a checkpoint per \(configuration.state.spillRows) decisions", records: files.recordCount, cost)
        if let feed { describe(feed, files, into: &report) }
        feed = nil
        let (restarted, restart) = try Measurement.of { try Pipeline(configuration: configuration, output: port, wanted: []) }
        report.add(fact: "restart (open and restore), s", Report.rounded(restart.wallSeconds, 3))
        report.add(fact: "checkpoint restored", "\(restarted.checkpointNumber)")
        report.print()
    }

    private static func describe(_ feed: PipelineFeed, _ files: TrafficFiles, into report: inout Report) {
        let statistics = feed.pipeline.storeStatistics
        let times = feed.checkpointSeconds.sorted()
        report.add(fact: "series", "\(feed.pipeline.topology.seriesCount)")
        report.add(fact: "bytes per retained decision", Report.rounded(Double(statistics.decisions.bytes) / Double(files.decisionCount), 1))
        report.add(fact: "bytes per label", Report.rounded(Double(statistics.labels.bytes) / Double(max(1, files.labelCount)), 1))
        report.add(fact: "most files that a look-up consults", "\(max(statistics.decisions.sortedRunsMax, statistics.labels.sortedRunsMax))")
        report.add(fact: "panes and the rest, MiB", Report.rounded(Double(statistics.state.bytes) / 1_048_576, 1))
        report.add(fact: "checkpoints", "\(times.count)")
        report.add(
            fact: "checkpoint, s",
            "median \(Report.rounded(times[times.count / 2], 3)), longest \(Report.rounded(times[times.count - 1], 3))")
    }
}
