/// `outcome_rate`: the rate of fraud is a multiple of the reference's.
///
/// Input: fraud and legit labels of the window and of the reference by their delay, either those that
/// arrived in it or those of the decisions made in it; or fraud labels that arrived, per decision (`basis`).
/// Output: frauds over those that the reference's shares lead to expect among labels of the same
/// delays; bad is up. So a window whose labels are young is not compared with one whose labels are
/// mature, and labels that came later than any of the reference's (at the start of a stream, or of a
/// source) say nothing yet. A reference without fraud counts as half a fraud in one label more than
/// it has (Haldane 1955; Anscombe 1956), so the ratio is finite.
/// Labels count for the requests that they stand for, so that it makes no difference what share of the
/// honest requests is labelled; where the window and the reference are sampled differently, neither.
/// Where nobody says legit, the share of fraud is always 1, and only `fraud_per_decision` can tell a rise.
/// Default: twice the reference, with at least 5 frauds.
/// Evidence: ``StratifiedShare``, given the frauds and labels of both in each class of delay, made comparable
/// by ``SampledShare/comparable(with:)``; one-sided. With one class it is the exact conditional test of two
/// rates, and per decision that of two Poisson counts. It takes labels as
/// independent: a batch of chargebacks for one event is one event, and only `minFraud` guards
/// against it.
public struct OutcomeRateMonitor: Sendable {
    public var rule: OutcomeRateRule
    /// Labels (per decision: decisions) that the window and the reference need each.
    public var minCount: Int64

    public init(rule: OutcomeRateRule, minCount: Int64) {
        self.rule = rule
        self.minCount = minCount
    }

    /// Fraud among labels by class of delay; per decision, one class of fraud labels among decisions.
    private func shares(_ pane: Pane) -> [SampledShare] {
        switch rule.basis {
        case .labelArrival: Self.shares(pane.arrivedAges)
        case .decisionTime: Self.shares(pane.outcomeAges)
        case .fraudPerDecision: [SampledShare(fraudPerDecision: pane)]
        }
    }

    private static func shares(_ ages: LabelAges) -> [SampledShare] { (0..<LabelAges.classes).map { ages.share($0) } }

    private static func sum(_ shares: [SampledShare]) -> SampledShare { shares.reduce(SampledShare(), +) }

    /// What the reference says; nil when it has too few labels. O(panes).
    public func reference(in panes: [Pane]) -> ReferenceSummary? {
        let labelled = panes.map { self.shares($0) }.filter { Self.sum($0).labels > 0 }
        let kept = ComparableWeeks.robust(labelled) { Self.sum($0).rate }
        guard let first = kept.first else { return nil }
        let shares = kept.dropFirst().reduce(first) { sums, week in zip(sums, week).map { $0 + $1 } }
        let all = Self.sum(shares)
        guard all.labels > 0, all.labels >= minCount else { return nil }
        return ReferenceSummary(count: all.labels, level: all.rate, shares: shares)
    }

    public func finding(in pane: Pane, against reference: ReferenceSummary, maturity: Double? = nil) -> Finding? {
        let current = shares(pane)
        guard let before = reference.shares, before.count == current.count else { return nil }
        let sums = Sums(current, before)
        let (now, known) = (sums.now, sums.before)
        var matched = reference
        matched.level = sums.standard > 0 ? sums.standard / now.weight : 0
        let least = 0.5 / (known.weight + 1)
        let ratio = now.rate / (sums.standard > 0 ? matched.level : least)
        let byRatio = Finding.strength(ratio, of: rule.minRatio)
        let fraud = now.events.count
        let hasEnoughFraud = fraud >= rule.minFraud
        var finding = Finding(
            subject: nil, measure: .rateRatio, value: ratio, limit: rule.minRatio, level: now.rate, reference: matched, count: now.labels,
            interval: nil,
            strength: hasEnoughFraud ? byRatio : min(byRatio, Finding.strength(Double(fraud), of: Double(rule.minFraud))),
            effectPassed: hasEnoughFraud && ratio >= rule.minRatio, pValue: 1,
            isSufficient: now.labels > 0 && now.labels >= minCount, severity: nil, labelMaturity: maturity,
            sampleRequestIDs: pane.fraudSamples.texts.isEmpty ? pane.samples.texts : pane.fraudSamples.texts)
        if finding.isSufficient, finding.effectPassed {
            finding.interval = interval(sums, ratio)
            finding.pValue = rule.basis == .fraudPerDecision ? now.perDecisionTail(before: known) : sums.evidence.upperTail()
        }
        return finding
    }

    /// Of the classes that both have labels of.
    private struct Sums {
        var now = SampledShare()
        var before = SampledShare()
        /// Requests with fraud that the reference's rates lead to expect.
        var standard = 0.0
        /// Counts of both, made comparable.
        var evidence = StratifiedShare()
        var events = 0.0
        var referenceEvents = 0.0

        init(_ current: [SampledShare], _ reference: [SampledShare]) {
            for (now, before) in zip(current, reference) where now.labels > 0 && before.labels > 0 {
                self.now = self.now + now
                self.before = self.before + before
                standard += now.weight * before.rate
                let counts = now.comparable(with: before)
                evidence.add(events: counts.events, of: counts.total, reference: counts.referenceEvents, of: counts.referenceTotal)
                events += counts.events
                referenceEvents += counts.referenceEvents
            }
        }
    }

    /// Of the ratio: the exact one of two counts, exposures in units of the reference's frauds.
    private func interval(_ sums: Sums, _ ratio: Double) -> AlertEvent.Interval? {
        let (events, before) = (sums.events.rounded(), sums.referenceEvents.rounded())
        guard before > 0, events > 0, ratio > 0 else { return nil }
        return Evidence.ratioInterval(
            RateRatio(events: Int64(events), exposure: events / ratio, referenceEvents: Int64(before), referenceExposure: before))
    }
}

extension SampledShare {
    /// Fraud labels that arrived among the decisions made meanwhile, for as many as they stand for. Of few decisions there
    /// may be fewer than labels; sums over panes come right all the same.
    init(fraudPerDecision pane: Pane) {
        let fraud = pane.arrivedAges.share.events
        let (all, labels) = (Double(pane.total), Double(fraud.count))
        self.init(
            events: fraud,
            // Squares as if the others weighed the same, to first order.
            others: SampledCount(count: pane.total - fraud.count, weight: all - fraud.weight, squares: all - 2 * fraud.weight + labels))
    }

    /// Chance of at least so many frauds, given those of both, if there were as many per decision as in the reference:
    /// binomial, by decisions over what a label stands for (Przyborowski and Wilenski 1940).
    func perDecisionTail(before: SampledShare) -> Double {
        guard events.count > 0 else { return 1 }
        let mean = (events.meanWeight ?? 1, before.events.meanWeight ?? events.meanWeight ?? 1)
        let (now, then) = (Double(labels) / mean.0, Double(before.labels) / mean.1)
        guard then > 0 else { return 1 }
        let effect = max(events.designEffect, before.events.designEffect)
        return IncompleteFunctions.beta(
            Double(events.count) / effect, Double(before.events.count) / effect + 1, now / (now + then), then / (now + then))
    }
}

extension ReferenceSummary {
    /// Shares of events by stratum: counts of events and of others, and, where labels are weighted, what they weigh in
    /// requests and the squares of that, as ``edges``.
    init(count: Int64, level: Double, shares: [SampledShare]) {
        let parts = shares.map(\.events) + shares.map(\.others)
        let isWeighted = parts.contains { $0 != SampledCount($0.count) }
        self.init(count: count, level: level, edges: isWeighted ? parts.map(\.weight) + parts.map(\.squares) : [], bins: parts.map(\.count))
    }

    /// Nil where it is not of shares.
    var shares: [SampledShare]? {
        guard bins.count % 2 == 0, edges.isEmpty || edges.count == 2 * bins.count else { return nil }
        let part = { (index: Int) in
            edges.isEmpty
                ? SampledCount(bins[index]) : SampledCount(count: bins[index], weight: edges[index], squares: edges[bins.count + index])
        }
        let half = bins.count / 2
        return (0..<half).map { SampledShare(events: part($0), others: part(half + $0)) }
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
        /// Fraud labels that arrived in the window, per decision made in it: where nobody says legit.
        case fraudPerDecision = "fraud_per_decision"
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
        .word(
            "basis", \.basis,
            "labels that arrived in the window, labels of decisions made in it, or fraud labels that arrived per decision made (where nobody says legit)."),
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
        return monitor.finding(in: observation.current, against: reference, maturity: observation.labelContext?.maturity?.fraud)
    }

    public func headline(_ finding: Finding) -> String {
        "fraud in \(AlertNumbers.percent(finding.level)) of \(AlertNumbers.count(finding.count)) \(basis == .fraudPerDecision ? "decisions" : "labels"), "
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
