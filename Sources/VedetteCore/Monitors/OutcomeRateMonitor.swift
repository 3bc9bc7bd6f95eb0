/// `outcome_rate`: the share of fraud among the labels is a multiple of the reference's.
///
/// Input: fraud and legit labels of the window and of the reference, either those that
/// arrived in it or those of the decisions made in it (`basis`).
/// Output: rate over reference rate; bad is up. A reference without fraud counts as half a
/// fraud in one label more than it has (Haldane 1955; Anscombe 1956), so the ratio is finite.
/// Default: twice the reference, with at least 5 frauds.
/// Evidence: given all frauds of both, how many fall into the window is binomial if nothing
/// changed (exact conditional test, one-sided: ``RateRatio``). Exact for rare fraud, and errs
/// on the safe side where fraud is common among labels. It takes labels as independent: a
/// batch of chargebacks for one event is one event, and only `minFraud` guards against it.
public struct OutcomeRateMonitor: Sendable {
    public var rule: OutcomeRateRule
    /// Labels that the window and the reference need each.
    public var minCount: Int64

    public init(rule: OutcomeRateRule, minCount: Int64) {
        self.rule = rule
        self.minCount = minCount
    }

    /// Fraud labels and all labels of a pane, by the rule's basis.
    private func labels(_ pane: Pane) -> (fraud: Int64, all: Int64) {
        switch rule.basis {
        case .labelArrival: (pane.arrivedFraud, pane.arrived)
        case .decisionTime: (pane.outcomes?.fraud.total ?? 0, pane.labelled)
        }
    }

    /// What the reference says; nil when it has too few labels. O(panes).
    public func reference(in panes: [Pane]) -> ReferenceSummary? {
        var fraud: Int64 = 0
        var all: Int64 = 0
        let labelled = panes.filter { labels($0).all > 0 }
        for pane in ComparableWeeks.robust(labelled, by: { Double(labels($0).fraud) / Double(labels($0).all) }) {
            let part = labels(pane)
            fraud += part.fraud
            all += part.all
        }
        guard all > 0, all >= minCount else { return nil }
        return ReferenceSummary(count: all, level: Double(fraud) / Double(all), bins: [fraud])
    }

    public func finding(in pane: Pane, against reference: ReferenceSummary) -> Finding? {
        guard let referenceFraud = reference.bins.first else { return nil }
        let (fraud, all) = labels(pane)
        let rate = all > 0 ? Double(fraud) / Double(all) : 0
        let expected = referenceFraud > 0 ? reference.level : 0.5 / Double(reference.count + 1)
        let ratio = rate / expected
        let evidence =
            all > 0
            ? RateRatio(
                events: fraud, exposure: Double(all), referenceEvents: referenceFraud, referenceExposure: Double(reference.count)) : nil
        let byRatio = Finding.strength(ratio, of: rule.minRatio)
        let hasEnoughFraud = fraud >= rule.minFraud
        var finding = Finding(
            subject: nil, measure: .rateRatio, value: ratio, limit: rule.minRatio, level: rate, reference: reference, count: all,
            interval: nil,
            strength: hasEnoughFraud ? byRatio : min(byRatio, Finding.strength(Double(fraud), of: Double(rule.minFraud))),
            effectPassed: hasEnoughFraud && ratio >= rule.minRatio, pValue: 1,
            isSufficient: all > 0 && all >= minCount, severity: nil,
            labelMaturity: pane.total > 0 ? Double(pane.labelled) / Double(pane.total) : nil,
            sampleRequestIDs: pane.fraudSamples.texts.isEmpty ? pane.samples.texts : pane.fraudSamples.texts)
        if finding.isSufficient, finding.effectPassed {
            finding.interval = evidence.flatMap { Evidence.ratioInterval($0) }
            finding.pValue = evidence?.test(alternative: .greater).pValue ?? 1
        }
        return finding
    }
}

/// Alarm when the labelled fraud rate of a segment is a multiple of its reference.
public struct OutcomeRateRule: MonitorRule {
    /// What is counted in a window.
    public enum Basis: String, Sendable, CaseIterable {
        /// Labels that arrived in the window.
        case labelArrival = "label_arrival"
        /// Labels, whenever they arrived, of decisions made in the window.
        case decisionTime = "decision_time"
    }
    /// Effect: rate over reference rate.
    public var minRatio: Double = 2
    /// Effect: at least this many fraud labels in the window.
    public var minFraud: Int64 = 5
    public var basis: Basis = .labelArrival
    public init() {}

    public static let name = "outcome_rate"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .number("min_ratio", .factor, \.minRatio, "fraud rate over the reference's."),
        .integer("min_fraud", 1...1_000_000_000, \.minFraud, "at least this many fraud labels in the window."),
        .word("basis", \.basis, "labels that arrived in the window, or labels of decisions made in it."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.labels = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let monitor = OutcomeRateMonitor(rule: self, minCount: context.spec.minCount)
        guard let reference = frozen ?? monitor.reference(in: observation.references) else { return nil }
        return monitor.finding(in: observation.current, against: reference)
    }

    public func headline(_ finding: Finding) -> String {
        "fraud in \(AlertNumbers.percent(finding.level)) of \(AlertNumbers.count(finding.count)) labels, "
            + "\(AlertNumbers.decimal(finding.value)) times the reference \(AlertNumbers.percent(finding.reference.level)) "
            + "(limit \(AlertNumbers.decimal(finding.limit)) times)"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Confirm on the sample requests that the fraud labels are real and not a mislabelled batch from one source.",
                "Find what the frauds in \(place.text) share (device, merchant, amount, account age) and add a rule for it.",
                "Compare the scores of the frauds with the thresholds: just below one points to probing, far below to a blind spot.",
            ],
            escalation: "Escalate to \(place.security) at once if the frauds share a pattern, or if the ratio exceeds "
                + "\(AlertNumbers.decimal(2 * finding.limit)) times.",
            recommended: "Raise challenges in \(place.text) until the fraud rate is back near \(AlertNumbers.percent(finding.reference.level)).")
    }
}

extension MonitorSpec.Rule {
    public static func outcomeRate(_ rule: OutcomeRateRule) -> Self { Self(rule) }
}

extension Measure {
    /// Fraud rate of the labels over that of the reference's, at least 0.
    public static let rateRatio = Measure("rate_ratio", .times)
}
