import ArgumentParser
import Foundation
import VedetteRuntime

struct LabelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels", abstract: "What is known about the labels.",
        discussion: """
            EXAMPLES
              vedette labels export --config vedette.yaml --out provenance.jsonl.zst
            """, subcommands: [LabelsExportCommand.self])
}

struct LabelsExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write where the truth of every request came from: a provenance file for training sets.",
        discussion: """
            EXAMPLES
              vedette labels export --config vedette.yaml --out provenance.jsonl.zst
              vedette labels export --config vedette.yaml --decisions d.jsonl.zst --labels l.jsonl.zst --out provenance.jsonl.zst

            Without files it reads the newest checkpoint in the state directory of the configuration, which no instance
            may have open (copy it, or ask a stopped standby's); with files it replays them. Writes one JSON object a
            labelled request (schemas/provenance.schema.json): the outcome that counts, its tier and weight from the
            registry, whether a label of it is or came under suspicion, and every source's word with pipeline, actor,
            kind, time and what it counted for.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @OptionGroup var files: InputFiles

    @Option(help: ArgumentHelp("Where the provenance file goes; - is standard output.", valueName: "file"))
    var out = "-"

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config)
            try await interruptible { [self] in
                let count = files.isEmpty ? try LabelExport.writeState(of: configuration, to: out) : try replay(configuration)
                if out != "-" { complain("\(count) labelled requests in \(out)") }
            }
        }
    }

    private func replay(_ configuration: VedetteConfiguration) throws -> Int {
        let export = LabelExport(configuration)
        let replay = try FileReplay(
            configuration: configuration, decisions: files.decisions, labels: files.labels, output: OutputFiles([:]),
            now: Int64(Date().timeIntervalSince1970 * 1000))
        replay.onLabel = { export.add($0) }
        _ = try replay.run()
        try export.write(to: out, isSuspected: replay.isSuspected)
        return export.count
    }
}
