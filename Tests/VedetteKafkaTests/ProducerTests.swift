import Foundation
import Testing
import VedetteKafka

@Suite(.serialized) struct ProducerTests {
    @Test("A committed transaction's records are readable; an aborted one delivers nothing more")
    func transactions() throws {
        let cluster = try Kafka.mock(brokers: 3, topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["transactional.id": "tx"])
        #expect(producer.isTransactional)
        try producer.initTransactions(timeoutMs: 60_000)
        try producer.begin()
        for i in 0..<5 { try producer.send("t", "a\(i)") }
        try producer.commit(timeoutMs: 60_000)
        #expect(producer.deliveredCount == 5)
        try producer.begin()
        for i in 0..<5 { try producer.send("t", "b\(i)") }
        try producer.abort(timeoutMs: 60_000)
        #expect(producer.failedCount == 0, "giving up on purpose is no failure")
        try producer.begin()
        try producer.send("t", "c")
        try producer.commit(timeoutMs: 60_000)

        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.assign([TopicPartition("t", 0).at(0)])
        let texts = try consumer.receive { $0.texts.contains("c") }.texts
        // The mock cluster does not hide aborted records that reached it before the abort.
        #expect(texts.filter { !$0.hasPrefix("b") } == ["a0", "a1", "a2", "a3", "a4", "c"])
    }

    @Test("Offsets go into the transaction with the consumer's membership")
    func sendOffsets() throws {
        let cluster = try Kafka.mock(topics: ["in": 1, "out": 1])
        let consumer = try Kafka.consumer(cluster.bootstrapServers)
        try consumer.subscribe(["in"])
        try consumer.receive { !$0.ends.isEmpty }
        let producer = try Kafka.producer(cluster.bootstrapServers, ["transactional.id": "tx"])
        try producer.initTransactions(timeoutMs: 60_000)
        try producer.begin()
        try producer.send("out", "x")
        try producer.sendOffsets([TopicPartition("in", 0).at(7)], group: consumer.groupMetadata(), timeoutMs: 60_000)
        try producer.commit(timeoutMs: 60_000)
    }

    @Test("Calls out of order are told apart from transient ones")
    func wrongOrder() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["transactional.id": "tx"])
        let error = #expect(throws: KafkaError.self) { try producer.begin() }
        #expect(error?.isRetriable == false)
        #expect(error?.operation == "begin transaction")
    }

    @Test("A coordinator's passing trouble is retried until the commit works")
    func retriableCommit() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["transactional.id": "tx"])
        try producer.initTransactions(timeoutMs: 60_000)
        try producer.begin()
        try producer.send("t", "x")
        cluster.failNext(.endTransaction, with: [.coordinatorLoading, .notCoordinator, .transport])
        try producer.commit(timeoutMs: 60_000)
        #expect(producer.deliveredCount == 1)
    }

    @Test("A broker that refuses the records makes the transaction abortable; aborting and redoing works")
    func abortableCommit() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["transactional.id": "tx"])
        try producer.initTransactions(timeoutMs: 60_000)
        try producer.begin()
        cluster.failNext(.produce, with: [.messageTooLarge])
        try producer.send("t", "x")
        let error = #expect(throws: KafkaError.self) { try producer.commit(timeoutMs: 60_000) }
        #expect(error?.txnRequiresAbort == true)
        #expect(error?.isFatal == false)
        #expect(error?.code == .messageTooLarge)
        try producer.abort(timeoutMs: 60_000)
        // librdkafka notices the gap in its sequence numbers only when it sends again, and asks for one more
        // abort, with which it gets a new epoch.
        var redone = 0
        while producer.deliveredCount == 0, redone < 3 {
            redone += 1
            try producer.begin()
            try producer.send("t", "y")
            let outcome = Result { () throws(KafkaError) in try producer.commit(timeoutMs: 60_000) }
            guard case .failure(let error) = outcome else { break }
            try #require(error.txnRequiresAbort)
            try producer.abort(timeoutMs: 60_000)
        }
        #expect(producer.deliveredCount == 1)
        #expect(redone <= 2)
    }

    @Test("A fenced producer's error is fatal")
    func fenced() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["transactional.id": "tx"])
        try producer.initTransactions(timeoutMs: 60_000)
        try producer.begin()
        try producer.send("t", "x")
        cluster.failNext(.endTransaction, with: [.producerFenced])
        let error = #expect(throws: KafkaError.self) { try producer.commit(timeoutMs: 60_000) }
        #expect(error?.isFatal == true)
        #expect(error?.isFenced == true)
        #expect(producer.health.fatalError?.isFenced == true)
    }

    @Test("A full queue holds the producer back until there is space; every record arrives")
    func backpressure() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["queue.buffering.max.messages": "50"])
        try cluster.setRoundTripMs(20)
        for i in 0..<500 { try producer.send("t", "\(i)") }
        try producer.flush(timeoutMs: 60_000)
        #expect(producer.backpressureWaits > 0)
        #expect(producer.deliveredCount == 500)
        #expect(producer.pendingCount == 0)
    }

    @Test("A queue that stays full is an error after the timeout, not a hang")
    func backpressureTimeout() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(
            cluster.bootstrapServers, ["queue.buffering.max.messages": "5"], produceTimeoutMs: 500)
        try producer.send("t", "first")
        try producer.flush(timeoutMs: 60_000)
        try cluster.setDown()
        let error = #expect(throws: KafkaError.self) { for i in 0..<10 { try producer.send("t", "\(i)") } }
        #expect(error?.code == .queueFull)
        #expect(error?.isRetriable == true)
        try cluster.setUp()
        try producer.flush(timeoutMs: 60_000)
        #expect(producer.deliveredCount == 6)
    }

    @Test("A broker goes down and comes back: nothing is lost, nothing is doubled, order is kept")
    func brokerDownAndUp() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["reconnect.backoff.max.ms": "200"])
        let consumer = try Kafka.consumer(cluster.bootstrapServers, ["reconnect.backoff.max.ms": "200"])
        try consumer.assign([TopicPartition("t", 0).at(0)])
        var got = Received()
        for i in 0..<100 { try producer.send("t", "\(i)") }
        try consumer.receive(into: &got) { $0.records.count >= 50 }
        try cluster.setDown()
        for i in 100..<200 { try producer.send("t", "\(i)") }
        let end = ContinuousClock.now + .seconds(10)
        while !consumer.health.isAllBrokersDown || consumer.health.lastError == nil, ContinuousClock.now < end {
            try consumer.poll(max: 100, timeoutMs: 50) { got.take($0) }
        }
        #expect(consumer.health.isAllBrokersDown)
        #expect(consumer.health.lastError != nil)
        try cluster.setUp()
        for i in 200..<300 { try producer.send("t", "\(i)") }
        try producer.flush(timeoutMs: 60_000)
        try consumer.receive(into: &got, timeoutMs: 60_000) { $0.records.count >= 300 }
        #expect(got.texts == (0..<300).map(String.init))
        #expect(!consumer.health.isAllBrokersDown)
        #expect(producer.failedCount == 0)
    }

    @Test("A record that cannot be delivered is reported by flush, once, by its own name")
    func deliveryFailure() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["enable.idempotence": "false"])
        cluster.failNext(.produce, with: [.topicAuthorizationFailed])
        try producer.send("t", "SENSITIVE")
        let error = #expect(throws: KafkaError.self) { try producer.flush(timeoutMs: 60_000) }
        #expect(error?.code == .topicAuthorizationFailed)
        #expect(error?.operation == "deliver to t[0]")
        #expect(!"\(String(describing: error))".contains("SENSITIVE"))
        #expect(producer.failedCount == 1)
        try producer.flush(timeoutMs: 60_000)
    }

    @Test("A record that is too large is refused at once")
    func tooLarge() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers, ["message.max.bytes": "1000"])
        let error = #expect(throws: KafkaError.self) {
            try producer.produce(topic: "t", key: nil, payload: [UInt8](repeating: 0, count: 5_000), headers: [RecordHeader("h", "v")])
        }
        #expect(error?.code == .messageTooLarge)
    }
}
