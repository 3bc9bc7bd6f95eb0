/// What the policy detector tells the person on call.
enum PolicyReports {
    /// Violations from which on their share of the traffic is said: known to a third of itself then (Poisson). It is counted from the
    /// first of them on, so one by itself would be all of the traffic, or whatever else came in its minute.
    static let minShareBreaks: Int64 = 10

    static func floor(
        _ rule: PolicyRule, _ incident: PolicyIncident, detector: Int, model: Int, decisions: Int64
    ) -> IncidentReport {
        let count = AlertNumbers.count(incident.breaks)
        var report = IncidentReport(
            detector: detector, monitor: "policy_floor", model: model, severity: rule.severity, startedAt: incident.startedAt,
            lastAt: incident.lastAt, headline: "\(count) decision\(incident.breaks == 1 ? "" : "s") broke the floor \(rule.name) (limit 0)",
            measure: "violations", value: Double(incident.breaks), limit: 0, referenceName: "policy", count: incident.breaks, pValue: 0,
            control: .init(method: "none: every violation is a fact", alpha: 1e-6, tests: 1), size: Double(incident.breaks),
            immediateActions: [
                "Look up one of the sample decisions at the decision service: did it really do it? The rule forbids: \(shown(rule.condition.source))",
                "Find the deploy or flag before the first violation and roll it back.",
                "Stop the forbidden path at the decision service until it is understood.",
            ],
            escalation: "The security counterpart now: a floor is broken by a fault or by somebody who found a way around it.",
            recommendedAction: "Enforce the rule in the decision service and review \(incident.breaks == 1 ? "the decision" : "the \(count) decisions").",
            blastRadius: "Decisions that match the rule: \(count) so far",
            stakes: IncidentStakes(
                attempts: .none(because: "a rule does not say what a try is: each decision that breaks it has passed already"),
                challenge: challenge(incident), money: incident.amount.figure(of: "the decisions that broke it")))
        report.subject = rule.name
        report.sampleRequestIDs = incident.samples
        report.facts = [
            IncidentFact("rule", .text(rule.condition.source)), IncidentFact("violations", .number(Double(incident.breaks))),
            IncidentFact("undecidable", .number(Double(incident.untold))),
            IncidentFact("first_violation", .time(incident.startedAt)), IncidentFact("last_violation", .time(incident.lastAt)),
            IncidentFact("decisions_observed", .number(Double(decisions))), IncidentFact("versions", .list(incident.versions)),
        ]
        if !rule.reason.isEmpty { report.facts.insert(IncidentFact("reason", .text(rule.reason)), at: 0) }
        return report
    }

    private static func challenge(_ incident: PolicyIncident) -> IncidentStakes.Challenge {
        guard incident.breaks >= minShareBreaks else {
            return .unknown(because: "fewer than \(minShareBreaks) decisions broke it so far, too few for a share of the traffic")
        }
        return .requests(incident.breaks, since: incident.startedAt)
    }

    static func share(_ rule: PolicyRule, _ cap: PolicyCap, _ state: PolicyShare, detector: Int, model: Int) -> IncidentReport {
        let isSingle = cap.monitor == .singleSignal
        let kind = isSingle ? "automated decisions" : "decisions"
        let what = isSingle ? "rest on the score alone" : "are such as \(rule.name) caps (\(shown(cap.counted.source)))"
        // The period's, not the incident's: the numbers are of it.
        let period = "in the \(AlertNumbers.duration(cap.periodMs)) from \(AlertNumbers.time(state.period)) UTC on"
        let interval = BettingConfidenceSequence.interval(successes: state.evidence.successes, n: state.count)
        var report = IncidentReport(
            detector: detector, monitor: cap.monitor.rawValue, model: model, severity: rule.severity, startedAt: state.startedAt,
            lastAt: max(state.lastAt, state.startedAt),
            headline: "\(AlertNumbers.percent(state.share)) of \(AlertNumbers.count(state.count)) \(kind) \(what) \(period) (limit \(AlertNumbers.percent(cap.share)))",
            measure: isSingle ? "model_only_share" : "capped_share", value: state.share, limit: cap.share, referenceName: "policy",
            count: state.count, pValue: min(1, RealFunctions.exp(-max(0, state.evidence.logEValue))),
            control: .init(method: "e-value, valid at every look of a period", alpha: cap.alpha, tests: 1), size: state.share,
            immediateActions: [
                isSingle
                    ? "Check that the other signals still arrive: a source that fell silent looks like this."
                    : "Read the rule's reason and the sample decisions: is this kind of decision meant to be so frequent now?",
                "Compare the share by version and by deploy time.",
            ],
            escalation: isSingle
                ? "The security counterpart, if a second signal was lost: one score is then all that an attacker must beat."
                : "The owner of the policy, if the share is meant to stay; the security counterpart, if nobody knows why it rose.",
            recommendedAction: isSingle
                ? "Bring the second signal back, or send what rests on the score alone to a challenge."
                : "Send such decisions above \(AlertNumbers.percent(cap.share)) to a person or a challenge until the cap holds.",
            blastRadius: "\(AlertNumbers.percent(state.share)) of the decisions that the rule is about", stakes: stakes(cap, state))
        report.subject = rule.name
        report.interval = .init(low: interval.lower, high: interval.upper, confidence: 0.95)
        report.sampleRequestIDs = state.samples
        report.facts = [
            IncidentFact("rule", .text(rule.condition.source)), IncidentFact("counted", .text(cap.counted.source)),
            IncidentFact("period_start", .time(state.period)), IncidentFact("counted_decisions", .number(Double(state.evidence.successes))),
        ]
        if !rule.reason.isEmpty { report.facts.insert(IncidentFact("reason", .text(rule.reason)), at: 0) }
        return report
    }

    /// An expression in a line: cut where it is long, whole in the facts.
    private static func shown(_ source: String) -> String {
        let line = source.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > 160 ? line.prefix(160) + "…" : line
    }

    /// What rests on the score alone is challenged as a whole; of another kind, what is above the cap.
    private static func stakes(_ cap: PolicyCap, _ state: PolicyShare) -> IncidentStakes {
        let counted = Double(state.evidence.successes)
        let beyond = max(0, counted - cap.share * Double(state.count))
        let challenged = cap.monitor == .singleSignal ? counted : beyond
        return IncidentStakes(
            attempts: .none(because: "a share is a state of the system: nobody tries anything"),
            challenge: .requests(Int64(challenged.rounded(.up)), since: state.period),
            money: state.amount.figure(beyond / max(1, counted), of: "the decisions that are counted"), moneySince: state.period)
    }
}
