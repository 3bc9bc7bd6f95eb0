/// `outcome_rate`: the share of fraud among the labels is a multiple of the reference's.
///
/// Input: fraud and legit labels of the window and of the reference by their delay, either those that
/// arrived in it or those of the decisions made in it (`basis`).
/// Output: frauds over those that the reference's shares lead to expect among labels of the same
/// delays; bad is up. So a window whose labels are young is not compared with one whose labels are
/// mature, and labels that came later than any of the reference's (at the start of a stream, or of a
/// source) say nothing yet. A reference without fraud counts as half a fraud in one label more than
/// it has (Haldane 1955; Anscombe 1956), so the ratio is finite.
/// Default: twice the reference, with at least 5 frauds.
/// Evidence: ``StratifiedShare``, given the frauds and labels of both in each class of delay;
/// one-sided. With one class it is the exact conditional test of two rates. It takes labels as
/// independent: a batch of chargebacks for one event is one event, and only `minFraud` guards
/// against it.
public struct OutcomeRateMonitor: Sendable {
    public var rule: OutcomeRateRule
    /// Labels that the window and the reference need each.
    public var minCount: Int64

    public init(rule: OutcomeRateRule, minCount: Int64) {
        self.rule = rule
        self.minCount = minCount
    }

    private func ages(_ pane: Pane) -> LabelAges {
        switch rule.basis {
        case .labelArrival: pane.arrivedAges
        case .decisionTime: pane.outcomeAges
        }
    }

    /// What the reference says; nil when it has too few labels. O(panes).
    ///
    /// Its bins are the frauds of each class of delay, then all labels of each.
    public func reference(in panes: [Pane]) -> ReferenceSummary? {
        let labelled = panes.filter { total(ages($0)).all > 0 }
        var sum = LabelAges()
        for pane in ComparableWeeks.robust(labelled, by: { crudeRate(ages($0)) }) { sum.merge(ages(pane)) }
        let (fraud, all) = total(sum)
        guard all > 0, all >= minCount else { return nil }
        let classes = 0..<LabelAges.classes
        return ReferenceSummary(
            count: all, level: Double(fraud) / Double(all), bins: classes.map { sum.fraud($0) } + classes.map { sum.labels($0) })
    }

    private func total(_ ages: LabelAges) -> (fraud: Int64, all: Int64) {
        (0..<LabelAges.classes).reduce(into: (0, 0)) {
            $0.fraud += ages.fraud($1)
            $0.all += ages.labels($1)
        }
    }

    private func crudeRate(_ ages: LabelAges) -> Double {
        let (fraud, all) = total(ages)
        return Double(fraud) / Double(all)
    }

    public func finding(in pane: Pane, against reference: ReferenceSummary) -> Finding? {
        guard reference.bins.count == 2 * LabelAges.classes else { return nil }
        let ages = ages(pane)
        var shares = StratifiedShare()
        var (before, all) = (0.0, 0.0)
        for delay in 0..<LabelAges.classes where ages.labels(delay) > 0 {
            let (fraud, labels) = (Double(reference.bins[delay]), Double(reference.bins[LabelAges.classes + delay]))
            shares.add(events: Double(ages.fraud(delay)), of: Double(ages.labels(delay)), reference: fraud, of: labels)
            before += fraud
            all += labels
        }
        let (fraud, count) = (Int64(shares.events), Int64(shares.total))
        let rate = count > 0 ? shares.events / shares.total : 0
        var matched = reference
        matched.level = shares.standard > 0 ? shares.standard / shares.total : 0
        let ratio = rate / (shares.standard > 0 ? matched.level : 0.5 / (all + 1))
        let byRatio = Finding.strength(ratio, of: rule.minRatio)
        let hasEnoughFraud = fraud >= rule.minFraud
        var finding = Finding(
            subject: nil, measure: .rateRatio, value: ratio, limit: rule.minRatio, level: rate, reference: matched, count: count,
            interval: nil,
            strength: hasEnoughFraud ? byRatio : min(byRatio, Finding.strength(Double(fraud), of: Double(rule.minFraud))),
            effectPassed: hasEnoughFraud && ratio >= rule.minRatio, pValue: 1,
            isSufficient: count > 0 && count >= minCount, severity: nil,
            labelMaturity: pane.total > 0 ? Double(pane.labelled) / Double(pane.total) : nil,
            sampleRequestIDs: pane.fraudSamples.texts.isEmpty ? pane.samples.texts : pane.fraudSamples.texts)
        if finding.isSufficient, finding.effectPassed {
            finding.interval = interval(shares, referenceEvents: before)
            finding.pValue = shares.upperTail()
        }
        return finding
    }

    /// Of the ratio: the exact one of two counts, the reference's exposure in units of its own frauds.
    private func interval(_ shares: StratifiedShare, referenceEvents: Double) -> AlertEvent.Interval? {
        guard referenceEvents > 0, shares.standard > 0 else { return nil }
        return Evidence.ratioInterval(
            RateRatio(
                events: Int64(shares.events), exposure: shares.standard, referenceEvents: Int64(referenceEvents),
                referenceExposure: referenceEvents))
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
