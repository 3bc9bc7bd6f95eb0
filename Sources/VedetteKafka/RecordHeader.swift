import CRdKafka

/// A header of a record to be produced.
public struct RecordHeader: Hashable, Sendable {
    public let name: String
    /// Nil is a header without a value, which is not the same as an empty one.
    public let value: [UInt8]?

    public init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    public init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }
}

extension Sequence<RecordHeader> {
    /// librdkafka's form; the caller owns it.
    func makeRaw(count: Int) throws(KafkaError) -> OpaquePointer {
        guard let headers = rd_kafka_headers_new(count) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, operation: "create headers")
        }
        for header in self {
            let code =
                if let value = header.value {
                    value.withUnsafeBytes { bytes in
                        withNonNull(bytes) { rd_kafka_header_add(headers, header.name, -1, $0, bytes.count) }
                    }
                } else {
                    rd_kafka_header_add(headers, header.name, -1, nil, 0)
                }
            if code != RD_KAFKA_RESP_ERR_NO_ERROR {
                rd_kafka_headers_destroy(headers)
                throw KafkaError(code, operation: "add header \(header.name)")
            }
        }
        return headers
    }
}

/// Empty Swift buffers may have no address, but to librdkafka no address means "null", not "empty".
/// Safe: the stand-in address is only ever used with a length of zero.
@inline(__always)
func withNonNull<R>(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawPointer) -> R) -> R {
    if let base = bytes.baseAddress { return body(base) }
    var standIn: UInt8 = 0
    return withUnsafePointer(to: &standIn) { body(UnsafeRawPointer($0)) }
}
