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

    func send(readSoFar: @Sendable () -> Int, tick: @Sendable (Int) -> Void) throws {
        let producer = try Producer(properties: ["bootstrap.servers": brokers, "linger.ms": "5"], logger: logger)
        defer { producer.close() }
        var sent = 0
        for record in try TrafficSimulator(options) {
            try producer.produce(
                topic: record.stream == .decisions ? "demo.decisions" : "demo.labels", key: record.key, payload: record.line,
                timestampMs: record.deliveryMs)
            sent += 1
            if sent % 500 == 0 {
                tick(sent)
                producer.poll()
                while sent - readSoFar() > Self.maxBehind { producer.poll(timeoutMs: 2) }
            }
        }
        try producer.flush(timeoutMs: 30_000)
        tick(sent)
    }

    /// Waits until the sidecar has read everything and time has stood still for a moment.
    static func settle(_ status: RunStatus) async throws {
        var last = -1
        while status.recordsRead != last {
            last = status.recordsRead
            try await Task.sleep(for: .seconds(4))
        }
    }
}
