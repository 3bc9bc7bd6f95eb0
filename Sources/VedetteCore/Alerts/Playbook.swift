/// What an alert tells the person on call, with its numbers filled in; the words are the monitor's.
///
/// The runbooks say the same at length; this is what must be readable at 3 a.m. without them.
struct Playbook {
    let finding: Finding
    let rule: any MonitorRule
    let model: ModelSpec
    let slice: SliceName
    let round: EvaluationRound
    /// Decisions in the window.
    let sliceTotal: Int64
    /// Decisions of the model in the window; nil where all traffic is not in the round.
    let overallTotal: Int64?

    /// One line: observed against limit, where and when.
    var summary: String {
        "\(type(of: rule).name): \(rule.headline(finding)) — \(model.name), \(slice.text), \(AlertNumbers.window(round.start, round.end))"
    }

    var advice: Advice {
        rule.advice(
            finding,
            at: AlertPlace(
                text: place, since: "\(AlertNumbers.time(round.start)) UTC", owner: model.owner.name, security: model.security.name))
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
