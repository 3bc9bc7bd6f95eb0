import Foundation
import VedetteCodec
import VedetteRuntime

/// A request to a destination. All of them are POSTs of JSON.
package struct OutgoingRequest: Sendable, Equatable {
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package static func == (a: Self, b: Self) -> Bool {
        a.url == b.url && a.body == b.body && a.headers.map(\.name) == b.headers.map(\.name) && a.headers.map(\.value) == b.headers.map(\.value)
    }
}

/// A destination with its secrets, and the requests that it gets.
///
/// Holds secrets: its descriptions say the name alone.
package struct Endpoint: Sendable, CustomStringConvertible, CustomReflectable {
    package let destination: ForwardDestination
    private let url: String
    /// Host and port: all that is ever shown of the URL.
    package let host: String
    private let headers: [(name: String, value: String)]
    private let routingKey: String
    private let signingKey: String?
    private let secrets: [String]

    /// Stands for secrets where requests are only shown.
    package static let mask = "(set)"
    /// Length of PagerDuty's integration keys.
    private static let pagerDutyKeyLength = 32
    /// Shorter texts are too common to be hidden wherever they occur.
    private static let minSecretLength = 4
    /// The same for pieces of a URL, most of which are words.
    private static let minPieceLength = 8
    /// Characters of an answer that are shown.
    private static let maxShown = 500

    /// - Throws: `SecretError`, or `DestinationError` where a value can not be used; neither holds a value.
    package init(_ destination: ForwardDestination, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        func unusable(_ what: String, _ expected: String) -> DestinationError {
            DestinationError(destination: destination.name, what: what, expected: expected)
        }
        let path = destination.kind == .alertmanager ? "/api/v2/alerts" : ""
        let given = try destination.url.resolve(environment: environment)
        let address: DestinationURL
        switch DestinationURL.parse(given, path: path) {
        case .success(let parsed): address = parsed
        case .failure(let problem): throw unusable("the url", "\(problem.expected); it is \(problem.found)")
        }
        var headers: [(name: String, value: String)] = []
        for (name, value) in destination.headers.sorted(by: { $0.key < $1.key }) {
            let text = try value.resolve(environment: environment)
            // Anything else could end the header and begin another.
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw unusable("the header \(name)", "one line of text") }
            headers.append((name, text))
        }
        let routingKey = try destination.routingKey?.resolve(environment: environment)
        if let routingKey, address.shown.hasSuffix("pagerduty.com"), routingKey.utf8.count != Self.pagerDutyKeyLength {
            throw unusable("the routing_key", "the \(Self.pagerDutyKeyLength) characters of an Events API v2 integration")
        }
        let signingKey = try destination.signingKey?.resolve(environment: environment)
        self.init(
            destination, url: address.text, host: address.shown, headers: headers, routingKey: routingKey ?? "", signingKey: signingKey,
            secrets: Self.parts(of: address.text) + headers.flatMap { Self.parts(ofHeader: $0.value) } + [routingKey, signingKey].compactMap { $0 })
    }

    /// The same requests with nothing secret in them, for showing; no secret is even read.
    package static func masked(_ destination: ForwardDestination) -> Endpoint {
        Endpoint(
            destination, url: destination.shownHost, host: destination.shownHost, headers: destination.headers.keys.sorted().map { ($0, mask) },
            routingKey: mask, signingKey: nil, secrets: [])
    }

    private init(
        _ destination: ForwardDestination, url: String, host: String, headers: [(name: String, value: String)], routingKey: String, signingKey: String?,
        secrets: [String]
    ) {
        self.destination = destination
        self.url = url
        self.host = host
        self.headers = headers
        self.routingKey = routingKey
        self.signingKey = signingKey
        self.secrets = secrets
    }

    // MARK: - Requests

    /// - Parameters:
    ///   - known: what the destination was told of this alert last, where that is known.
    ///   - now: wall clock, ms.
    package func request(for record: AlertRecord, known: AlertRecord?, now: Int64) -> OutgoingRequest {
        switch destination.kind {
        case .pagerduty:
            return post(PagerDutyEvent.encode(record, routingKey: routingKey))
        case .alertmanager:
            var items = [AlertmanagerAlerts.Item(record, isOpen: record.isOpen)]
            // With other labels, such as another severity, it is another alert there; the one before ends.
            if let known, AlertmanagerAlerts.labels(known).map(\.value) != AlertmanagerAlerts.labels(record).map(\.value) {
                items.append(AlertmanagerAlerts.Item(known, isOpen: false))
            }
            return post(AlertmanagerAlerts.encode(items, now: now, resendMs: destination.resendMs))
        case .webhook:
            var request = post(record.bytes)
            request.headers.append(("Idempotency-Key", record.id))
            if let signingKey {
                request.headers.append((WebhookSignature.header, WebhookSignature.value(record.bytes, key: signingKey, seconds: now / 1_000)))
            } else if destination.signingKey != nil {
                request.headers.append((WebhookSignature.header, Self.mask))
            }
            return request
        }
    }

    /// What fires, said again; of an Alertmanager only.
    package func resend(_ records: ArraySlice<AlertRecord>, now: Int64) -> OutgoingRequest {
        post(AlertmanagerAlerts.encode(records.map { AlertmanagerAlerts.Item($0, isOpen: true) }, now: now, resendMs: destination.resendMs))
    }

    private func post(_ body: [UInt8]) -> OutgoingRequest {
        OutgoingRequest(url: url, headers: headers + [("Content-Type", "application/json"), ("User-Agent", "vedette")], body: body)
    }

    // MARK: - Secrets

    /// A URL, and what of it may be a secret by itself: its path and query, and each longer piece of them.
    private static func parts(of url: String) -> [String] {
        guard let scheme = url.firstRange(of: "://") else { return [url] }
        let rest = String(url[scheme.upperBound...].drop { !"/?".contains($0) })
        let pieces = rest.split { "/?&=".contains($0) }.filter { $0.utf8.count >= minPieceLength }.map(String.init)
        return [url] + (rest.utf8.count >= minPieceLength ? [rest] : []) + pieces
    }

    /// A header's value, and its longer words: a destination may say back a token without the `Bearer` before it.
    private static func parts(ofHeader value: String) -> [String] {
        [value] + value.split(separator: " ").filter { $0.utf8.count >= minPieceLength }.map(String.init)
    }

    /// A text from outside, such as an answer, without any of the secrets, in one line and not too long.
    package func redacted(_ text: String) -> String {
        var text = text
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count }) where secret.utf8.count >= Self.minSecretLength {
            text = text.replacing(secret, with: "[redacted]")
        }
        return String(text.map { $0.isNewline ? " " : $0 }).cut(to: Self.maxShown)
    }

    package var description: String { "Endpoint(\(destination.name))" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A value, found where the configuration says it is, that can not be used. Never holds it.
public struct DestinationError: Error, Sendable, CustomStringConvertible {
    public var destination: String
    public var what: String
    public var expected: String

    public var description: String { "\(what) of the destination \(destination) can not be used: expected is \(expected)" }
}
