import CRdKafka

/// What the cluster says about one topic.
public enum TopicDescription: Hashable, Sendable {
    /// The topic is there, with this many partitions, numbered from zero.
    case partitions(Int)
    /// It is missing, or may not be read: says why.
    case unavailable(KafkaError)

    /// The number of partitions, or nil if the topic is unavailable.
    public var partitionCount: Int? {
        if case .partitions(let count) = self { count } else { nil }
    }
}

/// A moment by which a sequence of calls must be done.
struct Deadline {
    private let end: ContinuousClock.Instant

    init(timeoutMs: Int) { end = .now + .milliseconds(timeoutMs) }

    /// Never negative.
    var remainingMs: Int32 {
        let left = ContinuousClock.now.duration(to: end)
        let (seconds, attoseconds) = left.components
        // 1e15 attoseconds are a millisecond.
        return Int32(clamping: max(0, seconds * 1_000 + attoseconds / 1_000_000_000_000_000))
    }

    var isOver: Bool { remainingMs == 0 }
}

/// Asks for each topic by itself, since the only other form of the request is "all topics of the cluster".
/// Does not create topics: clients set `allow.auto.create.topics=false`.
func describeTopics(rk: OpaquePointer, _ topics: [String], timeoutMs: Int) throws(KafkaError) -> [String: TopicDescription] {
    let deadline = Deadline(timeoutMs: timeoutMs)
    var result: [String: TopicDescription] = [:]
    for name in topics {
        guard let topic = rd_kafka_topic_new(rk, name, nil) else {
            throw KafkaError(rd_kafka_last_error(), operation: "describe topic \(name)")
        }
        defer { rd_kafka_topic_destroy(topic) }
        var metadata: UnsafePointer<rd_kafka_metadata_t>?
        try check(rd_kafka_metadata(rk, 0, topic, &metadata, max(1, deadline.remainingMs)), "describe topic \(name)")
        guard let metadata else { continue }
        defer { rd_kafka_metadata_destroy(metadata) }
        for found in UnsafeBufferPointer(start: metadata.pointee.topics, count: Int(metadata.pointee.topic_cnt)) {
            guard let foundName = found.topic, String(cString: foundName) == name else { continue }
            if found.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                result[name] = .partitions(Int(found.partition_cnt))
            } else {
                result[name] = .unavailable(KafkaError(found.err, operation: "describe topic \(name)"))
            }
        }
        if result[name] == nil {
            result[name] = .unavailable(
                KafkaError(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, operation: "describe topic \(name)"))
        }
    }
    return result
}
