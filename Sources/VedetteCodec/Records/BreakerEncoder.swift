import VedetteCore

/// Encodes breaker records (`schemas/breaker.schema.json`).
public struct BreakerEncoder: Sendable {
    public let mode: RunMode

    public init(mode: RunMode) { self.mode = mode }

    /// Key on the compacted topic: breaker, model and slice.
    public func key(_ record: BreakerRecord) -> String {
        "\(record.breaker)|\(record.model)|" + (record.slice.isOverall ? "" : record.slice.text)
    }

    public func encode(_ record: BreakerRecord, into json: inout JSONWriter) {
        json.beginObject()
        json.field("breaker", record.breaker)
        json.field("model", record.model)
        json.key("slice")
        json.beginObject()
        for part in record.slice.parts { json.field(part.dimension, part.value) }
        json.endObject()
        json.field("state", BreakerWords.state(record.state))
        json.key("policy")
        json.beginObject()
        json.field("instead_of", record.policy.insteadOf.description)
        json.field("do", record.policy.action.description)
        json.endObject()
        json.field("reliance_share", record.relianceShare)
        json.field("since", time: record.since)
        json.field("changed_at", time: record.at)
        json.field("expires_at", time: record.expiresAt)
        time("not_before", record.notBefore, into: &json)
        json.field("sequence", record.sequence)
        json.field("heartbeat", record.isHeartbeat)
        json.field("retired", record.isRetired)
        causes(record, into: &json)
        forced(record.forced, into: &json)
        economics(record.economics, into: &json)
        json.field("summary", record.summary)
        json.field("mode", mode.rawValue)
        json.endObject()
    }

    private func time(_ name: String, _ time: Int64?, into json: inout JSONWriter) {
        if let time {
            json.field(name, time: time)
        } else {
            json.key(name)
            json.null()
        }
    }

    private func causes(_ record: BreakerRecord, into json: inout JSONWriter) {
        json.key("causes")
        json.beginArray()
        for cause in record.causes {
            json.beginObject()
            json.field("name", cause.name)
            json.field("alert_id", cause.alertID)
            json.field("fingerprint", cause.fingerprint)
            json.field("severity", cause.severity?.rawValue)
            json.field("started_at", time: cause.startedAt)
            json.endObject()
        }
        json.endArray()
    }

    private func forced(_ order: BreakerOrder?, into json: inout JSONWriter) {
        json.key("forced")
        guard let order else { return json.null() }
        json.beginObject()
        json.field("by", order.author)
        json.field("reason", order.reason)
        time("until", order.until, into: &json)
        json.endObject()
    }

    private func economics(_ economics: BreakerEconomics?, into json: inout JSONWriter) {
        json.key("economics")
        guard let economics else { return json.null() }
        json.beginObject()
        json.field("challenged_share", economics.challengedShare)
        json.field("money_at_risk_per_hour", economics.moneyAtRiskPerHour)
        json.field("amount_per_hour", economics.amountPerHour)
        json.field("attempts_to_bypass", economics.attemptsToBypass)
        json.field("time_to_detect_ms", economics.timeToDetectMs)
        json.endObject()
    }
}
