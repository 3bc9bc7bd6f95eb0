import Foundation
import Synchronization
import VedetteForward
import VedetteKafka
import VedetteRuntime

/// An alert topic on the in-process brokers, somebody who takes alerts, and forwarders between them.
final class ForwardSite: Sendable {
    let site: Site
    let cluster: MockCluster
    let receiver: Receiver
    private let producer: Producer

    init() throws {
        (site, cluster) = try Site.mocked()
        receiver = try Receiver()
        try site.createTopic("\(site.name).fwd.alerts", partitions: 1)
        producer = try Producer(properties: ["bootstrap.servers": site.brokers], logger: Site.logger)
    }

    var topic: String { "\(site.name).fwd.alerts" }

    /// - Parameter destinations: YAML of the list's elements, one a line.
    func yaml(_ destinations: [String], start: String = "earliest", more: String = "http: {enabled: false}") -> String {
        site.yaml("fwd") + "\nforward:\n  start: \(start)\n  max_age: 1d\n  \(more)\n  destinations:\n" + destinations.map { "    - \($0)\n" }.joined()
    }

    func hook(_ name: String = "hook", _ more: String = "") -> String {
        "{name: \(name), type: webhook, url: \"\(receiver.url("/\(name)"))\", min_retry_delay: 20ms, max_retry_delay: 100ms\(more)}"
    }

    func start(_ yaml: String, once: Bool = false) throws -> LiveForward {
        let configuration = try ConfigurationLoader.load(text: yaml, file: "forward.yaml").configuration
        var options = ForwardOptions()
        options.isOnce = once
        guard let forward = configuration.forward else { throw TestTimeout(what: "a section forward") }
        return LiveForward(try Forwarder(configuration, forward, options: options, logger: Site.logger))
    }

    /// The program on a configuration file.
    func program(_ yaml: String, _ arguments: [String] = []) throws -> Program? {
        guard let path = Program.path else { return nil }
        try yaml.write(toFile: site.file("forward.yaml"), atomically: true, encoding: .utf8)
        return try Program(path, ["forward", "--config", site.file("forward.yaml")] + arguments, log: site.file("forward.log"))
    }

    var log: String { (try? String(contentsOfFile: site.file("forward.log"), encoding: .utf8)) ?? "" }

    /// Puts records into the topic, keyed as the program does.
    func say(_ alerts: [[UInt8]?]) throws {
        for alert in alerts {
            let key = alert.flatMap { try? AlertRecord($0).fingerprint } ?? "none"
            try producer.produce(topic: topic, key: Array(key.utf8), payload: alert, partition: 0)
        }
        try producer.flush(timeoutMs: 60_000)
    }

    /// Deletes an alert's record, as it is done in a compacted topic.
    func bury(_ fingerprint: String) throws {
        try producer.produce(topic: topic, key: Array(alertKey(fingerprint).utf8), payload: nil, partition: 0)
        try producer.flush(timeoutMs: 60_000)
    }

    /// The offset that a destination's group has committed.
    func committed(_ name: String = "hook") throws -> Int64? {
        let consumer = try Consumer(properties: ["bootstrap.servers": site.brokers, "group.id": "integration.forward.\(name)"], logger: Site.logger)
        defer { consumer.close() }
        return try consumer.committed([TopicPartition(topic, 0)], timeoutMs: 30_000).values.first
    }

    func waitFor(_ path: String, count: Int, _ forward: LiveForward? = nil) throws {
        do {
            try wait("\(count) requests to \(path)", seconds: 120) {
                try forward?.check()
                return receiver.requests(path).count >= count
            }
        } catch let error as TestTimeout {
            throw TestTimeout(what: "\(error.what); there were \(receiver.requests().map(\.path))")
        }
    }
}

/// A whole fingerprint that begins with a few characters.
func alertKey(_ fingerprint: String) -> String { fingerprint.padding(toLength: 32, withPad: "0", startingAt: 0) }

/// A record of the alert schema as of now.
func alert(
    _ fingerprint: String, episode: Int = 1, revision: Int = 0, _ status: String = "firing", severity: String = "P1", more: [String: Any] = [:]
) throws -> [UInt8] {
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    var object = try JSONSerialization.jsonObject(with: Data(TestAlert.records(application: "integration", now: now)[0].bytes)) as? [String: Any] ?? [:]
    let key = alertKey(fingerprint)
    (object["id"], object["fingerprint"]) = ("\(key)-\(episode)-\(revision)", key)
    (object["episode"], object["revision"], object["status"], object["severity"]) = (episode, revision, status, severity)
    if status == "resolved" || status == "withdrawn" { object["reason"] = "because" }
    for (name, value) in more { object[name] = value }
    return Array(try JSONSerialization.data(withJSONObject: object, options: .sortedKeys))
}

/// A forwarder on a thread of its own.
final class LiveForward: Sendable {
    let forwarder: Forwarder
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ forwarder: Forwarder) {
        self.forwarder = forwarder
        Thread { [self] in
            let result = Result { try forwarder.run() }
            outcome.withLock { $0 = result }
        }.start()
    }

    func status(_ name: String = "hook") -> ForwardStatus.Destination? { forwarder.status.destinations.first { $0.name == name } }
    func records(_ fate: String, _ name: String = "hook") -> Int64 { status(name)?.records.first { $0.fate == fate }?.count ?? 0 }

    /// Throws what it has thrown.
    func check() throws { try outcome.withLock { $0 }?.get() }

    func waitForEnd() throws {
        try wait("the forwarder to end", seconds: 120) { outcome.withLock { $0 != nil } }
        try check()
    }

    func stop() throws {
        forwarder.stop()
        try waitForEnd()
    }
}
