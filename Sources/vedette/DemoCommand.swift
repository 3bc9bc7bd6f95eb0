import ArgumentParser
import Foundation
import Logging
import Synchronization
import VedetteCodec
import VedetteCore
import VedetteKafka
import VedetteRuntime

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole thing on this machine: simulator, an in-process Kafka broker, the sidecar, alerts as they fire.",
        discussion: """
            EXAMPLES
              vedette demo
              vedette demo --density 1 --seed 7

            Nine and a half simulated days of a payments model: eight quiet ones, then a feature goes missing,
            fraud on new accounts multiplies, scores drift on the app, and traffic drops. Everything goes
            through real topics, transactions and checkpoints of a broker inside this process. Ends by itself.
            """)

    @Option(help: ArgumentHelp("Mean decisions per second of event time.", valueName: "n"))
    var density: Double = 0.4

    @Option(help: "Seed of the simulator.")
    var seed: UInt64 = 1

    func validate() throws {
        guard density > 0.05, density <= 10 else { throw ValidationError("--density: expected 0.05 to 10, found \(density)") }
    }

    func run() async throws {
        try await reporting {
            let directory = NSTemporaryDirectory() + "vedette-demo-\(getpid())"
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var quiet = Logger(label: "vedette.demo")
            quiet.logLevel = .error
            let broker = try MockCluster(brokers: 1, logger: quiet)
            let yaml = DemoConfiguration.yaml(brokers: broker.bootstrapServers, stateDirectory: directory)
            let configuration = try ConfigurationLoader.load(text: yaml, file: "demo").configuration
            try createTopics(broker, configuration)
            try await play(configuration, brokers: broker.bootstrapServers, quiet)
        }
    }

    private func createTopics(_ broker: MockCluster, _ configuration: VedetteConfiguration) throws {
        for topic in [configuration.inputs.decisions.topic, configuration.inputs.labels.topic] {
            try broker.createTopic(topic, partitions: DemoTraffic.partitions)
        }
        for output in configuration.outputs.named { try broker.createTopic(output.topic, partitions: 1) }
    }

    private func play(_ configuration: VedetteConfiguration, brokers: String, _ logger: Logger) async throws {
        let options = try DemoTraffic.options(seed: seed, density: density)
        let screen = DemoScreen()
        screen.line(DemoScreen.introduction(options))
        let runner = KafkaRunner(
            configuration: configuration, logger: logger, onAlert: { screen.alert($0) }, onWindow: { screen.window($0) })
        let traffic = DemoTraffic(options, brokers: brokers, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await onThread { try runner.run() } }
            group.addTask {
                // The broker in this process keeps little, so the simulator must not run far ahead of the sidecar.
                let sent = try await onThread {
                    try traffic.send(
                        readSoFar: { runner.status.recordsRead }, isOver: { runner.hasEnded }, tick: { screen.status(runner.status, sent: $0) })
                }
                try await DemoTraffic.settle(runner, sent, configuration)
                runner.stop()
            }
            try await group.waitForAll()
        }
        screen.finish(runner.status)
    }
}
