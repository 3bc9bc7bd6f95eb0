/// What an alert tells the person on call, with its numbers filled in; the words are the monitor's.
///
/// The runbooks say the same at length; this is what must be readable at 3 a.m. without them.
struct Playbook {
    let finding: Finding
    let rule: any MonitorRule
    let model: ModelSpec
    let slice: SliceName
    let round: EvaluationRound
    /// Start of the first window of the condition, and end of the one that made it fire, ms.
    let startedAt: Int64
    let detectedAt: Int64
    /// Decisions in the window.
    let sliceTotal: Int64
    /// Decisions of the model in the window; nil where all traffic is not in the round.
    let overallTotal: Int64?

    /// One line: observed against limit, where and when.
    var summary: String {
        "\(type(of: rule).name): \(rule.headline(finding)) — \(model.name), \(slice.text), \(AlertNumbers.window(round.start, round.end))"
    }

    /// What to do, or, once it is over, what is left to do.
    func advice(_ status: AlertStatus) -> Advice {
        // Not those of the window at hand: what did it happened before the first one was over, however late this record is.
        let (start, end) = (AlertNumbers.time(min(startedAt, round.start)), AlertNumbers.time(max(detectedAt, startedAt)))
        let at = AlertPlace(
            text: place, since: "\(start) UTC", when: "between \(start) and \(end) UTC", owner: model.owner.name, security: model.security.name)
        return Advice.ended(status, since: at.since, security: at.security) ?? rule.advice(finding, at: at)
    }

    private var place: String { slice.isOverall ? "all traffic of \(model.name)" : "\(slice.text) of \(model.name)" }

    /// Value and limit in their unit: `1.2 % now, limit 5 %`.
    static func observed(_ finding: Finding) -> String {
        "\(finding.measure.text(finding.value)) now, limit \(finding.measure.text(finding.limit))"
    }

    /// Why late labels make an alert wrong.
    static func withdrawal(_ finding: Finding, before: Double, minCount: Int64) -> String {
        let measure = finding.measure
        let change = "\(measure.text(before)) when it fired, \(measure.text(finding.value)) now (limit \(measure.text(finding.limit)))"
        guard finding.isSufficient else {
            return "late labels took back what it rests on: only \(AlertNumbers.count(finding.count)) labels stand now, "
                + "\(AlertNumbers.count(minCount)) are needed; \(change)"
        }
        return "late labels changed the window that it rests on: \(change)"
    }

    /// What the recommended action touches.
    var blastRadius: String {
        let decisions = "\(AlertNumbers.count(sliceTotal)) decisions in the window"
        guard let overallTotal, overallTotal > 0, !slice.isOverall else {
            return slice.isOverall ? "all traffic of \(model.name): \(decisions)" : "\(place): \(decisions)"
        }
        let share = AlertNumbers.percent(Double(sliceTotal) / Double(overallTotal))
        return "\(place): \(decisions), \(share) of the model's \(AlertNumbers.count(overallTotal))"
    }
}

extension Advice {
    /// The same of an incident: one that is part of another is not over.
    static func ended(_ phase: IncidentReport.Phase, _ status: AlertStatus, since: String, security: String) -> Advice? {
        guard case .merged(let other) = phase else { return ended(status, since: since, security: security) }
        return Advice(
            actions: ["Go on with the alert whose `subject` is \(other): it holds this one's requests. Leave what was done for this one in place."],
            escalation: "As \(other) says.", recommended: "Follow \(other).")
    }

    /// What is left to do when an alert is over; nil while it fires.
    static func ended(_ status: AlertStatus, since: String, security: String) -> Advice? {
        switch status {
        case .firing, .updated: nil
        case .resolved:
            Advice(
                actions: [
                    "Read `reason`: is it what you did or expected? What ends without anybody knowing why may come back.",
                    "Undo what was done for it, one step at a time: the runbook says how.",
                    "Look back at what was decided since \(since): what passed meanwhile is not taken back by itself.",
                ],
                escalation: "Escalate to \(security) if nobody knows why it ended, or if it comes back.",
                recommended: "Undo mitigations and close the incident if the cause is gone; keep them if the new level only counts as normal now.")
        case .withdrawn:
            Advice(
                actions: [
                    "Undo what was done for it: late labels show that it was wrong.",
                    "Find the source whose first labels misled, and ask its owner.",
                ],
                escalation: "Escalate to \(security) if one source or actor sent the labels that misled.",
                recommended: "Undo everything that was done for it.")
        }
    }
}
