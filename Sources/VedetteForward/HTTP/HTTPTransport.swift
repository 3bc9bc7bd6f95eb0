import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import VedetteRuntime

/// How requests go out.
package protocol Transport: Sendable {
    /// Blocks until there is an answer or there will be none.
    func send(_ request: OutgoingRequest) -> Reply
}

/// HTTP/1.1 and 2 over TLS that is verified, or over nothing where the configured URL says http. Follows no redirects.
package final class HTTPTransport: Transport {
    /// How much of an answer's body is kept, bytes; the rest is read and dropped. Far more than is ever shown, so that no
    /// secret in it is cut in two before it can be found.
    static let maxBody = 64 << 10

    private let client: HTTPClient
    private let timeoutMs: Int64

    /// - Throws: `DestinationError` where the file of authorities can not be used.
    package init(_ destination: ForwardDestination) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = destination.caFile {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            } catch {
                throw DestinationError(destination: destination.name, what: "the ca_file \(file)", expected: "a readable PEM file of certificates")
            }
        }
        timeoutMs = destination.timeoutMs
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: .milliseconds(timeoutMs), read: .milliseconds(timeoutMs)))
        // What fails is tried again by who asks, with pauses of his own.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit { close() }

    package func send(_ request: OutgoingRequest) -> Reply {
        do {
            let headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
            let outgoing = try HTTPClient.Request(url: request.url, method: .POST, headers: headers, body: .bytes(request.body))
            return try client.execute(request: outgoing, delegate: ReplyCollector(), deadline: .now() + .milliseconds(timeoutMs)).wait()
        } catch {
            return .failure(Self.describe(error))
        }
    }

    /// Ends the connections. Nothing may be sent afterwards.
    package func close() { try? client.syncShutdown() }

    /// Errors may carry parts of the request, so only those are spelled out that do not.
    private static func describe(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOConnectionError: "no connection to \(error.host):\(error.port)" + (error.connectionErrors.first.map { ": \(describe($0.error))" } ?? "")
        case let error as IOError: "\(error)"
        case let error as NIOSSLError: "TLS: \(error)"
        case let error as BoringSSLError: "TLS: \(error)"
        case is NIOTooManyBytesError, is HTTPParserError: "an answer that is not HTTP"
        case ChannelError.connectTimeout: "connect timeout"
        default: "\(type(of: error))"
        }
    }
}

/// Keeps the status and the beginning of the body.
private final class ReplyCollector: HTTPClientResponseDelegate {
    private struct State {
        var status = 0
        var retryAfter: String?
        var body: [UInt8] = []
    }

    private let state = Mutex(State())

    func didReceiveHead(task: HTTPClient.Task<Reply>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.withLock {
            $0.status = Int(head.status.code)
            $0.retryAfter = head.headers.first(name: "Retry-After")
        }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Reply>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        state.withLock { $0.body += buffer.readableBytesView.prefix(HTTPTransport.maxBody - $0.body.count) }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Reply>) throws -> Reply {
        state.withLock { .status($0.status, retryAfter: $0.retryAfter, body: String(decoding: $0.body, as: UTF8.self)) }
    }
}
