import Foundation
import Testing
import VedetteCodec
import VedetteRuntime

#if canImport(Glibc)
    import Glibc
#endif

/// The program as a person at a shell meets it: exit codes, and what it says when something is wrong.
@Suite(.enabled(if: Program.path != nil, "needs the built program"))
struct ProgramTests {
    let shell: Shell

    init() throws { shell = try Shell() }

    private static let commands = ["run", "replay", "check", "simulate", "demo", "baseline build", "baseline show", "labels export", "forward"]

    @Test("Each command's help has examples of it", arguments: commands)
    func help(_ command: String) throws {
        let (status, text) = try shell.vedette(["help"] + command.split(separator: " ").map(String.init))
        #expect(status == 0)
        let examples = try #require(text.range(of: "EXAMPLES\n"))
        #expect(text[examples.upperBound...].prefix(300).contains("vedette \(command)"), "\(text)")
    }

    @Test("Wrong usage is told before anything is done, and exits with 64", arguments: [
        "nonsense", "replay", "check", "run", "forward", "forward --config c.yaml --test x --once", "replay --config c.yaml",
        "replay --config c.yaml --decisions - --labels -",
        "replay --config c.yaml --decisions d --from noon", "replay --config c.yaml --topics --to noon",
        "replay --config c.yaml --decisions d --from 2026-01-02T00:00:00Z --to 2026-01-01T00:00:00Z",
        "replay --config c.yaml --decisions d --topics", "replay --config c.yaml --decisions d --alerts-topic t",
        "replay --config c.yaml --decisions d --metrics-out x --alerts-out ./x", "replay --config c.yaml --decisions d --late-out - --metrics-out -",
        "replay --config c.yaml --decisions d --metrics-out d", "simulate", "simulate --count 5 --duration 1h --decisions-out x",
        "simulate --count=-5 --decisions-out x", "simulate --count 5 --density 0 --decisions-out x", "simulate --count 5 --density nan --decisions-out x",
        "simulate --count 5 --rate 0 --decisions-out x", "simulate --count 5 --rate=-1 --decisions-out x", "simulate --start noon --decisions-out x",
        "simulate --duration 1x --decisions-out x", "simulate --scenario earthquake --decisions-out x", "simulate --decisions-out x --labels-out ./x",
        "simulate --brokers b:1 --decisions-out x", "demo --density 100", "baseline build --config c.yaml --decisions d --out - ",
    ])
    func usage(_ line: String) throws {
        let (status, text) = try shell.vedette(line.split(separator: " ").map(String.init))
        #expect(status == 64, "\(text)")
        #expect(!text.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: shell.file("x")))
    }

    @Test("A wrong configuration is refused by every command, with all of its errors and their places", arguments: [
        ["check"], ["check", "--json"], ["run"], ["forward"], ["replay", "--decisions", "d.jsonl"], ["baseline", "build", "--decisions", "d.jsonl", "--out", "b"],
    ])
    func configuration(_ command: [String]) throws {
        try shell.write("wrong.yaml", shell.configuration.replacingOccurrences(of: "is_vpn: boolean", with: "is_vpn: bolean") + "http: {port: 70000}\nstate: {directry: x}\n")
        let (status, text) = try shell.vedette(command + ["--config", "wrong.yaml"])
        #expect(status == 78)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3, "\(text)")
        for (line, key) in zip(lines, ["models[0].features.is_vpn", "http.port", "state.directry"]) {
            #expect(line.wholeMatch(of: /wrong\.yaml:\d+:\d+: ([^ ]+): expected .+, found .+/)?.output.1 == Substring(key), "\(line)")
        }
    }

    @Test("Inputs: missing, a directory, not readable, and a broken end, of which everything before has been replayed")
    func inputs() throws {
        let (decisions, labels) = try shell.traffic()
        func replay(_ path: String) throws -> (status: Int32, text: String) {
            try shell.vedette(["replay", "--quiet", "--config", "c.yaml", "--decisions", path, "--labels", labels, "--metrics-out", "m.jsonl"])
        }
        #expect(try replay("nowhere.jsonl").status == 66)
        #expect(try replay(shell.directory).status == 65)
        for suffix in [".zst", ".gz"] {
            let whole = try Data(contentsOf: URL(fileURLWithPath: shell.file(decisions + suffix)))
            try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: shell.file("cut" + suffix)))
            let (status, text) = try replay("cut" + suffix)
            #expect(status == 65)
            #expect(text.contains("cut\(suffix): ") && text.contains("cut off"), "\(text)")
            #expect(try shell.read("m.jsonl").contains("\"final\":true"))
        }
    }

    @Test("Outputs that cannot be written end every command with 73 and the path", arguments: [
        "simulate --count 500 --decisions-out", "replay --config c.yaml --decisions d.jsonl --metrics-out",
        "labels export --config c.yaml --decisions d.jsonl --labels l.jsonl --out", "baseline build --quiet --config c.yaml --decisions d.jsonl --out",
    ])
    func outputs(_ line: String) throws {
        _ = try shell.traffic()
        let command = line.split(separator: " ").map(String.init)
        for (path, reason) in [("/dev/full", "No space left on device"), ("nowhere/x", "No such file or directory"), (".", "Is a directory")] {
            let (status, text) = try shell.vedette(command + [path])
            #expect(status == 73 && text.contains("\(path): ") && text.contains(reason), "\(status) \(text)")
        }
        let (status, text) = try shell.vedetteWithoutPermission(command + ["x"])
        #expect(status == 73 && text.contains("x: ") && text.contains("Permission denied"), "\(status) \(text)")
    }

    @Test("The same records as a plain file, .zst, .gz and standard input give the same bytes; - is standard output")
    func formats() throws {
        let (decisions, labels) = try shell.traffic()
        let start = "replay --quiet --config c.yaml --labels \(labels) --metrics-out"
        #expect(try shell.line("$vedette \(start) plain.jsonl --decisions \(decisions)").status == 0)
        let plain = try shell.read("plain.jsonl")
        #expect(plain.split(separator: "\n").count > 50)
        let sources = ["--decisions \(decisions).zst", "--decisions \(decisions).gz", "--decisions - < \(decisions)", "--decisions - < \(decisions).zst"]
        for (number, source) in sources.enumerated() {
            #expect(try shell.line("$vedette \(start) - \(source) > \(number).jsonl").status == 0)
            #expect(try shell.read("\(number).jsonl") == plain, "\(source)")
        }
    }

    @Test("Hostile lines become dead letters with their reasons, in bounded memory, and the good ones around them count")
    func hostile() throws {
        let good = String(try shell.read(try shell.traffic().decisions).prefix { $0 != "\n" })
        func with(_ key: String, _ value: String) throws -> String {
            good.replacing(try Regex("\"\(key)\":(\"[^\"]*\"|[^,}]*)"), with: "\"\(key)\":\(value)", maxReplacements: 1)
        }
        let texts: [(String, String)] = try [
            ("missing_field", with("request_id", "\"\"")), ("malformed_json", with("score", "NaN")), ("out_of_range", with("score", "1e308")),
            ("out_of_range", with("score", "1e999")), ("out_of_range", with("score", "-0.1")), ("duplicate_key", "\(good.dropLast()),\"score\":0.5}"),
            ("future_time", with("time", "\"2099-01-01T00:00:00Z\"")), ("bad_time", with("time", "\"noon\"")),
            ("malformed_json", String(good.prefix(100))), ("malformed_json", "null"), ("missing_field", "{}"),
            ("too_deep", String(repeating: "{\"a\":", count: 100_000) + "1" + String(repeating: "}", count: 100_000)),
        ]
        var lines: [(reason: String, bytes: [UInt8])] = texts.map { ($0.0, Array($0.1.utf8)) }
        lines.append(("invalid_utf8", Array(good.utf8.dropLast()) + [0x2C, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]))
        let sink = try FileSink(path: shell.file("hostile.jsonl.zst"))
        try sink.writeLine(Array(good.utf8))
        for line in lines { try sink.writeLine(line.bytes) }
        // A gigabyte in one line, and a billion levels.
        for byte in ["x", "["] {
            let piece = Array(repeating: UInt8(ascii: byte.unicodeScalars.first ?? "x"), count: 1 << 20)
            for _ in 0..<1_024 { try sink.write(piece) }
            try sink.writeLine([])
        }
        try sink.writeLine(Array(with("request_id", "\"another\"").utf8))
        try sink.close()
        let (status, text) = try shell.line("ulimit -v 1500000; $vedette replay --config c.yaml --decisions hostile.jsonl.zst --dead-letters-out dead.jsonl")
        #expect(status == 0, "\(text)")
        #expect(text.contains("2 decisions, 0 labels; \(lines.count + 2) rejected"), "\(text)")
        let letters = try shell.read("dead.jsonl").split(separator: "\n").map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:] }
            .sorted { ($0["source"] as? [String: Any])?["offset"] as? Int ?? 0 < ($1["source"] as? [String: Any])?["offset"] as? Int ?? 0 }
        #expect(letters.map { $0["reason"] as? String } == lines.map(\.reason) + ["oversized", "oversized"])
        for (letter, line) in zip(letters, lines) {
            #expect((letter["payload_base64"] as? String).flatMap { Data(base64Encoded: $0) } == Data(line.bytes.prefix(512 << 10)))
            #expect(letter["truncated"] as? Bool == (line.bytes.count > 512 << 10))
        }
    }

    @Test("A demo that cannot keep its state ends and says so")
    func demoWithoutState() throws {
        let (status, text) = try shell.line("TMPDIR=/proc/nowhere $vedette demo", seconds: 60)
        #expect(status == 73 && text.contains("/proc/nowhere"), "\(status) \(text)")
    }

    @Test("A secret that is not there is a warning of check, and with --secrets an error") func secrets() throws {
        let keyed = shell.configuration.replacingOccurrences(of: "hash_key: public", with: "hash_key: {env: VEDETTE_TEST_ONLY_KEY}")
        try shell.write("keyed.yaml", keyed)
        let told = "secrets.hash_key: the configuration takes a value from environment variable VEDETTE_TEST_ONLY_KEY, but it is not set, or empty"
        let (mild, warning) = try shell.vedette(["check", "--config", "keyed.yaml"])
        #expect(mild == 0 && warning.contains("vedette: warning: \(told)\n"), "\(warning)")
        let (strict, error) = try shell.vedette(["check", "--config", "keyed.yaml", "--secrets"])
        #expect(strict == 78 && error.contains("vedette: error: \(told)\n"), "\(error)")
        let (fine, text) = try shell.line("VEDETTE_TEST_ONLY_KEY=k3y-of-a-test $vedette check --config keyed.yaml --secrets")
        #expect(fine == 0 && !text.contains("k3y-of-a-test") && !text.contains("not set"), "\(text)")
    }

    @Test("Brokers that cannot be reached end check with 69") func unreachable() throws {
        try shell.write("away.yaml", shell.configuration + "kafka: {brokers: \"127.0.0.1:1\"}\n")
        let (status, text) = try shell.vedette(["check", "--config", "away.yaml", "--brokers"])
        #expect(status == 69 && text.contains("127.0.0.1:1") && text.contains("refused"), "\(status) \(text)")
    }

    @Test("A replay that is interrupted leaves nothing in the temporary directory, nor do those that were killed before", arguments: [SIGTERM, SIGINT])
    func interruption(_ number: Int32) throws {
        _ = try shell.traffic()
        try shell.write("spilling.yaml", shell.configuration + "state: {spill_rows: 1000}\n")
        let temporary = shell.file("tmp")
        let old = temporary + "/vedette-replay-killed"
        try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: old + "/LOCK"))
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: old)
        // It never ends by itself.
        let log = shell.file("log.txt")
        let line = "cd '\(shell.directory)'; mkfifo in; (cat d.jsonl; exec yes \"$(tail -n 1 d.jsonl)\") > in & "
            + "TMPDIR='\(temporary)' exec '\(Program.path ?? "")' replay --quiet --config spilling.yaml --decisions - < in"
        let program = try Program("/bin/sh", ["-c", line], log: log)
        func left() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: temporary) }
        try wait("rows in the temporary directory") { try left().contains { $0.hasPrefix("vedette-replay-") && $0 != "vedette-replay-killed" } || !program.isRunning }
        #expect(program.isRunning, "\(program.lastLines)")
        #expect(try !left().contains("vedette-replay-killed"))
        program.signal(number)
        #expect(try program.exitStatus(seconds: 60) == 130, "\(program.lastLines)")
        #expect(try left().isEmpty)
        #expect(program.lastLines.contains("interrupted"))
    }
}

/// A directory with a configuration and some traffic, and the program run in it.
final class Shell {
    let directory: String
    private var runs = 0
    let configuration = """
        application: shop
        inputs: {decisions: {topic: decisions}, labels: {topic: labels}}
        secrets: {hash_key: public}
        models:
          - name: payments-gbm
            owner: fraud
            security: detection
            features:
              amount: {kind: number, important: true}
              is_vpn: boolean
        labels: {sources: [{pipeline: issuer-chargebacks, trust: high}]}
        windows: [{name: 5m, size: 5m}]
        monitors: [{monitor: volume, window: 5m}]

        """

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-shell-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write("c.yaml", configuration)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func file(_ name: String) -> String { directory + "/" + name }
    func write(_ name: String, _ text: String) throws { try text.write(toFile: file(name), atomically: true, encoding: .utf8) }
    func read(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    /// Two hours of decisions and their labels, plain, and the decisions also as `.zst` and `.gz`.
    func traffic() throws -> (decisions: String, labels: String) {
        var options = SimulationOptions()
        options.length = .decisions(3_000)
        options.decisionsPerSecond = 0.4
        options.labelDelayMedianMs = 600_000
        let sinks = try ["d.jsonl", "d.jsonl.zst", "d.jsonl.gz", "l.jsonl"].map { try FileSink(path: file($0)) }
        for record in try TrafficSimulator(options) {
            for sink in record.stream == .decisions ? sinks.prefix(3) : sinks.suffix(1) { try sink.writeLine(record.line) }
        }
        for sink in sinks { try sink.close() }
        return ("d.jsonl", "l.jsonl")
    }

    /// Runs the program in the directory.
    func vedette(_ arguments: [String], seconds: Double = 120) throws -> (status: Int32, text: String) {
        try line("exec $vedette \(arguments.map { "'\($0)'" }.joined(separator: " "))", seconds: seconds)
    }

    /// The same in a directory that may not be written.
    func vedetteWithoutPermission(_ arguments: [String]) throws -> (status: Int32, text: String) {
        let log = file("output-\(runs + 1).txt")
        #expect(FileManager.default.createFile(atPath: log, contents: nil))
        #expect(chmod(directory, 0o500) == 0)
        defer { chmod(directory, 0o700) }
        return try line("exec \(Program.bound.joined(separator: " ")) $vedette \(arguments.joined(separator: " "))")
    }

    /// Runs a line of shell in the directory; `$vedette` is the program.
    func line(_ text: String, seconds: Double = 120) throws -> (status: Int32, text: String) {
        runs += 1
        let log = file("output-\(runs).txt")
        let program = try Program("/bin/sh", ["-c", "cd '\(directory)'; vedette='\(Program.path ?? "")'; \(text)"], log: log)
        let status = try program.exitStatus(seconds: seconds)
        return (status, try String(contentsOfFile: log, encoding: .utf8))
    }
}
