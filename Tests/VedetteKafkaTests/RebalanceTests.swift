import Foundation
import Synchronization
import Testing
import VedetteKafka

@Suite(.serialized) struct RebalanceTests {
    /// Polls several members in turn until the condition holds.
    static func run(_ members: [Consumer], timeoutMs: Int = 25_000, until isDone: () throws -> Bool) throws -> [Received] {
        var received = members.map { _ in Received() }
        let end = ContinuousClock.now + .milliseconds(timeoutMs)
        while try !isDone(), ContinuousClock.now < end {
            for (i, member) in members.enumerated() {
                try member.poll(max: 100, timeoutMs: 20) { received[i].take($0) }
            }
        }
        return received
    }

    static func journaling(_ name: String, _ journal: Journal, commit: Bool = false) -> RebalanceHandlers {
        RebalanceHandlers(
            onAssigned: { _, partitions in
                journal.note("\(name) assigned \(partitions.map(\.partition).sorted())")
                return []
            },
            onRevoked: { consumer, partitions in
                journal.note("\(name) revoked \(partitions.map(\.partition).sorted())")
                if commit {
                    let offsets = try consumer.position(partitions).map { $0.key.at($0.value) }
                    try consumer.commit(offsets, timeoutMs: 60_000)
                    journal.note("\(name) committed \(offsets.map(\.topicPartition.partition).sorted())")
                }
            },
            onLost: { _, partitions in journal.note("\(name) lost \(partitions.map(\.partition).sorted())") })
    }

    /// A member that gets no processor time for long makes the group begin a second rebalance inside of the first; then
    /// the group refuses commits, and the story that the test tells did not take place.
    private static func unlessMachineStalls<Result>(_ body: () throws -> Result) throws -> Result {
        for _ in 0..<2 {
            do {
                return try body()
            } catch let error as KafkaError where error.code == .rebalanceInProgress {
                continue
            }
        }
        return try body()
    }

    @Test("Cooperative: a second member gets half; the first commits while it is told; nothing is read twice")
    func cooperativeHandOver() throws {
        let events = try Self.unlessMachineStalls {
            // Its own cluster for each try: another one has its records in the topic.
            let cluster = try Kafka.mock(topics: ["t": 4])
            let journal = Journal()
            let group = Kafka.unique("g")
            return try Self.handOver(cluster.bootstrapServers, topic: "t", journal) { name in
                try Kafka.consumer(
                    cluster.bootstrapServers, group: group, handlers: Self.journaling(name, journal, commit: true))
            }
        }
        let revoked = try #require(events.firstIndex { $0.hasPrefix("A revoked") })
        let committed = try #require(events.firstIndex { $0.hasPrefix("A committed") })
        let assigned = try #require(events.firstIndex { $0.hasPrefix("B assigned") && !$0.hasSuffix("[]") })
        #expect(events[revoked].split(separator: ",").count == 2, "only half is revoked: \(events[revoked])")
        #expect(committed == revoked + 1)
        #expect(committed < assigned)
        #expect(events.contains { $0.hasPrefix("B revoked") }, "closing tells the member's handlers")
    }

    @Test("Eager: everything is given up and assigned anew, from offsets that the application keeps")
    func eagerHandOver() throws {
        let cluster = try Kafka.mock(topics: ["t": 4])
        let journal = Journal()
        let group = Kafka.unique("g")
        // The mock cluster refuses commits while an eager group rebalances, so the offsets are kept here.
        let kept = Kept()
        let events = try Self.handOver(cluster.bootstrapServers, topic: "t", journal) { name in
            return try Kafka.consumer(
                cluster.bootstrapServers, group: group, ["partition.assignment.strategy": "range"],
                handlers: kept.handlers(name, journal))
        }
        #expect(events.first { $0.hasPrefix("A revoked") } == "A revoked [0, 1, 2, 3]")
        // Which half is whose depends on the members' ids, which are random.
        let halves = [["A assigned [0, 1]", "B assigned [2, 3]"], ["A assigned [2, 3]", "B assigned [0, 1]"]]
        #expect(halves.contains { half in half.allSatisfy { events.contains($0) } }, "\(events)")
    }

    /// A reads 400 records alone, B joins, both read 200 more, B leaves: returns what their handlers noted.
    static func handOver(
        _ brokers: String, topic: String, _ journal: Journal, _ make: (_ name: String) throws -> Consumer
    ) throws -> [String] {
        let producer = try Kafka.producer(brokers)
        for i in 0..<400 { try producer.send(topic, "\(i)", partition: Int32(i % 4)) }
        try producer.flush(timeoutMs: 60_000)
        let first = try make("A")
        try first.subscribe([topic])
        var seen = try first.receive(timeoutMs: 60_000) { $0.records.count == 400 }.texts
        #expect(seen.count == 400)
        #expect(journal.all == ["A assigned [0, 1, 2, 3]"])

        let second = try make("B")
        try second.subscribe([topic])
        let during = try run([first, second]) { try first.assignment().count == 2 && second.assignment().count == 2 }
        for received in during { seen += received.texts }
        #expect(try Set(first.assignment() + second.assignment()).count == 4)

        for i in 400..<600 { try producer.send(topic, "\(i)", partition: Int32(i % 4)) }
        try producer.flush(timeoutMs: 60_000)
        var after = [Received(), Received()]
        let end = ContinuousClock.now + .seconds(15)
        while seen.count + after[0].records.count + after[1].records.count < 600, ContinuousClock.now < end {
            try first.poll(max: 100, timeoutMs: 20) { after[0].take($0) }
            try second.poll(max: 100, timeoutMs: 20) { after[1].take($0) }
        }
        #expect(after.map(\.records.count) == [100, 100])
        seen += after[0].texts + after[1].texts
        #expect(seen.sorted() == (0..<600).map(String.init).sorted())

        second.close()
        _ = try run([first]) { try first.assignment().count == 4 }
        #expect(try first.assignment().count == 4)
        first.close()
        #expect(!journal.all.contains { $0.contains("lost") })
        return journal.all
    }

    /// Offsets kept outside of Kafka.
    final class Kept: Sendable {
        private let offsets = Mutex<[TopicPartition: Int64]>([:])
        func keep(_ more: [TopicPartition: Int64]) { offsets.withLock { $0.merge(more) { $1 } } }
        func handlers(_ name: String, _ journal: Journal) -> RebalanceHandlers {
            RebalanceHandlers(
                onAssigned: { _, partitions in
                    journal.note("\(name) assigned \(partitions.map(\.partition).sorted())")
                    return self.starts(of: partitions)
                },
                onRevoked: { consumer, partitions in
                    journal.note("\(name) revoked \(partitions.map(\.partition).sorted())")
                    self.keep(try consumer.position(partitions))
                },
                onLost: { _, partitions in journal.note("\(name) lost \(partitions.map(\.partition).sorted())") })
        }
        func starts(of partitions: [TopicPartition]) -> [TopicPartitionOffset] {
            offsets.withLock { kept in partitions.compactMap { p in kept[p].map { p.at($0) } } }
        }
    }

    @Test("Start offsets come from the application")
    func startOffsets() throws {
        let cluster = try Kafka.mock(topics: ["t": 2])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        for i in 0..<20 { try producer.send("t", "\(i)", partition: Int32(i % 2)) }
        try producer.flush(timeoutMs: 60_000)
        let handlers = RebalanceHandlers(onAssigned: { _, partitions in
            partitions.filter { $0.partition == 1 }.map { $0.at(8) }
        })
        let consumer = try Kafka.consumer(cluster.bootstrapServers, handlers: handlers)
        try consumer.subscribe(["t"])
        let got = try consumer.receive { $0.ends.count == 2 }
        // Partition 0 was left out, so it starts at the committed offset: there is none, so at the earliest.
        #expect(got.records.filter { $0.partition == 0 }.map(\.offset) == Array(0..<10))
        #expect(got.records.filter { $0.partition == 1 }.map(\.offset) == [8, 9])
        consumer.close()
    }

    @Test("What a handler throws comes out of poll, and nothing is read from where the start is unknown")
    func throwingHandler() throws {
        struct Broken: Error {}
        let cluster = try Kafka.mock(topics: ["t": 1])
        let producer = try Kafka.producer(cluster.bootstrapServers)
        try producer.send("t", "x")
        try producer.flush(timeoutMs: 60_000)
        let consumer = try Kafka.consumer(
            cluster.bootstrapServers, handlers: RebalanceHandlers(onAssigned: { _, _ in throw Broken() }))
        try consumer.subscribe(["t"])
        #expect(throws: Broken.self) { try consumer.receive(timeoutMs: 60_000) { _ in false } }
        let after = try consumer.receive(timeoutMs: 1_000) { !$0.records.isEmpty }
        #expect(after.records.isEmpty)
        consumer.close()
    }

    @Test("Members come and go while records flow: every record is read once, in order; none is lost at a pause")
    func churn() throws {
        let cluster = try Kafka.mock(topics: ["t": 6])
        let group = Kafka.unique("g")
        let journal = Journal()
        let kept = Kept()
        try Self.churn(cluster.bootstrapServers, topic: "t", journal) { name in
            try Kafka.consumer(cluster.bootstrapServers, group: group, handlers: kept.handlers(name, journal))
        }
    }

    /// Needs a topic with six partitions. One member stays, others join, read along and leave.
    static func churn(
        _ brokers: String, topic: String, _ journal: Journal, _ make: (_ name: String) throws -> Consumer
    ) throws {
        let producer = try Kafka.producer(brokers)
        let steady = try make("steady")
        try steady.subscribe([topic])
        var seen: [Int32: [Int64]] = [:]
        func take(_ record: borrowing ConsumerRecord) {
            if record.kind == .message { seen[record.partition, default: []].append(record.offset) }
        }
        var sent = 0
        func step(_ members: [Consumer], until isDone: () throws -> Bool) throws {
            let end = ContinuousClock.now + .seconds(15)
            while try !isDone(), ContinuousClock.now < end {
                for _ in 0..<30 {
                    try producer.send(topic, "\(sent)", partition: Int32(sent % 6))
                    sent += 1
                }
                producer.poll()
                for member in members { try member.poll(max: 50, timeoutMs: 5) { take($0) } }
            }
        }
        try step([steady]) { try steady.assignment().count == 6 }
        for round in 0..<2 {
            let guest = try make("guest \(round)")
            try guest.subscribe([topic])
            try step([steady, guest]) { try guest.assignment().count == 3 }
            #expect(try guest.assignment().count == 3)
            let before = sent
            try step([steady, guest]) { sent > before + 600 }
            guest.close()
            try step([steady]) { try steady.assignment().count == 6 }
        }
        try producer.flush(timeoutMs: 60_000)
        let end = ContinuousClock.now + .seconds(15)
        while seen.values.reduce(0, { $0 + $1.count }) < sent, ContinuousClock.now < end {
            try steady.poll(max: 500, timeoutMs: 20) { take($0) }
        }
        for partition in Int32(0)..<6 {
            #expect(seen[partition] == Array(0..<Int64(sent / 6)), "partition \(partition)")
        }
        #expect(!journal.all.contains { $0.contains("lost") })
        steady.close()
    }

    @Test("Closing before the first assignment neither hangs nor crashes")
    func earlyClose() throws {
        let cluster = try Kafka.mock(topics: ["t": 1])
        for waitMs in [0, 5, 20, 60, 200, 500] {
            let consumer = try Kafka.consumer(cluster.bootstrapServers)
            try consumer.subscribe(["t"])
            try consumer.poll(max: 1, timeoutMs: waitMs) { _ in }
            consumer.close()
        }
        // Dropped without being closed.
        let dropped = try Kafka.consumer(cluster.bootstrapServers)
        try dropped.subscribe(["t"])
        try dropped.poll(max: 1, timeoutMs: 100) { _ in }
    }
}
