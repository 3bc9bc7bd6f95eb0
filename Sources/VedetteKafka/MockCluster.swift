import CRdKafka
import Logging

/// librdkafka's in-process brokers: real sockets and the real protocol, with faults on order.
///
/// For tests and demonstrations. It keeps a short log per partition, does not hide the records of aborted
/// transactions, does not store offsets committed in transactions, and cannot look up times.
///
/// `@unchecked Sendable`: librdkafka runs the cluster in a thread of its own and locks around these calls.
public final class MockCluster: @unchecked Sendable {
    /// The requests for which errors can be ordered, by their number in the Kafka protocol.
    public enum Request: Int16, Sendable {
        case produce = 0
        case fetch = 1
        case listOffsets = 2
        case metadata = 3
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case heartbeat = 12
        case leaveGroup = 13
        case syncGroup = 14
        case initProducerID = 22
        case addPartitionsToTransaction = 24
        case addOffsetsToTransaction = 25
        case endTransaction = 26
        case transactionOffsetCommit = 28
    }

    private let client: ClientHandle
    private let cluster: OpaquePointer

    /// - Parameter brokers: how many; their ids are 1 to `brokers`.
    public init(brokers: Int = 1, logger: Logger) throws(KafkaError) {
        let client = try ClientHandle(
            RD_KAFKA_PRODUCER, properties: ["client.id": "mock-cluster"], context: ClientContext(logger: logger),
            requiresBrokers: false)
        guard let cluster = rd_kafka_mock_cluster_new(client.rk, Int32(clamping: brokers)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, operation: "create mock cluster")
        }
        self.client = client
        self.cluster = cluster
    }

    deinit {
        // The cluster uses the client's handle, which goes after it.
        rd_kafka_mock_cluster_destroy(cluster)
    }

    /// The value for `bootstrap.servers`.
    public var bootstrapServers: String {
        rd_kafka_mock_cluster_bootstraps(cluster).map { String(cString: $0) } ?? ""
    }

    public func createTopic(_ name: String, partitions: Int, replicationFactor: Int = 1) throws(KafkaError) {
        try check(
            rd_kafka_mock_topic_create(cluster, name, Int32(clamping: partitions), Int32(clamping: replicationFactor)),
            "create mock topic \(name)")
    }

    /// The next requests of this kind, to any broker, are answered with these errors, in order.
    /// `.transport` cuts the connection.
    public func failNext(_ request: Request, with errors: [KafkaErrorCode]) {
        let codes = errors.map { rd_kafka_resp_err_t($0.rawValue) }
        rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, codes.count, codes)
    }

    /// The next request of this kind to one broker is answered late, and with an error if one is given.
    public func delayNext(
        _ request: Request, broker: Int, byMs: Int, error: KafkaErrorCode = .noError
    ) throws(KafkaError) {
        try check(
            crd_mock_push_rtt(
                cluster, Int32(clamping: broker), request.rawValue, rd_kafka_resp_err_t(error.rawValue), Int32(clamping: byMs)),
            "delay mock request")
    }

    /// Every metadata request for this topic gives this error; `.noError` ends that.
    public func setTopicError(_ topic: String, _ error: KafkaErrorCode) {
        rd_kafka_mock_topic_set_error(cluster, topic, rd_kafka_resp_err_t(error.rawValue))
    }

    /// Cuts all connections of a broker and refuses new ones. Leaders stay where they are. Nil is every broker.
    public func setDown(broker: Int? = nil) throws(KafkaError) {
        try check(rd_kafka_mock_broker_set_down(cluster, Self.id(broker)), "set mock broker down")
    }

    /// Undoes `setDown`.
    public func setUp(broker: Int? = nil) throws(KafkaError) {
        try check(rd_kafka_mock_broker_set_up(cluster, Self.id(broker)), "set mock broker up")
    }

    /// Answers take this much longer from now on. Nil is every broker.
    public func setRoundTripMs(_ roundTripMs: Int, broker: Int? = nil) throws(KafkaError) {
        try check(
            rd_kafka_mock_broker_set_rtt(cluster, Self.id(broker), Int32(clamping: roundTripMs)), "set mock round trip time")
    }

    private static func id(_ broker: Int?) -> Int32 { broker.map { Int32(clamping: $0) } ?? -1 }
}
