import ArgumentParser

/// The commands of the program, one file each.
@main
struct VedetteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vedette",
        abstract: "A sentry beside fraud and abuse models: joins decisions with late labels, watches, and raises alerts.",
        discussion: """
            START HERE
              vedette demo                              the whole thing on this machine, nothing else needed
              vedette check --config vedette.yaml       is my configuration right?
              vedette replay --config vedette.yaml --decisions d.jsonl --labels l.jsonl
              vedette run --config vedette.yaml         beside live topics

            EXIT CODES
              0   done
              64  wrong usage
              65  bad input data (a truncated or unreadable input file)
              66  an input file is missing
              69  Kafka cannot be reached, or a topic is missing
              70  a fault in vedette itself
              73  an output or state file cannot be written, or the state is corrupt
              78  the configuration is wrong
              130 interrupted
            """,
        version: "0.1.0",
        subcommands: [RunCommand.self, ReplayCommand.self, LabelsCommand.self, CheckCommand.self, SimulateCommand.self, DemoCommand.self])
}
