import Foundation
import VedetteCore
import VedetteKafka

/// Which partitions there are and where each is read on.
extension KafkaLoop {
    /// Seconds between two looks at whether a topic has gained partitions.
    static let growthEverySeconds = 60.0

    /// Learns how many partitions the topics have, waiting for the brokers as long as it takes.
    ///
    /// - Throws: what waiting does not mend: a topic that is missing, or that this user may not use.
    func registerPartitions() throws {
        let topics = configuration.inputs.topics.map(\.topic)
        let patience = TopicPatience(since: monotonicSeconds())
        var pause = KafkaOutput.backoffMs.lowerBound
        var counts: [String: Int] = [:]
        defer { output.onWaiting(nil) }
        while let error = try look(at: topics, patience, &counts) {
            logger.warning("waiting for the brokers", metadata: ["error": "\(error)", "pause_ms": "\(pause)"])
            try wait(pause, because: error.message)
            pause = min(pause * 2, KafkaOutput.backoffMs.upperBound)
        }
        for (stream, topic) in configuration.inputs.topics { try register(stream, topic, upTo: counts[topic] ?? 0) }
    }

    /// - Returns: why not all of them can be used yet; nil where they can.
    private func look(at topics: [String], _ patience: TopicPatience, _ counts: inout [String: Int]) throws -> KafkaError? {
        var reason: KafkaError?
        do {
            for (topic, description) in try reader.metadata(topics, timeoutMs: Self.metadataTimeoutMs) {
                switch description {
                case .partitions(let count): counts[topic] = count
                case .unavailable(let error):
                    if let ending = patience.ending(error, topic: topic, section: "inputs", now: monotonicSeconds()) { throw ending }
                    reason = error
                }
            }
        } catch let error as KafkaError where !TopicPatience.isPermanent(error) {
            return error
        }
        return reason
    }

    private func wait(_ milliseconds: Int, because reason: String) throws {
        let end = monotonicSeconds() + Double(milliseconds) / 1_000
        while monotonicSeconds() < end {
            if isStopping() { throw CancellationError() }
            output.onWaiting(reason)
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// - Parameter count: how many partitions the topic has.
    /// - Returns: whether any was new.
    @discardableResult
    private func register(_ stream: StreamKind, _ topic: String, upTo count: Int) throws -> Bool {
        let id = try reader.topicID(for: topic)
        while places.count <= id { places.append([]) }
        guard count > places[id].count else { return false }
        for number in Int32(places[id].count)..<Int32(count) {
            let identity = InputPartition(stream: stream, source: topic, number: number)
            _ = pipeline.addPartition(identity)
            if !pipeline.isStandby { pipeline.beginLate(partitions.count) }
            places[id].append(partitions.count)
            partitions.append(
                PartitionState(identity: identity, topicPartition: TopicPartition(topic, number), lastRecordAt: monotonicSeconds()))
        }
        return true
    }

    /// The offset to read a partition on from; nil where it was never read, and its oldest record is meant.
    func placeToRead(_ place: Int) -> Int64? {
        let (next, identity) = (pipeline.nextOffset(of: place), partitions[place].identity)
        let start = next > 0 || pipeline.isRestored(identity) ? next : pipeline.startOffset(of: identity)
        let held = partitions[place].heldFrom
        return held > 0 ? max(start ?? 0, held) : start
    }

    /// Reads every partition from where the state says. The group's committed offsets are for lag tools.
    func assignInputs(and others: [TopicPartitionOffset] = []) throws {
        let inputs = partitions.indices.map { place -> TopicPartitionOffset in
            let start = placeToRead(place)
            return TopicPartitionOffset(partitions[place].topicPartition, start.map { .at($0) } ?? .beginning)
        }
        try reader.assign(inputs + others)
        for place in partitions.indices {
            partitions[place].isAssigned = true
            partitions[place].isPaused = false
            partitions[place].endOffset = -1
            partitions[place].lastRecordAt = monotonicSeconds()
            partitions[place].waiting = WaitingRecords()
        }
    }

    /// Takes in partitions that a topic has gained.
    func lookForGrowth(_ now: Double) throws {
        guard now - lastGrowthCheck >= Self.growthEverySeconds, !reader.health.isAllBrokersDown else { return }
        lastGrowthCheck = now
        guard let found = try? reader.metadata(configuration.inputs.topics.map(\.topic), timeoutMs: 1_000) else { return }
        var counts: [String: Int] = [:]
        for (topic, description) in found { if case .partitions(let count) = description { counts[topic] = count } }
        try grow(to: counts)
    }

    /// - Parameter counts: partitions per topic, as far as known.
    func grow(to counts: [String: Int], and others: [TopicPartitionOffset] = []) throws {
        var hasGrown = false
        for (stream, topic) in configuration.inputs.topics {
            if try register(stream, topic, upTo: counts[topic] ?? 0) {
                logger.notice("a topic has gained partitions", metadata: ["topic": "\(topic)", "partitions": "\(counts[topic] ?? 0)"])
                hasGrown = true
            }
        }
        if hasGrown { try assignInputs(and: others) }
    }
}
