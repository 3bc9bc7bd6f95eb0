import Foundation
import Logging
import Synchronization
import VedetteRuntime

/// How `vedette forward` runs.
public struct ForwardOptions: Sendable {
    /// Ends when the end of the topic has been delivered.
    public var isOnce = false
    /// Prints the requests instead of sending them, and commits nothing.
    public var isDryRun = false

    public init() {}
}

/// A destination that did not take what there was, with `--once` or `--test`.
public struct UndeliveredError: Error, Sendable, CustomStringConvertible {
    public var destination: String
    public var count: Int
    public var reason: String

    public var description: String { "\(destination) did not take \(count) alert\(count == 1 ? "" : "s"): \(reason)" }
}

/// Brings alerts from the topic to all destinations, each on a thread of its own.
///
/// `run()` blocks its thread; `stop()` may be called from any other.
public final class Forwarder: Sendable {
    public let status: ForwardStatus
    private let loops: [DestinationLoop]
    private let stopping: StopFlag

    /// - Throws: `SecretError` or `DestinationError` where a destination can not be used as configured.
    public init(_ configuration: VedetteConfiguration, _ forward: ForwardConfiguration, options: ForwardOptions, logger: Logger) throws {
        let status = ForwardStatus(forward.destinations.map(\.name)), stopping = StopFlag()
        let printer = options.isDryRun ? PrintingOutput() : nil
        loops = try forward.destinations.map { destination in
            let endpoint = options.isDryRun ? Endpoint.masked(destination) : try Endpoint(destination)
            let transport: any Transport = try printer.map { PrintingTransport(destination, $0) } ?? HTTPTransport(destination)
            return DestinationLoop(
                endpoint, transport: transport, configuration: configuration, forward: forward, options: options, status: status, logger: logger,
                isStopping: { stopping.isSet })
        }
        self.status = status
        self.stopping = stopping
    }

    /// Asks the loops to finish the request in flight, commit, and return.
    public func stop() { stopping.set() }

    /// - Throws: the first error that ended a destination's loop; then the others are stopped too, except with `--once`,
    ///   where each comes to its own end. `CancellationError` is one of them: see ``DestinationLoop/run()``.
    public func run() throws {
        let first = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        for loop in loops {
            group.enter()
            let thread = Thread { [stopping] in
                defer { group.leave() }
                do {
                    try loop.run()
                } catch {
                    first.withLock { if $0 == nil { $0 = error } }
                    if !loop.options.isOnce { stopping.set() }
                }
            }
            thread.name = "forward \(loop.destination.name)"
            thread.start()
        }
        group.wait()
        if let error = first.withLock({ $0 }) { throw error }
    }

    /// Sends one alert that says it is a test, and its end. An Alertmanager gets no end: it waits for a group before it
    /// notifies, and would notify nobody; there the alert ends by itself.
    ///
    /// - Parameter say: told what was accepted.
    /// - Throws: `UndeliveredError`, `SecretError`, `DestinationError`.
    public static func test(_ destination: ForwardDestination, application: String, say: (String) -> Void) throws {
        let endpoint = try Endpoint(destination), transport = try HTTPTransport(destination)
        for record in try TestAlert.records(application: application, now: wallMs()) where record.isOpen || destination.kind != .alertmanager {
            let reply = transport.send(endpoint.request(for: record, known: nil, now: wallMs()))
            switch Verdict(reply, now: wallMs()) {
            case .accepted: say("\(destination.name) (\(endpoint.host)) accepted the test alert \(record.id), \(record.status.rawValue)")
            case .refused(let reason), .again(let reason, _):
                throw UndeliveredError(destination: "\(destination.name) (\(endpoint.host))", count: 1, reason: endpoint.redacted(reason))
            }
        }
    }
}

/// Set once, from any thread.
final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}
