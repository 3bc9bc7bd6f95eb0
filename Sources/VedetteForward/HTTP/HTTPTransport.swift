import Foundation
import VedetteRuntime

/// How requests go out.
package protocol Transport: Sendable {
    /// Blocks until there is an answer or there will be none.
    func send(_ request: OutgoingRequest) -> Reply
}

/// Sends them for real.
package struct HTTPTransport: Transport {
    /// How much of an answer's body is kept, bytes. Far more than is ever shown, so that no secret in it is cut in two
    /// before it can be found.
    private static let maxBody = 64 << 10

    private let client: HTTPClient

    /// - Throws: `DestinationError` where the file of authorities can not be used.
    package init(_ destination: ForwardDestination) throws(DestinationError) {
        if let file = destination.caFile, !Self.holdsCertificates(file) {
            throw DestinationError(destination: destination.name, what: "the ca_file \(file)", expected: "a readable PEM file of certificates")
        }
        client = HTTPClient(timeoutMs: destination.timeoutMs, maxBody: Self.maxBody, authorities: destination.caFile)
    }

    package func send(_ request: OutgoingRequest) -> Reply {
        do {
            let response = try client.send(HTTPClient.Request(url: request.url, headers: request.headers, body: request.body))
            return .status(response.status, retryAfter: response.retryAfter, body: String(decoding: response.body, as: UTF8.self))
        } catch {
            return .failure(error.description)
        }
    }

    private static func holdsCertificates(_ file: String) -> Bool {
        (try? String(contentsOfFile: file, encoding: .utf8))?.contains("-----BEGIN CERTIFICATE-----") ?? false
    }
}
