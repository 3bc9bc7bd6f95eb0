import Foundation
import Testing
import VedetteKafka

@Suite(.serialized) struct RoundTripTests {
    @Test("Keys, payloads and headers arrive as they were sent, null and empty told apart")
    func nullsAndEmpties() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        let headers = [RecordHeader("ce_type", "alert"), RecordHeader("empty", []), RecordHeader("null", nil)]
        try producer.produce(topic: "t", key: [1, 2], payload: [0, 255], headers: headers, timestampMs: 1_700_000_000_123)
        try producer.produce(topic: "t", key: nil, payload: [7])
        try producer.produce(topic: "t", key: [3], payload: nil)
        try producer.produce(topic: "t", key: [], payload: [])
        try producer.flush(timeoutMs: 60_000)
        #expect(producer.deliveredCount == 4)

        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign([TopicPartition("t", 0).at(0)])
        let got = try consumer.receive { $0.records.count == 4 && !$0.ends.isEmpty }
        try #require(got.records.count == 4)
        #expect(got.records.map(\.offset) == [0, 1, 2, 3])
        #expect(got.records[0].key == [1, 2])
        #expect(got.records[0].payload == [0, 255])
        #expect(got.records[0].headers == headers)
        #expect(got.records[0].timestampMs == 1_700_000_000_123)
        #expect(got.records[1].key == nil)
        #expect(got.records[1].payload == [7])
        #expect(got.records[1].headers.isEmpty)
        #expect(got.records[2].key == [3])
        #expect(got.records[2].payload == nil)
        #expect(got.records[3].key == [])
        #expect(got.records[3].payload == [])
        #expect(got.ends == [TopicPartition("t", 0): 4])
        #expect(got.errors.isEmpty)
        consumer.close()
        producer.close()
    }

    @Test("A timestamp that no clock shows is none", arguments: [Int64.min, Int64.min / 2, -2])
    func senselessTimestamp(_ timestamp: Int64) throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        try producer.produce(topic: "t", key: nil, payload: [1], timestampMs: timestamp)
        try producer.produce(topic: "t", key: nil, payload: [2], timestampMs: 1)
        try producer.flush(timeoutMs: 60_000)
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign([TopicPartition("t", 0).at(0)])
        let got = try consumer.receive { $0.records.count == 2 }
        #expect(got.records.map(\.timestampMs) == [nil, 1])
    }

    @Test("A pause swallows the notice of the end, and going on brings it again")
    func endAfterPause() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        try producer.produce(topic: "t", key: nil, payload: [1])
        try producer.flush(timeoutMs: 60_000)
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign([TopicPartition("t", 0).at(0)])
        var isRead = false
        while !isRead { try consumer.poll(max: 1, timeoutMs: 100) { isRead = $0.kind == .message } }
        // The notice lies ready by now.
        Thread.sleep(forTimeInterval: 1)
        try consumer.pause([TopicPartition("t", 0)])
        for _ in 0..<5 { try consumer.poll(max: 10, timeoutMs: 100) { #expect($0.kind != .endOfPartition) } }
        try consumer.resume([TopicPartition("t", 0)])
        let got = try consumer.receive { !$0.ends.isEmpty }
        #expect(got.ends == [TopicPartition("t", 0): 1] && got.records.isEmpty)
    }

    @Test("A header is found by name; the last of a name wins")
    func headerByName() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        try producer.produce(
            topic: "t", key: nil, payload: [1], headers: [RecordHeader("a", "1"), RecordHeader("b", "2"), RecordHeader("a", "3")])
        try producer.flush(timeoutMs: 60_000)
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign([TopicPartition("t", 0).at(0)])
        var found: [[UInt8]?] = []
        let end = ContinuousClock.now + .seconds(10)
        while found.isEmpty, ContinuousClock.now < end {
            try consumer.poll(max: 10, timeoutMs: 50) { record in
                guard record.kind == .message else { return }
                for name in ["a", "b", "missing"] { found.append(record.header(name).map { Array($0) }) }
            }
        }
        #expect(found == [Array("3".utf8), Array("2".utf8), nil])
    }

    @Test("Batches keep the order of each partition and respect their limit")
    func batchOrder() throws {
        let cluster = try Kafka.mock(topics: ["t": 4])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        let perPartition = 1_000
        for i in 0..<perPartition {
            for partition in Int32(0)..<4 { try producer.send("t", "\(partition):\(i)", partition: partition) }
        }
        try producer.flush(timeoutMs: 60_000)

        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        let id = try consumer.topicID(for: "t")
        try consumer.assign((0..<4).map { TopicPartition("t", $0).at(0) })
        var texts: [Int32: [String]] = [:]
        var total = 0
        let end = ContinuousClock.now + .seconds(20)
        while total < perPartition * 4, ContinuousClock.now < end {
            var inBatch = 0
            let taken = try consumer.poll(max: 64, timeoutMs: 50) { record in
                inBatch += 1
                guard record.kind == .message else { return }
                #expect(record.topicID == id)
                texts[record.partition, default: []].append(Copied(record).text)
                total += 1
            }
            #expect(taken == inBatch)
            #expect(taken <= 64)
        }
        for partition in Int32(0)..<4 {
            #expect(texts[partition] == (0..<perPartition).map { "\(partition):\($0)" })
        }
        #expect(consumer.topicName(id) == "t")
        #expect(consumer.topicName(99) == nil)
        #expect(consumer.repeatsDropped == 0)
    }

    @Test("A body that throws stops the batch; the records behind it come with the next poll")
    func throwingBody() throws {
        struct Stop: Error {}
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        for i in 0..<10 { try producer.send("t", "\(i)") }
        try producer.flush(timeoutMs: 60_000)
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign([TopicPartition("t", 0).at(0)])
        var texts: [String] = []
        var stops = 0
        let end = ContinuousClock.now + .seconds(10)
        while texts.count < 10, ContinuousClock.now < end {
            do {
                try consumer.poll(max: 100, timeoutMs: 50) { record in
                    guard record.kind == .message else { return }
                    texts.append(Copied(record).text)
                    if texts.count == 5 { throw Stop() }
                }
            } catch is Stop { stops += 1 }
        }
        #expect(texts == (0..<10).map(String.init))
        #expect(stops == 1)
    }

    @Test("Equal keys go to one partition, chosen as Java clients choose it")
    func partitioner() throws {
        let cluster = try Kafka.mock(topics: ["t": 8])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        // murmur2 of these keys by Kafka's own UtilsTest: -973932308, -790332482, -985981536.
        let hashes: [(String, Int32)] = [("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536)]
        for (key, _) in hashes { try producer.send("t", "x", key: key) }
        try producer.flush(timeoutMs: 60_000)
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign((0..<8).map { TopicPartition("t", $0).at(0) })
        let got = try consumer.receive { $0.records.count == 3 }
        for (key, hash) in hashes {
            let record = try #require(got.records.first { $0.key == Array(key.utf8) })
            #expect(record.partition == (hash & 0x7fff_ffff) % 8)
        }
    }
}
