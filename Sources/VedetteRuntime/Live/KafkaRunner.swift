import Foundation
import Logging
import Synchronization
import VedetteCore
import VedetteKafka

/// Runs the pipeline on live topics: polls, steps, commits, checkpoints, pauses what runs
/// ahead, and lets idle partitions go.
///
/// `run()` blocks its thread; `stop()` may be called from any other.
public final class KafkaRunner: Sendable {
    public let status = RunStatus()
    private let configuration: VedetteConfiguration
    private let brokers: String?
    private let logger: Logger
    private let stopping = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    private let onAlert: (@Sendable (AlertEvent) -> Void)?
    private let onWindow: (@Sendable (WindowResult) -> Void)?

    /// - Parameter brokers: overrides `kafka.brokers`.
    public init(
        configuration: VedetteConfiguration, brokers: String? = nil, logger: Logger,
        onAlert: (@Sendable (AlertEvent) -> Void)? = nil, onWindow: (@Sendable (WindowResult) -> Void)? = nil
    ) {
        self.configuration = configuration
        self.brokers = brokers
        self.logger = logger
        self.onAlert = onAlert
        self.onWindow = onWindow
    }

    /// Asks the loop to finish what it has, commit, checkpoint, and return.
    public func stop() { stopping.store(true, ordering: .relaxed) }

    /// `run()` has returned or thrown.
    public var hasEnded: Bool { ended.load(ordering: .relaxed) }

    /// - Throws: `StoreError`, `SecretError`, `SetupError`, or a fatal `KafkaError`. Anything that may pass is waited out.
    public func run() throws {
        defer { ended.store(true, ordering: .relaxed) }
        var pause = Self.restartSeconds.lowerBound
        while true {
            let began = monotonicSeconds()
            do {
                // Another instance judges now: this one begins anew, as a standby.
                if try runOnce() == .replaced { continue }
                return
            } catch let error as KafkaError where error.isFatal {
                // An outage longer than a transaction may last, for example, leaves librdkafka's producer unusable.
                // To go on with the state as it is would mean to know what became of the last commit. The checkpoint
                // and the progress record know: to the commit protocol this is a crash.
                if isStopping { return }
                if let ending = SetupError.forbidden(error, group: configuration.kafka.group) { throw ending }
                logger.warning(
                    error.isFenced
                        ? "another producer has taken over \(configuration.kafka.group); standing by"
                        : "a Kafka client has failed for good; going on from the checkpoint with new ones",
                    metadata: ["error": "\(error)"])
                if monotonicSeconds() - began > Self.restartSeconds.upperBound { pause = Self.restartSeconds.lowerBound }
                wait(pause, because: error.message)
                pause = min(pause * 2, Self.restartSeconds.upperBound)
            }
        }
    }

    /// Pauses before the loop is made anew, seconds: doubled up to the last.
    static let restartSeconds = 1.0...30.0

    private func wait(_ seconds: Double, because reason: String) {
        let end = monotonicSeconds() + seconds
        while !isStopping, monotonicSeconds() < end {
            status.update {
                $0.blockedReason = reason
                $0.lastTurnAt = monotonicSeconds()
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        status.update { $0.blockedReason = nil }
    }

    private func runOnce() throws -> KafkaLoop.Ending {
        let output = try KafkaOutput(configuration, brokers: brokers, logger: logger)
        output.isStopping = { [self] in isStopping }
        output.onWaiting = { [status] reason in
            status.update {
                $0.blockedReason = reason
                $0.lastTurnAt = monotonicSeconds()
            }
        }
        defer { output.close() }
        do {
            return try run(output)
        } catch is CancellationError where isStopping {
            logger.info("stopped while it waited; what was not committed is made again after the next start")
        } catch let error as KafkaError where isStopping && !error.isFatal {
            logger.warning(
                "stopped while the brokers could not be reached; what was not committed is made again after the next start",
                metadata: ["error": "\(error)"])
        }
        return .stopped
    }

    private var isStopping: Bool { stopping.load(ordering: .relaxed) }

    private func run(_ output: KafkaOutput) throws -> KafkaLoop.Ending {
        let pipeline = try Pipeline(configuration: configuration, output: output, wanted: configuration.wantedOutputs, isStandby: true)
        pipeline.collector.onAlert = onAlert
        pipeline.collector.onWindow = onWindow
        try output.checkTopics()
        pipeline.schemas?.isStopping = { [self] in isStopping }
        pipeline.schemas?.onWaiting = { [status] reason in
            status.update {
                $0.missingSchema = reason
                $0.lastTurnAt = monotonicSeconds()
            }
        }
        let loop = try KafkaLoop(
            configuration: configuration, brokers: brokers, pipeline: pipeline, output: output, status: status, logger: logger,
            isStopping: { [self] in isStopping })
        return try loop.run()
    }
}
