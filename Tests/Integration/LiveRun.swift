import Foundation
import Logging
import Synchronization
import VedetteKafka
import VedetteRuntime

/// A runner on a thread of its own.
final class LiveRun: Sendable {
    let runner: KafkaRunner
    private let outcome = Mutex<Result<Void, any Error>?>(nil)

    init(_ configuration: VedetteConfiguration, logger: Logger = Site.logger) {
        runner = KafkaRunner(configuration: configuration, logger: logger)
        let thread = Thread { [self] in
            let result = Result { try runner.run() }
            outcome.withLock { $0 = result }
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    var status: RunStatus { runner.status }
    var hasEnded: Bool { outcome.withLock { $0 != nil } }

    /// Stops it and waits; throws what it threw.
    func stop(seconds: Double = 120) throws {
        runner.stop()
        try wait("the runner to stop", seconds: seconds) { hasEnded }
        try outcome.withLock { $0 }?.get()
    }

    /// The error it ended with by itself.
    func failure(seconds: Double = 300) throws -> (any Error)? {
        try wait("the runner to end", seconds: seconds) { hasEnded }
        guard case .failure(let error) = outcome.withLock({ $0 }) else { return nil }
        return error
    }

    func waitUntilReady(as role: RunStatus.Role = .active) throws {
        do {
            try wait("readiness as \(role)", seconds: 240) { try check() && status.notReadyReason() == nil && status.snapshot.role == role }
        } catch is TestTimeout {
            throw TestTimeout(what: "readiness as \(role), is \(status.snapshot.role): \(status.notReadyReason() ?? "ready")")
        }
    }

    /// Waits until each partition has been read to the end of what was sent.
    ///
    /// - Parameter sent: everything that the topics hold.
    func waitUntilRead(_ sent: Traffic, seconds: Double = 300) throws {
        let ends = sent.ends()
        do {
            try wait("records to be read", seconds: seconds) {
                let partitions = status.snapshot.partitions
                return try check() && partitions.count == ends.count && partitions.allSatisfy { $0.nextOffset >= ends["\($0.stream)-\($0.partition)"] ?? 0 }
            }
        } catch let timeout as TestTimeout {
            let partitions = status.snapshot.partitions.map {
                "\($0.stream)-\($0.partition) at \($0.nextOffset)\($0.isAssigned ? "" : " not assigned")\($0.isPaused ? " paused" : "")"
            }
            throw TestTimeout(what: ([timeout.what, "ends \(ends)", status.notReadyReason() ?? "ready"] + partitions).joined(separator: "; "))
        }
    }

    /// A runner that has ended is no longer waited for.
    private func check() throws -> Bool {
        if hasEnded {
            try outcome.withLock { $0 }?.get()
            throw TestTimeout(what: "a runner that has ended")
        }
        return true
    }
}

/// An alert as a replay writes it.
func asReplayed(_ line: String) -> String { line.replacingOccurrences(of: "\"mode\":\"live\"", with: "\"mode\":\"replay\"") }

/// The first place where two lists differ, in words; nil where `part` is how `whole` begins.
func difference(_ part: [String], beginningOf whole: [String]) -> String? {
    for (index, line) in part.enumerated() {
        guard index < whole.count else { return "\(part.count) lines, expected at most \(whole.count)" }
        if line != whole[index] { return "line \(index): \(line.prefix(2_000))\nexpected \(whole[index].prefix(2_000))" }
    }
    return nil
}

/// What no two metric records may have in common.
func metricKey(_ line: String) throws -> String {
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    let slice = (object["slice"] as? [String: Any] ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
    return (["model", "version", "window", "start", "final", "revision"].map { "\(object[$0] ?? "")" } + slice).joined(separator: " ")
}
