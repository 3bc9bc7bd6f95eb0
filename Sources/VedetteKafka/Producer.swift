import CRdKafka
import Logging

/// Writes records: idempotent always, transactional when `transactional.id` is set.
///
/// Nothing is lost in silence: every record's delivery report is counted, and the first failure is thrown
/// by the next `flush` or `commit`.
///
/// `@unchecked Sendable`: one thread at a time owns a producer and makes every call; it may be handed over
/// between calls. Only `health` may be used from elsewhere.
public final class Producer: @unchecked Sendable {
    /// What is set when the properties do not say otherwise. The partitioner is the one that Java clients use,
    /// so that a key lies where they look for it.
    public static let defaults: KafkaProperties = [
        "enable.idempotence": "true",
        "partitioner": "murmur2_random",
        "linger.ms": "5",
        "allow.auto.create.topics": "false",
    ]

    /// One wait for space in the queue, in milliseconds.
    static let backpressureStepMs: Int32 = 50
    /// Pause between attempts of a retriable transaction call, in milliseconds.
    static let retryStepMs: Int32 = 100

    let client: ClientHandle
    let context: ProducerContext
    private var topics: TopicRegistry
    private var isClosed = false

    /// Whether `transactional.id` is set.
    public let isTransactional: Bool
    /// Longest wait in `produce` for space in librdkafka's queue, in milliseconds.
    public let produceTimeoutMs: Int
    /// How often `produce` found the queue full and had to wait.
    public private(set) var backpressureWaits = 0

    var rk: OpaquePointer { client.rk }

    /// What is known about the connection; readable from any thread.
    public var health: ClientHealth { context.health }
    /// Records acknowledged by the cluster since the producer was made. Within a transaction: written, not committed.
    public var deliveredCount: Int { context.delivered }
    /// Records that were given up, other than by aborting.
    public var failedCount: Int { context.failed }
    /// Records waiting to be sent or acknowledged.
    public var pendingCount: Int { Int(rd_kafka_outq_len(rk)) }

    /// - Parameters:
    ///   - properties: librdkafka's, over `defaults`. `bootstrap.servers` is needed.
    ///   - produceTimeoutMs: longest wait for space when the queue is full.
    ///   - logger: gets librdkafka's log lines.
    /// - Throws: `KafkaError` for an unknown property or a bad value. Unreachable brokers are not an error here.
    public init(properties: KafkaProperties, produceTimeoutMs: Int = 30_000, logger: Logger) throws(KafkaError) {
        let context = ProducerContext(logger: logger)
        client = try ClientHandle(
            RD_KAFKA_PRODUCER, properties: properties.withDefaults(Self.defaults), context: context
        ) { configuration in
            rd_kafka_conf_set_dr_msg_cb(configuration, onDelivery)
        }
        self.context = context
        self.produceTimeoutMs = produceTimeoutMs
        isTransactional = !(properties["transactional.id"] ?? "").isEmpty
        topics = TopicRegistry(rk: client.rk)
    }

    deinit { close() }

    /// Frees everything. Records not yet delivered are given up: `flush` or `commit` first. The producer must
    /// not be used afterwards; closing twice does nothing.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        topics.release()
        client.destroy()
    }

    /// Queues one record; its bytes are copied. Waits when the queue is full, at most `produceTimeoutMs`.
    /// - Parameters:
    ///   - key: nil for a record without a key; empty is not nil.
    ///   - payload: nil for a tombstone; empty is not nil.
    ///   - partition: nil lets the partitioner choose by key.
    ///   - timestampMs: milliseconds since the Unix epoch; nil is now.
    /// - Throws: `KafkaError`: `.queueFull` after the timeout, `.messageTooLarge`, `.unknownPartition`, or a fatal
    ///   state. Failures that come later are thrown by `flush` or `commit`.
    public func produce(
        topic: String, key: UnsafeRawBufferPointer?, payload: UnsafeRawBufferPointer?, headers: [RecordHeader] = [],
        partition: Int32? = nil, timestampMs: Int64? = nil
    ) throws(KafkaError) {
        guard let id = topics.register(topic) else {
            throw KafkaError(rd_kafka_last_error(), operation: "produce to \(topic)")
        }
        // librdkafka takes the headers over only if it takes the record.
        let rawHeaders = headers.isEmpty ? nil : try headers.makeRaw(count: headers.count)
        do {
            try enqueue(topics.handle(id), topic, key, payload, rawHeaders, partition, timestampMs)
        } catch {
            if let rawHeaders { rd_kafka_headers_destroy(rawHeaders) }
            throw error
        }
    }

    /// The same for arrays of bytes.
    public func produce(
        topic: String, key: [UInt8]?, payload: [UInt8]?, headers: [RecordHeader] = [], partition: Int32? = nil,
        timestampMs: Int64? = nil
    ) throws(KafkaError) {
        let result: Result<Void, KafkaError> = withOptionalBytes(key) { key in
            withOptionalBytes(payload) { payload in
                Result { () throws(KafkaError) in
                    try produce(
                        topic: topic, key: key, payload: payload, headers: headers, partition: partition,
                        timestampMs: timestampMs)
                }
            }
        }
        try result.get()
    }

    private func enqueue(
        _ topicHandle: OpaquePointer, _ topic: String, _ key: UnsafeRawBufferPointer?, _ payload: UnsafeRawBufferPointer?,
        _ headers: OpaquePointer?, _ partition: Int32?, _ timestampMs: Int64?
    ) throws(KafkaError) {
        var deadline: Deadline?
        while true {
            let code = withNullable(key) { key, keyLength in
                withNullable(payload) { payload, payloadLength in
                    crd_produce(
                        rk, topicHandle, partition ?? crd_partition_unassigned, key, keyLength, payload, payloadLength,
                        timestampMs ?? 0, headers)
                }
            }
            guard code == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
                // The code alone would hide the cause.
                if code == RD_KAFKA_RESP_ERR__FATAL, let cause = raisedFatalError(of: rk, operation: "produce to \(topic)") { throw cause }
                return try check(code, "produce to \(topic)")
            }
            let limit = deadline ?? Deadline(timeoutMs: produceTimeoutMs)
            deadline = limit
            backpressureWaits += 1
            if limit.isOver {
                throw KafkaError(
                    RD_KAFKA_RESP_ERR__QUEUE_FULL, operation: "produce to \(topic)",
                    detail: "no space in the queue within \(produceTimeoutMs) ms")
            }
            rd_kafka_poll(rk, min(Self.backpressureStepMs, max(1, limit.remainingMs)))
        }
    }

    /// Serves delivery reports and errors without waiting longer than `timeoutMs`. Call it now and then when
    /// nothing is produced, so that `health` stays current.
    public func poll(timeoutMs: Int = 0) {
        rd_kafka_poll(rk, Int32(clamping: timeoutMs))
    }

    /// Waits until every queued record is acknowledged.
    /// - Throws: `KafkaError`: `.timedOut` (retriable; the records stay queued), or the first delivery failure
    ///   since the last flush (`isDeliveryFailure`). A failure is thrown once, and its record is no longer queued.
    public func flush(timeoutMs: Int) throws(KafkaError) {
        let code = rd_kafka_flush(rk, Int32(clamping: timeoutMs))
        try throwDeliveryFailure()
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw KafkaError(code, operation: "flush", detail: "\(pendingCount) records not acknowledged within \(timeoutMs) ms")
        }
    }

    func throwDeliveryFailure() throws(KafkaError) {
        guard let failure = context.firstFailure else { return }
        context.firstFailure = nil
        throw failure
    }

    /// Partition counts of topics, and errors for those that are missing. Asks the broker; creates nothing.
    public func metadata(_ topics: [String], timeoutMs: Int) throws(KafkaError) -> [String: TopicDescription] {
        try describeTopics(rk: rk, topics, timeoutMs: timeoutMs)
    }
}

/// Delivery counts. Changed by `onDelivery`, which runs inside the producer's calls: see `ClientContext`.
final class ProducerContext: ClientContext, @unchecked Sendable {
    var delivered = 0
    var failed = 0
    var firstFailure: KafkaError?
}

private func onDelivery(
    rk: OpaquePointer?, message: UnsafePointer<rd_kafka_message_t>?, opaque: UnsafeMutableRawPointer?
) {
    guard let opaque, let message else { return }
    // Safe: a producer's opaque pointer is its ProducerContext, retained until the handle is destroyed.
    let context = Unmanaged<ProducerContext>.fromOpaque(opaque).takeUnretainedValue()
    let code = message.pointee.err
    switch code {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        context.delivered += 1
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
        // Given up on purpose, by aborting the transaction.
        break
    default:
        context.failed += 1
        if context.firstFailure == nil {
            let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
            // No detail: for a produced record librdkafka's "error string" is the payload.
            context.firstFailure = KafkaError(code, operation: "deliver to \(topic)[\(message.pointee.partition)]", isDeliveryFailure: true)
        }
    }
}

@inline(__always)
private func withNullable<R>(_ bytes: UnsafeRawBufferPointer?, _ body: (UnsafeRawPointer?, Int) -> R) -> R {
    guard let bytes else { return body(nil, 0) }
    return withNonNull(bytes) { body($0, bytes.count) }
}

private func withOptionalBytes<R>(_ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let bytes else { return body(nil) }
    return bytes.withUnsafeBytes { body($0) }
}
