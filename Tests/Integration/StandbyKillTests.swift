import Foundation
import Testing

/// Several processes of one group, of which the active one is killed or paused again and again.
@Suite(
    .serialized,
    .enabled(if: RealBroker.addresses != nil && Program.path != nil, "needs VEDETTE_TEST_BROKERS and the built program"))
struct StandbyKillTests {
    static let kills = Int(ProcessInfo.processInfo.environment["VEDETTE_TEST_KILLS"] ?? "") ?? 5
    let site: Site

    init() throws {
        site = try Site(brokers: #require(RealBroker.addresses))
        try site.createInputs()
        try site.createOutputs("live")
    }

    @Test("The active one of several is killed again and again; what is committed is a replay's", arguments: [2, 3])
    func kills(instances count: Int) throws {
        let traffic = try Traffic.mixed()
        let feeding = feed(traffic, to: site, seconds: Self.kills * 14)
        let instances = try Instances(count, site)
        for _ in 1...Self.kills { try instances.kill(instances.active()) }
        try instances.finish(feeding)
        try expectAgreement(site, traffic)
    }

    @Test("A paused instance that wakes up after another has taken over commits nothing more and stands by")
    func paused() throws {
        let traffic = try Traffic.mixed()
        let feeding = feed(traffic, to: site, seconds: 60)
        let instances = try Instances(2, site)
        for _ in 1...3 { try instances.pause(instances.active()) }
        try instances.finish(feeding)
        try expectAgreement(site, traffic)
    }
}
