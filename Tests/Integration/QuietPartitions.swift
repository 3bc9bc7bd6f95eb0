import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// What time does where a partition has nothing to say, on whichever brokers.
struct QuietPartitions {
    let site: Site
    /// The inputs are written in transactions: their partitions end in markers that no consumer is given.
    var hasMarkers = false

    init(_ site: Site, hasMarkers: Bool = false) { (self.site, self.hasMarkers) = (site, hasMarkers) }

    /// All but the last partition of the labels.
    private func traffic() throws -> Traffic {
        var traffic = try Traffic.mixed(decisions: 2_000)
        traffic.records.removeAll { $0.stream == .labels && $0.partition == 1 }
        return traffic
    }

    func besidePausedOnes() throws {
        let traffic = try traffic()
        let (first, second) = traffic.split()
        var configuration = try site.configuration("live", idleTimeout: "8s")
        configuration.topology.time.maxWaitingRows = 50
        try first.produce(to: site, transactional: hasMarkers)
        let live = LiveRun(configuration)
        try wait("pauses") { live.status.snapshot.partitions.filter(\.isPaused).count == Site.decisionPartitions + Site.labelPartitions - 1 }
        // Now they are paused and not at their ends. The last one gives a sign of life that lets none of them go on: so it
        // goes quiet after all the others have, which it would otherwise do before, and be let go while they count for nothing.
        try second.produce(to: site, transactional: hasMarkers)
        let early = try #require(traffic.records.map(\.timestampMs).min()) - 600_000
        let line = #"{"request_id":"early","time":\#(early),"outcome":"fraud","source":{"pipeline":"review-queue"}}"#
        let sign = Traffic(records: [.init(stream: .labels, partition: 1, key: [], line: Array(line.utf8), timestampMs: early)])
        try sign.produce(to: site, transactional: hasMarkers)
        try live.waitUntilRead(Traffic(records: traffic.records + sign.records), seconds: 90)
        try wait("windows to close") { try site.committed("live", "metrics").count > 100 }
        try live.stop()
    }

    func neverUsed() throws {
        let traffic = try traffic()
        try traffic.produce(to: site, transactional: hasMarkers)
        let start = ContinuousClock.now
        let live = LiveRun(try site.configuration("live", idleTimeout: "2s", checkpointInterval: "1h"))
        try live.waitUntilRead(traffic)
        try wait("windows to close") { try site.committed("live", "metrics").count > 100 }
        try live.stop()
        // All are silent now: event time goes on with the wall clock and no faster.
        let progress = try #require(try site.progress("live"))
        let first = try site.committed("live", "metrics")
        let newest = traffic.records.filter { $0.timestampMs < 4_000_000_000_000 }.map(\.timestampMs).max() ?? 0
        #expect(progress.watermark < newest + Int64((ContinuousClock.now - start).components.seconds + 1) * 1_000)
        #expect(progress.punctuations.contains { $0.key.stream == .labels && $0.key.number == 1 })

        // The state is lost: everything is executed again, silently, and honours the punctuations.
        try FileManager.default.removeItem(atPath: site.file("live"))
        let again = LiveRun(try site.configuration("live", idleTimeout: "2s", checkpointInterval: "1h"))
        try again.waitUntilRead(traffic)
        try again.waitUntilReady()
        try again.stop()
        let second = try site.committed("live", "metrics")
        #expect(difference(first, beginningOf: second) == nil)
        let keys = try second.map(metricKey)
        #expect(Set(keys).count == keys.count)
        #expect(try Set(site.committed("live", "late")).count == site.committed("live", "late").count)
    }
}
