import Logging
import VedetteKafka

/// This instance's place among those of its group: the one that the group gives the first partition of the election
/// topic judges, all others stand by.
///
/// The election topic is the progress topic: it has one partition, and the cooperative-sticky assignment leaves that
/// with the instance that has it as long as it lives. Its records are not read here.
///
/// `@unchecked Sendable`: the handlers are called inside `Consumer.poll` and `close`, on the loop's thread.
final class GroupMembership: @unchecked Sendable {
    private(set) var isElected = false
    /// The place is about to go to another instance: the last moment to commit under it.
    var onHandOver: () throws -> Void = {}
    private let seat: TopicPartition
    private let configuration: VedetteConfiguration
    private let instanceID: String?
    private let logger: Logger
    private var consumer: Consumer!
    private var isClosing = false
    private var mustPause = false

    init(_ configuration: VedetteConfiguration, brokers: String?, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        seat = TopicPartition(configuration.electionTopic, 0)
        let properties = try configuration.memberProperties(brokers: brokers)
        instanceID = properties["group.instance.id"]
        let handlers = RebalanceHandlers(
            onAssigned: { [weak self] _, gained in self?.assigned(gained) ?? [] },
            onRevoked: { [weak self] _, going in try self?.revoked(going) },
            onLost: { [weak self] _, gone in self?.lost(gone) })
        consumer = try Consumer(properties: properties, handlers: handlers, logger: logger)
    }

    func join() throws { try consumer.subscribe([seat.topic]) }

    /// Serves the group: call it at every turn.
    ///
    /// - Throws: what ``onHandOver`` throws, or that this member cannot go on.
    func poll() throws {
        try consumer.poll(max: 100, timeoutMs: 0) { record in
            guard let error = record.error else { return }
            if let ending = SetupError.forbidden(error, group: configuration.kafka.group) { throw ending }
            guard error.isFatal else { return logger.warning("kafka", metadata: ["error": "\(error)"]) }
            throw meaning(of: consumer.fatalCause ?? error)
        }
        // Not every fatal error comes as a record.
        if let error = consumer.fatalCause { throw meaning(of: error) }
        guard mustPause else { return }
        mustPause = false
        try consumer.pause(consumer.assignment())
    }

    private func meaning(of error: KafkaError) -> any Error {
        guard error.code == .fencedInstanceID, let instanceID else { return error }
        return SetupError.sameInstance(instanceID, group: configuration.kafka.group)
    }

    /// The membership under which offsets are committed.
    func groupMetadata() throws -> ConsumerGroupMetadata { try consumer.groupMetadata() }
    func commit(_ offsets: [TopicPartitionOffset], timeoutMs: Int) throws { try consumer.commit(offsets, timeoutMs: timeoutMs) }
    var health: ClientHealth { consumer.health }

    /// Leaves the group, so that another instance is elected at once.
    func close(timeoutMs: Int) {
        isClosing = true
        consumer.close(timeoutMs: timeoutMs)
        isElected = false
    }

    private func assigned(_ gained: [TopicPartition]) -> [TopicPartitionOffset] {
        if gained.contains(seat) {
            isElected = true
            logger.info("elected")
        }
        mustPause = true
        return gained.map { TopicPartitionOffset($0, .end) }
    }

    private func revoked(_ going: [TopicPartition]) throws {
        guard going.contains(seat), isElected else { return }
        isElected = false
        if isClosing { return }
        logger.notice("another instance is to be the active one")
        try onHandOver()
    }

    private func lost(_ gone: [TopicPartition]) {
        guard gone.contains(seat), isElected else { return }
        isElected = false
        logger.warning("the group has given up this instance: another one may be active already")
    }
}

extension VedetteConfiguration {
    /// The topic whose first partition's owner judges.
    var electionTopic: String { outputs.progress ?? inputs.decisions.topic }
}
