import Foundation
import Logging
import Synchronization
import Testing
import VedetteKafka
import VedetteRuntime

/// Faults that the in-process brokers can play.
@Suite(.serialized) struct FaultTests {
    let site: Site
    let cluster: MockCluster

    init() throws { (site, cluster) = try Site.mocked() }

    private func prepare(_ run: String = "live") throws {
        try site.createInputs()
        try site.createOutputs(run)
    }

    @Test("A topic that no broker has heard of yet is waited for, for some seconds", arguments: ["labels", "live.progress"])
    func madeJustNow(_ missing: String) throws {
        try prepare()
        cluster.setTopicError("\(site.name).\(missing)", .unknownTopicOrPartition)
        let live = LiveRun(try site.configuration("live"))
        Thread.sleep(forTimeInterval: 2)
        #expect(!live.hasEnded)
        cluster.setTopicError("\(site.name).\(missing)", .noError)
        try live.waitUntilReady()
        try live.stop()
    }

    @Test("A topic that may not be used ends the run, and says which", arguments: ["labels", "live.alerts"])
    func forbiddenTopic(_ topic: String) throws {
        try prepare()
        cluster.setTopicError("\(site.name).\(topic)", .topicAuthorizationFailed)
        let error = try #require(try LiveRun(site.configuration("live")).failure(seconds: 60) as? SetupError)
        #expect(error.what.contains("\(site.name).\(topic)") && error.remedy.contains("ACLs"))
    }

    @Test("A group or a transactional id that may not be used ends the run, and says which", arguments: [
        (MockCluster.Request.findCoordinator, KafkaErrorCode.groupAuthorizationFailed, "group"),
        (.initProducerID, .transactionalIDAuthorizationFailed, "transactional id"),
    ])
    func forbiddenName(_ request: MockCluster.Request, _ code: KafkaErrorCode, _ word: String) throws {
        try prepare()
        cluster.failNext(request, with: Array(repeating: code, count: 20))
        let configuration = try site.configuration("live")
        let error = try #require(try LiveRun(configuration).failure(seconds: 60) as? SetupError)
        #expect(error.what.contains("\(word) \(configuration.kafka.group)") && error.remedy.contains("ACLs"), "\(error)")
    }

    @Test("An input whose records may not be read any more ends the run, and says which")
    func forbiddenLater() throws {
        try prepare()
        let live = LiveRun(try site.configuration("live", transactional: false))
        try live.waitUntilReady()
        cluster.failNext(.fetch, with: Array(repeating: .topicAuthorizationFailed, count: 200))
        let error = try #require(try live.failure(seconds: 60) as? SetupError)
        #expect(error.what.contains(site.name) && error.remedy.contains("ACLs"), "\(error)")
    }

    @Test("An input topic that can not be used for now is asked about with pauses, and told")
    func unavailableTopic() throws {
        try prepare()
        cluster.setTopicError(site.labels, .leaderNotAvailable)
        let lines = Mutex(0)
        let logger = Logger(label: "count") { _ in Counting { if $0.contains("waiting for the brokers") { lines.withLock { $0 += 1 } } } }
        let live = LiveRun(try site.configuration("live"), logger: logger)
        try wait("the reason") { live.status.notReadyReason()?.contains("brokers") == true }
        Thread.sleep(forTimeInterval: 3)
        cluster.setTopicError(site.labels, .noError)
        try live.waitUntilReady()
        try live.stop()
        #expect((1...8).contains(lines.withLock { $0 }))
    }

    @Test("Without transactions, records that brokers refused to take are produced again, and progress waits for them")
    func deliveryFailures() throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 2_000)
        try traffic.produce(to: site)
        var configuration = try site.configuration("live", transactional: false)
        // So that the client gives up at the first refusal, as it does in the end where it is patient.
        configuration.kafka.properties["message.send.max.retries"] = .literal("0")
        configuration.kafka.properties["enable.idempotence"] = .literal("false")
        cluster.failNext(.produce, with: Array(repeating: .requestTimedOut, count: 6))
        let live = LiveRun(configuration)
        try live.waitUntilRead(traffic)
        try live.stop()
        let replayed = try Replayed.topics(site)
        var seen: Set<String> = []
        let metrics = try site.committed("live", "metrics").filter { seen.insert($0).inserted }
        #expect(metrics.count > 100 && Set(metrics) == Set(replayed[.metrics].prefix(metrics.count)))
        #expect(try Set(site.committed("live", "dead_letters")) == Set(replayed[.deadLetters]))
        // The first of all says where the history begins.
        #expect(try site.committed("live", "progress").first?.contains("\"sequence\":1") == true)
    }

    @Test("A partition that pauses since others hold it back does not keep the quiet ones from being let go")
    func pausedWhileOthersAreQuiet() throws {
        try prepare()
        try QuietPartitions(site).besidePausedOnes()
    }

    @Test("A lone record from years ahead is refused when its partition goes quiet, at every execution, and time does not follow it")
    func loneRecordFromTheFuture() throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 2_000)
        let (first, second) = traffic.split()
        let future = Int64(Date().timeIntervalSince1970 * 1_000) + 10 * 365 * 86_400_000
        // The producer's clock is ahead, so the record's timestamp is too.
        let line = #"{"request_id":"ahead","time":\#(future),"outcome":"fraud","source":{"pipeline":"review-queue"}}"#
        let ahead = Traffic.Record(stream: .labels, partition: 0, key: [], line: Array(line.utf8), timestampMs: future)
        let begun = Traffic(records: first.records + [ahead])
        try begun.produce(to: site)
        let live = LiveRun(try site.configuration("live", idleTimeout: "2s", checkpointInterval: "1h"))
        try live.waitUntilRead(begun)
        let verdict = (reason: "\"reason\":\"future_time\"", place: "\"offset\":\(begun.ends()["labels-0", default: 0] - 1)")
        try wait("the verdict") { try site.committed("live", "dead_letters").contains { $0.contains(verdict.reason) && $0.contains(verdict.place) } }
        // All is quiet for a while: time goes on from the newest honest record.
        Thread.sleep(forTimeInterval: 4)
        let progress = try #require(try site.progress("live"))
        #expect(progress.watermark < future - 9 * 365 * 86_400_000)
        #expect(progress.punctuations.values.joined().contains { $0.present != .max })
        try second.produce(to: site)
        let all = Traffic(records: begun.records + second.records)
        try live.waitUntilRead(all)
        try live.stop()
        let letters = try site.committed("live", "dead_letters"), late = try site.committed("live", "late")

        // The state is lost, and everything is executed again.
        try FileManager.default.removeItem(atPath: site.file("live"))
        let again = LiveRun(try site.configuration("live", idleTimeout: "2s", checkpointInterval: "1h"))
        try again.waitUntilRead(all)
        try again.waitUntilReady()
        try again.stop()
        #expect(try site.committed("live", "dead_letters") == letters)
        #expect(try difference(late, beginningOf: site.committed("live", "late")) == nil)
    }

    @Test("A missing input or output topic ends the run, with its name and a remedy", arguments: ["labels", "progress"])
    func missingTopic(_ missing: String) throws {
        if missing == "labels" {
            try site.createTopic(site.decisions, partitions: 1)
            try site.createOutputs("live")
            cluster.setTopicError(site.labels, .unknownTopicOrPartition)
        } else {
            try prepare()
            cluster.setTopicError("\(site.name).live.progress", .unknownTopicOrPartition)
        }
        let error = try #require(try LiveRun(site.configuration("live")).failure() as? SetupError)
        #expect(error.what.contains("\(site.name)") && error.what.contains(missing) && error.what.contains("does not exist"))
        #expect(error.remedy.contains("create it"))
    }

    /// The in-process brokers keep 5 MB of a partition and delete what is older.
    private func push(out partition: Int32) throws {
        let producer = try Producer(properties: ["bootstrap.servers": site.brokers], logger: Site.logger)
        for _ in 0..<16 {
            try producer.produce(topic: site.decisions, key: nil, payload: Array(repeating: UInt8(ascii: "x"), count: 500_000), partition: partition)
            try producer.flush(timeoutMs: 60_000)
        }
        producer.close()
    }

    @Test("Records that were deleted before they were read end the run, with what is missing")
    func deletedBeforeRead() throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 2_000)
        try traffic.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try first.waitUntilRead(traffic)
        try first.stop()
        try push(out: 1)
        let error = try #require(try LiveRun(site.configuration("live")).failure() as? SetupError)
        #expect(error.what.contains("\(site.decisions)[1]") && error.what.contains("no longer holds"), "\(error)")
        #expect(error.remedy.contains("inputs.gaps"))
    }

    @Test("Brokers that are away at the start are waited for: alive, not ready, then at work")
    func awayAtStart() throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 2_000)
        try traffic.produce(to: site)
        try cluster.setDown()
        let live = LiveRun(try site.configuration("live"))
        try wait("the reason") { live.status.notReadyReason()?.contains("brokers") == true }
        #expect(live.status.deadReason(now: ProcessInfo.processInfo.systemUptime) == nil)
        #expect(!live.hasEnded)
        try cluster.setUp()
        try live.waitUntilReady()
        try live.waitUntilRead(traffic)
        try live.stop()
        #expect(try site.committed("live", "metrics").count > 10)
    }

    @Test("A stop while the brokers are away comes to its end and is no error", arguments: [false, true])
    func stopWhileAway(transactional: Bool) throws {
        try prepare()
        try cluster.setDown()
        let starting = LiveRun(try site.configuration("live", transactional: transactional))
        Thread.sleep(forTimeInterval: 1)
        try starting.stop()
        try cluster.setUp()
        let live = LiveRun(try site.configuration("live", transactional: transactional))
        try live.waitUntilReady()
        try cluster.setDown()
        try live.stop()
    }

    @Test("Brokers that go away in the middle: nothing lost, nothing doubled, alive and not ready meanwhile")
    func awayInTheMiddle() throws {
        try prepare()
        let traffic = try Traffic.mixed()
        let (half, rest) = traffic.split()
        try half.produce(to: site)
        // A session that outlives the outage: the in-process group does not take back a member whose session ended
        // meanwhile. Real brokers do; see the tests on them.
        let live = LiveRun(try site.configuration("live", sessionMs: 60_000))
        try live.waitUntilRead(half)
        try cluster.setDown()
        try wait("the reason") { live.status.notReadyReason() != nil }
        #expect(live.status.deadReason(now: ProcessInfo.processInfo.systemUptime) == nil)
        try cluster.setUp()
        try rest.produce(to: site)
        try live.waitUntilRead(traffic)
        try live.waitUntilReady()
        try live.stop()
        try expectAgreement(site, traffic)
    }

    @Test("Brokers that go away while partitions are idle: missed within seconds, and a stop does not wait for them")
    func awayWhileIdle() throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 2_000)
        try traffic.produce(to: site)
        let live = LiveRun(try site.configuration("live", transactional: false, idleTimeout: "1s", sessionMs: 60_000))
        try live.waitUntilRead(traffic)
        // Nothing comes any more: every second the brokers are asked whether that is so.
        Thread.sleep(forTimeInterval: 4)
        try cluster.setDown()
        try wait("the reason", seconds: 20) { live.status.notReadyReason() != nil }
        try live.stop(seconds: 30)
    }

    @Test("Errors of the transaction's steps are waited out or aborted and redone; the output stays whole", arguments: [
        MockCluster.Request.addPartitionsToTransaction, .addOffsetsToTransaction, .transactionOffsetCommit, .endTransaction, .produce,
    ])
    func transactionErrors(_ request: MockCluster.Request) throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 2_000)
        let (first, second) = traffic.split()
        try first.produce(to: site)
        let live = LiveRun(try site.configuration("live"))
        try live.waitUntilReady()
        try second.produce(to: site)
        cluster.failNext(request, with: [.coordinatorNotAvailable, .coordinatorLoading, .notCoordinator, .transport])
        try live.waitUntilRead(traffic)
        try live.stop()
        let topics = try Replayed.topics(site)
        let metrics = try site.committed("live", "metrics")
        #expect(difference(metrics, beginningOf: topics[.metrics]) == nil)
        #expect(metrics.count > topics[.metrics].count / 2)
    }

    @Test("Offsets that the group refuses do not stop the output", arguments: [KafkaErrorCode.illegalGeneration, .unknownMember])
    func refusedOffsets(_ code: KafkaErrorCode) throws {
        try prepare()
        let traffic = try Traffic.mixed(decisions: 1_000)
        let live = LiveRun(try site.configuration("live"))
        try live.waitUntilReady()
        cluster.failNext(.transactionOffsetCommit, with: [code, code])
        try traffic.produce(to: site)
        try live.waitUntilRead(traffic)
        try live.stop()
        let metrics = try site.committed("live", "metrics")
        // The in-process brokers show the records of aborted transactions: only what is there at all can be told.
        #expect(Set(metrics).count > 20)
    }

    @Test("Stopped and started again, several times: nothing lost, nothing doubled", arguments: [true, false])
    func restarts(transactional: Bool) throws {
        try prepare()
        let traffic = try Traffic.mixed()
        let parts = 3
        var sent = 0
        for part in 1...parts {
            let live = LiveRun(try site.configuration("live", transactional: transactional))
            try live.waitUntilReady()
            let end = traffic.count * part / parts
            try Traffic(records: Array(traffic.records[sent..<end])).produce(to: site)
            sent = end
            // The first is stopped in the middle of reading.
            if part > 1 { try live.waitUntilRead(Traffic(records: Array(traffic.records[..<end]))) }
            try live.stop()
        }
        try expectAgreement(site, traffic)
    }

    @Test("Windows close though a partition never gets a record, and a second execution does the same")
    func idlePartitions() throws {
        try prepare()
        try QuietPartitions(site).neverUsed()
    }

    @Test("Tombstones, broken and future records become dead letters once each, across restarts, with their coordinates")
    func deadLetters() throws {
        try prepare()
        var traffic = try Traffic.mixed()
        let some = try #require(traffic.records.first { $0.stream == .labels })
        for partition in 0..<Site.labelPartitions {
            traffic.records.insert(
                .init(stream: .labels, partition: partition, key: some.key, line: nil, timestampMs: some.timestampMs),
                at: traffic.count / 2)
        }
        // Whole in Base64 it would be larger than what brokers take, and no start would get past it.
        let large = 900_000
        traffic.records.insert(
            .init(stream: .decisions, partition: 0, key: some.key, line: Array(repeating: UInt8(ascii: "{"), count: large), timestampMs: some.timestampMs),
            at: traffic.count / 2)
        let (first, second) = traffic.split(at: 0.66)
        for (part, sent) in [(first, first), (second, traffic)] {
            let live = LiveRun(try site.configuration("live", checkpointInterval: "1h"))
            try part.produce(to: site)
            try live.waitUntilReady()
            try live.waitUntilRead(sent)
            try live.stop()
        }
        let letters = try site.committed("live", "dead_letters")
        #expect(letters.count > 10)
        #expect(try letters.sorted() == Replayed.topics(site)[.deadLetters].sorted())
        let places = letters.compactMap { line in line.range(of: "\"offset\":").map { line[..<$0.upperBound] + line[$0.upperBound...].prefix(8) } }
        #expect(Set(places).count == letters.count)
        for partition in 0..<Site.labelPartitions {
            #expect(letters.contains {
                $0.contains("\"name\":\"\(site.labels)\",\"partition\":\(partition)") && $0.contains("\"reason\":\"empty_payload\"")
            })
        }
        #expect(letters.contains { $0.contains("\"reason\":\"future_time\"") })
        #expect(letters.filter { $0.contains("\"payload_length\":\(large),\"truncated\":true") }.count == 1)
    }

    @Test("vedette check names the missing topics and says how to make them")
    func check() throws {
        try prepare()
        cluster.setTopicError("\(site.name).live.alerts", .unknownTopicOrPartition)
        let report = try TopicCheck(try site.configuration("live")).run()
        #expect(!report.isComplete)
        #expect(report.text.contains("alerts: \(site.name).live.alerts is MISSING"))
        // One broker: a copy of each record is all there can be.
        #expect(
            report.text.contains(
                "--bootstrap-server \(site.brokers) --create --topic \(site.name).live.alerts --partitions 4 --replication-factor 1 --config cleanup.policy=compact"))
        #expect(report.text.contains("decisions: \(site.decisions), 4 partitions"))
        cluster.setTopicError("\(site.name).live.alerts", .noError)
        #expect(try TopicCheck(try site.configuration("live")).run().isComplete)
        try cluster.setDown()
        #expect(throws: KafkaError.self) { try TopicCheck(try site.configuration("live")).run() }
    }
}

/// Hands each line to somebody who counts.
private struct Counting: LogHandler {
    let take: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(_ take: @escaping @Sendable (String) -> Void) { self.take = take }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { take("\(event.message)") }
}
