import CRdKafka
import Logging

/// What the application does when the group moves partitions. All run on the thread that calls
/// `Consumer.poll` or `Consumer.close`, inside that call and between two records, never inside the body
/// given to `poll`. They get the consumer, so that they need not capture it.
public struct RebalanceHandlers: Sendable {
    /// These partitions are now this consumer's. Returns where to start in each; one that is left out starts
    /// at the group's committed offset. With the cooperative protocol only the added ones are given.
    public var onAssigned: @Sendable (Consumer, [TopicPartition]) throws -> [TopicPartitionOffset]
    /// These partitions are about to go; until this returns they are still this consumer's. The place to
    /// flush and commit.
    public var onRevoked: @Sendable (Consumer, [TopicPartition]) throws -> Void
    /// These partitions are gone and may already be another consumer's (the session timed out, for
    /// example): nothing about them can be committed any more.
    public var onLost: @Sendable (Consumer, [TopicPartition]) throws -> Void

    public init(
        onAssigned: @escaping @Sendable (Consumer, [TopicPartition]) throws -> [TopicPartitionOffset] = { _, _ in [] },
        onRevoked: @escaping @Sendable (Consumer, [TopicPartition]) throws -> Void = { _, _ in },
        onLost: @escaping @Sendable (Consumer, [TopicPartition]) throws -> Void = { _, _ in }
    ) {
        self.onAssigned = onAssigned
        self.onRevoked = onRevoked
        self.onLost = onLost
    }
}

/// A member of a consumer group, or a reader of partitions assigned by hand.
///
/// Records come through `poll`, one at a time with `rd_kafka_consumer_poll`. Not with the batch calls:
/// in librdkafka before 2.1 a rebalance that falls into a batch call pauses the fetchers after the offsets
/// of the batch's earlier records were counted as consumed, then drops those records; they are never seen
/// (librdkafka #4208, and "Known issues" of 2.0.0), and batches crash on topics that do not exist (#4273).
///
/// `@unchecked Sendable`: one thread at a time owns a consumer, makes every call and gets every callback;
/// it may be handed over between calls. Only `health` may be used from elsewhere.
public final class Consumer: @unchecked Sendable {
    /// What is set when the properties do not say otherwise.
    public static let defaults: KafkaProperties = [
        "partition.assignment.strategy": "cooperative-sticky",
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "enable.partition.eof": "true",
        "allow.auto.create.topics": "false",
    ]

    /// Longest wait in one step of closing; each step serves one callback.
    static let closeStepMs: Int32 = 100
    /// Longest wait for the coordinator when a consumer is dropped without having been closed.
    static let deinitTimeoutMs = 3_000

    let client: ClientHandle
    let handlers: RebalanceHandlers
    private let context: ConsumerContext
    var topics: TopicRegistry
    var lastSeen = LastSeenOffsets()
    /// What a rebalance handler threw, or librdkafka answered to the new assignment; `poll` throws it.
    var pendingError: KafkaOrHandlerError?
    /// Whether any assignment has come from the group.
    var hasBeenAssigned = false
    /// Where the answers to commits come.
    let commitAnswers: OpaquePointer
    /// The answer to the last commit has not come yet.
    var owesCommitAnswer = false
    private var hasSubscribed = false
    private var isClosed = false

    var rk: OpaquePointer { client.rk }
    var logger: Logger { context.logger }

    /// Records that librdkafka gave twice, which were dropped. See `LastSeenOffsets`.
    public internal(set) var repeatsDropped = 0

    /// What is known about the connection; readable from any thread.
    public var health: ClientHealth { context.health }

    /// The error that made this consumer unusable, under its own code, where a record's error only says that it is; nil while
    /// it can be used.
    public var fatalCause: KafkaError? { raisedFatalError(of: rk, operation: "kafka consumer") }

    /// - Parameters:
    ///   - properties: librdkafka's, over `defaults`. `bootstrap.servers` and `group.id` are needed, the
    ///     latter even for manual assignment.
    ///   - handlers: what to do when the group moves partitions.
    ///   - logger: gets librdkafka's log lines.
    /// - Throws: `KafkaError` for an unknown property or a bad value. Unreachable brokers are not an error here.
    public init(properties: KafkaProperties, handlers: RebalanceHandlers = RebalanceHandlers(), logger: Logger) throws(KafkaError) {
        guard let group = properties["group.id"], !group.isEmpty else {
            throw KafkaError(code: .invalidArgument, message: "group.id is not set", operation: "create consumer")
        }
        let context = ConsumerContext(logger: logger)
        client = try ClientHandle(
            RD_KAFKA_CONSUMER, properties: properties.withDefaults(Self.defaults), context: context
        ) { configuration in
            rd_kafka_conf_set_rebalance_cb(configuration, onRebalance)
        }
        self.context = context
        self.handlers = handlers
        topics = TopicRegistry(rk: client.rk)
        commitAnswers = rd_kafka_queue_new(client.rk)
        context.consumer = self
        // Errors and logs then come through the consumer's own queue, so that polling it serves everything.
        try check(rd_kafka_poll_set_consumer(client.rk), "create consumer")
    }

    deinit {
        // Handlers get the consumer, which is going away: revocations are answered without them.
        shutDown(Deadline(timeoutMs: Self.deinitTimeoutMs), tellsHandlers: false)
    }

    // MARK: Membership

    /// Joins the group for these topics (names, or regular expressions beginning with `^`). Partitions arrive
    /// through `onAssigned` during later polls. A topic that does not exist comes as an error event.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(topics: topics)
        hasSubscribed = true
        try check(list.withRaw { rd_kafka_subscribe(rk, $0) }, "subscribe")
    }

    /// Leaves the group's topics; `onRevoked` follows in a later poll.
    public func unsubscribe() throws(KafkaError) {
        try check(rd_kafka_unsubscribe(rk), "unsubscribe")
    }

    /// Reads exactly these partitions from these places, outside of group management. Replaces any
    /// assignment made so before; an empty array stops reading.
    public func assign(_ offsets: [TopicPartitionOffset]) throws(KafkaError) {
        let list = PartitionList(offsets)
        lastSeen.removeAll()
        try check(list.withRaw { rd_kafka_assign(rk, offsets.isEmpty ? nil : $0) }, "assign")
    }

    /// The partitions being read now.
    public func assignment() throws(KafkaError) -> [TopicPartition] {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        try check(rd_kafka_assignment(rk, &list), "read assignment")
        guard let list else { return [] }
        return PartitionList(taking: list).partitions()
    }

    /// What a transactional producer needs to commit this consumer's offsets: its membership as of now.
    public func groupMetadata() throws(KafkaError) -> ConsumerGroupMetadata {
        guard let raw = rd_kafka_consumer_group_metadata(rk) else {
            throw KafkaError(code: .invalidState, message: "the consumer has no group", operation: "read group metadata")
        }
        return ConsumerGroupMetadata(taking: raw)
    }

    /// The number under which records of this topic come (`ConsumerRecord.topicID`). Numbers are dense from
    /// zero, in the order in which topics were first named here or first seen.
    public func topicID(for name: String) throws(KafkaError) -> Int {
        guard let id = topics.register(name) else {
            throw KafkaError(rd_kafka_last_error(), operation: "register topic \(name)")
        }
        return id
    }

    /// The topic with this number, or nil.
    public func topicName(_ id: Int) -> String? { topics.names.indices.contains(id) ? topics.names[id] : nil }

    /// These partitions go on from a place that the application or the group has chosen.
    func forgetLastSeen(_ partitions: some Sequence<TopicPartition>) {
        for partition in partitions {
            guard let id = topics.names.firstIndex(of: partition.topic) else { continue }
            lastSeen.forget(topicID: id, partition: Int(partition.partition))
        }
    }

    // MARK: Closing

    /// Leaves the group and frees everything. `onRevoked` is called for what is still assigned. The
    /// consumer must not be used afterwards; closing twice does nothing.
    /// - Parameter timeoutMs: longest wait for the group's coordinator; memory is freed in any case.
    public func close(timeoutMs: Int = 10_000) {
        shutDown(Deadline(timeoutMs: timeoutMs), tellsHandlers: true)
    }

    private func shutDown(_ deadline: Deadline, tellsHandlers: Bool) {
        guard !isClosed else { return }
        isClosed = true
        leaveGroup(deadline, tellsHandlers: tellsHandlers)
        topics.release()
        rd_kafka_queue_destroy(commitAnswers)
        if wouldCrashOnDestroy {
            logger.notice("kafka consumer closed before its first assignment is left unfreed (librdkafka #4381)")
            client.abandon()
        } else {
            client.destroy()
        }
    }

    private func leaveGroup(_ deadline: Deadline, tellsHandlers: Bool) {
        let queue = rd_kafka_queue_new(rk)
        defer { rd_kafka_queue_destroy(queue) }
        if let error = rd_kafka_consumer_close_queue(rk, queue) {
            let failure = KafkaError(taking: error, operation: "close consumer")
            return logger.warning("kafka consumer did not close cleanly", metadata: ["error": "\(failure)"])
        }
        while rd_kafka_consumer_closed(rk) == 0 {
            if deadline.isOver {
                return logger.warning("kafka consumer did not leave its group in time")
            }
            guard let event = rd_kafka_queue_poll(queue, Self.closeStepMs) else { continue }
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE {
                let (code, list) = (rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event))
                if tellsHandlers { serveRebalance(code, list) } else { answerRebalance(rk, code, list) }
            }
            rd_kafka_event_destroy(event)
        }
        if let error = pendingError {
            pendingError = nil
            logger.error("kafka rebalance failed while closing", metadata: ["error": "\(error.underlying)"])
        }
    }

    /// Before 2.3, freeing a cooperative consumer that joined a group but has not yet got its first
    /// assignment fails an assertion. Whether it has joined cannot be asked once it is closed, and before
    /// that the answer may change: so every subscription without an assignment counts.
    private var wouldCrashOnDestroy: Bool {
        rd_kafka_version() < 0x0203_0000 && hasSubscribed && !hasBeenAssigned
    }
}

/// The callbacks' way back to their consumer. Guarded as `ClientContext` says.
final class ConsumerContext: ClientContext, @unchecked Sendable {
    weak var consumer: Consumer?
}

/// A consumer's membership in its group, to be given to a transactional producer.
///
/// `@unchecked Sendable`: librdkafka's object is never changed after it was made.
public final class ConsumerGroupMetadata: @unchecked Sendable {
    let raw: OpaquePointer

    init(taking raw: OpaquePointer) { self.raw = raw }

    deinit { rd_kafka_consumer_group_metadata_destroy(raw) }
}

/// The last offset given to the application per partition.
///
/// librdkafka (seen in the source of 2.0.2) may give one record twice: it pauses partitions that stay with
/// their owner during a cooperative rebalance, and if that falls between taking a record from the queue and
/// counting it as consumed, it fetches from that record on after the pause. Only an exact repeat is dropped: a jump backwards is real (a seek, or a topic made anew).
struct LastSeenOffsets {
    private static let none: Int64 = -1
    private var byTopic: [[Int64]] = []

    /// Notes the record; returns whether it repeats the one before.
    @inline(__always)
    mutating func isRepeat(topicID: Int, partition: Int, offset: Int64) -> Bool {
        if topicID < byTopic.count, partition < byTopic[topicID].count {
            let isRepeat = byTopic[topicID][partition] == offset
            byTopic[topicID][partition] = offset
            return isRepeat
        }
        grow(topicID, partition)
        byTopic[topicID][partition] = offset
        return false
    }

    private mutating func grow(_ topicID: Int, _ partition: Int) {
        while byTopic.count <= topicID { byTopic.append([]) }
        let missing = partition + 1 - byTopic[topicID].count
        if missing > 0 { byTopic[topicID].append(contentsOf: repeatElement(Self.none, count: missing)) }
    }

    /// The next record of this partition is taken, whatever it is.
    mutating func forget(topicID: Int, partition: Int) {
        if topicID < byTopic.count, byTopic[topicID].indices.contains(partition) { byTopic[topicID][partition] = Self.none }
    }

    /// The same for every partition.
    mutating func removeAll() { byTopic.removeAll(keepingCapacity: true) }
}
