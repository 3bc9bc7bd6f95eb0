import ArgumentParser
import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run history through the same topology, as fast as the machine goes.",
        discussion: """
            EXAMPLES
              vedette replay --config vedette.yaml --decisions d.jsonl.zst --labels l.jsonl.zst --alerts-out -
              zcat d.jsonl.gz | vedette replay --config vedette.yaml --decisions - --metrics-out metrics.jsonl
              vedette replay --config vedette.yaml --decisions d.jsonl --labels l.jsonl --to 2018-07-09T00:00:00Z
              vedette replay --config vedette.yaml --decisions d.avro --labels l.avro --alerts-out -
              vedette replay --config vedette.yaml --topics --from 2026-01-01T00:00:00Z --alerts-out -
              vedette replay --config vedette.yaml --brokers kafka:9092 --from 2026-01-01T00:00:00Z --to 2026-01-08T00:00:00Z

            Files hold one JSON object a line, plain, .zst or .gz, or are Avro container files (.avro); `-` is
            standard input or output. The output is a function of the records alone: two runs are byte-identical, and so are a replay of
            files and of topics with the same records. A replay never writes to the live topics; name a
            topic with --alerts-topic to publish its alerts.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @OptionGroup var input: InputOptions

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Files with control records, such as silences.", valueName: "file"))
    var control: [String] = []

    @Option(help: ArgumentHelp("Start: an RFC 3339 time (inclusive), or with topics an offset.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("End: an RFC 3339 time (exclusive), or with topics an offset.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("Where alerts go.", valueName: "file"))
    var alertsOut: String?

    @Option(help: ArgumentHelp("Where metric records go.", valueName: "file"))
    var metricsOut: String?

    @Option(help: ArgumentHelp("Where rejected records go.", valueName: "file"))
    var deadLettersOut: String?

    @Option(help: ArgumentHelp("Where the list of late records goes.", valueName: "file"))
    var lateOut: String?

    @Option(name: .long, help: ArgumentHelp("Write circuit-breaker records to this file.", valueName: "file"))
    var breakersOut: String?

    @Option(help: ArgumentHelp("Also publish the alerts to this topic.", valueName: "topic"))
    var alertsTopic: String?

    @Flag(help: "No progress bar and no summary.")
    var quiet = false

    func validate() throws {
        guard !input.fromTopics || control.isEmpty else { throw ValidationError("either files or topics, not both") }
        guard input.fromTopics || alertsTopic == nil else { throw ValidationError("--alerts-topic goes with --topics or --brokers") }
        let stdin = (input.files.decisions + input.files.labels + control).filter { $0 == "-" }.count
        guard stdin <= 1 else { throw ValidationError("standard input can be read once only") }
        try requireOwnFiles(
            [
                ("--alerts-out", alertsOut), ("--metrics-out", metricsOut), ("--dead-letters-out", deadLettersOut), ("--late-out", lateOut),
                ("--breakers-out", breakersOut),
            ], inputs: input.files.decisions + input.files.labels + control)
        if !input.fromTopics { _ = try timeRange() }
        for (option, bound) in [("--from", from), ("--to", to)] where input.fromTopics {
            guard let bound, Int64(bound) == nil else { continue }
            _ = try time(bound, option)
        }
    }

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config)
            try await interruptible { [self] in
                if input.fromTopics { try replayTopics(configuration) } else { try replayFiles(configuration) }
            }
        }
    }

    private func replayFiles(_ configuration: VedetteConfiguration) throws {
        let replay = try FileReplay(
            configuration: configuration, decisions: input.files.decisions, labels: input.files.labels, control: control, output: OutputFiles(outputs),
            range: try timeRange(), now: Int64(Date().timeIntervalSince1970 * 1000))
        let bar = quiet ? nil : ProgressBar()
        replay.onProgress = { bar?.show($0) }
        replay.onAlert = printing(bar)
        let summary = try replay.run()
        bar?.finish()
        if !quiet { complain(text(of: summary, replay.counters)) }
    }

    private func replayTopics(_ configuration: VedetteConfiguration) throws {
        let replay = try TopicReplay(
            configuration: configuration, brokers: input.brokers, from: from, to: to, output: OutputFiles(outputs), alertsTopic: alertsTopic)
        let bar = quiet ? nil : ProgressBar()
        replay.onProgress = { bar?.show($0) }
        replay.onAlert = printing(bar)
        let summary = try replay.run()
        bar?.finish()
        if !quiet { complain(text(of: summary, replay.counters)) }
    }

    /// Alerts that go to no file are shown.
    private func printing(_ bar: ProgressBar?) -> ((AlertEvent) -> Void)? {
        guard alertsOut == nil, let bar else { return nil }
        return { event in bar.printLine("\(event.severity.rawValue) \(event.status.rawValue)  \(event.summary)") }
    }

    private var outputs: [OutputKind: String] {
        let named: [(OutputKind, String?)] = [
            (.alerts, alertsOut), (.metrics, metricsOut), (.deadLetters, deadLettersOut), (.late, lateOut),
            (.breakers, breakersOut),
        ]
        return Dictionary(uniqueKeysWithValues: named.compactMap { kind, path in path.map { (kind, $0) } })
    }

    private func timeRange() throws -> Range<Int64>? {
        guard from != nil || to != nil else { return nil }
        let low = try from.map { try time($0, "--from") } ?? .min
        let high = try to.map { try time($0, "--to") } ?? .max
        guard low < high else { throw ValidationError("--from must be before --to") }
        return low..<high
    }

    private func time(_ text: String, _ option: String) throws -> Int64 {
        guard let time = RFC3339.parse(text) else {
            throw ValidationError("\(option): expected a time like 2026-01-31T00:00:00Z, found '\(text)'")
        }
        return time
    }
}
