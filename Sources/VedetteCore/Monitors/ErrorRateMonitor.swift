/// `error_rate`: the model does not answer, too often.
///
/// Input: decisions whose record states a status (`ok`, `timeout`, `error`), in the window and in the reference.
/// Output: share of time-outs and errors among them; bad is up. Default: above 1 %, and twice the reference's.
/// A decision after a time-out or an error is a fallback: the model has not seen the request.
/// Evidence: test of two proportions (``ProportionTest``). Failures of one moment go together, so
/// it is evidence of the window, not of a lasting fault; `for` asks for one that lasts.
public struct ErrorRateRule: MonitorRule {
    /// Effect: the rate must exceed this, 0...1.
    public var maxErrorRate = 0.01
    /// Effect: and the reference's by this factor.
    public var minRatio = 2.0
    public init() {}

    public static let name = "error_rate"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .share("max_error_rate", .unit, \.maxErrorRate, "share of time-outs and errors that must be exceeded."),
        .number("min_ratio", .factor, \.minRatio, "and rate over the reference's."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.isCarriedBySlices = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        guard let reference = frozen ?? reference(in: observation.references, context), let before = reference.bins.first else { return nil }
        let now = failures(observation.current)
        // No failure at all counts as half of one.
        let limit = max(maxErrorRate, minRatio * max(reference.level, 0.5 / Double(reference.count + 1)))
        var finding = Finding(
            subject: nil, measure: .errorRate, value: now.rate, limit: limit, level: now.rate, reference: reference, count: now.all,
            interval: Evidence.proportionInterval(now.bad, of: now.all), strength: Finding.strength(now.rate, of: limit),
            effectPassed: now.rate > limit, isSufficient: now.all > 0 && now.all >= context.spec.minCount,
            sampleRequestIDs: observation.current.operations?.failedSamples.texts ?? [])
        if let operations = observation.current.operations {
            finding.detail = "\(AlertNumbers.count(operations.timeouts)) time-outs, \(AlertNumbers.count(operations.errors)) errors"
        }
        if finding.isSufficient, finding.effectPassed {
            finding.pValue = ProportionTest.evaluate(current: (now.bad, now.all), reference: (before, reference.count), alternative: .greater)?.pValue ?? 1
        }
        return finding
    }

    private func failures(_ pane: Pane) -> EventCounts {
        pane.operations.map { EventCounts(bad: $0.timeouts + $0.errors, all: $0.statusKnown) } ?? EventCounts()
    }

    private func reference(in panes: [Pane], _ context: MonitorContext) -> ReferenceSummary? {
        let known = ComparableWeeks.robust(panes.filter { failures($0).all > 0 }) { failures($0).rate }
        let all = known.reduce(into: EventCounts()) { $0.add(failures($1)) }
        guard all.all > 0, all.all >= context.spec.minCount else { return nil }
        return ReferenceSummary(count: all.all, level: all.rate, bins: [all.bad])
    }

    public func headline(_ finding: Finding) -> String {
        "\(AlertNumbers.percent(finding.value)) of \(AlertNumbers.count(finding.count)) decisions without the model's answer "
            + "(\(finding.detail ?? ""); limit \(AlertNumbers.percent(finding.limit)), reference \(AlertNumbers.percent(finding.reference.level)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Check the model server and its dependencies since \(place.since): load, deployments, time-out settings.",
                "Check what the fallback decides in \(place.text): allowing what the model has not seen is an open door.",
                "Look at latency and volume of \(place.text): time-outs follow a slow dependency or a surge.",
            ],
            escalation: "Escalate to \(place.security) at once if the fallback allows, or if few sources cause the failures.",
            recommended: "Make the fallback in \(place.text) challenge instead of allow until the model answers again.")
    }
}

extension MonitorSpec.Rule {
    public static func errorRate(_ rule: ErrorRateRule) -> Self { Self(rule) }
}

extension Measure {
    /// Share of decisions without the model's answer, 0...1.
    public static let errorRate = Measure("error_rate", .share)
}
