import Foundation
import Logging
import Synchronization
import VedetteCore
import VedetteKafka
import VedetteRuntime

/// Where a test runs: the brokers, and topics and files of its own there.
final class Site: Sendable {
    static let decisionPartitions = 4
    static let labelPartitions = 2
    /// Quiet, unless asked for: warnings are expected where brokers are cut off.
    static let logger = Logger(label: "vedette.integration") { label in
        let isWanted = ProcessInfo.processInfo.environment["VEDETTE_TEST_LOG"] != nil
        return isWanted ? StreamLogHandler.standardError(label: label) as any LogHandler : SwiftLogNoOpLogHandler()
    }

    let brokers: String
    /// With a control topic, and breakers that are busy and take orders.
    let hasOrders: Bool
    /// How the inputs' records are written, as keys of their sections; empty for JSON.
    let encodings: (decisions: String, labels: String)
    /// Keys of `inputs` beside those, such as a schema registry.
    let schemaRegistry: String
    /// Stem of all names.
    let name = "vedette-it-\(UUID().uuidString.prefix(8).lowercased())"
    let directory: String
    private let mock: MockCluster?
    /// Topics to delete at the end.
    private let made = Mutex<[String]>([])

    /// On librdkafka's in-process brokers.
    static func mocked(
        hasOrders: Bool = false, encodings: (decisions: String, labels: String) = ("", ""), schemaRegistry: String = ""
    ) throws -> (site: Site, cluster: MockCluster) {
        let cluster = try MockCluster(brokers: 1, logger: logger)
        let site = try Site(
            brokers: cluster.bootstrapServers, mock: cluster, hasOrders: hasOrders, encodings: encodings, schemaRegistry: schemaRegistry)
        return (site, cluster)
    }

    /// - Parameter mock: nil for real brokers.
    init(
        brokers: String, mock: MockCluster? = nil, hasOrders: Bool = false, encodings: (decisions: String, labels: String) = ("", ""),
        schemaRegistry: String = ""
    ) throws {
        self.encodings = encodings
        self.schemaRegistry = schemaRegistry
        self.brokers = brokers
        self.mock = mock
        self.hasOrders = hasOrders
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
        let topics = made.withLock { $0 }
        if !topics.isEmpty { try? Site.admin(brokers).deleteTopics(topics, timeoutMs: 30_000) }
    }

    var isMock: Bool { mock != nil }
    var decisions: String { "\(name).decisions" }
    var labels: String { "\(name).labels" }
    var control: String { "\(name).control" }
    func topic(_ stream: StreamKind) -> String {
        switch stream {
        case .decisions: decisions
        case .labels: labels
        case .control: control
        }
    }
    func file(_ name: String) -> String { directory + "/" + name }

    private static func admin(_ brokers: String) throws -> AdminClient {
        try AdminClient(properties: ["bootstrap.servers": brokers], logger: logger)
    }

    func createTopic(_ topic: String, partitions: Int) throws {
        if let mock { return try mock.createTopic(topic, partitions: partitions) }
        let admin = try Site.admin(brokers)
        // Copies wherever there can be some, so that one broker of several may go. Simulated records have timestamps of
        // their own: retention must not take them.
        let request = NewTopic(
            topic, partitions: partitions, replicationFactor: min(3, try admin.brokerCount(timeoutMs: 30_000)), configuration: ["retention.ms": "-1"])
        try admin.createTopics([request], timeoutMs: 30_000)
        made.withLock { $0.append(topic) }
        // The controller answers before the brokers have heard of it.
        try wait("\(topic) to be known") { try admin.describeTopics([topic], timeoutMs: 30_000)[topic] == .partitions(partitions) }
    }

    func recreate(_ topic: String, partitions: Int) throws {
        try Site.admin(brokers).deleteTopics([topic], timeoutMs: 30_000)
        // The name is free once every broker has heard of it.
        try wait("\(topic) to be gone") { (try? createTopic(topic, partitions: partitions)) != nil }
    }

    /// What retention does to records that have grown old.
    func delete(_ topic: String, _ partition: Int32, before offset: Int64) throws {
        try Site.admin(brokers).deleteRecords(before: [TopicPartition(topic, partition).at(offset)], timeoutMs: 30_000)
    }

    func createInputs() throws {
        try createTopic(decisions, partitions: Site.decisionPartitions)
        try createTopic(labels, partitions: Site.labelPartitions)
        if hasOrders { try createTopic(control, partitions: 1) }
    }

    /// Output topics of one run, each with one partition, so that their order can be compared.
    func createOutputs(_ run: String) throws {
        for output in ["alerts", "metrics", "dead_letters", "late", "breakers", "progress"] {
            try createTopic("\(name).\(run).\(output)", partitions: 1)
        }
    }

    /// One that numbers open and close all the time, and one for people.
    private var busyBreakers: String {
        """

          - {id: rates, slices: all, metrics: [{metric: mean_score, window: 5m, above: 0.9%, clear_ratio: 1, min_count: 20}], \
          min_open: 1m, max_open: 4m, clear_for: 1m, stage: 1m, flap_window: 4m, heartbeat: 2m, expiry: 5m}
          - {id: drill, alerts: [{severity: P0}], min_open: 1m, max_open: 8m, clear_for: 1m, stage: 1m, flap_window: 4m, heartbeat: 2m, expiry: 5m}
        """
    }

    /// - Parameters:
    ///   - run: which output topics and group; the fingerprints stay the same.
    ///   - instance: which state directory.
    ///   - sessionMs: how long the group keeps a silent member's place; the least that the brokers allow by default.
    func yaml(
        _ run: String, transactional: Bool = true, idleTimeout: String = "1d", checkpointInterval: String = "1s", sessionMs: Int? = nil,
        instance: String = "", start: String = "earliest", history: String = "aloud"
    ) -> String {
        let stem = "\(name).\(run)"
        return """
            application: integration
            log_level: info
            kafka:
              brokers: "\(brokers)"
              group: \(stem)
              transactional: \(transactional)
              properties:
                session.timeout.ms: "\(sessionMs ?? 6000)"
                heartbeat.interval.ms: "200"
                fetch.wait.max.ms: "50"
            inputs: {decisions: {topic: \(decisions)\(encodings.decisions)}, labels: {topic: \(labels)\(encodings.labels)}, \
            \(schemaRegistry)\(hasOrders ? "control: {topic: \(control)}, " : "")start: \(start), history: \(history)}
            outputs:
              alerts: \(stem).alerts
              metrics: \(stem).metrics
              dead_letters: \(stem).dead_letters
              late: \(stem).late
              breakers: \(stem).breakers
              progress: \(stem).progress
            models:
              - name: payments-gbm
                owner: payments-fraud
                security: security-detection
                features:
                  amount: {kind: number, important: true}
                  device_age_days: {kind: number, important: true}
                  is_vpn: boolean
                  mcc: category
            labels:
              sources:
                - {pipeline: issuer-chargebacks, trust: high}
                - {pipeline: review-queue, trust: medium}
            slices: {dimensions: [channel]}
            windows:
              - {name: 5m, size: 5m}
              - {name: 1h, size: 1h, hop: 15m}
            monitors:
              - {monitor: missing_features, window: 5m, reference: previous_window, severity: P0}
              - {monitor: volume, window: 5m, reference: previous_window, severity: P1, max_drop_ratio: 0.5, min_surge_ratio: 3}
            breakers:
              - {id: guard, slices: all, alerts: [{severity: P1}], min_open: 5m, max_open: 20m, clear_for: 2m, stage: 2m, \
              heartbeat: 5m, expiry: 15m}\(hasOrders ? busyBreakers : "")
            time: {idle_timeout: \(idleTimeout)}
            panes: {revise_every: 15m}
            state: {directory: "\(file(run + instance))", checkpoint_interval: \(checkpointInterval)}
            http: {enabled: false}
            secrets: {hash_key: public}
            """
    }

    func configuration(
        _ run: String, transactional: Bool = true, idleTimeout: String = "1d", checkpointInterval: String = "1s", sessionMs: Int? = nil,
        instance: String = "", start: String = "earliest", history: String = "aloud"
    ) throws -> VedetteConfiguration {
        let text = yaml(
            run, transactional: transactional, idleTimeout: idleTimeout, checkpointInterval: checkpointInterval, sessionMs: sessionMs,
            instance: instance, start: start, history: history)
        return try ConfigurationLoader.load(text: text, file: "integration.yaml").configuration
    }

    /// Everything that is committed in partition 0 of an output topic, in order.
    func committed(_ run: String, _ output: String) throws -> [String] { try Self.read("\(name).\(run).\(output)", brokers) }

    static func read(_ topic: String, _ brokers: String) throws -> [String] {
        let consumer = try Consumer(properties: ["bootstrap.servers": brokers, "group.id": "\(topic).reader"], logger: logger)
        defer { consumer.close() }
        try consumer.assign([TopicPartitionOffset(TopicPartition(topic, 0), .beginning)])
        var lines: [String] = []
        var isAtEnd = false
        let limit = ContinuousClock.now + .seconds(120)
        while !isAtEnd {
            if ContinuousClock.now > limit { throw TestTimeout(what: "the end of \(topic)") }
            try consumer.poll(max: 10_000, timeoutMs: 200) { record in
                switch record.kind {
                case .endOfPartition: isAtEnd = true
                case .message: lines.append(record.payload.map { String(decoding: $0, as: UTF8.self) } ?? "<null>")
                case .error: break
                }
            }
        }
        return lines
    }

    func progress(_ run: String) throws -> ProgressRecord? {
        try committed(run, "progress").last.flatMap { ProgressRecord(decoding: Array($0.utf8)) }
    }
}

/// A condition that did not come about in time.
struct TestTimeout: Error, CustomStringConvertible {
    var what: String
    var description: String { "timed out waiting for \(what)" }
}

/// Waits until something holds.
func wait(_ what: String, seconds: Double = 180, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .milliseconds(Int(seconds * 1_000))
    while try !condition() {
        if ContinuousClock.now > end { throw TestTimeout(what: what) }
        Thread.sleep(forTimeInterval: 0.02)
    }
}

/// Real brokers, where the environment names some.
enum RealBroker {
    static let addresses = ProcessInfo.processInfo.environment["VEDETTE_TEST_BROKERS"].flatMap { $0.isEmpty ? nil : $0 }
    /// A shell command that restarts them and returns when they answer.
    static let restart = ProcessInfo.processInfo.environment["VEDETTE_TEST_BROKER_RESTART"].flatMap { $0.isEmpty ? nil : $0 }
}
