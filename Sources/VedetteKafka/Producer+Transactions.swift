import CRdKafka

/// Transactions, in the order initTransactions, then for each: begin, produce and sendOffsets, commit or abort.
///
/// What to do with a `KafkaError` from these calls: `isFatal` (also `isFenced`): stop, another instance may
/// have taken over. `txnRequiresAbort`: `abort()`, go back to the last committed offsets, redo. `isRetriable`:
/// call the same function again. Retriable errors are already retried here until the timeout.
extension Producer {
    /// Registers the transactional.id: earlier producers with it are fenced off and their open transactions
    /// aborted. Once, before the first transaction.
    public func initTransactions(timeoutMs: Int) throws(KafkaError) {
        try retrying("init transactions", timeoutMs) { rd_kafka_init_transactions(rk, $0) }
    }

    /// Begins a transaction. Local: asks nobody.
    public func begin() throws(KafkaError) {
        // What went wrong before belongs to an earlier transaction, which has thrown it or was aborted.
        context.firstFailure = nil
        try check(rd_kafka_begin_transaction(rk), "begin transaction")
    }

    /// Makes the transaction also commit a consumer's offsets (next records to read).
    /// - Parameter group: the consumer's membership, taken when the offsets were; stale membership is refused.
    public func sendOffsets(
        _ offsets: [TopicPartitionOffset], group: ConsumerGroupMetadata, timeoutMs: Int
    ) throws(KafkaError) {
        guard !offsets.isEmpty else { return }
        let list = PartitionList(offsets)
        try retrying("send offsets to transaction", timeoutMs) { timeoutMs in
            list.withRaw { rd_kafka_send_offsets_to_transaction(rk, $0, group.raw, timeoutMs) }
        }
    }

    /// Waits for every record, then commits. When this returns, records and offsets are visible together.
    /// - Throws: `KafkaError`. A record that could not be delivered makes the transaction abortable.
    public func commit(timeoutMs: Int) throws(KafkaError) {
        let deadline = Deadline(timeoutMs: timeoutMs)
        // Serves the delivery reports here, so that a failure is known by its own name.
        rd_kafka_flush(rk, Int32(clamping: timeoutMs))
        if let failure = context.firstFailure {
            context.firstFailure = nil
            throw KafkaError(
                code: failure.code, message: failure.message, operation: "commit transaction: \(failure.operation)",
                isFatal: failure.isFatal, txnRequiresAbort: !failure.isFatal)
        }
        try retrying("commit transaction", Int(deadline.remainingMs)) { rd_kafka_commit_transaction(rk, $0) }
    }

    /// Gives the transaction up: its records are purged or marked aborted, its offsets are not committed.
    public func abort(timeoutMs: Int) throws(KafkaError) {
        try retrying("abort transaction", timeoutMs) { rd_kafka_abort_transaction(rk, $0) }
        context.firstFailure = nil
    }

    /// Calls until it works, fails for good, or the time is over; at least once.
    private func retrying(
        _ operation: String, _ timeoutMs: Int, _ body: (_ timeoutMs: Int32) -> OpaquePointer?
    ) throws(KafkaError) {
        let deadline = Deadline(timeoutMs: timeoutMs)
        while true {
            guard let raw = body(max(1, deadline.remainingMs)) else { return }
            var error = KafkaError(taking: raw, operation: operation)
            if error.code == .fatal || error.isFatal {
                // `_FATAL` and some fenced states hide the first cause.
                error = raisedFatalError(of: rk, operation: operation) ?? error
            }
            if error.isFatal { context.health.record(error) }
            if !error.isRetriable || error.isFatal || deadline.isOver { throw error }
            rd_kafka_poll(rk, min(Self.retryStepMs, max(1, deadline.remainingMs)))
        }
    }
}
