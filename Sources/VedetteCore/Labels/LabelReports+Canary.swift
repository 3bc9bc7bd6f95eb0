/// Reports of metrics that have come apart.
extension LabelReports {
    /// - Parameters:
    ///   - trial, canary, turn: of the metric with most evidence, in the direction that has it.
    ///   - values: of all metrics that are followed; `leading` and `diverging` are places in it.
    static func canary(
        _ trial: ActorTrial, _ canary: LabelCanary, _ turn: CanaryTurn, _ values: [CanaryValue], leading: Int, diverging: [Int], _ pipelines: [String],
        _ rule: LabelIntegrityRule, detector: Int, model: Int
    ) -> IncidentReport {
        let shares = Shares(trial), lead = values[leading]
        let pair = canary.provenPair.flatMap { source in canary.pairs[source].strongest.map { (source, $0) } }
        let apart = ([leading] + diverging.filter { $0 != leading }).map { words(values[$0]) }.joined(separator: ", ")
        var report = report(
            trial,
            Words(
                monitor: "label_canary", headline: apart + (pair.map { contradicted($0.1, turn, by: pipelines[$0.0]) } ?? ", further apart than before"),
                // Where no trusted label tells it, it is apart from nothing.
                measure: lead.metric.rawValue, value: lead.all.isNaN ? 0 : lead.all, limit: lead.trusted.isNaN ? 0 : lead.trusted, referenceName: "trusted labels",
                immediateActions: [
                    "Look at metrics by trust tier: believe the trusted ones.",
                    "Stop training on labels of low trust until it is explained.",
                    "Find the source and the actors whose labels moved (label_poisoning names them).",
                ],
                escalation: "The security counterpart: the metrics are being moved through labels that anybody can send.",
                recommendedAction: "Exclude labels of low trust from thresholds and training; review the sample requests.",
                blastRadius: "\(AlertNumbers.count(shares.labels)) labels of low trust",
                money: pair.map { $0.1.amount.figure($0.1.excess, of: "the decisions of contradicted pairs") } ?? trial.moneyAtRisk,
                moneySince: pair.map { $0.1.day * 86_400_000 }),
            alpha: canary.rule.alpha, severity: rule.poisoningSeverity, detector: detector, model: model)
        if let (source, bet) = pair { add(bet, canary, source, pipelines[source], to: &report) }
        report.control.tests = values.count * CanaryTurn.allCases.count
        // The trial knows one direction.
        if turn == .toFraud { for place in report.facts.indices where report.facts[place].name == "excess_legit" { report.facts[place].name = "excess_fraud" } }
        report.facts += [IncidentFact("turned_to", .text(turn.outcome.description)), IncidentFact("diverging", .list(diverging.map { values[$0].metric.rawValue }))]
        for value in values {
            for (name, number) in [("all", value.all), ("trusted", value.trusted)] where !number.isNaN {
                report.facts.append(IncidentFact("\(value.metric.rawValue)_\(name)", .number(number)))
            }
        }
        report.facts += [IncidentFact("\(turn.outcome)_share_low_trust", .number(shares.share)), IncidentFact("\(turn.outcome)_share_trusted", .number(shares.expected))]
        return report
    }

    private static func add(_ bet: RateWatch.Bet, _ canary: LabelCanary, _ source: Int, _ pipeline: String, to report: inout IncidentReport) {
        report.startedAt = bet.day * 86_400_000
        report.pValue = min(1, RealFunctions.exp(-canary.pairs[source].logEvidence))
        report.count = Int64(bet.trials)
        report.size = max(1, bet.hits - bet.expected)
        report.facts += [
            IncidentFact("judged_by", .text(pipeline)), IncidentFact("pairs", .number(bet.trials)),
            IncidentFact("pairs_contradicted", .number(bet.hits)), IncidentFact("pairs_contradicted_expected", .number(bet.expected)),
        ]
    }

    private static func words(_ value: CanaryValue) -> String {
        func percent(_ number: Double) -> String { number.isNaN ? "unknown" : AlertNumbers.percent(number) }
        return "\(value.metric.rawValue) is \(percent(value.all)) with all labels and \(percent(value.trusted)) without those of low trust"
    }

    private static func contradicted(_ bet: RateWatch.Bet, _ turn: CanaryTurn, by pipeline: String) -> String {
        "; \(pipeline) says \(turn.truth) of \(AlertNumbers.percent(bet.hits / max(1, bet.trials))) of \(AlertNumbers.count(Int64(bet.trials))) "
            + "that low trust calls \(turn.outcome), \(AlertNumbers.percent(bet.reference)) before"
    }
}
