import VedetteCore
import VedetteKafka

/// Places that a topic no longer holds: it has deleted records before they were read, or was made anew.
extension KafkaLoop {
    /// How long an end before the place that was read to is taken for brokers that have just started and do not know
    /// yet how far they had come, seconds.
    static let endGraceSeconds = 15.0
    /// Pause between two looks at such a place, seconds.
    private static let lookAgainSeconds = 1.0

    /// Called inside `poll`, so it only takes note.
    func noteMisplaced(_ record: borrowing ConsumerRecord) {
        if record.topicID == progressTopicID { hasMisplacedProgress = true }
        guard let place = place(of: record) else { return }
        partitions[place].isMisplaced = true
        doubt(place)
    }

    /// A topic that was made anew may by chance hold the place to read on from: so at the start each is looked at.
    func doubtEveryPlace() { partitions.indices.forEach(doubt) }

    private func doubt(_ place: Int) {
        if partitions[place].doubtedSince == nil { partitions[place].doubtedSince = monotonicSeconds() }
        lastLookAtMisplaced = -.infinity
    }

    /// Goes on where reading can go on, and ends with an error that says why where it can not.
    func findMisplaced(_ now: Double) throws {
        guard now - lastLookAtMisplaced >= Self.lookAgainSeconds else { return }
        lastLookAtMisplaced = now
        var isToAssign = hasMisplacedProgress
        for place in partitions.indices where try isToMove(place, now) { isToAssign = true }
        if hasMisplacedProgress { progressOffset = try progressRange().low }
        hasMisplacedProgress = false
        guard isToAssign else { return }
        // All of them: librdkafka refuses to seek in a partition that has none of the offsets it was to read.
        let progress = pipeline.isStandby ? [TopicPartition(configuration.electionTopic, 0).at(progressOffset)] : []
        if pipeline.isStandby, !isFollowing { try reader.assign(progress) } else { try assignInputs(and: progress) }
    }

    private func isToMove(_ place: Int, _ now: Double) throws -> Bool {
        guard let since = partitions[place].doubtedSince else { return false }
        let (partition, identity) = (partitions[place].topicPartition, partitions[place].identity)
        let range = try waitingForBrokers { try reader.watermarkOffsets(partition, timeoutMs: Self.metadataTimeoutMs) }
        let wanted = placeToRead(place) ?? range.low
        let readTo = max(wanted, pipeline.toldOffset(of: identity))
        if readTo > range.high {
            guard now - since >= Self.endGraceSeconds else { return false }
            throw SetupError.shortened(partition, end: range.high, readTo: readTo)
        }
        let isGone = wanted < range.low
        if isGone { try skip(place, wanted..<range.low) }
        defer { (partitions[place].doubtedSince, partitions[place].isMisplaced) = (nil, false) }
        return isGone || partitions[place].isMisplaced
    }

    private func skip(_ place: Int, _ gap: Range<Int64>) throws {
        let partition = partitions[place].topicPartition
        // Without state there is nothing that the gap could tear: what the topic still holds is all there is.
        let hasState = pipeline.isRestored(partitions[place].identity) || pipeline.nextOffset(of: place) > 0
        if hasState, configuration.inputs.gaps == .stop { throw SetupError.deleted(partition, gap) }
        partitions[place].skipped += Int64(gap.count)
        partitions[place].heldFrom = gap.upperBound
        logger.warning(
            "records were deleted before they were read; going on behind them",
            metadata: ["partition": "\(partition)", "from": "\(gap.lowerBound)", "to": "\(gap.upperBound)", "offsets": "\(gap.count)"])
    }
}

extension SetupError {
    /// - Parameter gap: the offsets that were not read.
    static func deleted(_ partition: TopicPartition, _ gap: Range<Int64>) -> SetupError {
        SetupError(
            what: "\(partition) no longer holds the records from offset \(gap.lowerBound) to \(gap.upperBound - 1), which are not in the state yet",
            remedy: "let the topic keep its records for longer than Vedette may be away (retention.ms, retention.bytes);"
                + " to go on without them, set inputs.gaps to skip")
    }

    static func shortened(_ partition: TopicPartition, end: Int64, readTo: Int64) -> SetupError {
        SetupError(
            what: "\(partition) ends at offset \(end), but has been read to \(readTo): the topic was made anew, or has lost records",
            remedy: "if it was made anew, begin a new history: another application name (or kafka.group and outputs) and an empty"
                + " state.directory; else restore its records")
    }
}
