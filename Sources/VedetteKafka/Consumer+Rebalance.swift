import CRdKafka

/// Runs inside `poll`, on the consumer's thread.
func onRebalance(
    rk: OpaquePointer?, code: rd_kafka_resp_err_t, list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?,
    opaque: UnsafeMutableRawPointer?
) {
    guard let rk else { return }
    guard let consumer = clientContext(opaque, as: ConsumerContext.self)?.consumer else {
        // The consumer is being deinitialised: there is nobody to ask.
        return answerRebalance(rk, code, list)
    }
    consumer.serveRebalance(code, list)
    // Makes `poll` return, so that its caller sees the change before the next record.
    rd_kafka_yield(rk)
}

/// Accepts what the group decided, without the application.
func answerRebalance(
    _ rk: OpaquePointer, _ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
) {
    if code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, isCooperative(rk) {
        if let error = rd_kafka_incremental_unassign(rk, list) { rd_kafka_error_destroy(error) }
    } else {
        rd_kafka_assign(rk, nil)
    }
}

private func isCooperative(_ rk: OpaquePointer) -> Bool {
    rd_kafka_rebalance_protocol(rk).map { String(cString: $0) } == "COOPERATIVE"
}

extension Consumer {
    /// Lets the application act, then tells librdkafka, which holds the group back until it is told.
    func serveRebalance(
        _ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) {
        let partitions = list.map { PartitionList.partitions($0) } ?? []
        // Only of what moves: partitions that stay are the ones that may repeat a record.
        forgetLastSeen(partitions)
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            hasBeenAssigned = true
            serveAssigned(partitions)
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            serveRevoked(partitions)
        default:
            note(KafkaError(code, operation: "rebalance"))
            // librdkafka asks for this to get back in step.
            noteFailure { () throws(KafkaError) in try check(rd_kafka_assign(rk, nil), "rebalance") }
        }
    }

    private func serveAssigned(_ partitions: [TopicPartition]) {
        var starts: [TopicPartition: KafkaOffset] = [:]
        var isRefused = false
        do {
            for start in try handlers.onAssigned(self, partitions) { starts[start.topicPartition] = start.offset }
        } catch {
            note(error)
            isRefused = true
        }
        let list = PartitionList(partitions.map { TopicPartitionOffset($0, starts[$0] ?? .committed) })
        noteFailure { () throws(KafkaError) in
            if isCooperative(rk) {
                try check(list.withRaw { rd_kafka_incremental_assign(rk, $0) }, "assign partitions")
            } else {
                try check(list.withRaw { rd_kafka_assign(rk, $0) }, "assign partitions")
            }
            // Where to start is not known: nothing may be read until the owner has dealt with the error.
            if isRefused { try check(list.withRaw { rd_kafka_pause_partitions(rk, $0) }, "pause partitions") }
        }
    }

    private func serveRevoked(_ partitions: [TopicPartition]) {
        let isLost = rd_kafka_assignment_lost(rk) != 0
        do {
            if isLost {
                try handlers.onLost(self, partitions)
            } else {
                try handlers.onRevoked(self, partitions)
            }
        } catch {
            note(error)
        }
        noteFailure { () throws(KafkaError) in
            if isCooperative(rk) {
                let list = PartitionList(partitions)
                try check(list.withRaw { rd_kafka_incremental_unassign(rk, $0) }, "unassign partitions")
            } else {
                try check(rd_kafka_assign(rk, nil), "unassign partitions")
            }
        }
    }

    /// The first error counts: later ones are mostly its consequences.
    private func note(_ error: any Error) {
        if pendingError == nil { pendingError = KafkaOrHandlerError(underlying: error) }
    }

    private func noteFailure(_ body: () throws(KafkaError) -> Void) {
        do throws(KafkaError) { try body() } catch { note(error) }
    }
}
