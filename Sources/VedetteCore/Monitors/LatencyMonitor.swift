/// `latency`: a high quantile of the decisions' latency above a bound, or far above its reference.
///
/// Input: the latencies of the window and of the reference, in ms; decisions that state none are left out.
/// Output: the quantile over its limit, which is the lower of `max_ms` (where it is set) and
/// `min_ratio` times the reference's quantile; bad is up. Default: p99, 1.5 times the reference.
/// Evidence: how many latencies lie above the reference's quantile, as two proportions
/// (``ProportionTest``); against `max_ms`, the exact binomial tail of how many lie above it where
/// the quantile's share may. Latencies of one moment go together, so the evidence is of the
/// window, not of a lasting fault; `for` asks for one that lasts.
/// Error: the quantiles are those of the sketch, 1 % of the value.
public struct LatencyRule: MonitorRule {
    public enum Level: String, Sendable, CaseIterable {
        case p50, p90, p95, p99

        var share: Double {
            switch self {
            case .p50: 0.5
            case .p90: 0.9
            case .p95: 0.95
            case .p99: 0.99
            }
        }
    }

    public var level = Level.p99
    public var minRatio = 1.5
    /// 0: no bound.
    public var maxMs: Double = 0
    public init() {}

    public static let name = "latency"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .word("quantile", \.level, "which quantile is watched."),
        .number("min_ratio", .factor, \.minRatio, "quantile over the reference's."),
        .number("max_ms", NumberRange(0, 1e9), \.maxMs, "the quantile may not exceed this many milliseconds; 0 for no bound."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.isCarriedBySlices = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let pane = observation.current
        let reference = frozen ?? reference(in: observation.references, context)
        // A bound needs no reference.
        guard reference != nil || maxMs > 0 else { return nil }
        let count = pane.latencies.total
        let quantile = pane.latencies.quantile(level.share) ?? 0
        let relative = reference.map { $0.level * minRatio } ?? .infinity
        let bound = maxMs > 0 ? maxMs : .infinity
        let limit = min(relative, bound)
        let strength = Finding.strength(quantile, of: limit)
        var finding = Finding(
            subject: nil, measure: level.measure, value: quantile, limit: limit, level: quantile,
            reference: reference ?? ReferenceSummary(count: 0, level: maxMs), count: count, strength: strength, effectPassed: quantile > limit,
            isSufficient: count > 0 && count >= context.spec.minCount, sampleRequestIDs: pane.samples.texts)
        if finding.isSufficient, finding.effectPassed { finding.pValue = pValue(pane.latencies, reference, isAboveReference: quantile > relative) }
        return finding
    }

    private func pValue(_ now: QuantileSketch, _ reference: ReferenceSummary?, isAboveReference: Bool) -> Double {
        var p = 1.0
        if maxMs > 0 {
            p = CountDistributions.binomialUpperTail(now.total - now.count(atMost: maxMs), n: now.total, p: 1 - level.share)
        }
        if isAboveReference, let reference, let above = reference.bins.first {
            let test = ProportionTest.evaluate(
                current: (now.total - now.count(atMost: reference.level), now.total), reference: (above, reference.count), alternative: .greater)
            p = min(p, test?.pValue ?? 1)
        }
        return min(1, maxMs > 0 && isAboveReference ? 2 * p : p)
    }

    /// Count, quantile, and how many lie above it; nil when there are too few.
    private func reference(in panes: [Pane], _ context: MonitorContext) -> ReferenceSummary? {
        let panes = ComparableWeeks.robust(panes.filter { !$0.latencies.isEmpty }) { $0.latencies.quantile(level.share) }
        guard var all = panes.first?.latencies else { return nil }
        for pane in panes.dropFirst() { all.merge(pane.latencies) }
        guard all.total > 0, all.total >= context.spec.minCount, let quantile = all.quantile(level.share) else { return nil }
        return ReferenceSummary(count: all.total, level: quantile, bins: [all.total - all.count(atMost: quantile)])
    }

    public func headline(_ finding: Finding) -> String {
        let reference = finding.reference.count > 0 ? ", reference \(finding.measure.text(finding.reference.level))" : ""
        return "latency \(level.rawValue) \(finding.measure.text(finding.value)) over \(AlertNumbers.count(finding.count)) decisions "
            + "(limit \(finding.measure.text(finding.limit))\(reference))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Check the load and the dependencies of the decision service since \(place.since): feature look-ups, model server, network.",
                "Look at error_rate and volume of \(place.text): a surge or a failing dependency slows decisions first.",
                "Check what happens to requests that time out: do they pass without a decision?",
            ],
            escalation: "Escalate to \(place.security) if slow or timed-out requests are allowed: slowing the model is then a way around it.",
            recommended: "Shed optional look-ups or scale out; make sure that requests without a decision in \(place.text) are challenged, not allowed.")
    }
}

extension LatencyRule.Level {
    var measure: Measure { Measure("latency_\(rawValue)_ms", .amount("ms")) }
}

extension MonitorSpec.Rule {
    public static func latency(_ rule: LatencyRule) -> Self { Self(rule) }
}
