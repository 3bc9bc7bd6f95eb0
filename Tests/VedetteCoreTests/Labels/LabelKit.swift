import VedetteCore

/// Decisions and their labels, fed by hand.
struct LabelKit {
    static let minute: Int64 = 60_000
    static let day: Int64 = 86_400_000

    /// Three sources: `desk` and `chargebacks` of high trust with rights, `reports` of low trust without.
    static func configuration(_ rules: [DetectorSpec]) -> TopologyConfiguration {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: rules)
        var desk = LabelSource(pipeline: "desk", tier: 3)
        desk.rights.actors = ["desk-*"]
        desk.rights.models = ["payments"]
        var chargebacks = LabelSource(pipeline: "chargebacks", tier: 3)
        chargebacks.rights.outcomes = [.fraud]
        configuration.labelSources = [desk, chargebacks, LabelSource(pipeline: "reports", tier: 1)]
        configuration.join.pendingTTLMs = 10 * minute
        return configuration
    }

    static func label(_ harness: DetectorHarness, _ request: Int, _ outcome: Outcome, pipeline: String, actor: String, conditions: String = "", weight: Double = .nan, at time: Int64) {
        let batch = LabelBatch(partition: 1)
        func text(_ text: String) -> TextRef {
            defer { for byte in text.utf8 { batch.text.append(byte) } }
            return TextRef(offset: UInt32(batch.text.count), length: UInt32(text.utf8.count))
        }
        batch.offset.append(harness.offset(1))
        batch.time.append(time)
        batch.requestID.append(DetectorHarness.hash.hash128("request-\(request)"))
        batch.requestText.append(text("request-\(request)"))
        batch.outcome.append(outcome.rawValue)
        batch.kind.append(.none)
        batch.pipeline.append(text(pipeline))
        batch.actor.append(actor.isEmpty ? .none : text(actor))
        batch.conditions.append(conditions.isEmpty ? .none : text(conditions))
        batch.decisionTime.append(.min)
        batch.samplingWeight.append(weight)
        harness.ingest(batch)
    }

    /// One decision; its number is that of its request.
    static func decide(_ harness: DetectorHarness, score: Double = 0.6, model: Int = 0, country: String = "FR", decision: Decision = .allow, at time: Int64) -> Int {
        var row = PolicyKit.Row()
        row.model = model
        row.score = score
        row.country = country
        row.decision = decision
        row.time = time
        let number = Int(harness.offset(0))
        harness.ingest(PolicyKit.batch([row], first: number))
        return number
    }
}
