import Foundation
import Testing
import VedetteCodec
import VedetteForward

/// What Alertmanager's API v2 takes: its OpenAPI document (`postableAlerts`), and Prometheus' grammar of label names.
@Suite struct AlertmanagerTests {
    private func alert(_ record: AlertRecord, isOpen: Bool = true, now: Int64 = noon) throws -> [String: Any] {
        try #require(try list(AlertmanagerAlerts.encode([.init(record, isOpen: isOpen)], now: now, resendMs: 60_000)).first)
    }

    @Test func anAlertHasWhatIsTaken() throws {
        for record in try schemaExamples() + [alertRecord()] {
            let alert = try alert(record)
            #expect(Set(alert.keys) == ["labels", "annotations", "startsAt", "endsAt"])
            let labels = try #require(alert["labels"] as? [String: String]), annotations = try #require(alert["annotations"] as? [String: String])
            for name in labels.keys { #expect(name.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil, "\(name)") }
            #expect(labels.values.allSatisfy { !$0.isEmpty }, "an empty label is no label")
            for name in ["alertname", "monitor", "model", "version", "severity", "owner", "fingerprint"] { #expect(labels[name] != nil, "\(name)") }
            #expect(annotations["summary"] == record.summary && annotations["runbook_url"] == record.runbook && annotations["description"] != nil)
        }
    }

    @Test func namesOfSlicesAreMadeToFit() throws {
        let labels = AlertmanagerAlerts.labels(try alertRecord(more: ["slice": ["country-code": "FR", "country.code": "DE", "größe": NSNull()], "subject": "amount"]))
        let slices = labels.filter { $0.name.hasPrefix("slice_") }.map { "\($0.name)=\($0.value)" }
        #expect(slices == ["slice_country_code=FR", "slice_country_code_2=DE", "slice_gr__e=(missing)"])
        #expect(labels.contains { $0.name == "subject" && $0.value == "amount" })
    }

    @Test func anOpenAlertEndsAheadAndAnEndHasPassed() throws {
        let record = try alertRecord(more: ["started_at": "2026-01-06T02:00:00.000Z"])
        let open = try alert(record), ended = try alert(record, isOpen: false)
        #expect(open["startsAt"] as? String == "2026-01-06T02:00:00.000Z" && open["endsAt"] as? String == "2026-01-06T03:04:00.000Z")
        #expect(ended["endsAt"] as? String == "2026-01-06T03:00:00.000Z")
        // Event time ahead of this clock: an end before the start would be refused.
        let early = try alert(record, isOpen: false, now: noon - 7_200_000)
        #expect(early["startsAt"] as? String == early["endsAt"] as? String)
    }

    @Test func anotherSeverityEndsTheAlertBefore() throws {
        let endpoint = try Endpoint(destination(.alertmanager), environment: [:])
        let before = try alertRecord(), after = try alertRecord(revision: 1, status: "updated", severity: "P0")
        let alerts = try list(endpoint.request(for: after, known: before, now: noon).body)
        let states = alerts.map { ("\(($0["labels"] as? [String: String])?["severity"] ?? "")", $0["endsAt"] as? String == "2026-01-06T03:00:00.000Z") }
        #expect(states.map(\.0) == ["P0", "P1"] && states.map(\.1) == [false, true])
        #expect(try list(endpoint.request(for: try alertRecord(revision: 1, status: "updated"), known: before, now: noon).body).count == 1)
    }

    @Test func anEndSaysHowItEnded() throws {
        let withdrawn = try alert(try alertRecord(revision: 1, status: "withdrawn"), isOpen: false)["annotations"] as? [String: String]
        #expect(withdrawn?["description"]?.contains("withdrawn, it was wrong: because of withdrawn") == true && withdrawn?["status"] == "withdrawn")
    }
}
