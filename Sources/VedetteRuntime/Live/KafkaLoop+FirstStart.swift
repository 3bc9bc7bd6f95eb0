import Foundation
import VedetteCore
import VedetteKafka

/// The first start of a deployment: where its history begins, and how much of it is spoken of.
extension KafkaLoop {
    func beginHistory() throws {
        var starts: [InputPartition: Int64] = [:]
        var history: [InputPartition: Int64] = [:]
        for state in partitions {
            let range = try waitingForBrokers { try reader.watermarkOffsets(state.topicPartition, timeoutMs: Self.metadataTimeoutMs) }
            let start = try start(of: state.topicPartition, range)
            starts[state.identity] = start
            if configuration.inputs.history == .quiet, start < range.high { history[state.identity] = range.high }
        }
        logger.notice(
            "first start", metadata: ["start": "\(configuration.inputs.start)", "history": "\(configuration.inputs.history.rawValue)"])
        try pipeline.begin(at: starts, history: history)
    }

    private func start(of partition: TopicPartition, _ range: WatermarkOffsets) throws -> Int64 {
        switch configuration.inputs.start {
        case .earliest: return range.low
        case .latest: return range.high
        case .time(let time):
            let found = try waitingForBrokers { try reader.offsetsForTimes([partition: time], timeoutMs: Self.metadataTimeoutMs) }
            switch found[partition] {
            case .offset(let offset): return offset
            case .afterLastRecord: return range.high
            case .unsupported, nil:
                throw SetupError(
                    what: "the brokers cannot look up offsets of \(partition) by time",
                    remedy: "set inputs.start to earliest or latest for the first start")
            }
        }
    }

    /// Nothing is said of the history: that ends when all of it has been read.
    func endHistoryIfRead() throws {
        guard pipeline.isQuiet else { return }
        let isRead = partitions.indices.allSatisfy { place in pipeline.historyEnd(of: place).map { readTo(place) >= $0 } ?? true }
        guard isRead else { return }
        try pipeline.endHistory(present: wallClockMs())
        logger.notice("the history has been read; from now on everything is said")
    }

    func waitingForBrokers<Answer>(_ body: () throws -> Answer) throws -> Answer {
        while true {
            if isStopping() { throw CancellationError() }
            do {
                defer { output.onWaiting(nil) }
                return try body()
            } catch let error as KafkaError where error.isRetriable && !error.isFatal {
                logger.warning("waiting for the brokers", metadata: ["error": "\(error)"])
                output.onWaiting(error.message)
                Thread.sleep(forTimeInterval: 0.25)
            }
        }
    }
}
