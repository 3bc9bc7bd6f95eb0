import ArgumentParser
import Foundation
import Logging
import VedetteRuntime
import VedetteWeb

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Log lines on standard error, from here on.
///
/// - Parameter level: overrides the configuration's.
func startLogging(_ configuration: VedetteConfiguration, level: Logger.Level?) -> Logger {
    let level = level ?? Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
    LoggingSystem.bootstrap { label in
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = level
        return handler
    }
    return Logger(label: "vedette")
}

/// Runs a loop on a thread of its own, the web server beside it, and stops both on SIGTERM or SIGINT.
///
/// - Parameters:
///   - server: nil for none.
///   - run: blocks until it is done or told to stop.
///   - stop: tells it to.
func supervise(
    _ server: WebServer?, _ logger: Logger, run: @escaping @Sendable () throws -> Void, stop: @escaping @Sendable () -> Void
) async throws {
    let signals = [SIGTERM, SIGINT].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            logger.info("stopping", metadata: ["signal": "\(number)"])
            stop()
        }
        source.resume()
        return source
    }
    defer { signals.forEach { $0.cancel() } }
    try await withThrowingTaskGroup(of: Void.self) { group in
        if let server { group.addTask { try await server.run() } }
        group.addTask { try await onThread(run) }
        // Whichever ends first ends the run: the loop when it is told to stop, the server only by failing.
        defer { group.cancelAll() }
        _ = try await group.next()
        stop()
    }
}

/// Runs blocking work on a thread of its own, away from the cooperative pool.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        let thread = Thread {
            continuation.resume(with: Result { try body() })
        }
        thread.name = "vedette"
        thread.stackSize = 8 << 20
        thread.start()
    }
}
