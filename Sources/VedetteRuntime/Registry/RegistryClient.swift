import Foundation
import VedetteCodec

/// Asks a schema registry with Confluent's API. One call, one answer, within the configured time; no call is made on
/// the hot path.
package final class RegistryClient: Sendable {
    enum Answer {
        case found(JSONDocument)
        /// The registry itself says that it has no such thing.
        case missing
        /// It has it, and it is longer than what is read.
        case oversized
        /// It did not say either; asked again it may.
        case failed(String)
    }

    /// Codes of Confluent's API: subject, version or schema not found. A 404 without one of them is somebody else's.
    private static let notFound: ClosedRange<Int64> = 40_401...40_403

    let url: String
    private let client: HTTPClient
    private let authorization: String?

    /// - Throws: `SecretError`.
    package init(_ configuration: SchemaRegistryConfiguration) throws(SecretError) {
        url = configuration.url
        if let token = configuration.token {
            authorization = "Bearer \(try token.resolve())"
        } else if let user = configuration.user, let password = configuration.password {
            authorization = "Basic " + Data("\(try user.resolve()):\(try password.resolve())".utf8).base64EncodedString()
        } else {
            authorization = nil
        }
        client = HTTPClient(timeoutMs: configuration.timeoutMs, maxBody: JSONDocument.maxBytes)
    }

    func schema(_ id: UInt32) -> Answer { get("/schemas/ids/\(id)") }

    /// - Parameter version: a number, or `latest`.
    func version(_ version: String, of subject: String) -> Answer {
        let name = subject.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-_."))) ?? subject
        return get("/subjects/\(name)/versions/\(version)")
    }

    private func get(_ path: String) -> Answer {
        var headers = [(name: "Accept", value: "application/vnd.schemaregistry.v1+json, application/json")]
        if let authorization { headers.append((name: "Authorization", value: authorization)) }
        do {
            let response = try client.send(HTTPClient.Request(url: url + path, headers: headers))
            // Asked again it would be as long.
            guard !response.isCut || response.status != 200 else { return .oversized }
            return Self.answer(response.status, response.body)
        } catch {
            return .failed(error.description)
        }
    }

    private static func answer(_ status: Int, _ body: [UInt8]) -> Answer {
        let document = try? JSONDocument(body)
        switch status {
        case 200: return document.map(Answer.found) ?? .failed("it answered 200, but not with JSON")
        case 401, 403: return .failed("it answered \(status): check user and password, or token, of inputs.schema_registry")
        case 404:
            let code = document.flatMap { document in document.member("error_code", of: document.root).flatMap(document.integer(at:)) }
            return code.map(notFound.contains) == true ? .missing : .failed("it answered 404, but not as a registry does: check inputs.schema_registry.url")
        default: return .failed("it answered \(status)")
        }
    }
}
