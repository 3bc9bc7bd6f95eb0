import ArgumentParser
import Logging
import VedetteRuntime
import VedetteWeb

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run beside live topics until told to stop.",
        discussion: """
            EXAMPLES
              vedette run --config vedette.yaml
              vedette run --config vedette.yaml --log-level debug
              KAFKA_PASSWORD=... vedette run --config vedette.yaml      with kafka.properties: {sasl.password: {env: KAFKA_PASSWORD}}

            Health and metrics: http://127.0.0.1:9464/healthz, /readyz and /metrics, unless configured
            otherwise. SIGTERM or Ctrl-C: finish what was read, commit, checkpoint, exit 0. Of several
            instances in one group, each with a state directory of its own, one judges; the others
            stand by, say so on /readyz, and take over when it stops or dies.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Option(help: ArgumentHelp("Overrides log_level: trace, debug, info, notice, warning, error, critical.", valueName: "level"))
    var logLevel: Logger.Level?

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config)
            let logger = startLogging(configuration, level: logLevel)
            logger.notice(
                "starting vedette \(VedetteCommand.configuration.version)",
                metadata: [
                    "application": "\(configuration.application)", "group": "\(configuration.kafka.group)", "state": "\(configuration.state.directory)",
                    "models": "\(configuration.topology.models.map(\.name).joined(separator: ","))",
                ])
            let runner = KafkaRunner(configuration: configuration, logger: logger)
            let server = configuration.http.enabled ? WebServer(configuration.http, status: runner.status, logger: logger) : nil
            try await supervise(server, logger, run: { try runner.run() }, stop: { runner.stop() })
        }
    }
}
