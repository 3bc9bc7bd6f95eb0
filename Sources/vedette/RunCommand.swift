import ArgumentParser
import Foundation
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
            let level = logLevel ?? Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
            LoggingSystem.bootstrap { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = level
                return handler
            }
            let logger = Logger(label: "vedette")
            logger.notice(
                "starting vedette \(VedetteCommand.configuration.version)",
                metadata: [
                    "application": "\(configuration.application)", "group": "\(configuration.kafka.group)", "state": "\(configuration.state.directory)",
                    "models": "\(configuration.topology.models.map(\.name).joined(separator: ","))",
                ])
            let runner = KafkaRunner(configuration: configuration, logger: logger)
            try await supervise(runner, configuration.http, logger)
        }
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Runs the loop on a thread of its own, the web server beside it, and stops both on SIGTERM or SIGINT.
func supervise(_ runner: KafkaRunner, _ http: HTTPConfiguration, _ logger: Logger) async throws {
    let signals = [SIGTERM, SIGINT].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            logger.info("stopping", metadata: ["signal": "\(number)"])
            runner.stop()
        }
        source.resume()
        return source
    }
    defer { signals.forEach { $0.cancel() } }
    try await withThrowingTaskGroup(of: Void.self) { group in
        if http.enabled { group.addTask { try await WebServer(http, status: runner.status, logger: logger).run() } }
        group.addTask { try await onThread { try runner.run() } }
        // Whichever ends first ends the run: the loop when it is told to stop, the server only by failing.
        defer { group.cancelAll() }
        _ = try await group.next()
        runner.stop()
    }
}

/// Runs blocking work on a thread of its own, away from the cooperative pool.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        let thread = Thread {
            continuation.resume(with: Result { try body() })
        }
        thread.name = "vedette"
        thread.stackSize = 8 << 20
        thread.start()
    }
}
