import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// Several instances of one group on the in-process brokers: one judges, the others stand by.
@Suite(.serialized) struct StandbyTests {
    let site: Site
    let cluster: MockCluster

    init() throws {
        (site, cluster) = try Site.mocked()
        try site.createInputs()
        try site.createOutputs("live")
    }

    @Test("Each takes over from the one that stops, and says what it is; nothing lost, nothing doubled", arguments: [true, false])
    func relay(transactional: Bool) throws {
        // Busy breakers commit all the time. Without transactions a commit of offsets while the group changes makes the
        // in-process group forget a member; real brokers do not (BreakerFailoverTests).
        let (site, cluster) = try Site.mocked(hasOrders: transactional)
        defer { withExtendedLifetime(cluster) {} }
        try site.createInputs()
        try site.createOutputs("live")
        let traffic = transactional ? try Traffic.mixed().withOrders() : try Traffic.mixed()
        func start(_ number: Int) throws -> LiveRun {
            LiveRun(try site.configuration("live", transactional: transactional, instance: "-\(number)"))
        }
        var active = try start(0)
        try active.waitUntilReady()
        var sent = 0
        for number in 1...3 {
            let standby = try start(number)
            let end = traffic.count * number / 3
            try Traffic(records: Array(traffic.records[sent..<end])).produce(to: site)
            sent = end
            let whole = Traffic(records: Array(traffic.records[..<end]))
            try active.waitUntilRead(whole)
            try standby.waitUntilReady(as: .standby)
            #expect(standby.status.readiness == "standby")
            #expect(active.status.readiness == "ready")
            // The last one takes over before it has seen the end, the others when they are as far as the active one.
            if number < 3 {
                try wait("the standby to follow") {
                    standby.status.snapshot.judgedToMs != nil && standby.status.snapshot.judgedToMs == active.status.snapshot.judgedToMs
                }
            }
            try active.stop()
            try standby.waitUntilReady()
            active = standby
        }
        try active.waitUntilRead(traffic)
        try active.stop()
        try expectAgreement(site, traffic)
        if transactional { try BreakerLine.expectBusy(BreakerLine.read(site.committed("live", "breakers")).taken) }
    }

    @Test("While another member of the group has the seat it waits, healthy; then it begins")
    func seatTaken() throws {
        let guest = try Consumer(
            properties: [
                "bootstrap.servers": site.brokers, "group.id": "\(site.name).live", "session.timeout.ms": "2500", "heartbeat.interval.ms": "200",
            ], logger: Site.logger)
        try guest.subscribe(["\(site.name).live.progress"])
        try wait("the seat to be taken") {
            try guest.poll(max: 10, timeoutMs: 50) { _ in }
            return try !guest.assignment().isEmpty
        }
        let traffic = try Traffic.mixed(decisions: 2_000)
        try traffic.produce(to: site)
        let live = LiveRun(try site.configuration("live"))
        try wait("standing by") {
            try guest.poll(max: 10, timeoutMs: 50) { _ in }
            return live.status.notReadyReason() == nil && live.status.snapshot.role == .standby
        }
        #expect(try site.committed("live", "metrics").isEmpty)
        guest.close()
        try live.waitUntilRead(traffic)
        try live.stop()
        #expect(try difference(site.committed("live", "metrics"), beginningOf: Replayed.topics(site)[.metrics]) == nil)
        #expect(try site.committed("live", "metrics").count > 50)
    }

    @Test("A first start is quiet about what is there already, unless told otherwise, also when it is killed in between")
    func quietHistory() throws {
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        for _ in 1...2 {
            let live = LiveRun(try site.configuration("live", idleTimeout: "2s", history: "quiet"))
            try live.waitUntilRead(half)
            try live.waitUntilReady()
            try live.stop()
        }
        #expect(try site.committed("live", "dead_letters").isEmpty)
        let early = try site.committed("live", "metrics")
        let live = LiveRun(try site.configuration("live", idleTimeout: "2s", history: "quiet"))
        try live.waitUntilReady()
        try rest.produce(to: site)
        try live.waitUntilRead(traffic)
        try live.stop()
        let replayed = try Replayed.topics(site)[.metrics]
        let metrics = try site.committed("live", "metrics")
        #expect(early.count < metrics.count && metrics.count < replayed.count - 100)
        // What is said counts what was read before: the hour that the second half ends in began in the first.
        #expect(metrics.contains { $0.contains("\"window\":\"1h\"") && replayed.contains($0) })
        #expect(try !site.committed("live", "dead_letters").isEmpty)
    }

    @Test("A first start at the newest records leaves the others alone, also after its state is lost")
    func startAtLatest() throws {
        let traffic = try Traffic.mixed(decisions: 2_000)
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        let first = LiveRun(try site.configuration("live", start: "latest"))
        try first.waitUntilReady()
        #expect(first.status.recordsRead == 0)
        try first.stop()
        try FileManager.default.removeItem(atPath: site.file("live"))
        try rest.produce(to: site)
        let second = LiveRun(try site.configuration("live", start: "earliest"))
        try second.waitUntilRead(traffic)
        try second.waitUntilReady()
        try second.stop()
        #expect(second.status.recordsRead == rest.count)
    }
}
