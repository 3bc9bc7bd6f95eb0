import VedetteCodec

/// An alert that says it is a test, and its end: to see where alerts come out, before one is needed.
package enum TestAlert {
    private static let words = "TEST ALERT of vedette forward --test. Nothing is wrong and nothing has to be done."

    /// Two records of the alert schema, as of now.
    ///
    /// - Parameter now: wall clock, ms; part of the fingerprint, so that every test is an alert of its own.
    package static func records(application: String, now: Int64) throws(BrokenRecord) -> [AlertRecord] {
        [try AlertRecord(record(application, now, isOver: false)), try AlertRecord(record(application, now, isOver: true))]
    }

    private static func record(_ application: String, _ now: Int64, isOver: Bool) -> [UInt8] {
        let hex = String(now, radix: 16), fingerprint = String(repeating: "0", count: 32 - hex.count) + hex
        var json = JSONWriter()
        json.beginObject()
        json.field("id", "\(fingerprint)-1-\(isOver ? 1 : 0)")
        json.field("fingerprint", fingerprint)
        json.field("episode", 1)
        json.field("revision", isOver ? 1 : 0)
        json.field("status", isOver ? "resolved" : "firing")
        json.field("severity", "P3")
        json.field("mode", "live")
        json.field("monitor", "test")
        json.field("monitor_id", "test")
        json.field("model", application)
        json.field("version", "*")
        object("slice", into: &json) { _ in }
        json.field("subject", String?.none)
        json.field("summary", words)
        json.field("reason", isOver ? "the test is over" : nil)
        for time in ["started_at", "detected_at", "emitted_at"] { json.field(time, time: now) }
        object("window", into: &json) {
            $0.field("name", "test")
            $0.field("start", time: now)
            $0.field("end", time: now)
        }
        measurement(into: &json)
        response(application, into: &json)
        json.endObject()
        return json.bytes
    }

    private static func measurement(into json: inout JSONWriter) {
        json.field("measure", "test")
        json.field("value", 0.0)
        json.field("limit", 0.0)
        object("reference", into: &json) {
            $0.field("name", "test")
            $0.field("value", Double?.none)
        }
        json.field("n", 0)
        json.field("interval", String?.none)
        json.field("p_value", 1.0)
        object("false_discovery", into: &json) {
            $0.field("method", "test")
            $0.field("alpha", 0.5)
            $0.field("tests", 0)
        }
        json.field("label_maturity", Double?.none)
        for list in ["contributors", "sample_request_ids"] {
            json.key(list)
            json.beginArray()
            json.endArray()
        }
    }

    private static func response(_ application: String, into json: inout JSONWriter) {
        for team in ["owner", "security"] {
            object(team, into: &json) {
                $0.field("team", application)
                $0.field("contact", "")
            }
        }
        json.field("runbook", "runbooks/README.md")
        json.key("immediate_actions")
        json.beginArray()
        json.value("Nothing: this is a test.")
        json.endArray()
        json.field("escalation", "Never: this is a test.")
        json.field("recommended_action", "none, this is a test")
        json.field("blast_radius", "none, this is a test")
        json.field("replay", String?.none)
    }

    private static func object(_ name: String, into json: inout JSONWriter, _ body: (inout JSONWriter) -> Void) {
        json.key(name)
        json.beginObject()
        body(&json)
        json.endObject()
    }
}
