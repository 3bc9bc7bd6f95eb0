import Logging

extension DestinationLoop {
    /// One alert, if one is due. The request is finished even where a stop comes meanwhile.
    func deliver() {
        let now = monotonicSeconds()
        guard now >= holdUntil, let entry = mailbox.next(monotonicMs: monotonicMs()) else { return }
        let known = mailbox.known[entry.record.fingerprint]?.record
        let verdict = send(endpoint.request(for: entry.record, known: known, now: wallMs()))
        let metadata: Logger.Metadata = [
            "alert": "\(entry.record.id)", "status": "\(entry.record.status.rawValue)", "severity": "\(entry.record.severity.rawValue)",
        ]
        switch verdict {
        case .accepted:
            mailbox.accepted(entry, monotonicMs: monotonicMs())
            logger.info("alert delivered", metadata: metadata)
            succeeded()
            count(.accepted)
        case .refused(let reason):
            mailbox.refused(entry)
            // The alert itself stays in the topic, at this place.
            logger.error(
                "the destination refuses this alert; it is not sent again",
                metadata: metadata.merging([
                    "topic": "\(entry.partition.topic)", "partition": "\(entry.partition.partition)", "offset": "\(entry.offset)", "reason": "\(reason)",
                ]) { _, new in new })
            status.update(destination.name) { $0.lastFailure = reason }
            // It answers: others may well be taken.
            (failures, holdUntil) = (0, 0)
            count(.refused)
        case .again(let reason, let afterMs):
            let pause = failed(reason, afterMs: afterMs)
            mailbox.failed(entry, notBefore: monotonicMs() + pause)
            count(.failed)
        }
    }

    /// An Alertmanager is told again what fires. Looked at once a second.
    func resend() {
        let now = monotonicSeconds()
        guard now >= nextResendAt, now >= holdUntil else { return }
        nextResendAt = now + 1
        mailbox.forget(now: wallMs())
        guard destination.kind == .alertmanager else { return }
        var rest = mailbox.toResend(monotonicMs: monotonicMs())[...]
        while !rest.isEmpty {
            let batch = rest.prefix(AlertmanagerAlerts.maxAlerts)
            rest = rest.dropFirst(batch.count)
            switch send(endpoint.resend(batch, now: wallMs())) {
            case .accepted:
                succeeded()
                countResend(.accepted)
            case .refused(let reason):
                // The others of the batch may have been taken; what is wrong will be as wrong in a second.
                logger.error("the destination refuses to be told again what fires", metadata: ["reason": "\(reason)"])
                countResend(.refused)
            case .again(let reason, let afterMs):
                _ = failed(reason, afterMs: afterMs)
                return countResend(.failed)
            }
            mailbox.resent(batch, monotonicMs: monotonicMs())
        }
    }

    /// Sends, and says what is to be done; nothing secret is in what it says.
    private func send(_ request: OutgoingRequest) -> Verdict {
        switch Verdict(transport.send(request), now: wallMs()) {
        case .accepted: .accepted
        case .refused(let reason): .refused(endpoint.redacted(reason))
        case .again(let reason, let afterMs): .again(endpoint.redacted(reason), afterMs: afterMs)
        }
    }

    private func succeeded() {
        (failures, holdUntil) = (0, 0)
        status.update(destination.name) { ($0.failingSince, $0.lastFailure) = (nil, nil) }
    }

    /// Holds the whole destination back: what failed is mostly it, and not the alert.
    ///
    /// - Returns: for how long, ms.
    private func failed(_ reason: String, afterMs: Int64?) -> Int64 {
        failures += 1
        let pause = max(backoff.delayMs(failures: failures, lot: .random(in: 0..<1)), afterMs ?? 0)
        holdUntil = monotonicSeconds() + Double(pause) / 1_000
        logger.warning(
            "the destination did not take it; trying again",
            metadata: ["reason": "\(reason)", "host": "\(endpoint.host)", "failures": "\(failures)", "pause_ms": "\(pause)", "waiting": "\(mailbox.count)"])
        status.update(destination.name) {
            if $0.failingSince == nil { $0.failingSince = monotonicSeconds() }
            $0.lastFailure = reason
        }
        return pause
    }

    private func countResend(_ outcome: ForwardStatus.Outcome) {
        status.update(destination.name) { $0.resends[outcome, default: 0] += 1 }
    }

    private func count(_ outcome: ForwardStatus.Outcome) {
        status.update(destination.name) { $0.deliveries[outcome, default: 0] += 1 }
    }
}
