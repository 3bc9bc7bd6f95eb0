/// `cost`: a decision costs more, or less, than it used to.
///
/// Input: the stated costs of the window and of the reference, in the record's own unit.
/// Output: mean cost over the reference's mean; bad is up (an attacker who makes the model work, a
/// look-up that became dear), and below `max_drop_ratio` down (look-ups that are no longer made).
/// Default: 1.5 times, or below half.
/// Evidence: Bernstein's inequality for the difference of two means of bounded numbers, at the
/// variances and the range of both samples: `2 exp(-d² / 2 / (v + b d / 3))`, v the variance of the
/// difference, b the range over the smaller count. It errs on the large side at every size and
/// for every shape within the range seen, where a t-test of skewed costs does not.
public struct CostRule: MonitorRule {
    public var minRatio = 1.5
    public var maxDropRatio = 0.5
    public init() {}

    public static let name = "cost"
    public static let defaultSeverity = Severity.p2
    public static let keys: [MonitorKey<Self>] = [
        .number("min_ratio", .factor, \.minRatio, "mean cost over the reference's, up."),
        .number(
            "max_drop_ratio", NumberRange(0, 1, includesUpper: false), \.maxDropRatio, "mean cost over the reference's below this is a drop."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.isCarriedBySlices = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        guard let reference = frozen ?? reference(in: observation.references, context), reference.level > 0 else { return nil }
        let now = observation.current.operations?.cost ?? Moments()
        let mean = now.mean ?? 0
        let ratio = mean / reference.level
        let isDrop = ratio < 1
        let limit = isDrop ? maxDropRatio : minRatio
        let strength = isDrop ? (ratio > 0 ? min(limit / ratio, Finding.maxStrength) : Finding.maxStrength) : Finding.strength(ratio, of: limit)
        var finding = Finding(
            subject: nil, measure: .costRatio, value: ratio, limit: limit, level: mean, reference: reference, count: now.count,
            strength: strength, effectPassed: isDrop ? ratio < limit : ratio > limit,
            isSufficient: now.count > 0 && now.count >= context.spec.minCount, sampleRequestIDs: observation.current.samples.texts)
        if finding.isSufficient, finding.effectPassed { finding.pValue = pValue(now, reference) }
        return finding
    }

    private func pValue(_ now: Moments, _ reference: ReferenceSummary) -> Double {
        guard let mean = now.mean, let low = now.min, let high = now.max, reference.edges.count == 2, now.count > 1 else { return 1 }
        let d = abs(mean - reference.level)
        let (n, m) = (Double(now.count), Double(reference.count))
        let variance = (now.variance ?? 0) / n + reference.spread * reference.spread / m
        let range = (max(high, reference.edges[1]) - min(low, reference.edges[0])) / min(n, m)
        return min(1, 2 * RealFunctions.exp(-d * d / 2 / (variance + range * d / 3)))
    }

    /// Mean, standard deviation, and the range as edges.
    private func reference(in panes: [Pane], _ context: MonitorContext) -> ReferenceSummary? {
        let known = ComparableWeeks.robust(panes.filter { $0.operations?.cost.isEmpty == false }) { $0.operations?.cost.mean }
        let all = known.reduce(into: Moments()) { sum, pane in if let cost = pane.operations?.cost { sum.merge(cost) } }
        guard all.count > 1, all.count >= context.spec.minCount, let mean = all.mean, let low = all.min, let high = all.max else { return nil }
        return ReferenceSummary(count: all.count, level: mean, spread: all.standardDeviation ?? 0, edges: [low, high], bins: [0, 0, 0])
    }

    public func limits(_ finding: Finding) -> String? {
        "\(AlertNumbers.decimal(maxDropRatio)) and \(AlertNumbers.decimal(minRatio)) times"
    }

    public func headline(_ finding: Finding) -> String {
        "a decision costs \(AlertNumbers.decimal(finding.level, digits: 4)), \(AlertNumbers.decimal(finding.value)) times the reference "
            + "\(AlertNumbers.decimal(finding.reference.level, digits: 4)), over \(AlertNumbers.count(finding.count)) decisions "
            + "(\(limitWords(finding)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        finding.value > 1
            ? Advice(
                actions: [
                    "See which paid look-ups grew since \(place.since): calls per decision and price per call.",
                    "Look at the sample requests for what makes them dear: retries, large payloads, challenges.",
                    "Look at volume of \(place.text) and its sources: many dear requests from few sources are made to cost.",
                ],
                escalation: "Escalate to \(place.security) if few sources cause the cost.",
                recommended: "Limit the rate of the dear requests in \(place.text); cache or skip look-ups that do not change the decision.")
            : Advice(
                actions: [
                    "See which paid look-ups are no longer made since \(place.since), and whether the model still gets their features.",
                    "Look at missing_features and feature_collapse of \(place.text).",
                ],
                escalation: "Escalate to \(place.security) if a check of identity or payment is what is no longer made.",
                recommended: "Restore the look-ups that were lost; treat their features as missing until then.")
    }
}

extension MonitorSpec.Rule {
    public static func cost(_ rule: CostRule) -> Self { Self(rule) }
}

extension Measure {
    /// Mean cost of a decision over the reference's, at least 0.
    public static let costRatio = Measure("cost_ratio", .times)
}
