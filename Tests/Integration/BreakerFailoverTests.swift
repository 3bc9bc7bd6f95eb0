import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// What a decision service hears of the breakers while the instances that judge die, hang, hand over and take over.
@Suite(
    .serialized,
    .enabled(if: RealBroker.addresses != nil && Program.path != nil, "needs VEDETTE_TEST_BROKERS and the built program"))
struct BreakerFailoverTests {
    /// What happens to the active instance, or to the group.
    private enum Fault: CaseIterable { case kill, stop, pause, rebalance }

    let site: Site

    init() throws {
        site = try Site(brokers: #require(RealBroker.addresses), hasOrders: true)
        try site.createInputs()
        try site.createOutputs("live")
        try site.createOutputs("alone")
    }

    @Test("Through kills, hangs, stops and rebalances the breakers are those of an uninterrupted run; without transactions only repeats are added", arguments: [true, false])
    func failover(transactional: Bool) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        // Each twice, in any order.
        let faults = (Fault.allCases + Fault.allCases).shuffled(using: &random)
        let traffic = try Traffic.mixed().withOrders()
        let feeding = feed(traffic, to: site, seconds: faults.count * 12)
        let instances = try Instances(2, site, transactional: transactional)
        for fault in faults {
            let active = try instances.active()
            switch fault {
            case .kill: try instances.kill(active)
            case .stop: try instances.stop(active)
            case .pause: try instances.pause(active)
            case .rebalance: try comeAndGo()
            }
        }
        try instances.finish(feeding)
        #expect(Set(instances.actives) == [0, 1], "seed \(seed), \(faults): \(instances.actives)")

        let alone = LiveRun(try site.configuration("alone", transactional: transactional))
        try alone.waitUntilRead(traffic)
        try alone.stop()
        let uninterrupted = try site.committed("alone", "breakers"), live = try site.committed("live", "breakers")
        let (taken, dropped) = try BreakerLine.read(live)
        #expect(difference(taken.map(\.text), beginningOf: uninterrupted) == nil && taken.count == uninterrupted.count, "seed \(seed), \(faults)")
        if transactional {
            #expect(dropped.isEmpty, "seed \(seed), \(faults)")
            try expectAgreement(site, traffic)
        } else {
            // A repeat says what was said: one number of a key never has two meanings.
            let said = Set(taken.map(\.text))
            for line in dropped { #expect(said.contains(line.text), "seed \(seed), \(faults): \(line.text)") }
        }
        BreakerLine.expectBusy(taken)
    }

    /// A third member joins the group and leaves it while the others work.
    private func comeAndGo() throws {
        let guest = try Consumer(
            properties: ["bootstrap.servers": site.brokers, "group.id": "\(site.name).live", "heartbeat.interval.ms": "200"], logger: Site.logger)
        try guest.subscribe(["\(site.name).live.progress"])
        let end = ContinuousClock.now + .seconds(4)
        while ContinuousClock.now < end { try guest.poll(max: 10, timeoutMs: 50) { _ in } }
        #expect(try guest.assignment().isEmpty)
        guest.close()
    }
}
