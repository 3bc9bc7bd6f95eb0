import VedetteCodec
import VedetteCore
import VedetteKafka

/// Standing by: doing what the active instance has done, silently and never further, and taking over from it.
extension KafkaLoop {
    /// Returns when this instance is elected or is to stop.
    func standBy() throws {
        try watchProgress()
        while !isStopping() {
            try membership.poll()
            if membership.isElected { return }
            try followTurn()
        }
    }

    /// Reads the progress topic from its last records on; the inputs join once it has said anything of this application.
    private func watchProgress() throws {
        guard let topic = configuration.outputs.progress else { return }
        progressTopicID = try reader.topicID(for: topic)
        let range = try progressRange()
        progressOffset = max(range.low, range.high - KafkaOutput.progressTail)
        try reader.assign([TopicPartition(topic, 0).at(progressOffset)])
    }

    /// Offsets that the progress topic holds.
    func progressRange() throws -> WatermarkOffsets {
        try waitingForBrokers { try reader.watermarkOffsets(TopicPartition(configuration.electionTopic, 0), timeoutMs: Self.metadataTimeoutMs) }
    }

    private func follow(from progress: TopicPartitionOffset) throws {
        isFollowing = true
        if pipeline.hasLostState {
            logger.warning("the state directory is empty but output was committed before: reading the topics again from the start, silently")
        }
        try assignInputs(and: [progress])
        doubtEveryPlace()
    }

    private func followTurn() throws {
        var news: [ProgressRecord] = []
        var taken = 0
        try read { record in
            switch record.kind {
            case .message where record.topicID == progressTopicID:
                progressOffset = record.offset + 1
                if let payload = record.payload, let progress = ProgressRecord(decoding: Array(payload)),
                    progress.application == configuration.application
                { news.append(progress) }
            case .message:
                if hold(record) { taken += 1 }
            case .endOfPartition: break
            case .error: try complain(of: record)
            }
        }
        try take(news)
        for place in partitions.indices where !partitions[place].waiting.isEmpty {
            partitions[place].waiting.take(before: pipeline.readLimit(of: place)) { offset, clock, payload in
                pipeline.add(payload, partition: place, offset: offset, clock: clock)
                taken += 1
            }
        }
        status.countRead(taken)
        let now = monotonicSeconds()
        try findMisplaced(now)
        try pipeline.step()
        if isFollowing { try checkpointIfDue(now) }
        publishStatusIfDue(now)
        try adjustPauses()
    }

    /// - Returns: whether the record was taken in at once.
    private func hold(_ record: borrowing ConsumerRecord) -> Bool {
        guard let place = place(of: record) else { return false }
        if partitions[place].waiting.isEmpty, record.offset < pipeline.readLimit(of: place) {
            pipeline.add(record.payload, partition: place, offset: record.offset, clock: record.timestampMs ?? .max)
            return true
        }
        partitions[place].waiting.append(record)
        return false
    }

    private func take(_ news: [ProgressRecord]) throws {
        guard let newest = news.last else { return }
        let progress = TopicPartition(configuration.electionTopic, 0).at(progressOffset)
        var counts: [String: Int] = [:]
        for partition in newest.offsets.keys { counts[partition.source] = max(counts[partition.source] ?? 0, Int(partition.number) + 1) }
        try grow(to: counts, and: isFollowing ? [progress] : [])
        // Each of them: the newest alone does not tell of punctuations from before the active instance's checkpoint.
        for record in news { pipeline.follow(record) }
        if !isFollowing { try follow(from: progress) }
    }

    /// Elected: whoever was active before is fenced off, what they committed last is made again silently, and from
    /// there on this instance speaks.
    func takeOver() throws {
        try pipeline.lead()
        if pipeline.hasLostState, !isFollowing {
            logger.warning("the state directory is empty but output was committed before: reading the topics again from the start, silently")
        }
        if pipeline.isFirstStart { try beginHistory() }
        try assignInputs()
        doubtEveryPlace()
        status.update { $0.role = .active }
        let judgedTo = pipeline.topology.judgedTo
        logger.notice("active", metadata: ["judged_to": "\(judgedTo == .min ? "nothing yet" : RFC3339.string(judgedTo))"])
    }
}
