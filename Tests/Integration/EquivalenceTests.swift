import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// One set of records, read live, from topics and from files, gives the same output.
@Suite(.serialized) struct MockEquivalenceTests {
    /// How the partitions' delivery is skewed.
    enum Skew: String, CaseIterable, Sendable { case none, slowBroker, paced }

    @Test("Live, topic replay and file replay agree byte for byte, however the partitions are read", arguments: Skew.allCases)
    func agreement(_ skew: Skew) throws {
        let (site, cluster) = try Site.mocked()
        try site.createInputs()
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        if skew == .slowBroker {
            // Each answer late: fetches of the partitions interleave otherwise than at full speed.
            try cluster.setRoundTripMs(40)
        }
        if skew != .paced { try traffic.produce(to: site) }
        let live = LiveRun(try site.configuration("live"))
        if skew == .paced { try traffic.produce(to: site, burst: 50, pauseMs: 10) }
        try live.waitUntilRead(traffic)
        try live.stop()
        try expectAgreement(site, traffic)
    }

    @Test("A replay writes to no live topic; told a topic by name, it publishes its alerts there, as those of a replay")
    func replayedAlerts() throws {
        let (site, _) = try Site.mocked()
        try site.createInputs()
        try site.createOutputs("live")
        try site.createTopic("\(site.name).again", partitions: 1)
        try Traffic.mixed(decisions: 2_000).produce(to: site)
        func replay(alertsTopic: String?) throws -> ReplaySummary {
            try TopicReplay(
                configuration: try site.configuration("live"), brokers: nil, from: nil, to: nil, output: OutputFiles([:]), alertsTopic: alertsTopic,
                logger: Site.logger
            ).run()
        }
        let summary = try replay(alertsTopic: nil)
        #expect(summary.alerts > 0)
        #expect(try replay(alertsTopic: "\(site.name).again").alerts == summary.alerts)
        for output in ["alerts", "metrics", "dead_letters", "late", "breakers", "progress"] {
            #expect(try site.committed("live", output).isEmpty, "\(output)")
        }
        let published = try Site.read("\(site.name).again", site.brokers)
        #expect(published.count == summary.alerts && published.allSatisfy { $0.contains("\"mode\":\"replay\"") })
    }
}

@Suite(.serialized) struct ReplayBoundsTests {
    @Test("Bounds in the wrong order are refused", arguments: [("2026-01-05T01:20:00Z", "2026-01-05T00:40:00Z"), ("20", "20")])
    func order(from: String, to: String) throws {
        let (site, cluster) = try Site.mocked()
        defer { withExtendedLifetime(cluster) {} }
        try site.createInputs()
        let error = #expect(throws: SetupError.self) { try Replayed.topics(site, from: from, to: to) }
        #expect(error?.what.contains("--from") == true)
    }
}

@Suite(.serialized, .enabled(if: RealBroker.addresses != nil, "set VEDETTE_TEST_BROKERS to the address of a Kafka cluster"))
struct RealEquivalenceTests {
    @Test("Live, topic replay and file replay agree byte for byte on a real cluster", arguments: [false, true])
    func agreement(inputInTransaction: Bool) throws {
        let site = try Site(brokers: #require(RealBroker.addresses))
        try site.createInputs()
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        try traffic.produce(to: site, transactional: inputInTransaction)
        let live = LiveRun(try site.configuration("live"))
        try live.waitUntilRead(traffic)
        try live.stop()
        try expectAgreement(site, traffic)
    }

    @Test("Bounds by time are looked up by the brokers and change nothing but what is read")
    func bounds() throws {
        let site = try Site(brokers: #require(RealBroker.addresses))
        try site.createInputs()
        let traffic = try Traffic.mixed()
        try traffic.produce(to: site)
        let all = try Replayed.topics(site)
        let part = try Replayed.topics(site, from: "2026-01-05T00:40:00Z", to: "2026-01-05T01:20:00Z")
        #expect(part[.metrics].count > 20 && part[.metrics].count < all[.metrics].count)
        func starts(_ lines: [String]) -> Set<String> {
            Set(lines.filter { $0.contains("\"window\":\"5m\"") }.compactMap { line in
                line.range(of: "\"start\":\"").map { String(line[$0.upperBound...].prefix(16)) }
            })
        }
        #expect(starts(part[.metrics]).min() == "2026-01-05T00:40")
        #expect(starts(part[.metrics]).max() == "2026-01-05T01:15")
        #expect(starts(all[.metrics]).min() == "2026-01-05T00:00")
        let again = try Replayed.topics(site, from: "0")
        for kind in OutputKind.allCases where kind != .deadLetters { #expect(again[kind] == all[kind], "\(kind)") }
        // In order within a partition; which partition the brokers give first is theirs to choose.
        #expect(again[.deadLetters].sorted() == all[.deadLetters].sorted())
    }
}

/// Compares what a live run committed with both kinds of replay.
func expectAgreement(_ site: Site, _ traffic: Traffic, run: String = "live") throws {
    let files = try Replayed.files(traffic, site)
    let topics = try Replayed.topics(site)
    #expect(files[.metrics] == topics[.metrics])
    #expect(files[.alerts] == topics[.alerts])
    // A file names its lines otherwise than a topic: only their number can be compared.
    #expect(files[.deadLetters].count == topics[.deadLetters].count)
    #expect(files[.late].count == topics[.late].count)

    let metrics = try site.committed(run, "metrics")
    let alerts = try site.committed(run, "alerts").map(asReplayed)
    #expect(metrics.count > 300)
    #expect(!alerts.isEmpty)
    #expect(difference(metrics, beginningOf: topics[.metrics]) == nil)
    #expect(difference(alerts, beginningOf: topics[.alerts]) == nil)
    #expect(try difference(site.committed(run, "late"), beginningOf: topics[.late]) == nil)
    #expect(files[.breakers] == topics[.breakers])
    let breakers = try site.committed(run, "breakers").map(asReplayed)
    #expect(difference(breakers, beginningOf: topics[.breakers]) == nil)
    try BreakerLine.expectOneLife(of: breakers)
    #expect(try site.committed(run, "dead_letters").sorted() == topics[.deadLetters].sorted())
    #expect(topics[.deadLetters].count > 10)
}
