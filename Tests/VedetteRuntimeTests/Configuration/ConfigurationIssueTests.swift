import Foundation
import Testing
import VedetteRuntime

/// Every kind of mistake, with the exact place and text.
@Suite struct ConfigurationIssueTests {
    @Test(arguments: [
        ("5", "a duration such as 5m or 7d, from 0s to 1d", "\"5\""),
        ("2d", "a duration such as 5m or 7d, from 0s to 1d", "\"2d\""),
        ("[5s]", "a duration such as 5m or 7d, from 0s to 1d", "a list"),
        ("{a: 1}", "a duration such as 5m or 7d, from 0s to 1d", "a section"),
    ])
    func wrongScalars(_ value: String, _ expected: String, _ found: String) {
        #expect(configurationIssues(configurationText("time: {out_of_orderness: \(value)}")) == ["c.yaml:6:26: time.out_of_orderness: expected \(expected), found \(found)"])
    }

    @Test(arguments: [
        ("log_level: loud", "6:12", "log_level: expected one of trace, debug, info, notice, warning, error, critical, found \"loud\""),
        ("log_level: inof", "6:12", "log_level: expected one of trace, debug, info, notice, warning, error, critical, found \"inof\" (did you mean \"info\"?)"),
        ("limits: {depth: 1.5}", "6:17", "limits.depth: expected a whole number from 1 to 1024, found \"1.5\""),
        ("limits: {depth: 5000}", "6:17", "limits.depth: expected a whole number from 1 to 1024, found \"5000\""),
        ("limits: {record_bytes: 1000000}", "6:24", "limits.record_bytes: expected a size such as 64MiB, from 1B to 256MiB, found \"1000000\""),
        ("panes: {quantile_accuracy: 1}", "6:28", "panes.quantile_accuracy: expected a number, 0.0001 to 0.2, found \"1\""),
        ("panes: {quantile_accuracy: nan}", "6:28", "panes.quantile_accuracy: expected a number, 0.0001 to 0.2, found \"nan\""),
        ("http: {enabled: yes}", "6:17", "http.enabled: expected true or false, found \"yes\""),
        ("http: 9464", "6:7", "http: expected a section with keys, found \"9464\""),
        ("entities: user", "6:11", "entities: expected a list of entity kinds, found \"user\""),
        ("entities: [user, a b]", "6:18", "entities[1]: expected a name of 1 to 100 letters, digits, '_', '-' and '.', found \"a b\""),
        ("entities: [user, user]", "6:18", "entities[1]: expected a name of its own, found \"user\", which entities[0] has"),
        ("outputs: {alerts: a b}", "6:19", "outputs.alerts: expected a topic name of 1 to 249 letters, digits, '_', '-' and '.', or null, found \"a b\""),
        ("outputs: {alerts: labels}", "6:19", "outputs.alerts: expected a topic of its own, found \"labels\", which inputs.labels.topic has"),
        ("outputs: {late: shop.alerts}", "6:17", "outputs.late: expected a topic of its own, found \"shop.alerts\", which outputs.alerts has"),
        ("labels: {sources: [{pipeline: a, trust: hihg}]}", "6:41", "labels.sources[0].trust: expected one of low, medium, high, found \"hihg\" (did you mean \"high\"?)"),
        ("labels: {sources: [{trust: high}]}", "6:20", "labels.sources[0].pipeline: expected a text, found nothing"),
        ("labels: {sources: [{trust: high, pipeline:   }]}", "6:34", "labels.sources[0].pipeline: expected a text, found nothing"),
    ])
    func wrongValues(_ line: String, _ place: String, _ message: String) {
        #expect(configurationIssues(configurationText(line)) == ["c.yaml:\(place): \(message)"])
    }

    @Test(arguments: [
        ("tiem: {}", "6:1", "tiem: expected a known key, found the unknown key \"tiem\" (did you mean \"time\"?)"),
        ("http: {prot: 1}", "6:8", "http.prot: expected a known key, found the unknown key \"prot\" (did you mean \"port\"?)"),
        ("http: {zzz: 1}", "6:8", "http.zzz: expected one of enabled, host, port, ready_max_lag, found the unknown key \"zzz\""),
        ("join: {max-pending: 5}", "6:8", "join.max-pending: expected a known key, found the unknown key \"max-pending\" (did you mean \"max_pending\"?)"),
        ("http: {<<: {port: 1}}", "6:8", "http.<<: expected keys of this section (merge keys are not supported, aliases are), found the unknown key \"<<\""),
        ("http: {[a]: 1}", "6:8", "http: expected a text as key, found a list"),
        (
            "drift: [{name: x, reference: {pined: 2026-01-01}}]", "6:31",
            "drift[0].reference.pined: expected a known key, found the unknown key \"pined\" (did you mean \"pinned\"?)"),
    ])
    func unknownKeys(_ line: String, _ place: String, _ message: String) {
        #expect(configurationIssues(configurationText(line)) == ["c.yaml:\(place): \(message)"])
    }

    @Test(arguments: [
        ("http:\n  port: 1\n  host: a\n  port: 2", "9:3", "http.port: expected each key once, found it also in line 7"),
        ("http: {\"port\": 1, port: 2}", "6:19", "http.port: expected each key once, found it also in line 6"),
        ("log_level: info\nhttp: {}\nlog_level: debug", "8:1", "log_level: expected each key once, found it also in line 6"),
    ])
    func repeatedKeys(_ lines: String, _ place: String, _ message: String) {
        #expect(configurationIssues(configurationText(lines)) == ["c.yaml:\(place): \(message)"])
    }

    @Test func allRepeatedKeysAreListed() {
        let text = configurationText("http:\n  port: 1\n  port: 2\n  port: 3\nstate:\n  spill_rows: 2000\n  spill_rows: 3000\n")
        #expect(
            configurationIssues(text) == [
                "c.yaml:9:3: http.port: expected each key once, found it also in line 7",
                "c.yaml:9:3: http.port: expected each key once, found it also in line 8",
                "c.yaml:12:3: state.spill_rows: expected each key once, found it also in line 11",
            ])
    }

    @Test(arguments: [
        ("a: [", "2:1: expected YAML, found did not find expected node content (while parsing a flow node in line 2)"),
        ("a: b: c", "1:5: expected YAML, found mapping values are not allowed in this context"),
        ("a: *x", "1:4: expected YAML, found undefined alias"),
        ("", "1:1: expected a section with keys, found an empty file"),
        ("# nothing", "1:1: expected a section with keys, found an empty file"),
        ("- a", "1:1: expected a section with keys, found a list"),
        ("a: 1\n---\nb: 2", "2:1: expected YAML, found another document (expected a single document in the stream in line 1)"),
    ])
    func notAConfiguration(_ text: String, _ message: String) {
        #expect(configurationIssues(text) == ["c.yaml:\(message)"])
    }

    @Test func aDeepDocumentIsRefused() {
        let found = configurationIssues(String(repeating: "[", count: 1_000_000))
        #expect(found.count == 1)
        #expect(found.first?.contains("Maximum nesting level") == true)
    }

    @Test func whatIsRequiredIsNamed() {
        #expect(
            configurationIssues("log_level: info\nsecrets: {hash_key: public}").filter { !$0.contains("warning") } == [
                "c.yaml:1:1: application: expected a name of 1 to 100 letters, digits, '_', '-' and '.', found nothing",
                "c.yaml:1:1: models: expected a list of models, found nothing",
                "c.yaml:1:1: inputs: expected a section with keys, found nothing",
            ])
        #expect(
            configurationIssues("application: a\ninputs:\n  decisions: {}\nmodels: [{}]\nsecrets: {hash_key: public}").filter { !$0.contains("warning") } == [
                "c.yaml:3:3: inputs.labels: expected a section with keys, found nothing",
                "c.yaml:3:14: inputs.decisions.topic: expected a topic name of 1 to 249 letters, digits, '_', '-' and '.', found nothing",
                "c.yaml:4:10: models[0].owner: expected a team's name, or {team, contact}, found nothing",
                "c.yaml:4:10: models[0].name: expected a text, found nothing",
            ])
    }

    @Test func aMissingFileIsNamed() {
        #expect(throws: ConfigurationError(issues: [
            ConfigurationIssue(file: "/no/such.yaml", line: 1, column: 1, key: "", expected: "a readable file", found: "no such file", severity: .error)
        ])) { try ConfigurationLoader.load(path: "/no/such.yaml") }
    }

    @Test func aFileThatIsNotUTF8IsRefused() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString).yaml").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data([0x61, 0x3A, 0x20, 0xFF])))
        do {
            _ = try ConfigurationLoader.load(path: path)
            Issue.record("it loaded")
        } catch {
            #expect(error.description == "\(path):1:1: expected YAML in UTF-8, found bytes that are not UTF-8")
        }
    }

    /// One file with a mistake in nearly every section: all of them come out, in the order of the file.
    @Test func allErrorsAreCollected() {
        let text = """
            application: shop
            log_level: loud
            inputs:
              decisions: {topic: a}
              labels:
                topic: a
                mapping: {request_id: {constant: x}, tim: /a, outcome_values: {CB: fruad}}
            models:
              - name: m
                owner: t
                security: s
                features: {a: number, b: bool, c: {kind: number, importnat: true}}
              - name: m
                owner: {tem: x}
                security: s
            windows:
              - {size: 1h, hop: 90s}
              - {size: 40d, hop: 1h, name: 1h}
            slices: {dimensions: [x, x], combinations: [[x, y]]}
            monitors:
              - {monitor: volum, window: 1h}
              - {monitor: volume, window: 2h, alpha: 1, min_sigma: 3}
            secrets: {hash_key: hunter2}
            log_level: info
            """
        let expected = [
            "6:12: inputs.labels.topic", "7:27: inputs.labels.mapping.request_id", "7:42: inputs.labels.mapping.tim",
            "7:72: inputs.labels.mapping.outcome_values.CB", "12:30: models[0].features.b", "12:54: models[0].features.c.importnat",
            "13:11: models[1].name", "14:12: models[1].owner.team", "14:13: models[1].owner.tem", "17:21: windows[0].hop",
            "18:22: windows[1].hop", "18:32: windows[1].name", "19:26: slices.dimensions[1]", "19:49: slices.combinations[0][1]",
            "21:15: monitors[0].monitor", "22:31: monitors[1].window", "22:42: monitors[1].alpha", "22:56: monitors[1].min_sigma",
            "23:21: secrets.hash_key", "24:1: log_level",
        ]
        #expect(configurationIssues(text).map { $0.components(separatedBy: ": ").prefix(2).joined(separator: ": ") } == expected.map { "c.yaml:\($0)" })
    }
}
