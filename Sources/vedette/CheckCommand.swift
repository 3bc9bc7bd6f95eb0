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
              vedette check --config vedette.yaml --secrets          also require every secret to be there
              vedette check --config vedette.yaml --brokers          also look at the topics and the schemas
              vedette check --reference                              every key: type, unit, default, range

            Every error is printed as file:line:column: key: expected, found. Exit 0 when the
            configuration is right, 78 when it is not, 69 when Kafka or the schema registry cannot be reached or
            a topic is missing.

            Whether a secret is there (an environment variable, a file) depends on where one asks: one that is
            missing is a warning, so that a pipeline without secrets can check the file, and with --secrets an
            error, exit 78. No value is ever printed.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Flag(help: "Print the inventory as JSON.")
    var json = false

    @Flag(help: "Require every secret to be there: exit 78 where one cannot be read here.")
    var secrets = false

    @Flag(
        help: """
            Also ask the brokers (do the topics exist, with which partitions, and what is to be created?) and the schema registry \
            (do the newest schemas have every mapped path?).
            """)
    var brokers = false

    @Flag(help: "Print the reference of all configuration keys as Markdown, and nothing else.")
    var reference = false

    func validate() throws {
        guard reference || config != nil else { throw ValidationError("name a configuration with --config") }
    }

    func run() async throws {
        if reference { return print(ConfigurationReference.markdown()) }
        guard let config else { return }
        try await reporting {
            let configuration = try loadConfiguration(config)
            let report = InventoryReport(configuration)
            print(json ? report.json() : report.table())
            try require(SecretCheck(configuration))
            guard brokers else { return }
            let schemas = try SchemaCheck(configuration).run()
            if let schemas { print(schemas.text) }
            let topics = try TopicCheck(configuration).run()
            print(topics.text)
            if schemas?.isRight == false { throw ExitStatus.badConfiguration }
            if !topics.isComplete || schemas?.isReachable == false { throw ExitStatus.unavailable }
        }
    }

    /// Names every secret that can not be read here.
    private func require(_ check: SecretCheck) throws {
        for missing in check.missing { complain("\(secrets ? "error" : "warning"): \(missing)") }
        guard check.missing.isEmpty || !secrets else { throw ExitStatus.badConfiguration }
    }
}
