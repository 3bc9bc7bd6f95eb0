import VedetteCodec
import VedetteCore

/// A request body of PagerDuty's Events API v2.
///
/// The alert key is fingerprint and episode: all revisions of an episode meet in one alert, the next episode is an
/// alert of its own, and an end that is delivered late or twice can not close what has begun since.
package enum PagerDutyEvent {
    /// Characters of a summary; longer events are refused.
    package static let maxSummary = 1_024
    /// Bytes of a body: PagerDuty's 512 KB, in the smaller reading.
    package static let maxBytes = 512_000
    /// Room for the names of what is left out.
    private static let leftOutBytes = 2_048

    package static func dedupKey(_ record: AlertRecord) -> String { "\(record.fingerprint)-\(record.episode)" }

    /// - Parameter routingKey: the integration key; what is shown has something else in its place.
    package static func encode(_ record: AlertRecord, routingKey: String) -> [UInt8] {
        let frame = encode(record, routingKey: routingKey, details: [], leftOut: [])
        let room = maxBytes - frame.count - leftOutBytes
        var details = ordered(record)
        // A member takes its name in quotes, a colon and a comma.
        func size(_ member: (name: String, value: ArraySlice<UInt8>)) -> Int { member.name.utf8.count + member.value.count + 4 }
        var total = details.reduce(0) { $0 + size($1) }
        var leftOut: [String] = []
        // The largest goes first: what people read is small.
        while total > room, let largest = details.indices.max(by: { size(details[$0]) < size(details[$1]) }) {
            let member = details.remove(at: largest)
            total -= size(member)
            leftOut.append(member.name)
        }
        return encode(record, routingKey: routingKey, details: details, leftOut: leftOut)
    }

    private static func encode(
        _ record: AlertRecord, routingKey: String, details: [(name: String, value: ArraySlice<UInt8>)], leftOut: [String]
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("routing_key", routingKey)
        json.field("event_action", record.isOpen ? "trigger" : "resolve")
        json.field("dedup_key", dedupKey(record))
        json.field("client", "Vedette")
        if record.runbook.isWebAddress {
            json.key("links")
            json.beginArray()
            json.beginObject()
            json.field("href", record.runbook)
            json.field("text", "Runbook of \(record.monitor)")
            json.endObject()
            json.endArray()
        }
        json.key("payload")
        payload(record, details: details, leftOut: leftOut, into: &json)
        json.endObject()
        return json.bytes
    }

    private static func payload(
        _ record: AlertRecord, details: [(name: String, value: ArraySlice<UInt8>)], leftOut: [String], into json: inout JSONWriter
    ) {
        json.beginObject()
        json.field("summary", summary(record))
        json.field("source", record.model)
        json.field("severity", severity(record.severity))
        json.field("timestamp", time: record.emittedAt)
        json.field("component", record.subject ?? (record.slice.isEmpty ? "all traffic" : record.sliceText))
        json.field("group", record.owner.team)
        json.field("class", record.monitor)
        json.key("custom_details")
        json.beginObject()
        for (name, value) in details {
            json.key(name)
            json.value(json: Array(value))
        }
        if !leftOut.isEmpty {
            json.key("left_out")
            json.beginArray()
            for name in leftOut { json.value(name) }
            json.endArray()
        }
        json.endObject()
        json.endObject()
    }

    /// An end says how it ended: that late labels refute an alert must not read like a recovery.
    private static func summary(_ record: AlertRecord) -> String {
        let text =
            switch record.status {
            case .firing, .updated: record.summary
            case .resolved: "Resolved: \(record.summary)"
            case .withdrawn: "Withdrawn, \(record.reason ?? "late labels refute it"): \(record.summary)"
            }
        return text.cut(to: maxSummary)
    }

    private static func severity(_ severity: Severity) -> String {
        switch severity {
        case .p0: "critical"
        case .p1: "error"
        case .p2: "warning"
        case .p3: "info"
        }
    }

    /// What a person needs first stands first.
    private static func ordered(_ record: AlertRecord) -> [(name: String, value: ArraySlice<UInt8>)] {
        let first = [
            "status", "reason", "severity", "owner", "security", "runbook", "immediate_actions", "escalation", "recommended_action", "blast_radius",
            "model", "version", "slice", "subject", "measure", "value", "limit", "reference", "n", "interval", "p_value", "window", "started_at",
            "detected_at", "emitted_at", "economics", "incident", "label_maturity", "label_estimates", "contributors", "sample_request_ids", "replay",
        ]
        let places = Dictionary(uniqueKeysWithValues: first.enumerated().map { ($0.element, $0.offset) })
        return JSONMembers.split(record.bytes).enumerated()
            .filter { $0.element.name != "summary" }
            .sorted { (places[$0.element.name] ?? first.count, $0.offset) < (places[$1.element.name] ?? first.count, $1.offset) }
            .map(\.element)
    }
}
