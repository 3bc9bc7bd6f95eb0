/// Why a record went to the dead-letter output. A bounded set: it is a metric label.
public enum RejectReason: String, CaseIterable, Sendable {
    /// The payload is larger than `limits.record_bytes`.
    case oversized
    /// Not one JSON object, or malformed JSON.
    case malformedJSON = "malformed_json"
    /// Bytes that are not UTF-8.
    case invalidUTF8 = "invalid_utf8"
    /// Nested deeper than `limits.depth`.
    case tooDeep = "too_deep"
    /// The same mapped field twice in one object.
    case duplicateKey = "duplicate_key"
    /// A required field is not there, is null, or is empty.
    case missingField = "missing_field"
    /// A required field has another JSON type than the mapping expects.
    case wrongType = "wrong_type"
    /// A number outside its range: score outside [0, 1] after scaling, negative latency, an integer beyond 64 bits.
    case outOfRange = "out_of_range"
    /// A time that does not parse in the declared format.
    case badTime = "bad_time"
    /// A time further ahead than `time.max_future` of the record's own clock reference.
    case futureTime = "future_time"
    /// A string longer than `limits.string_bytes`.
    case stringTooLong = "string_too_long"
    /// More fields in the features object than `limits.features`.
    case tooManyFeatures = "too_many_features"
    /// A decision or outcome word that the value map does not know.
    case unknownValue = "unknown_value"
    /// A model that the inventory does not list.
    case unknownModel = "unknown_model"
    /// A record without payload (a Kafka tombstone) where one is needed.
    case emptyPayload = "empty_payload"
    /// The compressed or framed input ended in the middle of the record.
    case truncated
    /// Not one value of its Avro schema, or without the header that the wire format has.
    case malformedAvro = "malformed_avro"
    /// Not one Protobuf message, or without the header that the wire format has.
    case malformedProtobuf = "malformed_protobuf"
    /// The record's schema is not there, can not be used, or is another than the configured one.
    case unknownSchema = "unknown_schema"
}

/// One rejected record, on its way to the dead-letter output.
public struct DeadLetter: Sendable, Equatable {
    public var stream: StreamKind
    /// Index of the source partition in the run's list of inputs.
    public var partition: Int
    /// Kafka offset, or the 0-based line number of a file.
    public var offset: Int64
    public var reason: RejectReason
    /// What was found and what was expected, at most 200 bytes; never a payload value.
    public var detail: String
    /// The original bytes, at most the first `limits.dead_letter_bytes` of them.
    public var payload: [UInt8]
    /// Length of the original in bytes, which is more than `payload.count` where it was cut.
    public var originalLength: Int

    public init(stream: StreamKind, partition: Int, offset: Int64, reason: RejectReason, detail: String, payload: [UInt8], originalLength: Int) {
        self.stream = stream
        self.partition = partition
        self.offset = offset
        self.reason = reason
        self.detail = detail
        self.payload = payload
        self.originalLength = originalLength
    }
}
