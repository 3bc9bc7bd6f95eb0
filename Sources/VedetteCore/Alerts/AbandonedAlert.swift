/// An alert that was told as open and that no rule of the configuration judges any more: one last record says that it is over.
///
/// It is said when this execution speaks for the first time, and not before: the instance before may have gone on with it.
struct AbandonedAlert: Equatable {
    var key: RequestID
    var identity: AlertIdentity
    /// Id of the monitor or detector that was there.
    var monitorID: String
    var severity: Severity
    /// Of the newest record.
    var episode: Int
    var revision: Int
    var startedAt: Int64
    var detectedAt: Int64

    private static let reason = "the configuration no longer has the rule that it is about"

    func event(_ configuration: TopologyConfiguration, at boundary: Int64) -> AlertEvent {
        let model = configuration.models[identity.model]
        let fingerprint = Fingerprint.text(key)
        let subject = identity.subject.map { " \($0)" } ?? ""
        return AlertEvent(
            id: "\(fingerprint)-\(episode)-\(revision + 1)-abandoned", fingerprint: fingerprint, episode: episode, revision: revision + 1,
            status: .resolved, severity: severity, monitor: identity.monitor, monitorID: monitorID, model: model.name, version: "*",
            slice: identity.slice, subject: identity.subject,
            summary: "\(identity.monitor)\(subject): \(Self.reason) — \(model.name), \(identity.slice.text), since \(AlertNumbers.time(startedAt)) UTC",
            startedAt: startedAt, detectedAt: detectedAt, emittedAt: boundary, windowName: "configuration", windowStart: startedAt,
            windowEnd: max(boundary, startedAt + 1), replayFrom: startedAt, measure: "rules", value: 0, limit: 0, referenceValue: nil,
            referenceName: "configuration", count: 0, interval: nil, pValue: 1,
            control: .init(method: "none: a change of the configuration is a fact", alpha: 1e-6, tests: 1), labelMaturity: nil, contributors: [],
            sampleRequestIDs: [], owner: model.owner, security: model.security, runbook: "\(configuration.runbookBase)/\(identity.monitor).md",
            immediateActions: ["Confirm that the rule was meant to go: nobody watches this any more, or not as it was watched."],
            escalation: "Escalate to \(model.security.name) if nobody knows of the change.",
            recommendedAction: "Nothing: what held when the configuration changed may still hold; look at it once.",
            blastRadius: "what the rule watched of \(model.name)", reason: Self.reason)
    }
}

extension AbandonedAlert: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(fixed64: key.high)
        writer.write(fixed64: key.low)
        identity.encode(into: &writer)
        writer.write(string: monitorID)
        writer.write(string: severity.rawValue)
        writer.write(count: episode)
        writer.write(count: revision)
        writer.write(signed: startedAt)
        writer.write(signed: detectedAt)
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            key: RequestID(high: try reader.readFixed64(), low: try reader.readFixed64()), identity: try AlertIdentity(from: &reader),
            monitorID: try reader.readString(), severity: try Severity(reading: &reader), episode: Int(truncatingIfNeeded: try reader.readVarint()),
            revision: Int(truncatingIfNeeded: try reader.readVarint()), startedAt: try reader.readSigned(), detectedAt: try reader.readSigned())
    }

    /// Those of a snapshot; of models that are there.
    static func read(_ configuration: TopologyConfiguration, from reader: inout ByteReader) throws -> [AbandonedAlert] {
        try (0..<(try reader.readCount(minimumSize: 20))).map { _ in
            let alert = try AbandonedAlert(from: &reader)
            guard configuration.models.indices.contains(alert.identity.model) else {
                throw CorruptBytes(offset: reader.offset, expected: "an alert of a model of the inventory")
            }
            return alert
        }
    }

    static func write(_ alerts: [AbandonedAlert], into writer: inout ByteWriter) {
        writer.write(count: alerts.count)
        for alert in alerts { alert.encode(into: &writer) }
    }
}
