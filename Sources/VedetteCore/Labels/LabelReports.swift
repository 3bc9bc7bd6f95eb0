/// What the label detectors tell the person on call.
enum LabelReports {
    /// - Parameter isCounted: whether such labels count all the same, because no source is registered and nobody's rights are known.
    static func source(_ incident: LabelSourceDetector.Incident, _ rule: LabelIntegrityRule, detector: Int, isCounted: Bool) -> IncidentReport {
        let count = AlertNumbers.count(incident.labels)
        let pipeline = incident.pipeline.isEmpty ? "(none)" : incident.pipeline
        var report = IncidentReport(
            detector: detector, monitor: "label_source", model: incident.model, severity: rule.sourceSeverity, startedAt: incident.startedAt,
            lastAt: incident.lastAt, headline: "\(count) label\(incident.labels == 1 ? "" : "s") of pipeline \(pipeline) from \(incident.breach.words) (limit 0)",
            measure: "labels", value: Double(incident.labels), limit: 0, referenceName: "registry", count: incident.labels, pValue: 0,
            control: .init(method: "none: every such label is a fact", alpha: 1e-6, tests: 1), size: Double(incident.labels),
            immediateActions: [
                "Find out who may write to the label topic, and who did.",
                isCounted
                    ? "No source is registered, so these labels count like any: list the ones that are right in labels.sources."
                    : "If the source is right, register it; until then its labels count for nothing.",
                "Stop training jobs that take labels from this topic until it is explained.",
            ],
            escalation: "The security counterpart now: somebody may be writing truth that is none.",
            recommendedAction: "Close the topic's ACL to this producer, or register the source.",
            blastRadius: "\(count) label\(incident.labels == 1 ? "" : "s"); they count \(isCounted ? "like any other" : "for nothing") in metrics, nowcasts and breakers",
            stakes: .labels(money: incident.amount.figure(of: "the decisions that they are about, where there are any,")))
        report.subject = "\(incident.breach)/\(incident.pipeline)"
        report.sampleRequestIDs = incident.samples
        report.facts = [
            IncidentFact("breach", .text(incident.breach.words)), IncidentFact("pipeline", .text(incident.pipeline)),
            IncidentFact("actors", .list(incident.actors)), IncidentFact("labels", .number(Double(incident.labels))),
            IncidentFact("fraud", .number(Double(incident.fraud))), IncidentFact("legit", .number(Double(incident.legit))),
            IncidentFact("orphans", .number(Double(incident.orphans))),
        ]
        return report
    }
}
