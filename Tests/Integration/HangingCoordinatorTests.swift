import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// Coordinators that keep their connection and owe an answer.
@Suite(.serialized) struct HangingCoordinatorTests {
    let site: Site
    let cluster: MockCluster

    init() throws {
        (site, cluster) = try Site.mocked()
        try site.createInputs()
        try site.createOutputs("live")
    }

    @Test("Without transactions a coordinator that owes its answer to the group's offsets holds nothing up")
    func besideTheOutput() throws {
        let traffic = try Traffic.mixed()
        let (first, second) = traffic.split()
        try first.produce(to: site)
        // A session that outlives the silence: the coordinator answers nothing else either.
        let live = LiveRun(try site.configuration("live", transactional: false, sessionMs: 300_000))
        try live.waitUntilRead(first)
        try cluster.delayNext(.offsetCommit, broker: 1, byMs: 3_600_000)
        let before = live.status.snapshot.checkpointNumber
        try second.produce(to: site)
        // librdkafka itself would give the request up after a minute.
        try wait("checkpoints, each with its commit", seconds: 45) { live.status.snapshot.checkpointNumber > before + 3 }
        try live.waitUntilRead(traffic)
        // The answer is lost, and the group is left in order.
        try cluster.setDown()
        try cluster.setUp()
        try live.stop()
        try expectAgreement(site, traffic)
    }

    @Test("A coordinator that hangs in a transaction is told of while the call to it lasts, and nothing is lost or doubled")
    func inTransaction() throws {
        let traffic = try Traffic.mixed()
        let (first, second) = traffic.split()
        try first.produce(to: site)
        let live = LiveRun(try site.configuration("live", sessionMs: 300_000))
        try live.waitUntilRead(first)
        try cluster.delayNext(.addOffsetsToTransaction, broker: 1, byMs: 3_600_000)
        try second.produce(to: site)
        // librdkafka gives the request up after a minute, whatever the call's own time-out is.
        try wait("the reason", seconds: 45) { live.status.notReadyReason()?.contains("no answer for") == true }
        #expect(live.status.deadReason(now: ProcessInfo.processInfo.systemUptime) == nil)
        try cluster.setDown()
        try cluster.setUp()
        try live.waitUntilRead(traffic)
        try live.waitUntilReady()
        try live.stop()
        try expectAgreement(site, traffic)
    }
}
