import VedetteCore
import VedetteKafka

/// Backpressure and idleness.
extension KafkaLoop {
    func adjustPauses() throws {
        let isFull = pipeline.topology.waitingRows > Self.maxWaitingRows
        // What waits is ready to be judged, but there is much time to be got through first.
        let isLoaded = pipeline.isBehind && pipeline.topology.waitingRows > configuration.topology.time.maxWaitingRows
        var pause: [TopicPartition] = []
        var resume: [TopicPartition] = []
        for place in partitions.indices where partitions[place].isAssigned {
            let isPaused = partitions[place].isPaused
            let isAhead = pipeline.topology.isAhead(place, isPaused: isPaused)
                || (isFull && pipeline.topology.watermark(of: place) > pipeline.topology.watermark)
                || isLoaded
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
    /// back. Only while the brokers answer: silence because they are away means nothing, and neither does the silence
    /// of a partition that is not read for now.
    func letIdleGo(_ now: Double) {
        let time = configuration.topology.time
        let timeout = Double(time.idleTimeoutMs) / 1_000
        for place in partitions.indices where pipeline.activity(of: place) != partitions[place].activity {
            partitions[place].activity = pipeline.activity(of: place)
            partitions[place].lastRecordAt = now
        }
        guard !reader.health.isAllBrokersDown else { return }
        // One question that stays without an answer is enough for now: each costs up to a second.
        var isAnswered = true
        let idle = Set(partitions.indices.filter { isAnswered && isIdle($0, now - timeout, &isAnswered) })
        guard !idle.isEmpty else { return }
        let present = wallClockMs()
        let states = partitions.indices.map {
            IdleRule.Partition(watermark: pipeline.topology.watermark(of: $0), lastRecordAt: partitions[$0].lastRecordAt, isIdle: idle.contains($0))
        }
        guard let target = idleRule.target(states, now: now, timeout: timeout, limit: present + time.maxFutureMs) else { return }
        for place in partitions.indices where idle.contains(place) && target > states[place].watermark {
            pipeline.punctuate(place, watermark: target, present: present)
            // What was held and is taken now is no sign of life.
            partitions[place].activity = pipeline.activity(of: place)
        }
    }

    /// Whether it is quiet, not paused, and everything that the brokers have has been read. The end of a partition may be reached in records
    /// that are not given out (markers of transactions), which only its notice shows; and no second notice comes
    /// when a pause has swallowed the first.
    private func isIdle(_ place: Int, _ since: Double, _ isAnswered: inout Bool) -> Bool {
        guard partitions[place].lastRecordAt <= since, !partitions[place].isPaused else { return false }
        guard let range = try? reader.watermarkOffsets(partitions[place].topicPartition, timeoutMs: 1_000) else {
            isAnswered = false
            return false
        }
        return range.high <= readTo(place)
    }

    /// Everything before this offset has been read.
    func readTo(_ place: Int) -> Int64 { max(partitions[place].endOffset, pipeline.nextOffset(of: place)) }

    func lag(of place: Int) -> Int64? {
        guard partitions[place].isAssigned else { return nil }
        return (try? reader.lag(partitions[place].topicPartition)) ?? nil
    }
}
