/// What an alert tells the person on call, with its numbers filled in.
///
/// The runbooks say the same at length; this is what must be readable at 3 a.m. without them.
struct Playbook {
    let finding: Finding
    let rule: MonitorSpec.Rule
    let model: ModelSpec
    let slice: SliceName
    let round: EvaluationRound
    /// Decisions in the window.
    let sliceTotal: Int64
    /// Decisions of the model in the window; nil where all traffic is not in the round.
    let overallTotal: Int64?

    // MARK: One line

    /// Observed against limit, where and when.
    var summary: String {
        "\(rule.name): \(headline) — \(model.name), \(slice.text), \(AlertNumbers.window(round.start, round.end))"
    }

    private var headline: String {
        let count = AlertNumbers.count(finding.count)
        let reference = finding.reference.level
        switch finding.measure {
        case .missingRate:
            return "\(finding.subject ?? "a feature") missing in \(AlertNumbers.percent(finding.value)) of \(count) decisions "
                + "(limit \(AlertNumbers.percent(finding.limit)), reference \(AlertNumbers.percent(reference)))"
        case .sigma:
            return "mean score \(Self.score(finding.level)) against \(Self.score(reference)), "
                + "\(AlertNumbers.decimal(finding.value)) sigma over \(count) decisions (limit \(AlertNumbers.decimal(finding.limit)) sigma)"
        case .psi:
            return "score distribution moved, PSI \(AlertNumbers.decimal(finding.value)) over \(count) decisions "
                + "(limit \(AlertNumbers.decimal(finding.limit)); mean score \(Self.score(finding.level)) against \(Self.score(reference)))"
        case .rateRatio:
            return "fraud in \(AlertNumbers.percent(finding.level)) of \(count) labels, \(AlertNumbers.decimal(finding.value)) times "
                + "the reference \(AlertNumbers.percent(reference)) (limit \(AlertNumbers.decimal(finding.limit)) times)"
        case .volumeRatio:
            return "\(count) decisions, \(AlertNumbers.decimal(finding.value)) times the reference "
                + "\(AlertNumbers.count(Int64(reference.rounded()))) (limit \(AlertNumbers.decimal(finding.limit)) times)"
        }
    }

    private static func score(_ value: Double) -> String { AlertNumbers.decimal(value, digits: 4) }

    /// Value and limit in their unit: `1.2 % (limit 5 %)`.
    static func observed(_ finding: Finding) -> String {
        "\(amount(finding.value, finding.measure)) now, limit \(amount(finding.limit, finding.measure))"
    }

    /// Why late labels make an alert wrong.
    static func withdrawal(_ finding: Finding, before: Double, minCount: Int64) -> String {
        let limit = amount(finding.limit, finding.measure)
        let change = "\(amount(before, finding.measure)) when it fired, \(amount(finding.value, finding.measure)) now (limit \(limit))"
        guard finding.isSufficient else {
            return "late labels took back what it rests on: only \(AlertNumbers.count(finding.count)) labels stand now, "
                + "\(AlertNumbers.count(minCount)) are needed; \(change)"
        }
        return "late labels changed the window that it rests on: \(change)"
    }

    private static func amount(_ value: Double, _ measure: Measure) -> String {
        switch measure {
        case .missingRate: AlertNumbers.percent(value)
        case .sigma: AlertNumbers.decimal(value) + " sigma"
        case .psi: "PSI " + AlertNumbers.decimal(value)
        case .rateRatio, .volumeRatio: AlertNumbers.decimal(value) + " times"
        }
    }

    // MARK: What to do

    private var place: String { slice.isOverall ? "all traffic of \(model.name)" : "\(slice.text) of \(model.name)" }
    private var isDrop: Bool { finding.measure == .volumeRatio && finding.value < 1 }

    var immediateActions: [String] {
        switch rule {
        case .missingFeatures:
            let feature = finding.subject ?? "the feature"
            return [
                "Look up the service that provides \(feature): errors, timeouts and deployments since \(AlertNumbers.time(round.start)) UTC.",
                "Open the sample requests: is \(feature) absent (schema or mapping changed) or null (the look-up failed)?",
                "See what the model does without \(feature) in \(place): compare allow share and mean score with the reference.",
            ]
        case .scoreDrift:
            return [
                "Check for a model, feature or configuration release shortly before \(AlertNumbers.time(round.start)) UTC.",
                "Check missing_features and volume of \(place): lost inputs and a changed mix of traffic move scores first.",
                "If neither, compare sample requests with the reference: many alike requests point to an attack.",
            ]
        case .outcomeRate:
            return [
                "Confirm on the sample requests that the fraud labels are real and not a mislabelled batch from one source.",
                "Find what the frauds in \(place) share (device, merchant, amount, account age) and add a rule for it.",
                "Compare the scores of the frauds with the thresholds: just below one points to probing, far below to a blind spot.",
            ]
        case .volume:
            return isDrop
                ? [
                    "Check whether producers still publish decisions of \(place), and the consumer's lag: lost traffic or lost telemetry?",
                    "Check routing and releases upstream since \(AlertNumbers.time(round.start)) UTC; make sure no traffic bypasses the model.",
                ]
                : [
                    "Check for a campaign, a retry storm or a replayed topic; look at the duplicates of \(place).",
                    "If requests are alike (one device, network or card range), limit their rate at the edge.",
                ]
        }
    }

    var escalation: String {
        switch rule {
        case .missingFeatures:
            "Escalate to \(model.security.name) if the allow share of \(place) rises, or if the rate stays above "
                + "\(AlertNumbers.percent(finding.limit)) for 30 min after a fix."
        case .scoreDrift:
            "Escalate to \(model.security.name) if no release explains it within 30 min, or if the effect exceeds "
                + "\(Self.amount(2 * finding.limit, finding.measure))."
        case .outcomeRate:
            "Escalate to \(model.security.name) at once if the frauds share a pattern, or if the ratio exceeds "
                + "\(AlertNumbers.decimal(2 * finding.limit)) times."
        case .volume:
            isDrop
                ? "Escalate to \(model.security.name) if traffic reaches the decision service but not the model."
                : "Escalate to \(model.security.name) if the surge comes from few devices or networks, or latency rises with it."
        }
    }

    var recommendedAction: String {
        switch rule {
        case .missingFeatures:
            "Lower auto-approval in \(place) (challenge instead of allow near the threshold) until \(finding.subject ?? "the feature") "
                + "is back below \(AlertNumbers.percent(finding.limit)) missing."
        case .scoreDrift:
            "If a release explains it, roll back to the previous version; else raise challenges in \(place) until the cause is known."
        case .outcomeRate:
            "Raise challenges in \(place) until the fraud rate is back near \(AlertNumbers.percent(finding.reference.level))."
        case .volume:
            isDrop
                ? "Restore the flow; do not tune the model or its thresholds on this window's data."
                : "Raise challenges for the requests that make up the surge in \(place); keep thresholds for the rest."
        }
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
