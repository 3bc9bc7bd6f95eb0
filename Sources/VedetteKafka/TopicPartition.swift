import CRdKafka

/// One partition of one topic.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let topic: String
    /// Zero-based.
    public let partition: Int32

    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public static func < (a: Self, b: Self) -> Bool {
        a.topic != b.topic ? a.topic < b.topic : a.partition < b.partition
    }

    public var description: String { "\(topic)[\(partition)]" }

    public func at(_ offset: Int64) -> TopicPartitionOffset { TopicPartitionOffset(self, .at(offset)) }
}

/// A place in a partition.
public enum KafkaOffset: Hashable, Sendable {
    /// The offset of the next record to read; for a commit, the last one processed plus one. Never negative.
    case at(Int64)
    /// The oldest record that is still there.
    case beginning
    /// After the newest record.
    case end
    /// Where the group last committed; `auto.offset.reset` decides if there is no commit.
    case committed

    var raw: Int64 {
        switch self {
        case .at(let offset): offset
        case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
        case .end: Int64(RD_KAFKA_OFFSET_END)
        case .committed: Int64(RD_KAFKA_OFFSET_STORED)
        }
    }
}

/// A partition and a place in it.
public struct TopicPartitionOffset: Hashable, Sendable, CustomStringConvertible {
    public let topicPartition: TopicPartition
    public let offset: KafkaOffset

    public init(_ topicPartition: TopicPartition, _ offset: KafkaOffset) {
        self.topicPartition = topicPartition
        self.offset = offset
    }

    public var description: String { "\(topicPartition)@\(offset)" }
}

/// Owns a librdkafka partition list.
struct PartitionList: ~Copyable {
    private let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Takes over a list that librdkafka handed out.
    init(taking raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) { self.raw = raw }

    init(_ partitions: some Collection<TopicPartition>) {
        raw = rd_kafka_topic_partition_list_new(Int32(clamping: partitions.count))
        for partition in partitions {
            rd_kafka_topic_partition_list_add(raw, partition.topic, partition.partition)
        }
    }

    init(_ offsets: some Collection<TopicPartitionOffset>) {
        raw = rd_kafka_topic_partition_list_new(Int32(clamping: offsets.count))
        for entry in offsets {
            add(entry.topicPartition, offset: entry.offset.raw)
        }
    }

    init(topics: [String]) {
        raw = rd_kafka_topic_partition_list_new(Int32(clamping: topics.count))
        for topic in topics {
            rd_kafka_topic_partition_list_add(raw, topic, crd_partition_unassigned)
        }
    }

    deinit { rd_kafka_topic_partition_list_destroy(raw) }

    /// Lends the list: it lives until `body` returns.
    borrowing func withRaw<R>(_ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> R) -> R { body(raw) }

    private func add(_ partition: TopicPartition, offset: Int64) {
        rd_kafka_topic_partition_list_add(raw, partition.topic, partition.partition).pointee.offset = offset
    }

    func partitions() -> [TopicPartition] { Self.partitions(raw) }

    /// Copies a list that librdkafka keeps.
    static func partitions(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>) -> [TopicPartition] {
        var result: [TopicPartition] = []
        forEach(list) { partition, _, _ in result.append(partition) }
        return result
    }

    static func forEach(
        _ list: UnsafePointer<rd_kafka_topic_partition_list_t>,
        _ body: (TopicPartition, _ offset: Int64, _ error: rd_kafka_resp_err_t) -> Void
    ) {
        let count = Int(list.pointee.cnt)
        guard count > 0, let elements = list.pointee.elems else { return }
        for element in UnsafeBufferPointer(start: elements, count: count) {
            guard let topic = element.topic else { continue }
            body(TopicPartition(String(cString: topic), element.partition), element.offset, element.err)
        }
    }

    func forEach(_ body: (TopicPartition, _ offset: Int64, _ error: rd_kafka_resp_err_t) -> Void) {
        Self.forEach(raw, body)
    }

    /// Offsets by partition; entries without one (never committed, nothing read yet) are left out.
    func offsets() -> [TopicPartition: Int64] {
        var result: [TopicPartition: Int64] = [:]
        forEach { partition, offset, _ in if offset >= 0 { result[partition] = offset } }
        return result
    }

    /// The first error that a call left on a partition of the list.
    func checkEach(_ operation: String) throws(KafkaError) { try Self.checkEach(raw, operation) }

    /// The same for a list that librdkafka keeps.
    static func checkEach(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>, _ operation: String) throws(KafkaError) {
        var found: KafkaError?
        forEach(list) { partition, _, error in
            if found == nil, error != RD_KAFKA_RESP_ERR_NO_ERROR {
                found = KafkaError(error, operation: "\(operation) \(partition)")
            }
        }
        if let found { throw found }
    }
}
