import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// The section `forward`.
@Suite struct ForwardConfigurationTests {
    private func forward(_ text: String) throws -> ForwardConfiguration { try #require(try loadedConfiguration(configurationText(text)).forward) }

    @Test func everyKeyOfTheSection() throws {
        let read = try #require(try loadedConfiguration(everyKey).forward)
        var wanted = ForwardConfiguration(topic: "fa", group: "fg")
        (wanted.start, wanted.maxAgeMs) = (.earliest, 7_200_000)
        (wanted.http.enabled, wanted.http.host, wanted.http.port) = (false, "0.0.0.0", 8_081)
        var duty = ForwardDestination(name: "oncall", kind: .pagerduty, url: .env("PD_URL"))
        (duty.routingKey, duty.tellsEnds, duty.timeoutMs) = (.env("PD_KEY"), false, 5_000)
        (duty.minRetryDelayMs, duty.maxRetryDelayMs, duty.forgetAfterMs) = (2_000, 180_000, 7 * 86_400_000)
        (duty.match.severities, duty.match.models, duty.match.teams) = ([.p0, .p1], ["risk"], ["sec"])
        duty.match.monitors = ["volume", "mf", "probing.fanout"]
        var manager = ForwardDestination(name: "am", kind: .alertmanager, url: .literal("http://am:9093"))
        (manager.caFile, manager.resendMs) = ("/etc/ca.pem", 30_000)
        var hook = ForwardDestination(name: "hook", kind: .webhook, url: .file("/run/url"))
        (hook.signingKey, hook.headers) = (.file("/run/sign"), ["Authorization": .env("TOKEN"), "X-Team": .literal("fraud")])
        wanted.destinations = [duty, manager, hook]
        #expect(read == wanted)
        #expect(read.group(of: hook) == "fg.hook")
    }

    @Test func defaults() throws {
        let read = try forward("forward: {destinations: [{name: oncall, type: pagerduty, routing_key: {env: K}}]}")
        #expect(read.topic == "shop.alerts" && read.group == "shop.forward" && read.start == .latest && read.maxAgeMs == 3_600_000)
        #expect(read.http.enabled && read.http.host == "127.0.0.1" && read.http.port == 9_466)
        var wanted = ForwardDestination(name: "oncall", kind: .pagerduty, url: .literal("https://events.pagerduty.com/v2/enqueue"))
        wanted.routingKey = .env("K")
        #expect(read.destinations == [wanted])
        #expect(try loadedConfiguration(configurationText("")).forward == nil)
    }

    @Test func everyErrorIsListedWithItsPlace() {
        let text = """
            forward:
              start: noon
              destinations:
                - {name: a, type: pagerduty}
                - {name: a, type: pager, url: "https://h"}
                - {name: b, type: webhook}
                - name: c
                  type: webhook
                  url: ftp://h
                  routing_key: {env: K}
                  resend: 1m
                  min_retry_delay: 2m
                - name: d
                  type: alertmanager
                  url: http://h
                  signing_key: {env: K}
                  match: {severities: [P9], models: [rsk], monitors: [volme], teams: []}
                  headers: {Content-Type: x, "a b": y}
                  retries: 3
            """
        let found = configurationIssues(configurationText(text)).map { $0.split(separator: ": ").prefix(2).joined(separator: ": ") }
        #expect(found == [
            "c.yaml:7:10: forward.start", "c.yaml:9:7: forward.destinations[0].routing_key", "c.yaml:10:23: forward.destinations[1].type",
            "c.yaml:11:7: forward.destinations[2].url", "c.yaml:12:7: forward.destinations[3].max_retry_delay", "c.yaml:14:12: forward.destinations[3].url", "c.yaml:15:20: forward.destinations[3].routing_key",
            "c.yaml:16:15: forward.destinations[3].resend",
            "c.yaml:21:20: forward.destinations[4].signing_key", "c.yaml:22:28: forward.destinations[4].match.severities[0]",
            "c.yaml:22:42: forward.destinations[4].match.models[0]", "c.yaml:22:59: forward.destinations[4].match.monitors[0]",
            "c.yaml:22:74: forward.destinations[4].match.teams", "c.yaml:23:17: forward.destinations[4].headers.Content-Type",
            "c.yaml:23:34: forward.destinations[4].headers.a b", "c.yaml:24:7: forward.destinations[4].retries",
        ], "\(found)")
    }

    @Test(arguments: [
        "{name: a, type: webhook, url: \"https://user:hunter2@h/\"}", "{name: a, type: webhook, url: \"h/hunter2\"}", "{name: a, type: webhook, url: \"https://h/ hunter2\"}",
        "{name: a, type: pagerduty, routing_key: hunter2}", "{name: a, type: webhook, url: \"https://h\", signing_key: hunter2}",
        "{name: a, type: webhook, url: \"https://h\", headers: {Authorization: [hunter2]}}",
    ])
    func noErrorQuotesASecret(_ destination: String) {
        let found = configurationIssues(configurationText("forward: {destinations: [\(destination)]}"))
        #expect(!found.isEmpty && found.allSatisfy { !$0.contains("hunter2") }, "\(found)")
    }

    @Test func aTokenInTheFileIsWarnedOfAndNeverShown() throws {
        let text = configurationText("forward: {destinations: [{name: a, type: webhook, url: \"https://hooks.example.com/hunter2\", headers: {Authorization: hunter2}}]}")
        let loaded = try ConfigurationLoader.load(text: text, file: "c.yaml")
        #expect(loaded.warnings.map(\.key) == ["forward.destinations[0].headers.Authorization"])
        let report = InventoryReport(loaded.configuration)
        for shown in ["\(loaded)", report.table(), report.json()] + loaded.warnings.map(\.description) { #expect(!shown.contains("hunter2")) }
        #expect(report.table().contains("hooks.example.com") && report.json().contains("hooks.example.com"))
    }

    @Test func theReportHasTheDestinations() throws {
        let report = InventoryReport(try loadedConfiguration(everyKey))
        let table = report.table()
        for line in [
            "DESTINATION TYPE HOST OPENED BY ENDS GROUP", "oncall pagerduty env(PD_URL) P0, P1; risk; volume, mf, probing.fanout; sec not told fg.oncall",
            "am alertmanager am:9093 any alert told fg.am", "hook webhook file(/run/url) any alert told fg.hook",
        ] {
            #expect(table.split(separator: "\n").contains { $0.split(separator: " ").joined(separator: " ") == line }, "\(line)\n\(table)")
        }
        #expect(report.destinations.map(\.name) == ["oncall", "am", "hook"] && report.json().contains("\"destinations\""))
    }

    /// What `match.monitors` knows beside the monitors of windows is what has a runbook.
    @Test func everyKindOfAlertCanBeMatched() throws {
        let runbooks = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../runbooks").standardizedFileURL.path
        let kinds = try FileManager.default.contentsOfDirectory(atPath: runbooks).filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }
        #expect(Set(kinds).subtracting(["README", "breakers"]) == Set(MonitorRegistry.names + ForwardReader.streamMonitors))
    }
}
