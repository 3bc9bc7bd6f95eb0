import CRdKafka

/// One thing that came out of `Consumer.poll`: a record, the end of a partition, or an error.
///
/// A view of librdkafka's memory, valid only inside the closure it was lent to. Copy what must live longer.
public struct ConsumerRecord: ~Copyable {
    public enum Kind: Hashable, Sendable {
        /// A record. Key and payload may each be missing, and may each be empty.
        case message
        /// Everything in the partition has been read for now; `offset` is where the next record will be.
        case endOfPartition
        /// Something is wrong with the topic, the partition, or the whole consumer: see `error`.
        case error
    }

    let raw: UnsafeMutablePointer<rd_kafka_message_t>
    public let kind: Kind
    /// The dense number of the topic (see `Consumer.topicID(for:)`), or -1 for an error that has no topic.
    public let topicID: Int

    init(_ raw: UnsafeMutablePointer<rd_kafka_message_t>, topicID: Int) {
        self.raw = raw
        self.topicID = topicID
        switch raw.pointee.err {
        case RD_KAFKA_RESP_ERR_NO_ERROR: kind = .message
        case RD_KAFKA_RESP_ERR__PARTITION_EOF: kind = .endOfPartition
        default: kind = .error
        }
    }

    /// The topic's name. Makes a String: in hot loops use `topicID`.
    public var topic: String {
        raw.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
    }

    /// Zero-based; -1 for an error that has no partition.
    public var partition: Int32 { raw.pointee.partition }

    /// The record's offset; for the end of a partition the offset of the record that will come next.
    public var offset: Int64 { raw.pointee.offset }

    /// The key's bytes, or nil for a record without a key. Empty is not nil.
    public var key: UnsafeRawBufferPointer? {
        raw.pointee.key.map { UnsafeRawBufferPointer(start: $0, count: raw.pointee.key_len) }
    }

    /// The payload's bytes, or nil for a tombstone. Empty is not nil. Nil for everything but `.message`.
    public var payload: UnsafeRawBufferPointer? {
        // For events librdkafka puts a text here.
        guard kind == .message else { return nil }
        return raw.pointee.payload.map { UnsafeRawBufferPointer(start: $0, count: raw.pointee.len) }
    }

    /// Milliseconds since the Unix epoch, given by the producer or the broker; nil if the record has none, or one that no
    /// clock shows: producers may write any number.
    public var timestampMs: Int64? {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(raw, &type)
        return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || timestamp < 0 ? nil : timestamp
    }

    /// Calls `body` for every header in order. A header's value may be missing; names may repeat.
    public func forEachHeader(_ body: (_ name: String, _ value: UnsafeRawBufferPointer?) throws -> Void) rethrows {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(raw, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else { return }
        var index = 0
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(headers, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let count = size
            try body(name.map { String(cString: $0) } ?? "", value.map { UnsafeRawBufferPointer(start: $0, count: count) })
            index += 1
        }
    }

    /// The value of the last header with this name; nil if there is none or it has no value.
    public func header(_ name: String) -> UnsafeRawBufferPointer? {
        var headers: OpaquePointer?
        var value: UnsafeRawPointer?
        var size = 0
        guard rd_kafka_message_headers(raw, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers,
            rd_kafka_header_get_last(headers, name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return nil }
        return value.map { UnsafeRawBufferPointer(start: $0, count: size) }
    }

    /// The error, for `.error`; nil otherwise.
    public var error: KafkaError? {
        guard kind == .error else { return nil }
        return KafkaError(
            raw.pointee.err, operation: topicID < 0 ? "consume" : "consume \(topic)[\(partition)]",
            detail: rd_kafka_message_errstr(raw).map { String(cString: $0) })
    }
}
