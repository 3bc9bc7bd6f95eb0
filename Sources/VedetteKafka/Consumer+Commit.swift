import CRdKafka

extension Consumer {
    /// Commits offsets for the group. Outside of transactions only: with a transactional producer the offsets belong
    /// into its transaction.
    ///
    /// A coordinator that is down or hangs may owe its answer for a minute. A commit that is not answered in time stays
    /// under way, and no other is sent before its answer has come: what it says then counts for nothing, the commit
    /// after it says more.
    /// - Parameters:
    ///   - timeoutMs: longest wait for the answer.
    ///   - owedMs: longest wait, before that, for the answer to an earlier commit.
    /// - Throws: `KafkaError`: `.timedOut` where an answer is owed, or what the answer says of all or of one partition.
    public func commit(_ offsets: [TopicPartitionOffset], timeoutMs: Int, owedMs: Int = 0) throws(KafkaError) {
        guard !offsets.isEmpty else { return }
        if owesCommitAnswer {
            guard let late = commitAnswer(timeoutMs: Int32(clamping: owedMs)) else {
                throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: "commit offsets", detail: "the commit before is not answered yet")
            }
            rd_kafka_event_destroy(late)
        }
        let list = PartitionList(offsets)
        try check(list.withRaw { rd_kafka_commit_queue(rk, $0, commitAnswers, nil, nil) }, "commit offsets")
        owesCommitAnswer = true
        guard let answer = commitAnswer(timeoutMs: Int32(clamping: timeoutMs)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: "commit offsets", detail: "not answered within \(timeoutMs) ms")
        }
        defer { rd_kafka_event_destroy(answer) }
        try check(rd_kafka_event_error(answer), "commit offsets")
        guard let partitions = rd_kafka_event_topic_partition_list(answer) else { return }
        try PartitionList.checkEach(partitions, "commit offset of")
    }

    /// The caller destroys it.
    private func commitAnswer(timeoutMs: Int32) -> OpaquePointer? {
        guard let answer = rd_kafka_queue_poll(commitAnswers, timeoutMs) else { return nil }
        owesCommitAnswer = false
        return answer
    }
}
