import Foundation
import Testing
import VedetteRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// `vedette forward` as a process.
@Suite(.serialized, .enabled(if: Program.path != nil, "needs the built program"))
struct ForwardProgramTests {
    let site: ForwardSite
    var receiver: Receiver { site.receiver }

    init() throws { site = try ForwardSite() }

    @Test("Killed after a delivery and before its commit, it repeats that delivery under the same key, and nothing is missing")
    func killed() throws {
        let yaml = site.yaml([site.hook()])
        try site.say([try alert("a"), try alert("b"), try alert("c")])
        // Taken, but never answered: whether it was is not known to the one who is killed.
        receiver.answer { _ in
            Thread.sleep(forTimeInterval: 60)
            return .init()
        }
        let first = try #require(try site.program(yaml))
        try site.waitFor("/hook", count: 1)
        first.kill()
        receiver.answer { _ in .init() }
        let second = try #require(try site.program(yaml, ["--once"]))
        #expect(try second.exitStatus(seconds: 120) == 0, "\(second.lastLines)")
        let keys = receiver.requests("/hook").compactMap { $0.headers["idempotency-key"] }
        #expect(keys.count == 4 && keys[0] == keys[1] && Set(keys).count == 3, "\(keys)")
        #expect(try site.committed() == 3)
    }

    @Test("--once gives up a destination that takes nothing after five tries in a row, however many alerts wait; nothing is lost")
    func givesUp() throws {
        let yaml = site.yaml([site.hook()])
        try site.say((1...7).map { try alert("a\($0)") })
        receiver.answer { _ in .init(status: 503) }
        let down = try #require(try site.program(yaml, ["--once"]))
        #expect(try down.exitStatus(seconds: 120) == 69, "\(down.lastLines)")
        #expect(receiver.requests("/hook").count == 5)
        receiver.answer { _ in .init() }
        let up = try #require(try site.program(yaml, ["--once"]))
        #expect(try up.exitStatus(seconds: 120) == 0, "\(up.lastLines)")
        #expect(Set(receiver.requests("/hook").dropFirst(5).compactMap { $0.headers["idempotency-key"] }).count == 7)
    }

    @Test("--once that is stopped before everything is delivered exits with 130; nothing is lost", arguments: [SIGTERM, SIGINT])
    func onceCutOff(_ signal: Int32) throws {
        let yaml = site.yaml([site.hook()])
        try site.say([try alert("a"), try alert("b")])
        receiver.answer { _ in
            Thread.sleep(forTimeInterval: 2)
            return .init(status: 503)
        }
        let stopped = try #require(try site.program(yaml, ["--once"]))
        try site.waitFor("/hook", count: 1)
        stopped.signal(signal)
        #expect(try stopped.exitStatus(seconds: 60) == 130, "\(stopped.lastLines)")
        #expect(site.log.contains("interrupted"))
        receiver.answer { _ in .init() }
        let again = try #require(try site.program(yaml, ["--once"]))
        #expect(try again.exitStatus(seconds: 120) == 0, "\(again.lastLines)")
        #expect(Set(receiver.requests("/hook").compactMap { $0.headers["idempotency-key"] }).count == 2)
    }

    @Test("Health and metrics are served on loopback, every metric is in the README, and SIGTERM ends it with its work committed")
    func observed() throws {
        let port = try Web.freePort()
        let program = try #require(
            try site.program(site.yaml([site.hook(), "{name: am, type: alertmanager, url: \"\(receiver.url(""))\", resend: 1s}"], more: "http: {port: \(port)}")))
        try wait("readiness", seconds: 120) {
            try #require(program.isRunning, "\(program.lastLines)")
            return try Web.get(port, "/readyz")?.status == 200
        }
        #expect(try Web.listeners(port) == ["0100007F"], "not on loopback alone")
        #expect(try Web.get(port, "/healthz")?.status == 200)
        try site.say([try alert("a")])
        try site.waitFor("/hook", count: 1)
        try wait("the count") {
            let page = try Web.get(port, "/metrics")?.body
            return page?.contains("vedette_forward_deliveries_total{destination=\"hook\",outcome=\"accepted\"} 1\n") == true
                && page?.contains("vedette_forward_resends_total") == true
        }
        let page = try #require(try Web.get(port, "/metrics")?.body)
        let families = Set(page.matches(of: /# TYPE (\S+) (?:counter|gauge)\n/).map { String($0.output.1) })
        let documented = try Readme.metrics().filter { $0.hasPrefix("vedette_forward_") }
        #expect(documented == families, "only in the README: \(documented.subtracting(families)); missing there: \(families.subtracting(documented))")
        #expect(try program.terminate() == 0, "\(program.lastLines)")
        #expect(try site.committed() == 1)
        #expect(site.log.contains("alert delivered"))
    }

    @Test("No secret is in a log line, a dry run, a check or a metric, whatever a destination answers")
    func secrets() throws {
        let secret = "s3cret-\(UUID().uuidString)"
        let names = ["VEDETTE_TEST_ROUTING", "VEDETTE_TEST_TOKEN", "VEDETTE_TEST_SIGNING", "VEDETTE_TEST_URL"]
        for name in names { setenv(name, name == "VEDETTE_TEST_URL" ? receiver.url("/\(secret)") : "\(secret)-\(name)", 1) }
        defer { for name in names { unsetenv(name) } }
        // A destination that says back what it was sent.
        receiver.answer { request in
            .init(status: request.path == "/duty" ? 400 : 500, body: "cannot: \(request.headers) \(String(decoding: request.body.prefix(300), as: UTF8.self)) \(request.path)")
        }
        let yaml = site.yaml([
            "{name: duty, type: pagerduty, url: \"\(receiver.url("/duty"))\", routing_key: {env: VEDETTE_TEST_ROUTING}}",
            "{name: hook, type: webhook, url: {env: VEDETTE_TEST_URL}, headers: {Authorization: {env: VEDETTE_TEST_TOKEN}}, "
                + "signing_key: {env: VEDETTE_TEST_SIGNING}, min_retry_delay: 10ms, max_retry_delay: 20ms}",
        ])
        try site.say([try alert("a")])
        let dry = try #require(try site.program(yaml, ["--dry-run", "--once", "--log-level", "trace"]))
        #expect(try dry.exitStatus(seconds: 120) == 0, "\(dry.lastLines)")
        #expect(receiver.requests().isEmpty)
        #expect(try site.committed("hook") == nil)
        let lines = site.log.split(separator: "\n").filter { $0.hasPrefix("{\"destination\"") }
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains("(set)") && (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil }, "\(site.log.suffix(2_000))")
        let live = try #require(try site.program(yaml, ["--once", "--log-level", "trace"]))
        #expect(try live.exitStatus(seconds: 120) == 69, "\(live.lastLines)")
        let requests = receiver.requests()
        #expect(
            requests.contains { $0.headers["authorization"]?.contains(secret) == true }
                && requests.contains { $0.object["routing_key"] as? String == "\(secret)-VEDETTE_TEST_ROUTING" })
        let check = try Program(try #require(Program.path), ["check", "--config", site.site.file("forward.yaml")], log: site.site.file("forward.log"))
        #expect(try check.exitStatus(seconds: 60) == 0)
        #expect(site.log.contains("refuses this alert") && site.log.contains("[redacted]") && site.log.contains("env(VEDETTE_TEST_URL)"))
        #expect(!site.log.contains(secret))
    }

    @Test("--test sends one marked alert and its end; a destination that does not take it is exit 69")
    func test() throws {
        let yaml = site.yaml([site.hook("hook", ", match: {severities: [P0]}")])
        let good = try #require(try site.program(yaml, ["--test", "hook"]))
        #expect(try good.exitStatus(seconds: 60) == 0, "\(good.lastLines)")
        #expect(receiver.requests("/hook").map { $0.object["status"] as? String } == ["firing", "resolved"])
        #expect(receiver.requests("/hook").allSatisfy { ($0.object["summary"] as? String)?.hasPrefix("TEST ALERT") == true })
        let manager = site.yaml(["{name: am, type: alertmanager, url: \"\(receiver.url(""))\"}"])
        #expect(try site.program(manager, ["--test", "am"])?.exitStatus(seconds: 60) == 0)
        #expect(receiver.requests("/api/v2/alerts").count == 1, "an end at once would keep it from being seen")
        receiver.answer { _ in .init(status: 404) }
        #expect(try site.program(yaml, ["--test", "hook"])?.exitStatus(seconds: 60) == 69)
        #expect(try site.program(yaml, ["--test", "nobody"])?.exitStatus(seconds: 60) == 64)
        #expect(try site.program(yaml, ["--test", "hook", "--once"])?.exitStatus(seconds: 60) == 64)
        #expect(try site.program(site.site.yaml("fwd"))?.exitStatus(seconds: 60) == 78)
        site.cluster.setTopicError(site.topic, .unknownTopicOrPartition)
        let lost = try #require(try site.program(yaml))
        #expect(try lost.exitStatus(seconds: 120) == 69)
        #expect(lost.lastLines.contains("topic \(site.topic) does not exist"), "\(lost.lastLines)")
    }

    @Test("A certificate is verified against the system's authorities or ca_file, and so is its name", .enabled(if: Authority.isPossible, "needs openssl and python3"))
    func certificates() throws {
        let authority = try Authority(site.site.directory)
        func test(_ host: String, _ more: String = "") throws -> Int32 {
            let destination = "{name: hook, type: webhook, url: \"https://\(host):\(authority.port)/x\"\(more)}"
            return try #require(try site.program(site.yaml([destination]), ["--test", "hook"])).exitStatus(seconds: 60)
        }
        let trusted = ", ca_file: \(authority.certificate)"
        #expect(try test("localhost") == 69)
        #expect(site.log.contains("SSL certificate problem") && authority.requests.isEmpty, "\(site.log)")
        #expect(try test("127.0.0.1", trusted) == 69 && authority.requests.isEmpty, "the certificate is localhost's: \(site.log)")
        #expect(try test("localhost", trusted) == 0, "\(site.log)")
        #expect(authority.requests == "POST /x\nPOST /x\n")
        #expect(try test("localhost", ", ca_file: /nonexistent.pem") == 78 && site.log.contains("ca_file"))
    }
}

/// An HTTPS server with a certificate that nobody but itself vouches for.
private final class Authority {
    static let isPossible = ["/usr/bin/openssl", "/usr/bin/python3"].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    let port: Int
    let certificate: String
    private let written: String
    private let server: Program

    init(_ directory: String) throws {
        port = try Web.freePort()
        (certificate, written) = (directory + "/ca.pem", directory + "/posts")
        let key = directory + "/key.pem", script = directory + "/server.py", log = directory + "/server.log"
        let made = try Program(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost",
            ], log: log)
        #expect(try made.exitStatus(seconds: 60) == 0, "\(made.lastLines)")
        try """
        import http.server, ssl
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                open("\(written)", "a").write("POST " + self.path + "\\n")
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", \(port)), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("\(certificate)", "\(key)")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()
        """.write(toFile: script, atomically: true, encoding: .utf8)
        let server = try Program("/usr/bin/python3", [script], log: log)
        self.server = server
        try wait("the server: \(server.lastLines)", seconds: 60) { try Web.listeners(port).isEmpty == false }
    }

    var requests: String { (try? String(contentsOfFile: written, encoding: .utf8)) ?? "" }
}
