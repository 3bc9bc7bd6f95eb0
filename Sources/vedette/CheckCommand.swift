import ArgumentParser
import VedetteRuntime

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Validate a configuration, list every error, and print the resolved inventory.",
        discussion: """
            EXAMPLES
              vedette check --config vedette.yaml
              vedette check --config vedette.yaml --json | jq .models
              vedette check --config vedette.yaml --brokers          also look at the topics

            Every error is printed as file:line:column: key: expected, found. Exit 0 when the
            configuration is right, 78 when it is not, 69 when Kafka cannot be reached or a topic is missing.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Flag(help: "Print the inventory as JSON.")
    var json = false

    @Flag(help: "Also ask the brokers: do the topics exist, with which partitions, and what is to be created?")
    var brokers = false

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config)
            let report = InventoryReport(configuration)
            print(json ? report.json() : report.table())
            guard brokers else { return }
            let topics = try TopicCheck(configuration).run()
            print(topics.text)
            if !topics.isComplete { throw ExitStatus.unavailable }
        }
    }
}
