import ArgumentParser
import Foundation
import VedetteRuntime

struct LabelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels", abstract: "What is known about the labels.", subcommands: [LabelsExportCommand.self])
}

struct LabelsExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write where the truth of every request came from: a provenance file for training sets.",
        discussion: """
            EXAMPLES
              vedette labels export --config vedette.yaml --decisions d.jsonl.zst --labels l.jsonl.zst --out provenance.jsonl.zst

            Replays the files and writes one JSON object a labelled request (schemas/provenance.schema.json): the
            outcome that counts, its tier and weight from the registry, whether a label of it is quarantined, and
            every source's word with pipeline, actor, kind and time.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Files with decisions.", valueName: "file"))
    var decisions: [String] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Files with labels.", valueName: "file"))
    var labels: [String] = []

    @Option(help: ArgumentHelp("Where the provenance file goes; - is standard output.", valueName: "file"))
    var out = "-"

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config)
            let export = LabelExport(configuration)
            let replay = try FileReplay(
                configuration: configuration, decisions: decisions, labels: labels, output: OutputFiles([:]),
                now: Int64(Date().timeIntervalSince1970 * 1000))
            replay.onLabel = { export.add($0) }
            _ = try replay.run()
            try export.write(to: out)
            if out != "-" { complain("\(export.count) labelled requests in \(out)") }
        }
    }
}
