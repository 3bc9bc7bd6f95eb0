import VedetteCodec
import VedetteCore

/// A request body of Alertmanager's API v2, `POST /api/v2/alerts`: a list of alerts.
///
/// An Alertmanager keeps alerts in memory, by their labels, until `endsAt`. So what fires is said again and again
/// with an `endsAt` some repetitions ahead, and an end is an `endsAt` that has passed.
package enum AlertmanagerAlerts {
    /// Repetitions that may be lost before an alert ends by itself; as many as Prometheus allows.
    package static let repetitionsAhead: Int64 = 4
    /// Alerts in one request.
    package static let maxAlerts = 64

    /// An alert, and whether the condition holds.
    package struct Item: Sendable {
        package var record: AlertRecord
        package var isOpen: Bool

        package init(_ record: AlertRecord, isOpen: Bool) {
            self.record = record
            self.isOpen = isOpen
        }
    }

    /// - Parameters:
    ///   - now: wall clock, ms.
    ///   - resendMs: how often open alerts are said.
    package static func encode(_ items: [Item], now: Int64, resendMs: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        for item in items {
            // A start in the future, where event time is ahead, would be refused together with an end that has passed.
            let start = min(item.record.startedAt, now)
            json.beginObject()
            json.key("labels")
            json.beginObject()
            for (name, value) in labels(item.record) { json.field(name, value) }
            json.endObject()
            json.key("annotations")
            json.beginObject()
            for (name, value) in annotations(item.record) where !value.isEmpty { json.field(name, value) }
            json.endObject()
            json.field("startsAt", time: start)
            json.field("endsAt", time: item.isOpen ? now + repetitionsAhead * resendMs : now)
            json.endObject()
        }
        json.endArray()
        return json.bytes
    }

    /// The identity of the alert there: two records with the same labels are the same alert. Names are of the classic
    /// grammar, `[a-zA-Z_][a-zA-Z0-9_]*`, which every version takes.
    package static func labels(_ record: AlertRecord) -> [(name: String, value: String)] {
        var labels = [
            ("alertname", record.monitor), ("monitor", record.monitorID), ("model", record.model), ("version", record.version),
            ("severity", record.severity.rawValue), ("owner", record.owner.team), ("fingerprint", record.fingerprint),
        ]
        if let subject = record.subject { labels.append(("subject", subject)) }
        for part in record.slice {
            let stem = "slice_" + String(part.dimension.unicodeScalars.map { isLabelScalar($0) ? Character($0) : "_" })
            var name = stem, number = 2
            while labels.contains(where: { $0.0 == name }) {
                name = "\(stem)_\(number)"
                number += 1
            }
            labels.append((name, part.value ?? "(missing)"))
        }
        return labels
    }

    private static func isLabelScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_")
    }

    private static func annotations(_ record: AlertRecord) -> [(name: String, value: String)] {
        [
            ("summary", record.summary),
            ("description", description(record)),
            ("runbook_url", record.runbook),
            ("immediate_actions", record.immediateActions.enumerated().map { "\($0.offset + 1). \($0.element)" }.joined(separator: "\n")),
            ("escalation", record.escalation),
            ("recommended_action", record.recommendedAction),
            ("blast_radius", record.blastRadius),
            ("contact", record.owner.contact ?? ""),
            ("security", record.security.team),
            ("security_contact", record.security.contact ?? ""),
            ("status", record.status.rawValue),
            ("reason", record.reason ?? ""),
            ("alert_id", record.id),
        ]
    }

    private static func description(_ record: AlertRecord) -> String {
        let place = record.slice.isEmpty ? "all traffic" : record.sliceText
        let begun = "\(record.monitor) of \(record.model), \(place), since \(RFC3339.string(record.startedAt))"
        switch record.status {
        case .firing, .updated: return "\(begun): \(record.recommendedAction)"
        case .resolved: return "\(begun): resolved, \(record.reason ?? "")"
        case .withdrawn: return "\(begun): withdrawn, it was wrong: \(record.reason ?? "")"
        }
    }
}
