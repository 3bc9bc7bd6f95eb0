import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// `vedette run` as a process: what it serves, what it keeps to itself, and how it stops when it cannot go on.
@Suite(.serialized, .enabled(if: Program.path != nil, "needs the built program"))
struct LiveProgramTests {
    let site: Site
    let cluster: MockCluster

    init() throws {
        (site, cluster) = try Site.mocked()
        try site.createInputs()
        try site.createOutputs("live")
    }

    /// A configuration file whose state is in `state`, and the program on it.
    private func start(state: String? = nil, port: Int? = nil, more: String = "", prefix: [String] = []) throws -> Program {
        var yaml = site.yaml("live").replacingOccurrences(of: site.file("live"), with: state ?? site.file("live"))
        if let port { yaml = yaml.replacingOccurrences(of: "http: {enabled: false}", with: "http: {port: \(port)}") }
        yaml = yaml.replacingOccurrences(of: "  properties:\n", with: "  properties:\n\(more)")
        let path = site.file("live.yaml")
        try yaml.write(toFile: path, atomically: true, encoding: .utf8)
        let words = prefix + [try #require(Program.path), "run", "--config", path, "--log-level", "trace"]
        return try Program(words[0], Array(words.dropFirst()), log: site.file("live.log"))
    }

    private var log: String { (try? String(contentsOfFile: site.file("live.log"), encoding: .utf8)) ?? "" }

    @Test("Health, readiness and metrics are served on loopback, and every metric is in the README; secrets are never printed")
    func observed() throws {
        let secret = "s3cret-\(UUID().uuidString)"
        setenv("VEDETTE_TEST_PASSWORD", secret, 1)
        defer { unsetenv("VEDETTE_TEST_PASSWORD") }
        let traffic = try Traffic.mixed()
        try traffic.produce(to: site)
        let port = try Web.freePort()
        let program = try start(port: port, more: "    sasl.password: {env: VEDETTE_TEST_PASSWORD}\n")
        try wait("readiness", seconds: 120) {
            try #require(program.isRunning, "\(program.lastLines)")
            return try Web.get(port, "/readyz")?.status == 200
        }
        #expect(try Web.get(port, "/healthz")?.status == 200)
        #expect(try Web.get(port, "/nothing")?.status == 404)
        try wait("records") { try Web.get(port, "/metrics")?.body.contains("vedette_records_total{outcome=\"labels_joined\"} 0\n") == false }
        try wait("a checkpoint") { try Web.get(port, "/metrics")?.body.contains("vedette_checkpoint_age_seconds") == true }
        let page = try #require(try Web.get(port, "/metrics")?.body)
        #expect(try Web.listeners(port) == ["0100007F"], "not on loopback alone")

        let families = Set(page.matches(of: /# TYPE (\S+) (?:counter|gauge)\n/).map { String($0.output.1) })
        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            let sample = try #require(line.wholeMatch(of: /([a-z_]+)(\{.*\})? (-?[0-9.e+-]+|NaN|\+Inf)/), "\(line)")
            #expect(families.contains(String(sample.output.1)), "\(line)")
        }
        let documented = try Readme.metrics()
        // Only a standby has this one; those of the forwarder are its own.
        #expect(
            documented.filter { !$0.hasPrefix("vedette_forward_") } == families.union(["vedette_standby_delay_seconds"]),
            "only in the README: \(documented.subtracting(families)); missing there: \(families.subtracting(documented))")
        #expect(try program.terminate() == 0, "\(program.lastLines)")
        #expect(log.contains("] checkpoint"), "a log to look at")
        #expect(!log.contains(secret) && !page.contains(secret))
        try expectCloudEvents()
        try keepOutput()
    }

    /// Alerts are keyed by fingerprint and carry the attributes of CloudEvents in their headers.
    private func expectCloudEvents() throws {
        let consumer = try Consumer(properties: ["bootstrap.servers": site.brokers, "group.id": "\(site.name).events"], logger: Site.logger)
        defer { consumer.close() }
        try consumer.assign([TopicPartitionOffset(TopicPartition("\(site.name).live.alerts", 0), .beginning)])
        func text(_ bytes: UnsafeRawBufferPointer?) -> String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "" }
        var count = 0
        var isAtEnd = false
        while !isAtEnd {
            try consumer.poll(max: 1_000, timeoutMs: 200) { record in
                guard record.kind == .message else {
                    if record.kind == .endOfPartition { isAtEnd = true }
                    return
                }
                let alert = try #require(try JSONSerialization.jsonObject(with: Data(text(record.payload).utf8)) as? [String: Any])
                #expect(text(record.key) == alert["fingerprint"] as? String)
                #expect(text(record.header("ce_specversion")) == "1.0" && text(record.header("ce_id")) == alert["id"] as? String)
                #expect(text(record.header("ce_type")) == "vedette.alert.\(alert["status"] ?? "")")
                #expect(text(record.header("ce_subject")) == alert["fingerprint"] as? String && text(record.header("ce_time")) == alert["emitted_at"] as? String)
                #expect(text(record.header("ce_source")) == "/vedette/integration/payments-gbm" && text(record.header("content-type")) == "application/json")
                count += 1
            }
        }
        #expect(count > 0)
    }

    /// Leaves what the program wrote to its topics where the environment asks for it: `make test` holds it against the schemas.
    private func keepOutput() throws {
        guard let directory = ProcessInfo.processInfo.environment["VEDETTE_TEST_OUTPUT"] else { return }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for output in ["alert", "metric", "dead_letter", "late", "breaker", "progress"] {
            let topic = ["late", "progress"].contains(output) ? output : output + "s"
            let lines = try site.committed("live", topic)
            #expect(!lines.isEmpty, "\(topic)")
            try (lines.joined(separator: "\n") + "\n").write(toFile: "\(directory)/\(output).jsonl", atomically: true, encoding: .utf8)
        }
    }

    @Test("Damaged state stops the run with its path and a remedy, and is left as it is")
    func damagedState() throws {
        try Traffic.mixed(decisions: 1_000).produce(to: site)
        let first = try start()
        try wait("a checkpoint") { first.isRunning && log.contains("] checkpoint") }
        #expect(try first.terminate() == 0)
        let state = site.file("live")
        let manifest = try #require(try FileManager.default.contentsOfDirectory(atPath: state).first { $0.hasPrefix("MANIFEST") })
        var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(state)/\(manifest)"))
        bytes[bytes.count / 3] ^= 0x55
        try bytes.write(to: URL(fileURLWithPath: "\(state)/\(manifest)"))
        let program = try start()
        #expect(try program.exitStatus(seconds: 60) == 73)
        #expect(program.lastLines.contains(state) && program.lastLines.contains("restore the directory"), "\(program.lastLines)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(state)/\(manifest)")) == bytes)
    }

    @Test("A state directory that may not be made stops the run")
    func noPermission() throws {
        let state = site.file("closed/state")
        try FileManager.default.createDirectory(atPath: site.file("closed"), withIntermediateDirectories: true)
        #expect(chmod(site.file("closed"), 0o500) == 0)
        defer { chmod(site.file("closed"), 0o700) }
        let program = try start(state: state, prefix: Program.bound)
        #expect(try program.exitStatus(seconds: 60) == 73)
        #expect(program.lastLines.contains(state) && program.lastLines.contains("Permission denied"), "\(program.lastLines)")
    }

    private static let canMount: Bool = {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-mount-\(UUID())").path
        defer { rmdir(place) }
        guard mkdir(place, 0o700) == 0, mount("tmpfs", place, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount2(place, 0) == 0
    }()

    @Test("A full disk stops the run, and it goes on once there is space; nothing lost, nothing doubled", .enabled(if: canMount, "mounting a tmpfs is not allowed here"))
    func fullDisk() throws {
        let device = site.file("device")
        try FileManager.default.createDirectory(atPath: device, withIntermediateDirectories: true)
        try #require(mount("tmpfs", device, "tmpfs", 0, "size=160k") == 0)
        defer { umount2(device, Int32(MNT_DETACH)) }
        let traffic = try Traffic.mixed()
        try traffic.produce(to: site)
        let program = try start(state: "\(device)/state")
        #expect(try program.exitStatus(seconds: 120) == 73, "\(program.lastLines)")
        #expect(program.lastLines.contains("\(device)/state") && program.lastLines.contains("space"), "\(program.lastLines)")
        #expect(mount("tmpfs", device, "tmpfs", UInt(MS_REMOUNT), "size=200m") == 0)
        let live = LiveRun(try ConfigurationLoader.load(path: site.file("live.yaml")).configuration)
        try live.waitUntilRead(traffic)
        try live.waitUntilReady()
        try live.stop()
        try expectAgreement(site, traffic)
    }
}

/// As much of an HTTP client as these tests need.
enum Web {
    private static func socketOnLoopback(_ port: Int) throws -> (descriptor: Int32, address: sockaddr_in) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return (descriptor, address)
    }

    private static func withAddress<T>(_ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> T) -> T {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }

    static func freePort() throws -> Int {
        var (descriptor, address) = try socketOnLoopback(0)
        defer { close(descriptor) }
        try #require(withAddress(&address) { bind(descriptor, $0, $1) } == 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try #require(withAddress(&address) { pointer, _ in getsockname(descriptor, pointer, &length) } == 0)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Nil where nobody answers.
    static func get(_ port: Int, _ path: String) throws -> (status: Int, body: String)? {
        var (descriptor, address) = try socketOnLoopback(port)
        defer { close(descriptor) }
        guard withAddress(&address, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            answer += piece[..<count]
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard let match = text.prefixMatch(of: #/HTTP/1\.1 (\d+) /#), let end = text.range(of: "\r\n\r\n") else { return nil }
        return (Int(match.output.1) ?? 0, String(text[end.upperBound...]))
    }

    /// Addresses, as the kernel writes them, on which somebody listens at a port.
    static func listeners(_ port: Int) throws -> Set<String> {
        let wanted = String(format: "%04X", port)
        let lines = try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n").dropFirst() }
        return Set(lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 3, words[3] == "0A", words[1].hasSuffix(":\(wanted)") else { return nil }
            return String(words[1].dropLast(5))
        })
    }
}
