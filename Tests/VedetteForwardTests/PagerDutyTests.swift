import Foundation
import Testing
import VedetteForward

/// What PagerDuty's Events API v2 asks of an event: its OpenAPI document, and the limits of its documentation.
@Suite struct PagerDutyTests {
    private func event(_ record: AlertRecord) throws -> (event: [String: Any], payload: [String: Any], details: [String: Any]) {
        let event = try object(PagerDutyEvent.encode(record, routingKey: "k"))
        let payload = try #require(event["payload"] as? [String: Any])
        return (event, payload, try #require(payload["custom_details"] as? [String: Any]))
    }

    @Test func anEventHasWhatIsRequired() throws {
        let known = ["routing_key", "event_action", "dedup_key", "client", "links", "payload"]
        let payloadKeys = ["summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"]
        for record in try schemaExamples() + [alertRecord()] {
            let (event, payload, details) = try event(record)
            #expect(Set(event.keys).isSubset(of: known) && Set(payload.keys) == Set(payloadKeys))
            #expect(event["routing_key"] as? String == "k" && event["dedup_key"] as? String == "\(record.fingerprint)-\(record.episode)")
            for key in ["summary", "source", "severity", "timestamp", "component", "group", "class"] { #expect((payload[key] as? String)?.isEmpty == false, "\(key)") }
            #expect(details["left_out"] == nil && details["runbook"] as? String == record.runbook && details["immediate_actions"] is [String])
        }
    }

    @Test func aStepOfAnAlertIsAnAction() throws {
        let steps = [
            ("firing", "trigger", "TEST"), ("updated", "trigger", "TEST"), ("resolved", "resolve", "Resolved: TEST"),
            ("withdrawn", "resolve", "Withdrawn, because of withdrawn: TEST")]
        var keys: Set<String> = []
        for (revision, (status, action, summary)) in steps.enumerated() {
            let (event, payload, details) = try event(try alertRecord(revision: revision, status: status))
            #expect(event["event_action"] as? String == action)
            #expect((payload["summary"] as? String)?.hasPrefix(summary) == true)
            #expect(details["status"] as? String == status)
            keys.insert(try #require(event["dedup_key"] as? String))
        }
        #expect(keys == ["a-1"])
        #expect(PagerDutyEvent.dedupKey(try alertRecord(episode: 2)) == "a-2")
    }

    @Test(arguments: [("P0", "critical"), ("P1", "error"), ("P2", "warning"), ("P3", "info")])
    func severity(_ ours: String, _ theirs: String) throws {
        #expect(try event(try alertRecord(severity: ours)).payload["severity"] as? String == theirs)
    }

    @Test func onlyAnAddressIsALink() throws {
        #expect(try event(try alertRecord()).event["links"] == nil)
        let links = try event(try alertRecord(more: ["runbook": "https://r.example.com/volume.md"])).event["links"] as? [[String: String]]
        #expect(links == [["href": "https://r.example.com/volume.md", "text": "Runbook of test"]])
    }

    @Test(arguments: ["x", "é", "😀"]) func theSummaryEndsAtItsLimit(_ letter: String) throws {
        let units = letter.utf16.count
        for (letters, isCut) in [(PagerDutyEvent.maxSummary / units, false), (PagerDutyEvent.maxSummary / units + 1, true)] {
            let summary = try #require(try event(try alertRecord(more: ["summary": String(repeating: letter, count: letters)])).payload["summary"] as? String)
            #expect(summary.utf16.count <= PagerDutyEvent.maxSummary && summary.utf16.count > PagerDutyEvent.maxSummary - 3)
            #expect(summary.hasSuffix("…") == isCut)
        }
    }

    @Test func detailsEndAtTheirLimit() throws {
        let small = PagerDutyEvent.encode(try alertRecord(more: ["incident": ["note": ""]]), routingKey: "k").count
        // The largest that fits: what is kept free for the names of what is left out is 2,048 bytes.
        let room = PagerDutyEvent.maxBytes - 2_048 - small
        for (size, isLeftOut) in [(room - 64, false), (room + 64, true), (900_000, true)] {
            let record = try alertRecord(more: ["incident": ["note": String(repeating: "n", count: size)]])
            let bytes = PagerDutyEvent.encode(record, routingKey: "k")
            #expect(bytes.count <= PagerDutyEvent.maxBytes)
            let details = try event(record).details
            #expect((details["left_out"] as? [String] ?? []) == (isLeftOut ? ["incident"] : []))
            #expect((details["incident"] == nil) == isLeftOut)
            #expect(details["replay"] is NSNull && details["recommended_action"] is String, "what is small stays, wherever it stands")
        }
    }

    @Test func detailsAreTheRecordsOwnWords() throws {
        let text = #"{ "a" : {"x": [1, 2.50, "}\""]} , "b":null,"c" :"q\"," , "d": [ ] }"#
        var object = try object(Array(try alertRecord().bytes))
        object["incident"] = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let record = try AlertRecord(Array(JSONSerialization.data(withJSONObject: object, options: .prettyPrinted)))
        let incident = try #require(try event(record).details["incident"] as? [String: Any])
        #expect(NSDictionary(dictionary: incident) == NSDictionary(dictionary: try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]))
    }
}
