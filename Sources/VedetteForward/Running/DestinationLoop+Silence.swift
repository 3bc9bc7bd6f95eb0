import VedetteKafka

/// Whether the brokers answer.
extension DestinationLoop {
    /// Between questions, seconds.
    static let askSeconds = 5.0
    /// Longest wait for an answer, ms; nothing is delivered meanwhile.
    static let answerMs = 1_000

    /// A broker that hangs keeps its connection, and the answer to a fetch may be owed for a minute before the client takes it
    /// for lost. So they are asked something that costs them nothing.
    func ask(_ consumer: Consumer) {
        let now = monotonicSeconds()
        guard now - lastQuestion >= Self.askSeconds else { return }
        lastQuestion = now
        let isAnswered = isAnswered(by: consumer)
        status.update(destination.name) { $0.unansweredSince = isAnswered ? nil : $0.unansweredSince ?? now }
    }

    /// Those that lead the partitions; without any, whichever the client likes to ask. The first that owes its answer ends it.
    private func isAnswered(by consumer: Consumer) -> Bool {
        let partitions = mailbox.partitions
        guard !partitions.isEmpty else { return (try? consumer.metadata([forward.topic ?? ""], timeoutMs: Self.answerMs)) != nil }
        return partitions.allSatisfy { (try? consumer.watermarkOffsets($0, timeoutMs: Self.answerMs)) != nil }
    }
}
