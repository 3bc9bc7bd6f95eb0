import VedetteRuntime

/// What members of the features object cost that nobody declared: to parse them, and to follow their names.
enum UndeclaredBenchmark {
    private static let names = 32

    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        let options = TrafficFiles.options(decisions: decisions, perSecond: ReplayBenchmark.perSecond)
        let plain = try TrafficFiles(options, in: workspace)
        let members = (0..<names).map { "\"extra_\($0 / 10)\($0 % 10)\":\(Double($0) / 8)," }.joined()
        let wide = try TrafficFiles(options, in: workspace, name: "wide-", moreFeatures: members)
        let followed = try BenchmarkConfiguration.payments()
        let ignored = try BenchmarkConfiguration.payments(extra: "limits: {undeclared_features: 0}")
        var report = Report("undeclared: \(plain.summary); \(names) more members make them \(wide.bytes / max(1, wide.recordCount))")
        for (name, files, configuration) in [
            ("declared members only", plain, followed), ("\(names) more, not followed", wide, ignored), ("\(names) more, followed by name", wide, followed),
        ] {
            report.add(name, records: files.recordCount, try Measurement.of { try ReplayBenchmark.replay(files, configuration, workspace) }.1)
        }
        report.print()
    }
}
