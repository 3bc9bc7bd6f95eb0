import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// An HTTP server on this machine that answers as a schema registry does, or as a test wants.
final class LocalRegistry: Sendable {
    struct Answer: Sendable {
        var status = 200
        var body = "{}"
        /// Waited before it is given, seconds.
        var delay = 0.0

        /// A schema, as `/schemas/ids/…` has it.
        static func schema(_ text: String, references: String = "[]") -> Answer {
            Answer(body: "{\"schema\":\(quoted(text)),\"references\":\(references)}")
        }

        static let missing = Answer(status: 404, body: "{\"error_code\":40403,\"message\":\"Schema not found\"}")

        private static func quoted(_ text: String) -> String {
            (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        }
    }

    struct Request: Sendable {
        var path: String
        var authorization: String?
    }

    private struct State {
        var answers: [String: Answer] = [:]
        var other: Answer?
        var requests: [Request] = []
    }

    let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    /// - Parameter port: 0 takes a free one.
    init(port: UInt16 = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        listener = descriptor
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else { throw TestTimeout(what: "a port for the registry: \(errno)") }
        self.port = UInt16(bigEndian: address.sin_port)
        Thread { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { return }
                Thread { [weak self] in
                    self?.serve(client)
                    close(client)
                }.start()
            }
        }.start()
    }

    deinit { stop() }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }

    /// No connection is taken from now on.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    func answer(_ path: String, _ answer: Answer) { state.withLock { $0.answers[path] = answer } }
    /// To whatever is asked.
    func answerAll(_ answer: Answer?) { state.withLock { $0.other = answer } }

    private func serve(_ client: Int32) {
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !String(decoding: head, as: UTF8.self).contains("\r\n\r\n") {
            let count = read(client, &buffer, buffer.count)
            guard count > 0 else { return }
            head += buffer[..<count]
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let authorization = lines.first { $0.lowercased().hasPrefix("authorization: ") }.map { String($0.dropFirst("authorization: ".count)) }
        let answer = state.withLock { state in
            state.requests.append(Request(path: path, authorization: authorization))
            return state.other ?? state.answers[path] ?? .missing
        }
        Thread.sleep(forTimeInterval: answer.delay)
        let text = "HTTP/1.1 \(answer.status) X\r\nContent-Type: application/json\r\nContent-Length: \(answer.body.utf8.count)\r\nConnection: close\r\n\r\n\(answer.body)"
        _ = Array(text.utf8).withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}
