import CRdKafka

/// An error on its way from a callback to the caller of `poll`: the boundary's own, or what a handler threw.
struct KafkaOrHandlerError {
    let underlying: any Error
}

extension Consumer {
    /// Waits for records, the ends of partitions and errors, and lends each to `body`.
    ///
    /// Also the place where rebalances, log lines and errors are served: call it at least every
    /// `max.poll.interval.ms` (5 minutes), also while everything is paused. Waits only for the first one; after
    /// that it takes what is already there. Returns early after a rebalance, so that the caller's next step
    /// sees the new assignment.
    ///
    /// Each record's memory is freed when `body` returns or throws. If it throws, that record counts as read
    /// and the ones behind it stay queued.
    /// - Parameters:
    ///   - max: most events to take.
    ///   - timeoutMs: longest wait for the first event; 0 does not wait.
    /// - Returns: how many events `body` got.
    /// - Throws: what `body` or a rebalance handler threw, or the `KafkaError` of a failed assignment.
    @discardableResult
    public func poll(max: Int, timeoutMs: Int, _ body: (borrowing ConsumerRecord) throws -> Void) throws -> Int {
        var taken = 0
        var timeout = Int32(clamping: timeoutMs)
        while taken < max {
            guard let raw = rd_kafka_consumer_poll(rk, timeout) else { break }
            timeout = 0
            defer { rd_kafka_message_destroy(raw) }
            let record = ConsumerRecord(raw, topicID: topics.id(ofTopic: raw.pointee.rkt))
            if record.kind == .message,
                lastSeen.isRepeat(topicID: record.topicID, partition: Int(record.partition), offset: record.offset)
            {
                repeatsDropped += 1
                continue
            }
            taken += 1
            try body(record)
        }
        if let error = pendingError {
            pendingError = nil
            throw error.underlying
        }
        return taken
    }
}
