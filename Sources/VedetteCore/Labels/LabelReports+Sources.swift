/// Reports of a source whose whole flow of labels is under suspicion.
extension LabelReports {
    static func poisoning(
        _ flow: SourceFlow, _ evidence: SourceFlowTest.Evidence, _ source: Int, _ pipelines: [String], _ rule: LabelIntegrityRule, detector: Int, model: Int
    ) -> IncidentReport {
        let pipeline = pipelines[source], bet = evidence.fraud
        let said = bet?.hits ?? 0, expected = bet?.expected ?? 0, turned = max(0, expected - said)
        let since = (bet?.day ?? 0) * 86_400_000
        let measured = evidence.peer.map { "beside \(pipelines[$0])" } ?? "by its own past"
        var report = IncidentReport(
            detector: detector, monitor: "label_poisoning", model: model, severity: rule.poisoningSeverity, startedAt: since, lastAt: flow.lastAt,
            headline: "\(pipeline) calls \(AlertNumbers.count(Int64(said))) of its borderline decisions fraud since \(AlertNumbers.time(since)), "
                + "where \(measured) it would call \(AlertNumbers.count(Int64(expected)))" + legit(flow),
            measure: "fraud_labels", value: said, limit: expected, referenceName: evidence.peer == nil ? "its own past" : "its past beside peers",
            referenceValue: expected, count: Int64(said), pValue: min(1, RealFunctions.exp(-max(0, evidence.log))),
            control: .init(
                method: "e-detector, a bet a week: chance of a false alert in a year for each source", alpha: rule.peers.alpha, tests: max(1, evidence.peers)),
            size: max(1, turned),
            immediateActions: [
                "Keep this source's labels out of training and thresholds until it is explained.",
                "Have ten of the sample requests labelled again by somebody else.",
                "Ask its owner what changed: guideline, tool, who works there, a default of \"legit\".",
            ],
            escalation: "The security counterpart: this source teaches the model to let something through.",
            recommendedAction: "Lower the trust of \(pipeline) in the registry and review its borderline labels since \(AlertNumbers.time(since)) UTC.",
            blastRadius: "all labels of \(pipeline) on this model", stakes: .labels(money: money(flow, bet, turned), since: since))
        report.subject = pipeline
        report.sampleRequestIDs = flow.samples
        report.facts = facts(flow, evidence, pipeline, pipelines, turned)
        return report
    }

    private static func facts(
        _ flow: SourceFlow, _ evidence: SourceFlowTest.Evidence, _ pipeline: String, _ pipelines: [String], _ turned: Double
    ) -> [IncidentFact] {
        var facts = [
            IncidentFact("pipeline", .text(pipeline)), IncidentFact("turned", .number(turned)), IncidentFact("borderline_labels", .number(Double(flow.words))),
            IncidentFact("log_evidence", .number(evidence.log)), IncidentFact("rising_since", .time((evidence.fraud?.day ?? 0) * 86_400_000)),
            IncidentFact("peers", .number(Double(evidence.peers))),
        ]
        if let peer = evidence.peer { facts.append(IncidentFact("peer", .text(pipelines[peer]))) }
        if let bet = flow.legit.strongest, flow.hasClear {
            facts += [IncidentFact("legit_labels", .number(bet.hits)), IncidentFact("legit_labels_expected", .number(bet.expected))]
        }
        return facts
    }

    /// What its clear labels say.
    private static func legit(_ flow: SourceFlow) -> String {
        guard flow.hasClear, let bet = flow.legit.strongest else { return "" }
        return "; legit \(AlertNumbers.count(Int64(bet.hits))), where its clear labels would make \(AlertNumbers.count(Int64(bet.expected)))"
    }

    /// As many of the decisions called legit as were turned, at their mean amount.
    private static func money(_ flow: SourceFlow, _ bet: RateWatch.Bet?, _ turned: Double) -> IncidentFigure {
        guard let amount = bet?.amount, amount.count > 0 else { return .none(because: "the decisions called legit carry no amount") }
        return amount.figure(turned / Double(amount.count), of: "the decisions called legit")
    }
}
