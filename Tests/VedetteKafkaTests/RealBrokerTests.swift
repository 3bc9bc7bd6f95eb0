import Foundation
import Testing
import VedetteKafka

/// What only a real cluster does: hide aborted records, keep offsets committed in transactions, fence, look up times.
@Suite(
    .serialized,
    .enabled(if: RealBroker.bootstrapServers != nil, "set VEDETTE_TEST_BROKERS to the address of a Kafka cluster"))
struct RealBrokerTests {
    let brokers: String
    let admin: AdminClient

    init() throws {
        brokers = try #require(RealBroker.bootstrapServers)
        admin = try AdminClient(properties: ["bootstrap.servers": brokers], logger: Kafka.logger)
    }

    /// Makes a topic, runs the test with it, deletes it.
    private func withTopic(partitions: Int = 1, _ body: (String) throws -> Void) throws {
        let topic = Kafka.unique("vedette-test")
        try admin.createTopics([NewTopic(topic, partitions: partitions, replicationFactor: 1)], timeoutMs: 60_000)
        defer { try? admin.deleteTopics([topic], timeoutMs: 60_000) }
        try body(topic)
    }

    private func transactional(_ id: String) throws -> Producer {
        let producer = try Kafka.producer(brokers, ["transactional.id": id])
        try producer.initTransactions(timeoutMs: 60_000)
        return producer
    }

    @Test("Topics are made, described, found to exist, and deleted")
    func topics() throws {
        let topic = Kafka.unique("vedette-test")
        let request = NewTopic(topic, partitions: 3, replicationFactor: 1, configuration: ["cleanup.policy": "compact"])
        #expect(try admin.createTopics([request], timeoutMs: 60_000) == [topic])
        // A broker may describe a topic a moment later than it has answered that it was made.
        let end = ContinuousClock.now + .seconds(30)
        while try admin.describeTopics([topic], timeoutMs: 60_000) != [topic: .partitions(3)], ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(try admin.describeTopics([topic], timeoutMs: 60_000) == [topic: .partitions(3)])
        let again = #expect(throws: KafkaError.self) { try admin.createTopics([request], timeoutMs: 60_000) }
        #expect(again?.code == .topicAlreadyExists)
        #expect(try admin.createTopics([request], ignoringExisting: true, timeoutMs: 60_000).isEmpty)
        let wrong = #expect(throws: KafkaError.self) {
            try admin.createTopics([NewTopic(topic + "x", partitions: 1, configuration: ["no.such": "1"])], timeoutMs: 60_000)
        }
        #expect(wrong?.isRetriable == false)
        try admin.deleteTopics([topic], timeoutMs: 60_000)
        var gone = false
        for _ in 0..<50 where !gone {
            gone = try admin.describeTopics([topic], timeoutMs: 60_000)[topic]?.partitionCount == nil
            if !gone { Thread.sleep(forTimeInterval: 0.1) }
        }
        #expect(gone)
    }

    @Test("Records and offsets of a committed transaction are there; those of an aborted one never were")
    func exactlyOnce() throws {
        try withTopic { topic in
            let group = Kafka.unique("vedette-test-group")
            let input = TopicPartition(topic, 0)
            let reader = try Kafka.consumer(brokers, group: group)
            try reader.subscribe([topic])
            // Joined: the membership is then current.
            try reader.receive(timeoutMs: 60_000) { !$0.ends.isEmpty }

            let producer = try transactional(Kafka.unique("vedette-test-tx"))
            try producer.begin()
            for i in 0..<10 { try producer.send(topic, "a\(i)") }
            try producer.sendOffsets([input.at(3)], group: reader.groupMetadata(), timeoutMs: 60_000)
            try producer.commit(timeoutMs: 60_000)
            #expect(try reader.committed([input], timeoutMs: 60_000) == [input: 3])

            try producer.begin()
            for i in 0..<10 { try producer.send(topic, "b\(i)") }
            try producer.flush(timeoutMs: 60_000)
            try producer.sendOffsets([input.at(9)], group: reader.groupMetadata(), timeoutMs: 60_000)
            try producer.abort(timeoutMs: 60_000)
            #expect(try reader.committed([input], timeoutMs: 60_000) == [input: 3])

            try producer.begin()
            for i in 0..<10 { try producer.send(topic, "c\(i)") }
            try producer.commit(timeoutMs: 60_000)

            let wanted = (0..<10).map { "a\($0)" } + (0..<10).map { "c\($0)" }
            #expect(try reader.receive(timeoutMs: 60_000) { $0.records.count >= 20 }.texts == wanted)
            reader.close()

            // The aborted ones are in the log, hidden by read_committed only.
            let raw = try Kafka.consumer(brokers, ["isolation.level": "read_uncommitted"])
            try raw.assign([input.at(0)])
            #expect(try raw.receive(timeoutMs: 60_000) { $0.records.count >= 30 }.records.count == 30)
            raw.close()
        }
    }

    @Test("An open transaction's records wait for its end")
    func openTransaction() throws {
        try withTopic { topic in
            let producer = try transactional(Kafka.unique("vedette-test-tx"))
            let reader = try Kafka.consumer(brokers)
            try reader.assign([TopicPartition(topic, 0).at(0)])
            try producer.begin()
            try producer.send(topic, "x")
            try producer.flush(timeoutMs: 60_000)
            #expect(try reader.receive(timeoutMs: 1_500) { !$0.records.isEmpty }.records.isEmpty)
            try producer.commit(timeoutMs: 60_000)
            #expect(try reader.receive(timeoutMs: 60_000) { !$0.records.isEmpty }.texts == ["x"])
        }
    }

    @Test("A zombie with the same transactional.id is fenced, and its transaction comes to nothing")
    func fencing() throws {
        try withTopic { topic in
            let id = Kafka.unique("vedette-test-tx")
            let zombie = try transactional(id)
            try zombie.begin()
            try zombie.send(topic, "zombie")
            try zombie.flush(timeoutMs: 60_000)
            let heir = try transactional(id)
            let error = #expect(throws: KafkaError.self) { try zombie.commit(timeoutMs: 60_000) }
            #expect(error?.isFenced == true)
            #expect(error?.isFatal == true)
            #expect(zombie.health.fatalError != nil)
            try heir.begin()
            try heir.send(topic, "heir")
            try heir.commit(timeoutMs: 60_000)
            let reader = try Kafka.consumer(brokers)
            try reader.assign([TopicPartition(topic, 0).at(0)])
            #expect(try reader.receive(timeoutMs: 60_000) { !$0.records.isEmpty && !$0.ends.isEmpty }.texts == ["heir"])
        }
    }

    @Test("Offsets sent with a membership that is no longer current are refused")
    func staleMembership() throws {
        try withTopic(partitions: 2) { topic in
            let group = Kafka.unique("vedette-test-group")
            let first = try Kafka.consumer(brokers, group: group)
            try first.subscribe([topic])
            try first.receive(timeoutMs: 60_000) { $0.ends.count == 2 }
            let stale = try first.groupMetadata()
            let second = try Kafka.consumer(brokers, group: group)
            try second.subscribe([topic])
            _ = try RebalanceTests.run([first, second]) {
                try first.assignment().count == 1 && second.assignment().count == 1
            }
            let producer = try transactional(Kafka.unique("vedette-test-tx"))
            try producer.begin()
            let error = #expect(throws: KafkaError.self) {
                try producer.sendOffsets([TopicPartition(topic, 0).at(1)], group: stale, timeoutMs: 60_000)
            }
            #expect(error?.txnRequiresAbort == true)
            try producer.abort(timeoutMs: 60_000)
            second.close()
            first.close()
        }
    }

    @Test("Times are looked up: first record at or after, after the last, and an empty partition")
    func times() throws {
        try withTopic(partitions: 2) { topic in
            let producer = try Kafka.producer(brokers)
            for i in 0..<10 {
                try producer.produce(
                    topic: topic, key: nil, payload: [1], partition: 0, timestampMs: 1_700_000_000_000 + Int64(i) * 1_000)
            }
            try producer.flush(timeoutMs: 60_000)
            let consumer = try Kafka.consumer(brokers)
            let (full, empty) = (TopicPartition(topic, 0), TopicPartition(topic, 1))
            func look(_ time: Int64) throws -> [TopicPartition: TimeLookup] {
                try consumer.offsetsForTimes([full: time, empty: time], timeoutMs: 60_000)
            }
            #expect(try look(1_700_000_004_000) == [full: .offset(4), empty: .afterLastRecord])
            #expect(try look(1_700_000_004_001) == [full: .offset(5), empty: .afterLastRecord])
            #expect(try look(0) == [full: .offset(0), empty: .afterLastRecord])
            #expect(try look(1_800_000_000_000) == [full: .afterLastRecord, empty: .afterLastRecord])
        }
    }

    @Test("Two members share the partitions, hand over with commits, and read every record once", arguments: ["cooperative-sticky", "range"])
    func handOver(strategy: String) throws {
        try withTopic(partitions: 4) { topic in
            let journal = Journal()
            let group = Kafka.unique("vedette-test-group")
            let events = try RebalanceTests.handOver(brokers, topic: topic, journal) { name in
                try Kafka.consumer(
                    brokers, group: group, ["partition.assignment.strategy": strategy],
                    handlers: RebalanceTests.journaling(name, journal, commit: true))
            }
            let committed = try #require(events.firstIndex { $0.hasPrefix("A committed") })
            let assigned = try #require(events.firstIndex { $0.hasPrefix("B assigned") && !$0.hasSuffix("[]") })
            #expect(committed < assigned)
        }
    }

    @Test("Members come and go while records flow, with commits: every record is read once and in order")
    func churn() throws {
        try withTopic(partitions: 6) { topic in
            let journal = Journal()
            let group = Kafka.unique("vedette-test-group")
            try RebalanceTests.churn(brokers, topic: topic, journal) { name in
                try Kafka.consumer(
                    brokers, group: group, handlers: RebalanceTests.journaling(name, journal, commit: true))
            }
        }
    }

    @Test("A topic that does not exist is reported, not made")
    func missingTopic() throws {
        let topic = Kafka.unique("vedette-test-missing")
        let consumer = try Kafka.consumer(brokers)
        try consumer.subscribe([topic])
        let got = try consumer.receive(timeoutMs: 60_000) { !$0.errors.isEmpty }
        #expect(got.errors.first?.code == .unknownTopicOrPartition)
        let described = try consumer.metadata([topic], timeoutMs: 60_000)
        #expect(described[topic]?.partitionCount == nil)
        consumer.close()
    }
}
