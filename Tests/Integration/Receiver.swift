import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// An HTTP server on loopback that writes down what it is sent and answers as a test wants.
///
/// On threads of its own: the tests that wait for it may take up all of Swift's.
final class Receiver: Sendable {
    struct Request: Sendable {
        var path: String
        /// Names in lower case.
        var headers: [String: String]
        var body: [UInt8]

        var object: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
        var list: [[String: Any]] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [[String: Any]] ?? [] }
    }

    struct Answer: Sendable {
        var status = 202
        var headers: [String: String] = [:]
        var body = ""
    }

    let port: Int
    private let descriptor: Int32
    private let received = Mutex<[Request]>([])
    private let answering = Mutex<@Sendable (Request) -> Answer>({ _ in Answer() })

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard bound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                Thread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }.start()
            }
        }.start()
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Everything that was sent to a path, in order; with nil to any.
    func requests(_ path: String? = nil) -> [Request] { received.withLock { $0.filter { path == nil || $0.path == path } } }

    /// How requests are answered from now on.
    func answer(_ answer: @escaping @Sendable (Request) -> Answer) { answering.withLock { $0 = answer } }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        while let request = next(connection, &bytes) {
            received.withLock { $0.append(request) }
            let answer = answering.withLock { $0 }(request)
            var text = "HTTP/1.1 \(answer.status) X\r\nContent-Length: \(answer.body.utf8.count)\r\n"
            for (name, value) in answer.headers { text += "\(name): \(value)\r\n" }
            let reply = Array("\(text)\r\n\(answer.body)".utf8)
            guard send(connection, reply, reply.count, Int32(MSG_NOSIGNAL)) == reply.count else { return }
        }
    }

    private func next(_ connection: Int32, _ bytes: inout [UInt8]) -> Request? {
        let end = Array("\r\n\r\n".utf8)
        while bytes.firstRange(of: end) == nil { guard receive(connection, &bytes) else { return nil } }
        guard let blank = bytes.firstRange(of: end) else { return nil }
        let lines = String(decoding: bytes[..<blank.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let length = Int(headers["content-length"] ?? "") ?? 0
        bytes.removeSubrange(..<blank.upperBound)
        while bytes.count < length { guard receive(connection, &bytes) else { return nil } }
        let body = Array(bytes.prefix(length))
        bytes.removeFirst(length)
        return Request(path: lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? "", headers: headers, body: body)
    }

    private func receive(_ connection: Int32, _ bytes: inout [UInt8]) -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(connection, &piece, piece.count, 0)
        guard count > 0 else { return false }
        bytes += piece[..<count]
        return true
    }
}
