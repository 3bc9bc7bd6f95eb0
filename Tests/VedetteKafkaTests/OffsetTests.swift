import Foundation
import Testing
import VedetteKafka

@Suite(.serialized) struct OffsetTests {
    let cluster: MockCluster
    let producer: Producer

    init() throws {
        cluster = try Kafka.mock(topics: ["t": 2])
        producer = try Kafka.producer(cluster.bootstrapServers)
        for i in 0..<20 { try producer.send("t", "\(i)", partition: Int32(i % 2)) }
        try producer.flush(timeoutMs: 60_000)
    }

    static let both = [TopicPartition("t", 0), TopicPartition("t", 1)]

    @Test("A paused partition gives nothing, keeps its place, and goes on when resumed")
    func pauseResume() throws {
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign(Self.both.map { $0.at(0) })
        _ = try consumer.receive { $0.ends.count == 2 }
        try consumer.pause([Self.both[0]])
        for i in 20..<40 { try producer.send("t", "\(i)", partition: Int32(i % 2)) }
        try producer.flush(timeoutMs: 60_000)
        let whilePaused = try consumer.receive(timeoutMs: 2_000) { $0.records.count > 10 }
        #expect(whilePaused.records.map(\.partition) == Array(repeating: 1, count: 10))
        try consumer.resume([Self.both[0]])
        let resumed = try consumer.receive { $0.records.count == 10 }
        #expect(resumed.records.filter { $0.partition == 0 }.map(\.offset) == Array(10..<20))
    }

    @Test("Pausing between polls of a batch that was cut short loses and repeats nothing")
    func pauseInTheMiddle() throws {
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign(Self.both.map { $0.at(0) })
        var got = Received()
        let end = ContinuousClock.now + .seconds(60)
        while got.records.count < 20, ContinuousClock.now < end {
            // A pause throws away what is under way: on a slow machine a shorter wait would never see any of it.
            try consumer.poll(max: 3, timeoutMs: 5_000) { got.take($0) }
            try consumer.pause(Self.both)
            try consumer.poll(max: 3, timeoutMs: 5) { got.take($0) }
            try consumer.resume(Self.both)
        }
        for partition in Int32(0)..<2 {
            #expect(got.records.filter { $0.partition == partition }.map(\.offset) == Array(0..<10))
        }
    }

    @Test("Seeking goes back and forth exactly")
    func seek() throws {
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign(Self.both.map { $0.at(0) })
        _ = try consumer.receive { $0.records.count == 20 }
        try consumer.seek([Self.both[0].at(9), Self.both[1].at(7)])
        var got = try consumer.receive { $0.records.count == 4 }
        #expect(got.records.filter { $0.partition == 0 }.map(\.offset) == [9])
        #expect(got.records.filter { $0.partition == 1 }.map(\.offset) == [7, 8, 9])
        // The record read last, once more: wanted, so not taken for a repeat.
        try consumer.seek([Self.both[0].at(9)])
        got = try consumer.receive { !$0.records.isEmpty }
        #expect(got.records.map(\.offset) == [9])
        try consumer.seek([TopicPartitionOffset(Self.both[0], .beginning)])
        got = try consumer.receive { $0.records.count == 10 }
        #expect(got.records.map(\.offset) == Array(0..<10))
        #expect(throws: KafkaError.self) { try consumer.seek([TopicPartition("t", 99).at(0)]) }
    }

    @Test("Position, lag, commits and the broker's range of offsets")
    func numbers() throws {
        let group = Kafka.unique("g")
        let consumer = try Kafka.consumer(cluster.bootstrapServers, group: group)
        try consumer.assign(Self.both.map { $0.at(4) })
        #expect(try consumer.position(Self.both).isEmpty)
        var taken = 0
        for _ in 0..<10 where taken == 0 { taken = try consumer.poll(max: 1, timeoutMs: 1_000) { _ in } }
        let read = try consumer.position(Self.both)
        let partition = try #require(read.keys.first)
        #expect(read == [partition: 5])
        #expect(try consumer.lag(partition) == 5)
        #expect(try consumer.committed(Self.both, timeoutMs: 5_000).isEmpty)
        try consumer.commit([partition.at(5)], timeoutMs: 60_000)
        #expect(try consumer.committed(Self.both, timeoutMs: 5_000) == [partition: 5])
        let range = try consumer.watermarkOffsets(partition, timeoutMs: 5_000)
        #expect(range == WatermarkOffsets(low: 0, high: 10))
        #expect(try Set(consumer.assignment()) == Set(Self.both))
    }

    @Test("The range of offsets is not waited for longer than asked while the leader is away")
    func rangeWhileAway() throws {
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        // Its leader is known, and connected.
        #expect(try consumer.watermarkOffsets(Self.both[0], timeoutMs: 60_000).high == 10)
        try cluster.setDown()
        let begun = ContinuousClock.now
        let error = #expect(throws: KafkaError.self) { try consumer.watermarkOffsets(Self.both[0], timeoutMs: 500) }
        #expect(error?.isRetriable == true)
        // The request itself would be given up after a minute.
        #expect(ContinuousClock.now - begun < .seconds(30))
        try cluster.setUp()
        var high: Int64?
        for _ in 0..<60 where high == nil { high = try? consumer.watermarkOffsets(Self.both[0], timeoutMs: 1_000).high }
        #expect(high == 10)
    }

    @Test("A coordinator that owes its answer is not waited for longer than asked, and not at all by the next commit")
    func commitWhileAway() throws {
        let group = Kafka.unique("g")
        let consumer = try Kafka.consumer(cluster.bootstrapServers, group: group, ["session.timeout.ms": "60000"])
        // The coordinator is known, and connected.
        try consumer.commit([Self.both[0].at(1)], timeoutMs: 60_000)
        try cluster.delayNext(.offsetCommit, broker: 1, byMs: 3_600_000)
        for (offset, wait) in [(Int64(2), 500), (3, 3_600_000)] {
            let begun = ContinuousClock.now
            let error = #expect(throws: KafkaError.self) { try consumer.commit([Self.both[0].at(offset)], timeoutMs: wait) }
            #expect(error?.code == .timedOut && error?.isRetriable == true)
            // The request itself would be given up after a minute.
            #expect(ContinuousClock.now - begun < .seconds(30))
        }
        // The connection is lost, and with it the answer: librdkafka commits once more, and then the next commit goes out.
        try cluster.setDown()
        try cluster.setUp()
        try consumer.commit([Self.both[0].at(4)], timeoutMs: 60_000, owedMs: 60_000)
        #expect(try consumer.committed([Self.both[0]], timeoutMs: 60_000) == [Self.both[0]: 4])
    }

    @Test("A cluster that cannot look up times says so instead of pointing to the end")
    func times() throws {
        try cluster.createTopic("empty", partitions: 1)
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        let empty = TopicPartition("empty", 0)
        let found = try consumer.offsetsForTimes([Self.both[0]: 1_000, empty: 1_000], timeoutMs: 60_000)
        #expect(found == [Self.both[0]: .unsupported, empty: .afterLastRecord])
    }

    @Test("Partition counts, and an error for what is missing")
    func metadata() throws {
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        cluster.setTopicError("gone", .unknownTopicOrPartition)
        let found = try consumer.metadata(["t", "gone"], timeoutMs: 60_000)
        #expect(found["t"] == .partitions(2))
        guard case .unavailable(let error)? = found["gone"] else {
            Issue.record("\(String(describing: found["gone"]))")
            return
        }
        #expect(error.code == .unknownTopicOrPartition)
    }
}
