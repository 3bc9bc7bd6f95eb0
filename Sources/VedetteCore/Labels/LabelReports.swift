/// What the label detectors tell the person on call.
enum LabelReports {
    static func source(_ incident: LabelSourceDetector.Incident, _ rule: LabelIntegrityRule, detector: Int) -> IncidentReport {
        let count = AlertNumbers.count(incident.labels)
        let pipeline = incident.pipeline.isEmpty ? "(none)" : incident.pipeline
        var report = IncidentReport(
            detector: detector, monitor: "label_source", model: incident.model, severity: rule.sourceSeverity, startedAt: incident.startedAt,
            lastAt: incident.lastAt, headline: "\(count) label\(incident.labels == 1 ? "" : "s") of pipeline \(pipeline) from \(incident.breach.words) (limit 0)",
            measure: "labels", value: Double(incident.labels), limit: 0, referenceName: "registry", count: incident.labels, pValue: 0,
            control: .init(method: "none: every such label is a fact", alpha: 1e-6, tests: 1), size: Double(incident.labels),
            immediateActions: [
                "Find out who may write to the label topic, and who did.",
                "If the source is right, register it; until then its labels have no trust.",
                "Stop training jobs that take labels from this topic until it is explained.",
            ],
            escalation: "The security counterpart now: somebody may be writing truth that is none.",
            recommendedAction: "Close the topic's ACL to this producer, or register the source.",
            blastRadius: "\(count) labels; their requests count as unlisted in metrics.")
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

    static func poisoning(
        _ trial: ActorTrial, _ detail: LabelPoisoningDetector.Case, _ pipeline: String, _ rule: LabelIntegrityRule, detector: Int, model: Int
    ) -> IncidentReport {
        let count = max(1, trial.risingLabels)
        let share = Double(trial.risingLegit) / Double(count), expected = trial.risingExpected / Double(count)
        var report = IncidentReport(
            detector: detector, monitor: "label_poisoning", model: model, severity: rule.poisoningSeverity, startedAt: trial.risingSince,
            lastAt: trial.lastAt,
            headline: "\(detail.actor) of \(pipeline) calls \(AlertNumbers.percent(share)) of \(AlertNumbers.count(trial.risingLabels)) borderline decisions legit, "
                + "its peers \(AlertNumbers.percent(expected))",
            measure: "legit_share", value: share, limit: expected, referenceName: "peers", referenceValue: expected, count: trial.risingLabels,
            pValue: min(1, RealFunctions.exp(-max(0, trial.logEvidence))),
            control: .init(method: "e-detector, one bet a month: chance that an honest actor is ever accused in a year", alpha: rule.peers.alpha, tests: 1),
            size: max(1, Double(trial.risingLegit) - trial.risingExpected),
            immediateActions: [
                "Keep this actor's labels out of training and thresholds until it is explained.",
                "Have ten of the sample requests labelled again by somebody else.",
                "Ask who gains if these cases count as legit.",
            ],
            escalation: "The security counterpart: this actor teaches the model to let something through.",
            recommendedAction: "Lower the actor's trust in the registry and review its borderline labels since \(AlertNumbers.time(trial.risingSince)) UTC.",
            blastRadius: "\(AlertNumbers.count(trial.risingLabels)) borderline labels of one actor.")
        report.subject = "\(pipeline)/\(detail.actor)"
        report.sampleRequestIDs = detail.samples
        report.facts = [
            IncidentFact("actor", .text(detail.actor)), IncidentFact("pipeline", .text(pipeline)),
            IncidentFact("excess_legit", .number(Double(trial.risingLegit) - trial.risingExpected)),
            IncidentFact("log_evidence", .number(trial.logEvidence)), IncidentFact("borderline_labels", .number(Double(trial.labels))),
            IncidentFact("rising_since", .time(trial.risingSince)), IncidentFact("first_label", .time(trial.firstAt)),
        ]
        return report
    }

    static func canary(_ trial: ActorTrial, _ pool: [StratumCounts], _ rule: LabelIntegrityRule, detector: Int, model: Int) -> IncidentReport {
        let all = rate(pool), trusted = rate(zip(pool, trial.own).map { StratumCounts(legit: $0.legit - $1.legit, total: $0.total - $1.total) })
        var report = IncidentReport(
            detector: detector, monitor: "label_canary", model: model, severity: rule.poisoningSeverity, startedAt: trial.risingSince,
            lastAt: trial.lastAt,
            headline: "fraud among borderline decisions is \(AlertNumbers.percent(all)) with all labels and \(AlertNumbers.percent(trusted)) without those of low trust, "
                + "further apart than before",
            measure: "fraud_rate", value: all, limit: trusted, referenceName: "trusted labels", referenceValue: trusted, count: trial.risingLabels,
            pValue: min(1, RealFunctions.exp(-max(0, trial.logEvidence))),
            control: .init(method: "e-detector, one bet a month: chance of a false alert in a year", alpha: max(LabelCanary.alpha, rule.peers.alpha), tests: 1),
            size: max(1, Double(trial.risingLegit) - trial.risingExpected),
            immediateActions: [
                "Look at metrics by trust tier: believe the trusted ones.",
                "Stop training on labels of low trust until it is explained.",
                "Find the source and the actors whose labels moved (label_poisoning names actors).",
            ],
            escalation: "The security counterpart: the metrics are being moved through labels that anybody can send.",
            recommendedAction: "Exclude labels of low trust from thresholds and training; review the sample requests.",
            blastRadius: "\(AlertNumbers.count(trial.risingLabels)) borderline labels of low trust.")
        report.facts = [
            IncidentFact("fraud_rate_all", .number(all)), IncidentFact("fraud_rate_trusted", .number(trusted)),
            IncidentFact("legit_share_low_trust", .number(Double(trial.risingLegit) / Double(max(1, trial.risingLabels)))),
            IncidentFact("legit_share_trusted", .number(trial.risingExpected / Double(max(1, trial.risingLabels)))),
            IncidentFact("log_evidence", .number(trial.logEvidence)), IncidentFact("rising_since", .time(trial.risingSince)),
        ]
        return report
    }

    private static func rate(_ strata: [StratumCounts]) -> Double {
        let total = strata.reduce(0) { $0 + $1.total }
        return total > 0 ? 1 - strata.reduce(0) { $0 + $1.legit } / total : 0
    }
}
