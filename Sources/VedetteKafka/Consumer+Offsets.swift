import CRdKafka

/// The answer to "from where on are the records at or after this time?"
public enum TimeLookup: Hashable, Sendable {
    /// The first record whose timestamp is not before the time asked for.
    case offset(Int64)
    /// Every record there is is older, or there are none.
    case afterLastRecord
    /// The broker cannot look up times (librdkafka's mock cluster, brokers before 0.10.1, records without times).
    case unsupported
}

/// The oldest offset of a partition and the one after its newest record.
public struct WatermarkOffsets: Hashable, Sendable {
    public let low: Int64
    public let high: Int64

    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

extension Consumer {
    /// Stops giving out records of these partitions; their place is kept. Polling must go on.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        guard !partitions.isEmpty else { return }
        let list = PartitionList(partitions)
        try check(list.withRaw { rd_kafka_pause_partitions(rk, $0) }, "pause")
        try list.checkEach("pause")
    }

    /// Undoes `pause`.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        guard !partitions.isEmpty else { return }
        let list = PartitionList(partitions)
        try check(list.withRaw { rd_kafka_resume_partitions(rk, $0) }, "resume")
        try list.checkEach("resume")
    }

    /// Goes to other places in assigned partitions; records fetched before are dropped.
    public func seek(_ offsets: [TopicPartitionOffset], timeoutMs: Int = 10_000) throws(KafkaError) {
        guard !offsets.isEmpty else { return }
        let list = PartitionList(offsets)
        // Before 2.1 librdkafka takes the milliseconds that remain for microseconds (#4230).
        let wait = rd_kafka_version() < 0x0201_0000 ? Int(Int32(clamping: timeoutMs)) * 1_000 : timeoutMs
        try check(list.withRaw { rd_kafka_seek_partitions(rk, $0, Int32(clamping: wait)) }, "seek")
        forgetLastSeen(offsets.lazy.map(\.topicPartition))
        try list.checkEach("seek")
    }

    /// Per partition the offset after the last record given to the application; partitions of which nothing
    /// was read yet are left out. Does not ask the broker.
    public func position(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions)
        try check(list.withRaw { rd_kafka_position(rk, $0) }, "read position")
        try list.checkEach("read position")
        return list.offsets()
    }

    /// The group's committed offsets; partitions without one are left out. Asks the coordinator.
    public func committed(_ partitions: [TopicPartition], timeoutMs: Int) throws(KafkaError) -> [TopicPartition: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let list = PartitionList(partitions)
        try check(list.withRaw { rd_kafka_committed(rk, $0, Int32(clamping: timeoutMs)) }, "read committed offsets")
        try list.checkEach("read committed offset of")
        return list.offsets()
    }

    /// For each partition the first record at or after a time, in milliseconds since the Unix epoch.
    ///
    /// A broker that cannot look up times and one that has no such record give the same answer. So where the
    /// answer is "none" but there are records, time zero is asked for too: if even that finds nothing, lookup
    /// is `unsupported`.
    public func offsetsForTimes(_ times: [TopicPartition: Int64], timeoutMs: Int) throws(KafkaError) -> [TopicPartition: TimeLookup] {
        guard !times.isEmpty else { return [:] }
        let deadline = Deadline(timeoutMs: timeoutMs)
        let found: [TopicPartition: Int64]
        do {
            found = try lookUp(times.map { $0.key.at($0.value) }, deadline)
        } catch where error.code == .unsupportedFeature {
            return times.mapValues { _ in .unsupported }
        }
        var result = found.mapValues { TimeLookup.offset($0) }
        var doubtful: [TopicPartition: Int64] = [:]
        for partition in times.keys where result[partition] == nil {
            let range = try watermarkOffsets(partition, timeoutMs: Int(max(1, deadline.remainingMs)))
            if range.high > range.low { doubtful[partition] = 0 } else { result[partition] = .afterLastRecord }
        }
        guard !doubtful.isEmpty else { return result }
        let probed = try lookUp(doubtful.map { $0.key.at($0.value) }, deadline)
        for partition in doubtful.keys {
            result[partition] = probed[partition] == nil ? .unsupported : .afterLastRecord
        }
        return result
    }

    private func lookUp(_ times: [TopicPartitionOffset], _ deadline: Deadline) throws(KafkaError) -> [TopicPartition: Int64] {
        // The request and its answer use the same field: times in, offsets out.
        let list = PartitionList(times)
        try check(list.withRaw { rd_kafka_offsets_for_times(rk, $0, max(1, deadline.remainingMs)) }, "look up offsets by time")
        try list.checkEach("look up offset by time of")
        return list.offsets()
    }

    /// Asks the broker for the range of offsets that the partition holds.
    ///
    /// - Throws: `KafkaError`, retriable where the leader does not answer in time.
    public func watermarkOffsets(_ partition: TopicPartition, timeoutMs: Int) throws(KafkaError) -> WatermarkOffsets {
        // In the request both ends are times of their own. Not by rd_kafka_query_watermark_offsets: before 2.3 it forgets
        // its time-out, and waits for a leader that is away for as long as it is (#4460).
        let deadline = Deadline(timeoutMs: timeoutMs)
        func end(_ end: KafkaOffset) throws(KafkaError) -> Int64 {
            guard let offset = try lookUp([TopicPartitionOffset(partition, end)], deadline)[partition] else {
                throw KafkaError(RD_KAFKA_RESP_ERR__NO_OFFSET, operation: "look up the \(end) of \(partition)")
            }
            return offset
        }
        return WatermarkOffsets(low: try end(.beginning), high: try end(.end))
    }

    /// How many records lie between what the application has been given and the end of the partition as of
    /// the last fetch; nil until something was fetched and read. Does not ask the broker. Counts the control
    /// records of transactions and records that compaction has removed, so it is an upper bound.
    public func lag(_ partition: TopicPartition) throws(KafkaError) -> Int64? {
        var low: Int64 = 0
        var high: Int64 = 0
        try check(
            rd_kafka_get_watermark_offsets(rk, partition.topic, partition.partition, &low, &high), "read lag of \(partition)")
        guard high >= 0, let position = try position([partition])[partition] else { return nil }
        return max(0, high - position)
    }

    /// Partition counts of topics, and errors for those that are missing. Asks the broker; creates nothing.
    public func metadata(_ topics: [String], timeoutMs: Int) throws(KafkaError) -> [String: TopicDescription] {
        try describeTopics(rk: rk, topics, timeoutMs: timeoutMs)
    }
}
