import Foundation
import HTTPTypes
import Hummingbird
import Logging
import VedetteRuntime

/// `/metrics`, `/healthz` and `/readyz`. Reads what the run loop publishes; touches nothing of it.
public struct WebServer: Sendable {
    private let configuration: HTTPConfiguration
    private let status: RunStatus
    private let logger: Logger

    public init(_ configuration: HTTPConfiguration, status: RunStatus, logger: Logger) {
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
            let reason = status.notReadyReason()
            return text(reason ?? status.readiness, reason == nil ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { [status] _, _ in
            text(PrometheusText.render(status.snapshot, now: ProcessInfo.processInfo.systemUptime), .ok, "text/plain; version=0.0.4")
        }
        return router
    }
}

private func text(_ body: String, _ status: HTTPResponse.Status, _ type: String = "text/plain; charset=utf-8") -> Response {
    Response(status: status, headers: [.contentType: type], body: .init(byteBuffer: .init(string: body + (body.hasSuffix("\n") ? "" : "\n"))))
}
