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

    @Test("A second instance takes over: the first one stops and says why; nothing lost, nothing doubled")
    func takeover() throws {
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilRead(half)
        // On another machine: the same group and topics, a state directory of its own, which is empty.
        var elsewhere = try site.configuration("live")
        elsewhere.state.directory = site.file("elsewhere")
        let second = LiveRun(elsewhere)
        try rest.produce(to: site)
        let error = try #require(try first.failure())
        #expect((error as? SetupError)?.what.contains("taken over") == true, "\(error)")
        try second.waitUntilRead(traffic)
        try second.stop()
        try expectAgreement(site, traffic)
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
