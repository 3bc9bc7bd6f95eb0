import VedetteRuntime

/// What the monitors that joined later cost at a thousand slices.
enum MonitorsBenchmark {
    /// As dense as the shared job: fewer decisions a second would measure the closing of windows only.
    private static let perSecond = 50.0
    /// With their combinations, these give about a thousand slices.
    private static let countries = 260

    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        let files = try TrafficFiles(TrafficFiles.options(decisions: decisions, perSecond: perSecond, countries: countries), in: workspace)
        var report = Report("monitors: \(files.summary), \(Int(perSecond)) a second of event time")
        let cases = [("the first four", BenchmarkConfiguration.firstMonitors), ("all, in all slices", BenchmarkConfiguration.allMonitors)]
        for (name, monitors) in cases {
            let configuration = try BenchmarkConfiguration.payments(combination: "[country, channel]", extra: monitors)
            let (_, cost) = try Measurement.of { try ReplayBenchmark.replay(files, configuration, workspace) }
            report.add(name, records: files.recordCount, cost)
        }
        report.print()
    }
}
