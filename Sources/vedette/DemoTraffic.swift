import Foundation
import Logging
import VedetteKafka
import VedetteRuntime

/// The demo's traffic: eight quiet days, then four attacks and accidents.
struct DemoTraffic: Sendable {
    static let partitions = 4
    /// Records the sidecar may be behind: the broker in this process keeps 5 MB a partition.
    private static let maxBehind = 12_000
    private static let dayMs: Int64 = 86_400_000

    private let options: SimulationOptions
    private let brokers: String
    private let logger: Logger

    init(_ options: SimulationOptions, brokers: String, logger: Logger) {
        self.options = options
        self.brokers = brokers
        self.logger = logger
    }

    static func options(seed: UInt64, density: Double) throws -> SimulationOptions {
        var options = SimulationOptions()
        options.seed = seed
        options.decisionsPerSecond = density
        options.length = .durationMs(dayMs * 19 / 2)
        options.labelDelayMedianMs = 2 * 3_600_000
        options.deliversRemainingLabels = false
        options.scenarios = try [
            "feature_missing:from=194h,until=197h,strength=0.6,feature=device_age_days",
            "fraud_spike_new_users:from=196h,until=222h,strength=6",
            "score_drift:from=200h,until=226h,strength=1.6,slice=channel=app",
            "volume_drop:from=224h,until=227h,strength=0.9",
        ].map { try SimulationScenario(parsing: $0) }
        return options
    }

    /// - Parameter isOver: nobody reads any more; what is left is not sent.
    /// - Returns: records sent, and the time of the last, ms.
    func send(readSoFar: @Sendable () -> Int, isOver: @Sendable () -> Bool, tick: @Sendable (Int) -> Void) throws -> (count: Int, lastMs: Int64) {
        let producer = try Producer(properties: ["bootstrap.servers": brokers, "linger.ms": "5"], logger: logger)
        defer { producer.close() }
        var sent = 0
        var lastMs = Int64.min
        for record in try TrafficSimulator(options) {
            try producer.produce(
                topic: record.stream == .decisions ? "demo.decisions" : "demo.labels", key: record.key, payload: record.line,
                timestampMs: record.deliveryMs)
            sent += 1
            lastMs = record.deliveryMs
            if sent % 500 == 0 {
                tick(sent)
                producer.poll()
                while sent - readSoFar() > Self.maxBehind, !isOver() { producer.poll(timeoutMs: 2) }
                if isOver() { break }
            }
        }
        try producer.flush(timeoutMs: 30_000)
        tick(sent)
        return (sent, lastMs)
    }

    /// Waits until the sidecar has read and judged everything, or until nothing has moved for `patienceSeconds`: on a
    /// busy machine one turn may take seconds.
    static func settle(_ runner: KafkaRunner, _ sent: (count: Int, lastMs: Int64), _ configuration: VedetteConfiguration) async throws {
        let time = configuration.topology.time
        // Judging stops at a boundary, and before what the newest records may still be followed by.
        let end = sent.lastMs - time.outOfOrdernessMs - (configuration.topology.panes.levels.first?.sizeMs ?? 0)
        var last = (read: -1, judged: Int64.min)
        var still = 0
        while !runner.hasEnded, still < patienceSeconds {
            let now = (read: runner.status.recordsRead, judged: runner.status.snapshot.judgedToMs ?? .min)
            if now.read >= sent.count, now.judged >= end { return }
            still = now == last ? still + 1 : 0
            last = now
            try await Task.sleep(for: .seconds(1))
        }
    }

    private static let patienceSeconds = 60
}
