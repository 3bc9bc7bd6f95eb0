import Logging
import VedetteKafka
import VedetteRuntime

/// Partitions and offsets.
extension DestinationLoop {
    /// Where to start in each: before the place of the group, as far back as an alert may be open without a word.
    func assigned(_ consumer: Consumer, _ partitions: [TopicPartition]) throws -> [TopicPartitionOffset] {
        isAssigned = true
        lastCommit = 0
        let places = try consumer.committed(partitions, timeoutMs: Self.callTimeoutMs)
        let oldest = max(0, wallMs() - destination.forgetAfterMs)
        let times = try consumer.offsetsForTimes(Dictionary(uniqueKeysWithValues: partitions.map { ($0, oldest) }), timeoutMs: Self.callTimeoutMs)
        return try partitions.map { partition in
            let range = try consumer.watermarkOffsets(partition, timeoutMs: Self.callTimeoutMs)
            let position = position(places[partition], in: range, partition)
            let first: Int64 =
                switch times[partition] {
                case .offset(let offset): min(offset, position)
                case .afterLastRecord: position
                case .unsupported, nil: range.low
                }
            let isFirstStart = places[partition] == nil && forward.start == .earliest
            mailbox.assign(partition, position: position, first: first, historyEnd: isFirstStart ? range.high : nil)
            return partition.at(first)
        }
    }

    private func position(_ committed: Int64?, in range: WatermarkOffsets, _ partition: TopicPartition) -> Int64 {
        guard let committed else { return forward.start == .latest ? range.high : range.low }
        guard committed < range.low || committed > range.high else { return committed }
        logger.warning(
            "the place of the group is not in the topic any more: reading begins with the oldest record there is",
            metadata: ["partition": "\(partition)", "place": "\(committed)", "oldest": "\(range.low)"])
        return range.low
    }

    func revoked(_ consumer: Consumer, _ partitions: [TopicPartition]) {
        commitLast(consumer)
        forget(partitions)
    }

    func forget(_ partitions: [TopicPartition]) {
        for partition in partitions {
            mailbox.revoke(partition)
            committed[partition] = nil
        }
    }

    /// The last moment to commit: here a coordinator is waited for.
    @discardableResult
    func commitLast(_ consumer: Consumer) -> Bool { commit(consumer, timeoutMs: Self.callTimeoutMs, owedMs: Self.callTimeoutMs) }

    /// What can not be committed now is committed later; until then a crash would repeat it. A coordinator that hangs
    /// holds up no delivery.
    ///
    /// - Returns: whether nothing is left to commit.
    @discardableResult
    func commit(_ consumer: Consumer, timeoutMs: Int = commitTimeoutMs, owedMs: Int = 0) -> Bool {
        lastCommit = monotonicSeconds()
        let due = mailbox.commits.filter { committed[$0.key] != $0.value }
        guard !options.isDryRun, !due.isEmpty else { return true }
        do {
            try consumer.commit(due.map { $0.key.at($0.value) }, timeoutMs: timeoutMs, owedMs: owedMs)
            committed.merge(due) { _, new in new }
            if isCommitBehind { logger.notice("offsets are committed again") }
            isCommitBehind = false
            return true
        } catch {
            if !isCommitBehind {
                logger.warning("offsets can not be committed; a crash would repeat deliveries", metadata: ["error": "\(error)"])
            }
            isCommitBehind = true
            return false
        }
    }

    /// The last commit. One that falls into a rebalance of the group is refused, and taken once that is over.
    func finish(_ consumer: Consumer) {
        let end = monotonicSeconds() + Self.finishSeconds
        while !commitLast(consumer), monotonicSeconds() < end {
            // Serves the rebalance; what is read meanwhile is not taken, and read again by whoever comes next.
            _ = try? consumer.poll(max: 1, timeoutMs: Self.pollMs) { _ in }
        }
    }
}
