/// `decision_share`: the model puts something in the way of more, or of fewer, requests than it used to.
///
/// Input: decisions by kind in the window and in the reference.
/// Output: the share of interventions (challenge, block, escalate) over the reference's; bad is both
/// ways. Fewer: fraud passes that was caught, and no label says so for weeks; more: customers are
/// stopped, or an attack is on. It is the earliest sign of lost recall where the amount of fraud is steady.
/// Default: 1.15 times, or the inverse, and beyond four times what the reference's weeks differ
/// among themselves; one step more severe from twice, or half.
/// Evidence: two-sided test of two proportions (``ProportionTest``).
public struct DecisionShareRule: MonitorRule {
    /// Effect: share over the reference's, or the inverse.
    public var minRatio = 1.15
    public init() {}

    /// A change must exceed what the weeks differ by among themselves by this factor.
    private static let naturalFactor = 4.0
    /// From here on it is one step more severe.
    private static let severeRatio = 2.0

    public static let name = "decision_share"
    public static let defaultSeverity = Severity.p2
    public static let keys: [MonitorKey<Self>] = [
        .number("min_ratio", .factor, \.minRatio, "share of challenged, blocked and escalated decisions over the reference's, or the inverse.")
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.isMovedByVersion = true
        needs.wholeWindow = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        guard let reference = frozen ?? reference(in: observation.references, context), let before = reference.bins.first else { return nil }
        let now = observation.current.decisions
        let share = now.total > 0 ? Double(now.interventions) / Double(now.total) : 0
        // Of a reference, or a window, without any: half a one in one more row (Haldane 1955).
        let expected = before > 0 ? reference.level : 0.5 / Double(reference.count + 1)
        let ratio = (now.interventions > 0 ? share : 0.5 / Double(now.total + 1)) / expected
        let change = max(ratio, 1 / ratio)
        let limit = max(minRatio, 1 + Self.naturalFactor * reference.spread)
        let strength = Finding.strength(change - 1, of: limit - 1)
        var finding = Finding(
            subject: nil, measure: .interventionRatio, value: min(ratio, Finding.maxStrength), limit: ratio < 1 ? 1 / limit : limit,
            level: share, reference: reference, count: now.total, strength: strength, effectPassed: strength >= 1,
            isSufficient: now.total > 0 && now.total >= context.spec.minCount,
            severity: change >= Self.severeRatio ? context.spec.severity.raised : nil, sampleRequestIDs: observation.current.samples.texts)
        if finding.isSufficient, finding.effectPassed {
            finding.pValue = ProportionTest.evaluate(current: (now.interventions, now.total), reference: (before, reference.count))?.pValue ?? 1
        }
        return finding
    }

    /// The share, and as spread the largest relative distance of one week's share from it. O(panes).
    private func reference(in panes: [Pane], _ context: MonitorContext) -> ReferenceSummary? {
        let share = { (pane: Pane) in Double(pane.decisions.interventions) / Double(pane.total) }
        let known = ComparableWeeks.robust(panes.filter { $0.total > 0 }, by: share)
        let total = known.reduce(0) { $0 + $1.total }
        let interventions = known.reduce(0) { $0 + $1.decisions.interventions }
        guard total > 0, total >= context.spec.minCount else { return nil }
        let level = Double(interventions) / Double(total)
        let spread = level > 0 ? known.map { abs(share($0) - level) / level }.max() ?? 0 : 0
        return ReferenceSummary(count: total, level: level, spread: known.count > 1 ? spread : 0, bins: [interventions])
    }

    public func limits(_ finding: Finding) -> String? {
        let up = finding.limit < 1 && finding.limit > 0 ? 1 / finding.limit : finding.limit
        return "\(AlertNumbers.decimal(1 / up)) and \(AlertNumbers.decimal(up)) times"
    }

    public func headline(_ finding: Finding) -> String {
        "\(AlertNumbers.percent(finding.level)) of \(AlertNumbers.count(finding.count)) decisions challenged, blocked or escalated, "
            + "\(AlertNumbers.decimal(finding.value)) times the reference \(AlertNumbers.percent(finding.reference.level)) "
            + "(\(limitWords(finding)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        finding.value < 1
            ? Advice(
                actions: [
                    "Check for a release of the model, of its thresholds or of the rules beside it \(place.when) or shortly before.",
                    "Compare the scores of \(place.text) with the reference: did the high ones vanish, or are they no longer acted on?",
                    "Look at reviews and user reports of \(place.text) since then: does what was stopped before pass now?",
                ],
                escalation: "Escalate to \(place.security) if nothing was released: fraud that passes brings no label for weeks.",
                recommended: "Send a sample of the requests near the threshold in \(place.text) to review until the reason is known.")
            : Advice(
                actions: [
                    "Check for a release of the model, of its thresholds or of the rules beside it \(place.when) or shortly before.",
                    "Open the sample requests: are they alike (an attack), or ordinary customers (a broken feature, a wrong threshold)?",
                    "Look at volume and at missing_features of \(place.text).",
                ],
                escalation: "Escalate to \(place.security) if the stopped requests are alike.",
                recommended: "Leave the stops in place if they are an attack; else roll back what was released.")
    }
}

extension MonitorSpec.Rule {
    public static func decisionShare(_ rule: DecisionShareRule) -> Self { Self(rule) }
}

extension Measure {
    /// Share of interventions over the reference's, at least 0.
    public static let interventionRatio = Measure("intervention_ratio", .times)
}
