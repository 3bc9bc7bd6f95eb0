import Foundation
import VedetteStore

/// Runs work that leaves nothing behind when it is interrupted: SIGINT or SIGTERM cancels its task, which then ends by
/// itself. A second one ends the process at once.
func interruptible(_ body: @escaping @Sendable () throws -> Void) async throws {
    StateStore.sweepEphemeral()
    let work = Task { try body() }
    let signals = [SIGTERM, SIGINT].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            signal(number, SIG_DFL)
            work.cancel()
        }
        source.resume()
        return source
    }
    defer { signals.forEach { $0.cancel() } }
    do {
        try await work.value
    } catch is CancellationError {
        complain("interrupted: what was written is incomplete")
        throw ExitStatus.interrupted
    }
}
