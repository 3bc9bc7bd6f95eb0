/// Reports of the monitors that stand on a ``LabelPeerTest``: one frame, and what each says of its own.
extension LabelReports {
    /// What a trial shows, whoever stands in it.
    struct Shares {
        let labels: Int64
        let share: Double
        let expected: Double
        let excess: Double

        init(_ trial: ActorTrial) {
            labels = trial.risingLabels
            let count = Double(max(1, trial.risingLabels))
            share = Double(trial.risingLegit) / count
            expected = trial.risingExpected / count
            excess = Double(trial.risingLegit) - trial.risingExpected
        }
    }

    /// What differs between the reports of a trial.
    struct Words {
        let monitor: String
        let headline: String
        let measure: String
        let value: Double
        let limit: Double
        let referenceName: String
        let immediateActions: [String]
        let escalation: String
        let recommendedAction: String
        let blastRadius: String
        let money: IncidentFigure
        var moneySince: Int64?
    }

    static func report(_ trial: ActorTrial, _ words: Words, alpha: Double, severity: Severity, detector: Int, model: Int) -> IncidentReport {
        let shares = Shares(trial)
        var report = IncidentReport(
            detector: detector, monitor: words.monitor, model: model, severity: severity, startedAt: trial.risingSince, lastAt: trial.lastAt,
            headline: words.headline, measure: words.measure, value: words.value, limit: words.limit, referenceName: words.referenceName,
            referenceValue: words.limit, count: shares.labels, pValue: min(1, RealFunctions.exp(-max(0, trial.logEvidence))),
            control: .init(method: "e-detector, a bet a month: chance of a false alert in a year for each that is followed", alpha: alpha, tests: 1),
            size: max(1, shares.excess), immediateActions: words.immediateActions, escalation: words.escalation,
            recommendedAction: words.recommendedAction, blastRadius: words.blastRadius, stakes: .labels(money: words.money, since: words.moneySince))
        report.facts = [
            IncidentFact("excess_legit", .number(shares.excess)), IncidentFact("contradicted", .number(trial.contradicted)),
            IncidentFact("contradicted_expected", .number(trial.exposure)), IncidentFact("log_evidence", .number(trial.logEvidence)),
            IncidentFact("rising_since", .time(trial.risingSince)),
        ]
        return report
    }

    static func poisoning(
        _ trial: ActorTrial, _ detail: LabelCase, _ pipeline: String, _ rule: LabelIntegrityRule, detector: Int, model: Int
    ) -> IncidentReport {
        let shares = Shares(trial)
        var report = report(
            trial,
            Words(
                monitor: "label_poisoning",
                headline: "\(detail.name) of \(pipeline) calls \(AlertNumbers.percent(shares.share)) of \(AlertNumbers.count(shares.labels)) borderline decisions legit, "
                    + "its peers \(AlertNumbers.percent(shares.expected))" + contradicted(trial),
                measure: "legit_share", value: shares.share, limit: shares.expected, referenceName: "peers",
                immediateActions: [
                    "Keep this actor's labels out of training and thresholds until it is explained.",
                    "Have ten of the sample requests labelled again by somebody else.",
                    "Ask who gains if these cases count as legit.",
                ],
                escalation: "The security counterpart: this actor teaches the model to let something through.",
                recommendedAction: "Lower the actor's trust in the registry and review its borderline labels since \(AlertNumbers.time(trial.risingSince)) UTC.",
                blastRadius: "\(AlertNumbers.count(shares.labels)) borderline labels of one actor", money: trial.moneyAtRisk),
            alpha: rule.peers.alpha, severity: rule.poisoningSeverity, detector: detector, model: model)
        report.subject = "\(pipeline)/\(detail.name)"
        report.sampleRequestIDs = detail.samples
        report.facts += [
            IncidentFact("actor", .text(detail.name)), IncidentFact("pipeline", .text(pipeline)),
            IncidentFact("borderline_labels", .number(Double(trial.labels))), IncidentFact("first_label", .time(trial.firstAt)),
        ]
        return report
    }

    private static func contradicted(_ trial: ActorTrial) -> String {
        guard trial.contradicted >= 3, trial.contradicted > 2 * trial.exposure else { return "" }
        return "; \(AlertNumbers.decimal(trial.contradicted, digits: 0)) of them contradicted by trusted labels (\(AlertNumbers.decimal(trial.exposure, digits: 1)) expected)"
    }

    static func normalisation(
        _ trial: ActorTrial, _ detail: LabelCase, _ slice: SliceName, _ rule: LabelIntegrityRule, detector: Int, model: Int
    ) -> IncidentReport {
        let shares = Shares(trial)
        var report = report(
            trial,
            Words(
                monitor: "label_normalisation",
                headline: "\(AlertNumbers.percent(shares.share)) of \(AlertNumbers.count(shares.labels)) borderline labels of \(slice.text) say legit since "
                    + "\(AlertNumbers.time(trial.risingSince)), \(AlertNumbers.percent(shares.expected)) elsewhere, and they did not differ so before",
                measure: "legit_share", value: shares.share, limit: shares.expected, referenceName: "other slices",
                immediateActions: [
                    "Have twenty of the sample requests labelled blind, by somebody outside of the usual sources.",
                    "Compare by source: does one pipeline or actor carry the change (label_poisoning), or all?",
                    "Leave this slice's borderline labels out of the next training run until it is explained.",
                ],
                escalation: "The security counterpart, if blind labels say fraud: the pattern is being taught to the model as normal.",
                recommendedAction: "Freeze the training labels of \(slice.text) at \(AlertNumbers.time(trial.risingSince)) UTC until blind labels agree.",
                blastRadius: "\(AlertNumbers.count(shares.labels)) borderline labels of the slice", money: trial.moneyAtRisk),
            alpha: rule.peers.alpha, severity: rule.normalisationSeverity, detector: detector, model: model)
        report.slice = slice
        report.sampleRequestIDs = detail.samples
        report.facts += [IncidentFact("borderline_labels", .number(Double(trial.labels))), IncidentFact("first_label", .time(trial.firstAt))]
        return report
    }
}
