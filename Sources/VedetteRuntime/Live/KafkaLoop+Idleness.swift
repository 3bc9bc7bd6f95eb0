import VedetteCore
import VedetteKafka

/// Backpressure and idleness.
extension KafkaLoop {
    func adjustPauses() throws {
        let isFull = pipeline.topology.waitingRows > Self.maxWaitingRows
        var pause: [TopicPartition] = []
        var resume: [TopicPartition] = []
        for place in partitions.indices where partitions[place].isAssigned {
            let isPaused = partitions[place].isPaused
            let isAhead = pipeline.topology.isAhead(place, isPaused: isPaused)
                || (isFull && pipeline.topology.watermark(of: place) > pipeline.topology.watermark)
                || partitions[place].waiting.isFull(isPaused: isPaused)
            if isAhead != isPaused {
                partitions[place].isPaused = isAhead
                if isAhead { pause.append(partitions[place].topicPartition) } else { resume.append(partitions[place].topicPartition) }
            }
        }
        if !pause.isEmpty { try reader.pause(pause) }
        if !resume.isEmpty { try reader.resume(resume) }
    }

    /// A partition that has been read to its end and stayed silent no longer holds the others
    /// back. Only while the brokers answer: silence because they are away means nothing.
    func letIdleGo(_ now: Double) {
        let timeout = Double(configuration.topology.time.idleTimeoutMs) / 1_000
        for place in partitions.indices where pipeline.activity(of: place) != partitions[place].activity {
            partitions[place].activity = pipeline.activity(of: place)
            partitions[place].lastRecordAt = now
        }
        let idle = partitions.indices.filter { now - partitions[$0].lastRecordAt >= timeout }
        guard !idle.isEmpty, !reader.health.isAllBrokersDown, idle.allSatisfy(isStillAtEnd) else { return }
        let watermarks = partitions.indices.map { pipeline.topology.watermark(of: $0) }
        let target: Int64
        if let slowest = partitions.indices.filter({ !idle.contains($0) }).map({ watermarks[$0] }).min() {
            target = slowest
        } else {
            // All quiet: event time goes on with the wall clock from where it was, so that windows close.
            let since = partitions.map(\.lastRecordAt).max() ?? now
            let newest = watermarks.max() ?? .min
            if quiet?.since != since { quiet = (since, newest) }
            guard let quiet, quiet.newest != .min else { return }
            target = quiet.newest + Int64((now - quiet.since - timeout) * 1_000)
        }
        guard target != .min else { return }
        for place in idle where target > watermarks[place] { pipeline.punctuate(place, watermark: target) }
    }

    /// Whether everything that the brokers have has been read. The end of a partition may be reached in records
    /// that are not given out (markers of transactions), which only its notice shows; and no second notice comes
    /// when a pause has swallowed the first.
    private func isStillAtEnd(_ place: Int) -> Bool {
        guard let range = try? reader.watermarkOffsets(partitions[place].topicPartition, timeoutMs: 1_000) else { return false }
        return range.high <= readTo(place)
    }

    /// Everything before this offset has been read.
    func readTo(_ place: Int) -> Int64 { max(partitions[place].endOffset, pipeline.nextOffset(of: place)) }

    func lag(of place: Int) -> Int64? {
        guard partitions[place].isAssigned else { return nil }
        return (try? reader.lag(partitions[place].topicPartition)) ?? nil
    }
}
