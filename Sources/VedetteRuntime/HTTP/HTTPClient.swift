import CCurl
import Foundation
import Synchronization

/// Requests over HTTP/1.1 or 2, over TLS that is verified, or over nothing where the URL says http.
///
/// One request at a time, each within a deadline of its own; the connection is kept for the next. Redirects are not
/// followed, for one could lead credentials elsewhere, and proxies of the environment are not asked.
package final class HTTPClient: Sendable {
    package struct Request: Sendable {
        /// An absolute URL.
        package var url: String
        package var headers: [(name: String, value: String)]
        /// Sent by POST; nil for a GET.
        package var body: [UInt8]?

        package init(url: String, headers: [(name: String, value: String)], body: [UInt8]? = nil) {
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    package struct Response: Sendable {
        package var status = 0
        package var retryAfter: String?
        /// The beginning of it, as much as the client keeps.
        package var body: [UInt8] = []
        /// Whether it went on.
        package var isCut = false
    }

    /// Why there was no answer; of the request it names at most host and port.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let timeoutMs: Int64
    private let maxBody: Int
    private let authorities: String?
    private let handle = Mutex(Handle())

    /// - Parameters:
    ///   - timeoutMs: from the look-up of the name to the last byte of the answer.
    ///   - maxBody: how much of an answer's body is kept, bytes; the rest is read and dropped.
    ///   - authorities: PEM file of the only certificate authorities to trust; nil for those of the system.
    package init(timeoutMs: Int64, maxBody: Int, authorities: String? = nil) {
        self.timeoutMs = timeoutMs
        self.maxBody = maxBody
        self.authorities = authorities
    }

    /// Blocks until there is an answer or there will be none.
    package func send(_ request: Request) throws(Failure) -> Response {
        // Anything else could end the header and begin another.
        guard request.headers.allSatisfy({ $0.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } }) else {
            throw Failure(description: "a header is not one line of text: check tokens and passwords")
        }
        let result: Result<Response, Failure> = handle.withLock { handle in
            // Keeps the connection and forgets the request.
            curl_easy_reset(handle.curl)
            defer { curl_easy_reset(handle.curl) }
            return perform(request, handle.curl)
        }
        return try result.get()
    }

    private func perform(_ request: Request, _ curl: UnsafeMutableRawPointer) -> Result<Response, Failure> {
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        for line in request.headers.map(Self.line) + ["Expect:"] { headers = curl_slist_append(headers, line) }
        let answer = Answer(maxBody: maxBody)
        var reason = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        let code = (request.body ?? []).withUnsafeBytes { body in
            reason.withUnsafeMutableBufferPointer { reason in
                vedette_curl_set_pointer(curl, CURLOPT_ERRORBUFFER, reason.baseAddress)
                vedette_curl_set_pointer(curl, CURLOPT_URL, request.url)
                vedette_curl_set_pointer(curl, CURLOPT_HTTPHEADER, headers)
                if request.body != nil {
                    vedette_curl_set_number(curl, CURLOPT_POST, 1)
                    vedette_curl_set_size(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
                    vedette_curl_set_pointer(curl, CURLOPT_POSTFIELDS, body.baseAddress)
                }
                configure(curl)
                answer.receive(from: curl)
                return withExtendedLifetime(answer) { curl_easy_perform(curl) }
            }
        }
        guard code == CURLE_OK else {
            let told = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            return .failure(Failure(description: told.isEmpty ? String(cString: curl_easy_strerror(code)) : told))
        }
        answer.response.status = vedette_curl_status(curl)
        return .success(answer.response)
    }

    /// As libcurl wants it: nothing behind the colon removes a header that it would send (`Expect`, whose answer some
    /// servers never give), and a semicolon is an empty one.
    private static func line(_ header: (name: String, value: String)) -> String {
        header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
    }

    private func configure(_ curl: UnsafeMutableRawPointer) {
        vedette_curl_set_number(curl, CURLOPT_NOSIGNAL, 1)
        vedette_curl_leave_resolver(curl)
        vedette_curl_set_number(curl, CURLOPT_CONNECTTIMEOUT_MS, Int(timeoutMs))
        vedette_curl_set_number(curl, CURLOPT_TIMEOUT_MS, Int(timeoutMs))
        vedette_curl_set_number(curl, CURLOPT_FOLLOWLOCATION, 0)
        vedette_curl_set_pointer(curl, CURLOPT_PROXY, "")
        if let authorities {
            vedette_curl_set_pointer(curl, CURLOPT_CAINFO, authorities)
            // Else the system's would be trusted beside them.
            vedette_curl_set_pointer(curl, CURLOPT_CAPATH, nil)
        }
    }
}

/// A connection and what is to be remembered of it; for one thread at a time.
private final class Handle {
    let curl: UnsafeMutableRawPointer

    /// Once per process, before any other call; `curl_easy_init` would do it too, but not safely from several threads.
    private static let library: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init() {
        precondition(Self.library == CURLE_OK, "libcurl can not be used")
        guard let curl = curl_easy_init() else { preconditionFailure("no memory for a connection") }
        self.curl = curl
    }

    deinit { curl_easy_cleanup(curl) }
}

/// What has arrived of an answer.
private final class Answer {
    let maxBody: Int
    var response = HTTPClient.Response()

    init(maxBody: Int) { self.maxBody = maxBody }

    /// Must live for as long as `curl` performs.
    func receive(from curl: UnsafeMutableRawPointer) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        vedette_curl_set_pointer(curl, CURLOPT_WRITEDATA, this)
        vedette_curl_set_receiver(curl, CURLOPT_WRITEFUNCTION) { bytes, _, count, this in
            Answer.of(this)?.add(body: UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
        vedette_curl_set_pointer(curl, CURLOPT_HEADERDATA, this)
        vedette_curl_set_receiver(curl, CURLOPT_HEADERFUNCTION) { bytes, _, count, this in
            Answer.of(this)?.add(header: UnsafeRawBufferPointer(start: bytes, count: count))
            return count
        }
    }

    private static func of(_ pointer: UnsafeMutableRawPointer?) -> Answer? {
        pointer.map { Unmanaged<Answer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func add(body: UnsafeRawBufferPointer) {
        let room = maxBody - response.body.count
        response.body += body.prefix(room)
        if body.count > room { response.isCut = true }
    }

    private func add(header: UnsafeRawBufferPointer) {
        let line = String(decoding: header, as: UTF8.self)
        guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "retry-after" else { return }
        response.retryAfter = line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
