import VedetteKafka

/// What it means at the start that a topic can not be used: that it is asked about again, or the end of the run.
package struct TopicPatience {
    /// How long a topic that the brokers do not know may just have been made, seconds: the controller says that it is
    /// there before every broker has heard of it.
    package static let madeJustNowSeconds = 10.0
    /// Asking again does not mend these.
    private static let permanent: Set<KafkaErrorCode> = [
        .topicAuthorizationFailed, .groupAuthorizationFailed, .clusterAuthorizationFailed, .invalidTopic, .invalidArgument,
    ]

    private let began: Double

    /// - Parameter began: when it was asked first, seconds.
    package init(since began: Double) { self.began = began }

    /// The error to end with; nil where it may pass.
    ///
    /// - Parameters:
    ///   - section: of the configuration, where the topic is named.
    ///   - now: seconds, on the clock of the beginning.
    package func ending(_ error: KafkaError, topic: String, section: String, now: Double) -> (any Error)? {
        switch error.code {
        case .unknownTopicOrPartition: now - began < Self.madeJustNowSeconds ? nil : SetupError.missing(topic: topic, section: section)
        case .topicAuthorizationFailed: SetupError.forbidden(topic: topic, section: section)
        default: Self.isPermanent(error) ? error : nil
        }
    }

    package static func isPermanent(_ error: KafkaError) -> Bool { error.isFatal || permanent.contains(error.code) }
}

extension SetupError {
    package static func forbidden(topic: String, section: String) -> SetupError { forbidden("topic \(topic)", or: "the topic in \(section)") }

    /// The refusal of a right that asking again does not mend, in words; nil for every other error. A client that only goes on
    /// asking looks alive and does nothing.
    ///
    /// - Parameters:
    ///   - group: the client's group, and without another name also its transactional id.
    ///   - section: of the configuration, where the group is named.
    package static func forbidden(_ error: KafkaError, group: String, section: String = "kafka.group") -> SetupError? {
        switch error.code {
        case .groupAuthorizationFailed: forbidden("group \(group)", or: section)
        case .transactionalIDAuthorizationFailed: forbidden("the transactional id \(group)", or: section)
        default: nil
        }
    }

    private static func forbidden(_ what: String, or place: String) -> SetupError {
        SetupError(
            what: "the brokers do not let this user use \(what)",
            remedy: "give it the rights that the README lists under ACLs, or correct the user in kafka.properties or \(place)")
    }
}
