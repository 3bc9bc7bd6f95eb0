import ArgumentParser
import Foundation
import VedetteCodec
import VedetteRuntime

struct BaselineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline",
        abstract: "Build a pinned baseline from a good period, or look into one.",
        discussion: """
            EXAMPLES
              vedette baseline build --config vedette.yaml --decisions d.jsonl.zst --labels l.jsonl.zst --out january.baseline
              vedette baseline build --config vedette.yaml --topics --days 14 --out good.baseline
              vedette baseline show january.baseline

            A monitor uses it after `baselines: {january: january.baseline}` as `reference: {baseline: january}`.
            """,
        subcommands: [BaselineBuildCommand.self, BaselineShowCommand.self])
}

struct BaselineBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build a baseline from the last days of files or topics.",
        discussion: """
            EXAMPLES
              vedette baseline build --config vedette.yaml --decisions d.jsonl.zst --labels l.jsonl.zst --out january.baseline
              vedette baseline build --config vedette.yaml --topics --days 14 --out good.baseline

            The period is the --days before --until, or before the last record. What was read earlier is left
            out, but its labels and first-seen times still count. Build it from a period that somebody has
            looked at: an attack in the baseline is what nobody will see afterwards.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @OptionGroup var input: InputOptions

    @Option(help: ArgumentHelp("Length of the period in days.", valueName: "n"))
    var days: Int = 30

    @Option(help: ArgumentHelp("End of the period, an RFC 3339 time (exclusive).", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Name that the file carries.", valueName: "name"))
    var name: String = "baseline"

    @Option(name: .shortAndLong, help: ArgumentHelp("Where the baseline goes.", valueName: "file"))
    var out: String

    @Flag(help: "No progress bar and no summary.")
    var quiet = false

    private static let dayMs: Int64 = 86_400_000

    func validate() throws {
        guard input.fromTopics || !input.files.decisions.isEmpty else { throw ValidationError("a baseline needs decisions") }
        guard (1...3_650).contains(days) else { throw ValidationError("--days must be from 1 to 3650") }
        guard out != "-" else { throw ValidationError("--out must be a file: a baseline is not text") }
        _ = try untilMs()
    }

    private func untilMs() throws -> Int64? {
        guard let until else { return nil }
        guard let time = RFC3339.parse(until) else { throw ValidationError("--until: expected a time like 2026-01-31T00:00:00Z, found '\(until)'") }
        return time
    }

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config).forBaseline
            try await interruptible { [self] in
                let baseline = input.fromTopics ? try buildFromTopics(configuration) : try buildFromFiles(configuration)
                if !quiet {
                    complain(
                        "\(out): \(baseline.decisions) decisions, \(baseline.entries.count) models and slices, "
                            + "\(RFC3339.string(baseline.start)) to \(RFC3339.string(baseline.end))")
                }
            }
        }
    }

    private func buildFromFiles(_ configuration: VedetteConfiguration) throws -> ArchivedBaseline {
        let replay = try FileReplay(
            configuration: configuration, decisions: input.files.decisions, labels: input.files.labels, output: OutputFiles([:]),
            range: try untilMs().map { Int64.min..<$0 }, now: Int64(Date().timeIntervalSince1970 * 1000))
        let bar = quiet ? nil : ProgressBar()
        replay.onProgress = { bar?.show($0) }
        _ = try replay.run()
        bar?.finish()
        return try replay.writeBaseline(lastMs: Int64(days) * Self.dayMs, name: name, to: out)
    }

    private func buildFromTopics(_ configuration: VedetteConfiguration) throws -> ArchivedBaseline {
        let end = try untilMs() ?? Int64(Date().timeIntervalSince1970 * 1000)
        let replay = try TopicReplay(
            configuration: configuration, brokers: input.brokers, from: RFC3339.string(end - Int64(days) * Self.dayMs), to: until, output: OutputFiles([:]),
            alertsTopic: nil)
        let bar = quiet ? nil : ProgressBar()
        replay.onProgress = { bar?.show($0) }
        _ = try replay.run()
        bar?.finish()
        return try replay.writeBaseline(lastMs: Int64(days) * Self.dayMs, name: name, to: out)
    }
}

struct BaselineShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print what is in a baseline file.",
        discussion: """
            EXAMPLES
              vedette baseline show january.baseline
              vedette baseline show january.baseline --json | jq .entries

            With --json, entries are metric records as in schemas/metric.schema.json.
            """)

    @Argument(help: ArgumentHelp("The baseline file.", valueName: "file"))
    var file: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await reporting {
            let baseline = try BaselineArchive.read(file)
            print(json ? String(decoding: baseline.json(), as: UTF8.self) : baseline.table())
        }
    }
}
