import CRdKafka

/// A librdkafka or broker error code. Codes below zero are librdkafka's own, above zero the broker's.
public struct KafkaErrorCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }
    init(_ code: rd_kafka_resp_err_t) { rawValue = code.rawValue }

    /// librdkafka's symbolic name, for example `_TIMED_OUT` or `NOT_COORDINATOR`.
    public var name: String { String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue))) }

    public static let noError = Self(RD_KAFKA_RESP_ERR_NO_ERROR)
    public static let timedOut = Self(RD_KAFKA_RESP_ERR__TIMED_OUT)
    public static let transport = Self(RD_KAFKA_RESP_ERR__TRANSPORT)
    public static let allBrokersDown = Self(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    public static let invalidArgument = Self(RD_KAFKA_RESP_ERR__INVALID_ARG)
    public static let invalidState = Self(RD_KAFKA_RESP_ERR__STATE)
    public static let queueFull = Self(RD_KAFKA_RESP_ERR__QUEUE_FULL)
    public static let fatal = Self(RD_KAFKA_RESP_ERR__FATAL)
    public static let fenced = Self(RD_KAFKA_RESP_ERR__FENCED)
    public static let unsupportedFeature = Self(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
    public static let unknownTopicOrPartition = Self(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    /// The place to read from is not in the partition, and `auto.offset.reset` is `error`.
    public static let noSuchOffset = Self(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    public static let messageTooLarge = Self(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    public static let notLeader = Self(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
    public static let requestTimedOut = Self(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT)
    public static let coordinatorLoading = Self(RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS)
    public static let coordinatorNotAvailable = Self(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)
    public static let notCoordinator = Self(RD_KAFKA_RESP_ERR_NOT_COORDINATOR)
    public static let illegalGeneration = Self(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION)
    public static let unknownMember = Self(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
    public static let rebalanceInProgress = Self(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
    public static let fencedInstanceID = Self(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
    public static let topicAlreadyExists = Self(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    public static let invalidProducerEpoch = Self(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
    public static let producerFenced = Self(RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
    public static let concurrentTransactions = Self(RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
    public static let topicAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    public static let groupAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    public static let transactionalIDAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    public static let clusterAuthorizationFailed = Self(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
    /// The name is none that a topic may have.
    public static let invalidTopic = Self(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION)
    public static let leaderNotAvailable = Self(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
    /// A record was given up after `message.timeout.ms`.
    public static let messageTimedOut = Self(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
}

/// Anything that went wrong at the Kafka boundary.
///
/// Carries names of topics, brokers and settings; never a record's key or payload and never a secret.
public struct KafkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The librdkafka or broker code.
    public let code: KafkaErrorCode
    /// What librdkafka, the broker or this wrapper says about it, for a person.
    public let message: String
    /// What was being done, for example `commit transaction`.
    public let operation: String
    /// The same call may succeed if made again.
    public let isRetriable: Bool
    /// The client instance is unusable: close it and make a new one, or exit.
    public let isFatal: Bool
    /// The current transaction cannot be committed: abort it and redo its work.
    public let txnRequiresAbort: Bool
    /// A record that had been queued was given up: calling again does not bring it back, it must be produced again.
    public let isDeliveryFailure: Bool

    public init(
        code: KafkaErrorCode, message: String, operation: String, isRetriable: Bool = false, isFatal: Bool = false,
        txnRequiresAbort: Bool = false, isDeliveryFailure: Bool = false
    ) {
        self.code = code
        self.message = message
        self.operation = operation
        self.isRetriable = isRetriable
        self.isFatal = isFatal
        self.txnRequiresAbort = txnRequiresAbort
        self.isDeliveryFailure = isDeliveryFailure
    }

    /// The same, by somebody who knows that it may pass.
    public var passing: KafkaError {
        KafkaError(
            code: code, message: message, operation: operation, isRetriable: true, isFatal: isFatal, txnRequiresAbort: txnRequiresAbort,
            isDeliveryFailure: isDeliveryFailure)
    }

    /// The symbolic name of `code`.
    public var name: String { code.name }

    /// Another producer with the same transactional.id has taken over: this one is a zombie and must stop.
    public var isFenced: Bool {
        code == .fenced || code == .producerFenced || code == .invalidProducerEpoch || code == .fencedInstanceID
    }

    public var description: String {
        let kind = isFatal ? "fatal" : txnRequiresAbort ? "transaction must be aborted" : isRetriable ? "retriable" : "permanent"
        return "\(operation): \(message) (\(name), \(code.rawValue), \(kind))"
    }

    /// librdkafka gives flags only with its error objects; for bare codes this is the broker
    /// protocol's own notion of "retriable".
    static let retriableCodes: Set<KafkaErrorCode> = [
        .timedOut, .transport, .allBrokersDown, .queueFull, .requestTimedOut, .notLeader, .coordinatorLoading,
        .coordinatorNotAvailable, .notCoordinator, .rebalanceInProgress, .concurrentTransactions, .leaderNotAvailable, .messageTimedOut,
    ]
    static let fatalCodes: Set<KafkaErrorCode> = [.fatal, .fenced, .producerFenced, .fencedInstanceID]

    init(_ code: rd_kafka_resp_err_t, operation: String, detail: String? = nil, isDeliveryFailure: Bool = false) {
        let code = KafkaErrorCode(code)
        let text = String(cString: rd_kafka_err2str(rd_kafka_resp_err_t(code.rawValue)))
        self.init(
            code: code, message: detail.map { $0.isEmpty ? text : $0 } ?? text, operation: operation,
            isRetriable: Self.retriableCodes.contains(code), isFatal: Self.fatalCodes.contains(code), isDeliveryFailure: isDeliveryFailure)
    }

    /// Takes over and destroys a librdkafka error object.
    init(taking error: OpaquePointer, operation: String) {
        self.init(
            code: KafkaErrorCode(rd_kafka_error_code(error)), message: String(cString: rd_kafka_error_string(error)),
            operation: operation, isRetriable: rd_kafka_error_is_retriable(error) != 0,
            isFatal: rd_kafka_error_is_fatal(error) != 0,
            txnRequiresAbort: rd_kafka_error_txn_requires_abort(error) != 0)
        rd_kafka_error_destroy(error)
    }
}

/// The one place where a librdkafka return code becomes an error.
@inline(__always)
func check(_ code: rd_kafka_resp_err_t, _ operation: @autoclosure () -> String) throws(KafkaError) {
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(code, operation: operation()) }
}

/// The same for librdkafka's error objects; destroys the object.
func check(_ error: OpaquePointer?, _ operation: @autoclosure () -> String) throws(KafkaError) {
    if let error { throw KafkaError(taking: error, operation: operation()) }
}
