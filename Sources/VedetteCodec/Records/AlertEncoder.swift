import VedetteCore

/// Whether a record was made beside live traffic or by a replay. A replay never pages.
public enum RunMode: String, Sendable {
    case live, replay
}

/// Writes alert events as alert records (`schemas/alert.schema.json`), one JSON object each.
public struct AlertEncoder: Sendable {
    public let mode: RunMode
    public let application: String

    public init(mode: RunMode, application: String) {
        self.mode = mode
        self.application = application
    }

    /// CloudEvents 1.0 attributes for Kafka's binary mode, as header names and values.
    public func headers(_ event: AlertEvent) -> [(name: String, value: String)] {
        [
            ("ce_specversion", "1.0"),
            ("ce_id", event.id),
            ("ce_source", "/vedette/\(application)/\(event.model)"),
            ("ce_type", "vedette.alert.\(event.status.rawValue)"),
            ("ce_subject", event.fingerprint),
            ("ce_time", RFC3339.string(event.emittedAt)),
            ("content-type", "application/json"),
        ]
    }

    /// Appends one object, without a newline.
    public func encode(_ event: AlertEvent, into json: inout JSONWriter) {
        json.beginObject()
        json.field("id", event.id)
        json.field("fingerprint", event.fingerprint)
        json.field("episode", Int64(event.episode))
        json.field("revision", Int64(event.revision))
        json.field("status", event.status.rawValue)
        json.field("severity", event.severity.rawValue)
        json.field("mode", mode.rawValue)
        json.field("monitor", event.monitor)
        json.field("monitor_id", event.monitorID)
        json.field("model", event.model)
        json.field("version", event.version)
        json.key("slice")
        json.slice(event.slice)
        json.field("subject", event.subject)
        json.field("summary", event.summary)
        json.field("reason", event.reason)
        json.field("started_at", time: event.startedAt)
        json.field("detected_at", time: event.detectedAt)
        json.field("emitted_at", time: event.emittedAt)
        json.key("window")
        json.beginObject()
        json.field("name", event.windowName)
        json.field("start", time: event.windowStart)
        json.field("end", time: event.windowEnd)
        json.endObject()
        measurement(event, into: &json)
        context(event, into: &json)
        response(event, into: &json)
        json.endObject()
    }

    private func measurement(_ event: AlertEvent, into json: inout JSONWriter) {
        json.field("measure", event.measure)
        json.field("value", event.value)
        if let raw = event.raw { json.field("raw", raw) }
        json.field("limit", event.limit)
        json.key("reference")
        json.beginObject()
        json.field("name", event.referenceName)
        json.field("value", event.referenceValue)
        json.endObject()
        json.field("n", event.count)
        json.key("interval")
        if let interval = event.interval {
            json.beginObject()
            json.field("low", interval.low)
            json.field("high", interval.high)
            json.field("confidence", interval.confidence)
            json.endObject()
        } else {
            json.null()
        }
        json.field("p_value", event.pValue)
        json.key("false_discovery")
        json.beginObject()
        json.field("method", event.control.method)
        json.field("alpha", event.control.alpha)
        json.field("tests", Int64(event.control.tests))
        json.field("windows", Int64(event.control.windows))
        json.field("log_e_value", event.control.logEValue)
        json.field("false_alerts_per_month", event.control.falseAlertsPerMonth)
        json.endObject()
        json.field("label_maturity", event.labelMaturity)
    }

    private func context(_ event: AlertEvent, into json: inout JSONWriter) {
        json.key("contributors")
        json.beginArray()
        for contributor in event.contributors {
            json.beginObject()
            json.field("name", contributor.name)
            json.field("value", contributor.value)
            json.field("n", contributor.count)
            json.endObject()
        }
        json.endArray()
        json.key("sample_request_ids")
        json.beginArray()
        for id in event.sampleRequestIDs { json.value(id) }
        json.endArray()
        if !event.incident.isEmpty { incident(event.incident, into: &json) }
        if let economics = event.economics { self.economics(economics, into: &json) }
    }

    private func economics(_ economics: IncidentEconomics, into json: inout JSONWriter) {
        let figures = [
            ("attempts_to_bypass", economics.attemptsToBypass), ("challenged_share", economics.challengedShare),
            ("money_at_risk", economics.moneyAtRisk), ("money_at_risk_per_hour", economics.moneyAtRiskPerHour),
        ]
        json.key("economics")
        json.beginObject()
        for (name, figure) in figures { json.field(name, figure.value) }
        json.field("challenged_share_is_bound", economics.isShareBound)
        json.field("time_to_detect_ms", economics.timeToDetectMs)
        json.key("null_because")
        json.beginObject()
        for (name, figure) in figures { if let reason = figure.reason { json.field(name, reason) } }
        json.endObject()
        json.endObject()
    }

    private func incident(_ facts: [IncidentFact], into json: inout JSONWriter) {
        json.key("incident")
        json.beginObject()
        for fact in facts {
            switch fact.value {
            case .number(let number): json.field(fact.name, number)
            case .text(let text): json.field(fact.name, text)
            case .time(let time): json.field(fact.name, time: time)
            case .list(let list):
                json.key(fact.name)
                json.beginArray()
                for entry in list { json.value(entry) }
                json.endArray()
            }
        }
        json.endObject()
    }

    private func response(_ event: AlertEvent, into json: inout JSONWriter) {
        team("owner", event.owner, into: &json)
        team("security", event.security, into: &json)
        json.field("runbook", event.runbook)
        json.key("immediate_actions")
        json.beginArray()
        for action in event.immediateActions { json.value(action) }
        json.endArray()
        json.field("escalation", event.escalation)
        json.field("recommended_action", event.recommendedAction)
        json.field("blast_radius", event.blastRadius)
        json.key("replay")
        json.beginObject()
        let (from, to) = (RFC3339.string(max(event.replayFrom, RFC3339.range.lowerBound)), RFC3339.string(event.windowEnd))
        json.field("command", "vedette replay --config vedette.yaml --topics --from \(from) --to \(to) --alerts-out -")
        json.endObject()
    }

    private func team(_ name: String, _ team: Team, into json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        json.field("team", team.name)
        json.field("contact", team.contact)
        json.endObject()
    }
}
