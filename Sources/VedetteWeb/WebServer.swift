import Foundation
import HTTPTypes
import Hummingbird
import Logging
import VedetteForward
import VedetteRuntime

/// What a process that runs for long says of itself.
public protocol ServiceStatus: Sendable {
    /// Nil when alive; else why not. `now`: seconds on the monotonic clock, here as below.
    func deadReason(now: Double) -> String?
    /// Nil when ready; else why not.
    func notReadyReason(now: Double) -> String?
    /// What it is ready for.
    var readiness: String { get }
    /// Its metrics in Prometheus' text format.
    func metrics(now: Double) -> String
}

extension RunStatus: ServiceStatus {
    public func notReadyReason(now: Double) -> String? { notReadyReason() }
    public func metrics(now: Double) -> String { PrometheusText.render(snapshot, now: now) }
}

extension ForwardStatus: ServiceStatus {
    public var readiness: String { "ready" }
    public func metrics(now: Double) -> String { ForwardMetrics.render(destinations, wallMs: Int64(Date().timeIntervalSince1970 * 1_000)) }
}

/// `/metrics`, `/healthz` and `/readyz`. Reads what the process publishes; touches nothing of it.
public struct WebServer: Sendable {
    private let configuration: HTTPConfiguration
    private let status: any ServiceStatus
    private let logger: Logger

    public init(_ configuration: HTTPConfiguration, status: any ServiceStatus, logger: Logger) {
        self.configuration = configuration
        self.status = status
        self.logger = logger
    }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: where the address cannot be bound.
    public func run() async throws {
        // The server reports its own cancellation, which is how every run ends, as an error.
        var quiet = logger
        quiet.logLevel = .critical
        let application = Application(
            router: router(), configuration: .init(address: .hostname(configuration.host, port: configuration.port)), logger: quiet)
        try await application.run()
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("healthz") { [status] _, _ in
            let reason = status.deadReason(now: ProcessInfo.processInfo.systemUptime)
            return text(reason ?? "alive", reason == nil ? .ok : .serviceUnavailable)
        }
        router.get("readyz") { [status] _, _ in
            let reason = status.notReadyReason(now: ProcessInfo.processInfo.systemUptime)
            return text(reason ?? status.readiness, reason == nil ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { [status] _, _ in
            text(status.metrics(now: ProcessInfo.processInfo.systemUptime), .ok, "text/plain; version=0.0.4")
        }
        return router
    }
}

private func text(_ body: String, _ status: HTTPResponse.Status, _ type: String = "text/plain; charset=utf-8") -> Response {
    Response(status: status, headers: [.contentType: type], body: .init(byteBuffer: .init(string: body + (body.hasSuffix("\n") ? "" : "\n"))))
}
