import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// What only a real cluster can show: fencing, transactions that hide what was aborted, restarts of the brokers.
@Suite(.serialized, .enabled(if: RealBroker.addresses != nil, "set VEDETTE_TEST_BROKERS to the address of a Kafka cluster"))
struct RealBrokerTests {
    let site: Site

    init() throws {
        site = try Site(brokers: #require(RealBroker.addresses))
        try site.createInputs()
    }

    @Test("A second instance stands by, and takes over when the first one stops; nothing lost, nothing doubled")
    func takeover() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilRead(half)
        // On another machine: a state directory of its own, which is empty.
        let second = LiveRun(try site.configuration("live", instance: "-elsewhere"))
        try second.waitUntilReady(as: .standby)
        try rest.produce(to: site)
        try first.stop()
        try second.waitUntilRead(traffic)
        try second.waitUntilReady()
        try second.stop()
        try expectAgreement(site, traffic)
    }

    @Test("Another application's open transaction in the progress topic hides nothing: it is waited for")
    func sharedProgress() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilReady()
        let other = try Producer(properties: ["bootstrap.servers": site.brokers, "transactional.id": "\(site.name).other"], logger: Site.logger)
        defer { other.close() }
        try other.initTransactions(timeoutMs: 30_000)
        try other.begin()
        try other.produce(topic: "\(site.name).live.progress", key: nil, payload: Array("{}".utf8), partition: 0)
        try other.flush(timeoutMs: 30_000)
        try first.waitUntilRead(half)
        try first.stop()
        try rest.produce(to: site)
        let second = LiveRun(try site.configuration("live"))
        try wait("the reason") { second.status.notReadyReason()?.contains("read progress") == true }
        try other.commit(timeoutMs: 30_000)
        try second.waitUntilRead(traffic)
        try second.stop()
        try expectAgreement(site, traffic)
    }

    @Test("Windows close though a partition never gets a record, and a second execution does the same", arguments: [false, true])
    func idlePartitions(hasMarkers: Bool) throws {
        try site.createOutputs("live")
        try QuietPartitions(site, hasMarkers: hasMarkers).neverUsed()
    }

    @Test("A partition that pauses since others hold it back does not keep the quiet ones from being let go", arguments: [false, true])
    func pausedWhileOthersAreQuiet(hasMarkers: Bool) throws {
        try site.createOutputs("live")
        try QuietPartitions(site, hasMarkers: hasMarkers).besidePausedOnes()
    }

    @Test("A first start at a time reads from there")
    func startAtTime() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        try traffic.produce(to: site)
        let live = LiveRun(try site.configuration("live", start: "2026-01-05T00:40:00Z"))
        try live.waitUntilRead(traffic)
        try live.stop()
        let read = live.status.recordsRead
        #expect(read > traffic.count / 10 && read < traffic.count)
        let metrics = try site.committed("live", "metrics")
        #expect(!metrics.isEmpty && !metrics.contains { $0.contains("\"window\":\"5m\"") && $0.contains("\"start\":\"2026-01-05T00:2") })
    }

    @Test("Two processes under one group.instance.id: the earlier one ends and says why")
    func sameInstanceID() throws {
        try site.createOutputs("live")
        func configuration(_ instance: String) throws -> VedetteConfiguration {
            var configuration = try site.configuration("live", instance: instance)
            configuration.kafka.properties["group.instance.id"] = .literal("twin")
            return configuration
        }
        let first = LiveRun(try configuration("-1"))
        try first.waitUntilReady()
        let second = LiveRun(try configuration("-2"))
        let error = try #require(try first.failure() as? SetupError)
        #expect(error.what.contains("twin"))
        #expect(error.remedy.contains("group.instance.id"))
        try second.waitUntilReady()
        try second.stop()
    }

    @Test("A second instance on the same state directory is refused and does not disturb the first")
    func sameDirectory() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed(decisions: 2_000)
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilRead(half)
        let error = try #require(try LiveRun(try site.configuration("live")).failure())
        #expect("\(error)".contains(site.file("live")), "\(error)")
        try rest.produce(to: site)
        try first.waitUntilRead(traffic)
        try first.stop()
        #expect(try difference(site.committed("live", "metrics"), beginningOf: Replayed.topics(site)[.metrics]) == nil)
    }

    @Test("Stopped and started again, several times", arguments: [true, false])
    func restarts(transactional: Bool) throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let parts = 4
        for part in 0..<parts {
            let live = LiveRun(try site.configuration("live", transactional: transactional))
            let range = (traffic.count * part / parts)..<(traffic.count * (part + 1) / parts)
            try Traffic(records: Array(traffic.records[range])).produce(to: site)
            try live.waitUntilReady()
            if part == parts - 1 { try live.waitUntilRead(traffic) }
            try live.stop()
        }
        try expectAgreement(site, traffic)
    }

    @Test("An input that was made anew ends the run, with how far it had been read")
    func madeAnew() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed(decisions: 2_000)
        try traffic.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilRead(traffic)
        try first.stop()
        try site.recreate(site.labels, partitions: Site.labelPartitions)
        let error = try #require(try LiveRun(try site.configuration("live")).failure() as? SetupError)
        #expect(error.what.contains("\(site.labels)[") && error.what.contains("ends at offset 0") && error.what.contains("made anew"), "\(error)")
        #expect(error.remedy.contains("state.directory"))
    }

    @Test("Records that were deleted before they were read end the run, or are passed over and counted, as the configuration says")
    func deletedBeforeRead() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilRead(half)
        try first.stop()
        try rest.produce(to: site)
        let read = try #require(half.ends()["decisions-1"]), gone = read + 100
        #expect(try #require(traffic.ends()["decisions-1"]) > gone + 100)
        try site.delete(site.decisions, 1, before: gone)
        let error = try #require(try LiveRun(try site.configuration("live")).failure() as? SetupError)
        // A restart reads from the oldest record that had not taken effect yet.
        let match = try #require(error.what.firstMatch(of: /\[1\] .* from offset ([0-9]+) to ([0-9]+),/), "\(error)")
        let from = try #require(Int64(match.output.1))
        #expect(from <= read && match.output.2 == "\(gone - 1)")

        var configuration = try site.configuration("live")
        configuration.inputs.gaps = .skip
        let second = LiveRun(configuration)
        try second.waitUntilRead(traffic)
        try second.waitUntilReady()
        try second.stop()
        let skipped = second.status.snapshot.partitions.filter { $0.skipped > 0 }.map { "\($0.stream)-\($0.partition) \($0.skipped)" }
        #expect(skipped == ["decisions-1 \(gone - from)"])
        #expect(second.status.recordsRead <= traffic.count - Int(gone - from) && second.status.recordsRead >= rest.count - 100)
    }

    @Test("The brokers are restarted in the middle", .enabled(if: RealBroker.restart != nil, "set VEDETTE_TEST_BROKER_RESTART to a command"))
    func brokerRestart() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let live = LiveRun(try site.configuration("live"))
        try live.waitUntilRead(half.split().first)
        let shell = try Program("/bin/sh", ["-c", #require(RealBroker.restart)], log: site.file("restart.log"))
        #expect(try shell.exitStatus(seconds: 120) == 0, "\(shell.lastLines)")
        try rest.produce(to: site)
        try live.waitUntilRead(traffic)
        try live.waitUntilReady()
        try live.stop()
        try expectAgreement(site, traffic)
    }
}
