import CRdKafka
import Logging

/// A topic to be made.
public struct NewTopic: Hashable, Sendable {
    public let name: String
    public let partitions: Int
    /// -1 takes the broker's default.
    public let replicationFactor: Int
    /// Topic settings, for example `cleanup.policy=compact`.
    public let configuration: KafkaProperties

    public init(_ name: String, partitions: Int, replicationFactor: Int = -1, configuration: KafkaProperties = [:]) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// Makes, deletes and describes topics, and deletes records. One thread at a time.
///
/// `@unchecked Sendable`: holds nothing that changes; librdkafka's calls are thread-safe.
public final class AdminClient: @unchecked Sendable {
    private let client: ClientHandle

    /// - Throws: `KafkaError` for an unknown property or a bad value.
    public init(properties: KafkaProperties, logger: Logger) throws(KafkaError) {
        client = try ClientHandle(
            RD_KAFKA_PRODUCER, properties: properties.withDefaults(["allow.auto.create.topics": "false"]),
            context: ClientContext(logger: logger))
    }

    /// Partition counts of topics, and errors for those that are missing. Creates nothing.
    public func describeTopics(_ topics: [String], timeoutMs: Int) throws(KafkaError) -> [String: TopicDescription] {
        try VedetteKafka.describeTopics(rk: client.rk, topics, timeoutMs: timeoutMs)
    }

    /// How many brokers the cluster has now.
    public func brokerCount(timeoutMs: Int) throws(KafkaError) -> Int {
        var metadata: UnsafePointer<rd_kafka_metadata_t>?
        // No topic is asked for: only those that this client uses would be listed, which are none.
        try check(rd_kafka_metadata(client.rk, 0, nil, &metadata, Int32(clamping: timeoutMs)), "count brokers")
        guard let metadata else { return 0 }
        defer { rd_kafka_metadata_destroy(metadata) }
        return Int(metadata.pointee.broker_cnt)
    }

    /// Makes topics and waits until the controller has done so.
    /// - Parameter ignoringExisting: a topic that is already there is left as it is and is no error.
    /// - Returns: the names of the topics that were made.
    /// - Throws: `KafkaError` for the first topic that could not be made.
    @discardableResult
    public func createTopics(
        _ topics: [NewTopic], ignoringExisting: Bool = false, timeoutMs: Int
    ) throws(KafkaError) -> [String] {
        guard !topics.isEmpty else { return [] }
        var requests: [OpaquePointer?] = []
        defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
        for topic in topics { requests.append(try Self.makeRequest(topic)) }
        let results = try run(RD_KAFKA_ADMIN_OP_CREATETOPICS, "create topics", timeoutMs) { options, queue in
            rd_kafka_CreateTopics(client.rk, &requests, requests.count, options, queue)
        } read: { event in
            Self.results("create topics") { count in
                rd_kafka_event_CreateTopics_result(event).flatMap { rd_kafka_CreateTopics_result_topics($0, count) }
            }
        }
        var created: [String] = []
        for result in results {
            if result.error == nil {
                created.append(result.topic)
            } else if let error = result.error, !(ignoringExisting && error.code == .topicAlreadyExists) {
                throw error
            }
        }
        return created
    }

    /// Deletes topics and waits until the controller has taken note.
    /// - Throws: `KafkaError` for the first topic that could not be deleted.
    public func deleteTopics(_ topics: [String], timeoutMs: Int) throws(KafkaError) {
        guard !topics.isEmpty else { return }
        var requests: [OpaquePointer?] = topics.map { rd_kafka_DeleteTopic_new($0) }
        defer { for request in requests { rd_kafka_DeleteTopic_destroy(request) } }
        let results = try run(RD_KAFKA_ADMIN_OP_DELETETOPICS, "delete topics", timeoutMs) { options, queue in
            rd_kafka_DeleteTopics(client.rk, &requests, requests.count, options, queue)
        } read: { event in
            Self.results("delete topics") { count in
                rd_kafka_event_DeleteTopics_result(event).flatMap { rd_kafka_DeleteTopics_result_topics($0, count) }
            }
        }
        for result in results { if let error = result.error { throw error } }
    }

    /// Deletes the records before the given places, as retention does.
    /// - Throws: `KafkaError` for the first partition that refused.
    public func deleteRecords(before places: [TopicPartitionOffset], timeoutMs: Int) throws(KafkaError) {
        guard !places.isEmpty else { return }
        var request = PartitionList(places).withRaw { rd_kafka_DeleteRecords_new($0) }
        defer { rd_kafka_DeleteRecords_destroy(request) }
        let refused = try run(RD_KAFKA_ADMIN_OP_DELETERECORDS, "delete records", timeoutMs) { options, queue in
            rd_kafka_DeleteRecords(client.rk, &request, 1, options, queue)
        } read: { event -> KafkaError? in
            guard let list = rd_kafka_event_DeleteRecords_result(event).flatMap({ rd_kafka_DeleteRecords_result_offsets($0) }) else { return nil }
            var first: KafkaError?
            PartitionList.forEach(list) { partition, _, error in
                guard first == nil, error != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
                first = KafkaError(error, operation: "delete records of \(partition)")
            }
            return first
        }
        if let refused { throw refused }
    }

    private static func makeRequest(_ topic: NewTopic) throws(KafkaError) -> OpaquePointer {
        var request: OpaquePointer?
        let reason = withErrorText { buffer, size in
            request = rd_kafka_NewTopic_new(
                topic.name, Int32(clamping: topic.partitions), Int32(clamping: topic.replicationFactor), buffer, size)
        }
        guard let request else {
            throw KafkaError(code: .invalidArgument, message: reason, operation: "create topic \(topic.name)")
        }
        for key in topic.configuration.keys {
            do {
                try check(
                    rd_kafka_NewTopic_set_config(request, key, topic.configuration[key]),
                    "create topic \(topic.name): set \(key)")
            } catch {
                rd_kafka_NewTopic_destroy(request)
                throw error
            }
        }
        return request
    }

    private struct TopicResult {
        let topic: String
        let error: KafkaError?
    }

    private typealias ResultList = UnsafeMutablePointer<OpaquePointer?>

    /// Copies what librdkafka says of each topic.
    private static func results(_ operation: String, _ list: (_ count: UnsafeMutablePointer<Int>) -> ResultList?) -> [TopicResult] {
        var count = 0
        guard let list = list(&count) else { return [] }
        return UnsafeBufferPointer(start: list, count: count).compactMap { entry in
            guard let entry, let name = rd_kafka_topic_result_name(entry) else { return nil }
            let topic = String(cString: name)
            let code = rd_kafka_topic_result_error(entry)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return TopicResult(topic: topic, error: nil) }
            let detail = rd_kafka_topic_result_error_string(entry).map { String(cString: $0) }
            return TopicResult(topic: topic, error: KafkaError(code, operation: "\(operation): \(topic)", detail: detail))
        }
    }

    /// Sends one admin request, waits for its answer, and lends it to `read`.
    private func run<Answer>(
        _ kind: rd_kafka_admin_op_t, _ operation: String, _ timeoutMs: Int,
        send: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void, read: (_ event: OpaquePointer) -> Answer
    ) throws(KafkaError) -> Answer {
        let options = rd_kafka_AdminOptions_new(client.rk, kind)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let queue = rd_kafka_queue_new(client.rk)
        defer { rd_kafka_queue_destroy(queue) }
        var settings = RD_KAFKA_RESP_ERR_NO_ERROR
        let reason = withErrorText { buffer, size in
            settings = rd_kafka_AdminOptions_set_request_timeout(options, Int32(clamping: timeoutMs), buffer, size)
            guard settings == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
            settings = rd_kafka_AdminOptions_set_operation_timeout(options, Int32(clamping: timeoutMs), buffer, size)
        }
        if settings != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(settings, operation: operation, detail: reason) }
        send(options, queue)
        // librdkafka answers by itself when the request times out; the second only covers a race.
        guard let event = rd_kafka_queue_poll(queue, Int32(clamping: timeoutMs + 1_000)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation)
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw KafkaError(code, operation: operation, detail: rd_kafka_event_error_string(event).map { String(cString: $0) })
        }
        return read(event)
    }
}
