import ArgumentParser
import Logging
import VedetteForward
import VedetteRuntime
import VedetteWeb

struct ForwardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward",
        abstract: "Bring alerts from the alert topic to PagerDuty, Alertmanager or a webhook, until told to stop.",
        discussion: """
            EXAMPLES
              vedette forward --config vedette.yaml
              vedette forward --config vedette.yaml --test oncall
                one test alert and its end, and nothing else
              vedette forward --config vedette.yaml --dry-run --once
                what would be sent now, as JSON lines
              vedette forward --config vedette.yaml --once
                what there is, then exit; 69 if it was not taken
              PAGERDUTY_KEY=... vedette forward --config vedette.yaml
                with routing_key: {env: PAGERDUTY_KEY}

            The configuration's section forward says where to. An alert is
            delivered at least once, under the same key each time; one made by a
            replay never is. A destination that is down is tried again until it
            takes what waits for it, and holds up no other. Health and metrics:
            http://127.0.0.1:9466/healthz, /readyz and /metrics, unless configured
            otherwise. SIGTERM or Ctrl-C: finish the request in flight, commit,
            exit 0; with --once exit 130, unless everything is delivered by then.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String

    @Option(help: ArgumentHelp("Overrides log_level: trace, debug, info, notice, warning, error, critical.", valueName: "level"))
    var logLevel: Logger.Level?

    @Flag(
        help: """
            End when the end of the topic has been delivered. A destination that takes nothing in five tries in a row is given up, \
            exit code 69; what it did not take stays for the next time.
            """)
    var once = false

    @Flag(help: "Print what would be sent, without secrets; send nothing, commit nothing, and join no group.")
    var dryRun = false

    @Option(help: ArgumentHelp("Send one test alert of severity P3 and its end to this destination, whatever it matches, and exit.", valueName: "destination"))
    var test: String?

    func validate() throws {
        guard test == nil || !once && !dryRun else { throw ValidationError("--test goes with neither --once nor --dry-run") }
    }

    func run() async throws {
        try await reporting {
            let configuration = try loadConfiguration(config)
            guard let forward = configuration.forward else {
                throw ConfigurationError(issues: [
                    ConfigurationIssue(
                        file: config, line: 1, column: 1, key: "forward", expected: "a section with destinations", found: "nothing", severity: .error)
                ])
            }
            if let test { return try await send(test, forward, configuration.application) }
            let logger = startLogging(configuration, level: logLevel)
            var options = ForwardOptions()
            (options.isOnce, options.isDryRun) = (once, dryRun)
            let forwarder = try Forwarder(configuration, forward, options: options, logger: logger)
            logger.notice(
                "starting vedette forward \(VedetteCommand.configuration.version)",
                metadata: [
                    "application": "\(configuration.application)", "topic": "\(forward.topic ?? "")", "group": "\(forward.group)",
                    "destinations": "\(forward.destinations.map(\.name).joined(separator: ","))",
                ])
            let isServed = forward.http.enabled && !once && !dryRun
            let server = isServed ? WebServer(forward.http, status: forwarder.status, logger: logger) : nil
            do {
                try await supervise(server, logger, run: { try forwarder.run() }, stop: { forwarder.stop() })
            } catch is CancellationError where once {
                complain("interrupted before everything there is was delivered; the next time goes on from there")
                throw ExitStatus.interrupted
            }
        }
    }

    private func send(_ name: String, _ forward: ForwardConfiguration, _ application: String) async throws {
        guard let destination = forward.destinations.first(where: { $0.name == name }) else {
            throw ValidationError("there is no destination \(name); there are \(forward.destinations.map(\.name).joined(separator: ", "))")
        }
        try await onThread { try Forwarder.test(destination, application: application) { print($0) } }
    }
}
