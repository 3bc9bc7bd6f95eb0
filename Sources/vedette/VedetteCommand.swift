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
              vedette baseline build --config vedette.yaml --decisions d.jsonl --out good.baseline
              vedette run --config vedette.yaml         beside live topics
              vedette forward --config vedette.yaml     brings its alerts to PagerDuty, Alertmanager or a webhook

            EXIT CODES
              0   done
              64  wrong usage
              65  bad input data (a truncated or unreadable input file)
              66  an input file is missing
              69  Kafka cannot be reached, a topic is missing, or a destination did not take an alert
              70  a fault in vedette itself
              73  an output or state file cannot be written, or the state is corrupt
              78  the configuration is wrong
              130 interrupted
            """,
        version: "0.1.0",
        subcommands: [
            RunCommand.self, ForwardCommand.self, ReplayCommand.self, LabelsCommand.self, CheckCommand.self, BaselineCommand.self,
            SimulateCommand.self, DemoCommand.self,
        ])
}
