import VedetteCore
import VedetteRuntime

/// Memory with many slices, once every level of the panes is filled.
enum SlicesBenchmark {
    /// Longer than the hourly panes are kept.
    static let days = 40
    static let decisionsPerSlice = 2_000

    /// Few windows: memory is that of the panes, and closing windows only takes time.
    private static let windows = """
        windows:
          - {size: 1h}
          - {size: 24h}
          - {size: 7d}
        """

    static func run(isLarge: Bool, decisions: Int?) throws {
        let (countries, slices) = isLarge ? (3_000, 10_000) : (260, 1_000)
        let decisions = decisions ?? slices * decisionsPerSlice
        let workspace = try Workspace()
        let perSecond = Double(decisions) / Double(days * 86_400)
        let files = try TrafficFiles(TrafficFiles.options(decisions: decisions, perSecond: perSecond, countries: countries), in: workspace)
        var configuration = try BenchmarkConfiguration.payments(combination: "[country, channel]", extra: windows)
        configuration.state.directory = workspace.file("state")
        var report = Report("slices: \(files.summary), over \(days) days")
        let pipeline = try Pipeline(configuration: configuration, output: MemoryPort(), wanted: [])
        var feed = try PipelineFeed(pipeline, files)
        let before = Measurement.peakMiBOfProcess()
        let (_, cost) = try Measurement.of { try feed.run() }
        report.add("pipeline", records: files.recordCount, cost)
        let series = pipeline.topology.seriesCount
        report.add(fact: "series", "\(series)")
        report.add(fact: "KiB per series", Report.rounded((cost.peakMiB - before) * 1_024 / Double(series), 0))
        for (level, panes) in zip(configuration.topology.panes.levels, pipeline.topology.paneCensus) {
            report.add(
                fact: "panes of \(level.sizeMs / 60_000) min",
                "\(panes.ready) in use, \(panes.packed) packed into \(panes.packedBytes / max(1, panes.packed)) bytes on average")
        }
        report.add(fact: "last checkpoint, s", Report.rounded(feed.checkpointSeconds.last ?? 0, 3))
        report.print()
    }
}
