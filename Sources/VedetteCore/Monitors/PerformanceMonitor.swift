/// `performance`: recall, precision, AUC or calibration is below a bound, or worse than it was.
///
/// Input: the labels of the window's decisions, and for recall and precision the nowcast's cohorts.
/// Output: the share expected in the end of the cohorts since the change, or the AUC, or the expected
/// calibration error as known; bad is down, for calibration up. The share is that before, moved by
/// the odds ratio of labels of like delay; the nowcast of the metric records would lean on the
/// cohorts before the change, which is what is in doubt here.
/// Default: recall at block 20 points below what it was before, with at least 8 labels since.
/// Evidence: recall and precision by ``PerformanceScan``; AUC by the placement test against the
/// reference, or against the bound, with few labels by Hoeffding's bound; calibration by the tails of
/// the frauds in its ten bins (``CalibrationCheck``).
///
/// Its reference for recall and precision is the model's own past: all cohorts that are kept, up
/// to the change. AUC takes the configured reference.
public struct PerformanceRule: MonitorRule {
    public enum Metric: String, Sendable, CaseIterable {
        case recall, precision, auc, calibration
    }

    /// What counts as caught.
    public enum Point: String, Sendable, CaseIterable {
        case block
        case challengeOrBlock = "challenge_or_block"
    }

    public var metric: Metric = .recall
    public var point: Point = .block
    /// Effect: below this in any case; 0 for no bound. For calibration the error must exceed `maxError`.
    public var minValue = 0.0
    /// Effect: or below the reference by this.
    public var minDrop = 0.2
    public var maxError = 0.1
    /// Labels since the change (frauds for AUC and calibration) before anything is said.
    public var minLabels: Int64 = 8
    /// Cohorts younger than this are left out, for recall and precision; 0 takes all that have closed.
    public var minAgeMs: Int64 = 0
    public init() {}

    public static let name = "performance"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .word("metric", \.metric, "what is judged."),
        .word("point", \.point, "what counts as caught, for recall and precision."),
        .share("min_value", .unit, \.minValue, "recall, precision or AUC below this is bad in any case; 0 for no bound."),
        .share("min_drop", .openUnit, \.minDrop, "below its reference by this is bad; for recall and precision the reference is the model's own past."),
        .share("max_error", .openUnit, \.maxError, "an expected calibration error above this is bad."),
        .integer("min_labels", 1...1_000_000_000, \.minLabels, "labels since the change (frauds for AUC and calibration) before anything is said."),
        .duration(
            "min_age", 0...31_622_400_000, \.minAgeMs,
            "recall and precision: decisions younger than this are left out; 0 takes all, which are compared with older ones at like delay."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.labels = true
        needs.cohorts = true
        // The cohorts are their own past.
        needs.reference = metric == .auc
        return needs
    }

    public var referenceLabel: String? { metric == .recall || metric == .precision ? "own_past" : nil }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        switch metric {
        case .recall, .precision: shareFinding(observation, context)
        case .auc: areaFinding(observation, frozen)
        case .calibration: calibrationFinding(observation)
        }
    }

    public func headline(_ finding: Finding) -> String {
        let limit = "limit \(finding.measure.text(finding.limit))"
        switch metric {
        case .recall, .precision:
            let raw = finding.raw.map { finding.measure.text($0) } ?? "unknown"
            let mature = finding.labelMaturity.map { ", \(AlertNumbers.percent($0)) of the fraud labels in" } ?? ""
            return "\(metric.rawValue) at \(point.rawValue) \(finding.measure.text(finding.value)) expected, \(raw) of "
                + "\(AlertNumbers.count(finding.count)) labels so far\(mature); \(finding.detail ?? "") "
                + "(before \(finding.measure.text(finding.reference.level)), \(limit))"
        case .auc:
            return "AUC \(AlertNumbers.decimal(finding.value, digits: 3)) over \(AlertNumbers.count(finding.count)) labels "
                + "(reference \(AlertNumbers.decimal(finding.reference.level, digits: 3)), limit \(AlertNumbers.decimal(finding.limit, digits: 3)))"
        case .calibration:
            return "scores are off the fraud rate by \(finding.measure.text(finding.value)) on average, over "
                + "\(AlertNumbers.count(finding.count)) labels (\(limit))"
        }
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Read `raw`, `value` and `label_maturity`: how many labels is this on, and do they come from more than one source?",
                "Open the sample requests (missed frauds first): what do they share, and what were their scores?",
                "Compare with score_drift and missing_features of \(place.text): if inputs and scores look as ever, the fraud has changed, not the model's data.",
            ],
            escalation: "Escalate to \(place.security) at once if the missed frauds share a pattern: then somebody has found a blind spot.",
            recommended: "Lower auto-approval in \(place.text) (challenge below the usual threshold) until the model or a rule catches the pattern; "
                + "do not retrain on these labels before they are understood.")
    }
}

// MARK: Recall and precision

extension PerformanceRule {
    private var measure: NowcastMeasure {
        switch (metric, point) {
        case (.precision, .block): .precisionAtBlock
        case (.precision, .challengeOrBlock): .precisionAtIntervention
        case (_, .block): .recallAtBlock
        case (_, .challengeOrBlock): .recallAtIntervention
        }
    }

    private func shareFinding(_ observation: Observation, _ context: MonitorContext) -> Finding? {
        guard let outlook = observation.outlook?.matured(minAgeMs),
            let scan = PerformanceScan(
                outlook, good: measure.numerator, bad: measure.complement, bound: minValue,
                minBefore: Double(max(context.spec.minCount, 1)), minAfter: Double(minLabels)),
            let value = scan.value, scan.before != nil || minValue > 0
        else { return nil }
        let before = scan.before ?? minValue
        let limit = max(0, minValue, scan.before.map { $0 - minDrop } ?? 0)
        let known = scan.good + scan.bad
        let labels = Int64(known.rounded())
        let kind = metric == .recall ? "missed" : "wrong"
        return Finding(
            subject: nil, measure: Measure(metric.rawValue, .share), value: value, limit: limit, level: value,
            reference: ReferenceSummary(count: Int64(scan.labelsBefore.rounded()), level: before), count: labels,
            interval: scan.interval.map { AlertEvent.Interval(low: $0.lower, high: $0.upper, confidence: 0.95) },
            strength: Self.strength(of: value, before: before, limit: limit), effectPassed: value < limit,
            pValue: pValue(scan, value), isSufficient: labels >= minLabels,
            labelMaturity: outlook.maturity(from: scan.since)?.fraud, sampleRequestIDs: observation.fraudSamples,
            detail: "\(AlertNumbers.count(Int64(scan.bad.rounded()))) \(kind) since \(AlertNumbers.time(scan.since)) UTC",
            raw: known > 0 ? scan.good / known : nil)
    }

    /// For each limit that is passed the evidence that it takes; both cost twice.
    private func pValue(_ scan: PerformanceScan, _ value: Double) -> Double {
        var values: [Double] = []
        if let before = scan.before, value < before - minDrop { values.append(scan.changePValue) }
        if value < minValue { values.append(scan.boundPValue) }
        return values.min().map { min(1, Double(values.count) * $0) } ?? 1
    }

    /// The drop in units of the one that is allowed, so that 1 is at the limit.
    private static func strength(of value: Double, before: Double, limit: Double) -> Double {
        before > limit ? Finding.strength(before - value, of: before - limit) : (value < limit ? Finding.strength(limit, of: max(value, 1e-3)) : 0)
    }
}

// MARK: AUC and calibration

extension PerformanceRule {
    private func areaFinding(_ observation: Observation, _ frozen: ReferenceSummary?) -> Finding? {
        guard let labels = observation.current.boxedOutcomes,
            let area = AreaUnderCurve(fraud: labels.outcomes.fraudScores, legit: labels.outcomes.legitScores), let error = area.standardError
        else { return nil }
        let reference = frozen ?? Self.areaReference(observation.references, minLabels)
        guard reference != nil || minValue > 0 else { return nil }
        let before = reference?.level ?? minValue
        let limit = max(minValue, reference.map { $0.level - minDrop } ?? 0)
        return Finding(
            subject: nil, measure: Measure("auc", .index("AUC")), value: area.value, limit: limit, level: area.value,
            reference: reference ?? ReferenceSummary(count: 0, level: before), count: area.fraudCount + area.legitCount,
            interval: AlertEvent.Interval(low: max(0, area.value - 1.96 * error), high: min(1, area.value + 1.96 * error), confidence: 0.95),
            strength: Self.strength(of: area.value, before: before, limit: limit), effectPassed: area.value < limit,
            pValue: area.lowerTail(of: max(minValue, reference?.level ?? 0), error: reference?.spread ?? 0) ?? 1,
            isSufficient: area.fraudCount >= minLabels && area.legitCount >= minLabels,
            labelMaturity: observation.outlook?.maturity(from: nil)?.fraud, sampleRequestIDs: observation.fraudSamples, raw: area.value)
    }

    /// AUC of all reference panes together, its standard error as the spread.
    private static func areaReference(_ panes: [Pane], _ minLabels: Int64) -> ReferenceSummary? {
        var fraud: ScoreSketch?
        var legit: ScoreSketch?
        for labels in panes.compactMap(\.boxedOutcomes) {
            if fraud == nil { (fraud, legit) = (labels.outcomes.fraudScores, labels.outcomes.legitScores) } else {
                fraud?.merge(labels.outcomes.fraudScores)
                legit?.merge(labels.outcomes.legitScores)
            }
        }
        guard let fraud, let legit, let area = AreaUnderCurve(fraud: fraud, legit: legit), area.fraudCount >= minLabels,
            area.legitCount >= minLabels, let error = area.standardError
        else { return nil }
        return ReferenceSummary(count: area.fraudCount + area.legitCount, level: area.value, spread: error)
    }

    private func calibrationFinding(_ observation: Observation) -> Finding? {
        guard let outcomes = observation.current.outcomes, let outlook = observation.outlook else { return nil }
        let check = CalibrationCheck(
            fraud: outcomes.scoredLabels(.fraud), legit: outcomes.scoredLabels(.legit), arrived: (outlook.arrived(.fraud), outlook.arrived(.legit)),
            designEffect: max(outcomes.all(.fraud).designEffect, outcomes.all(.legit).designEffect), above: maxError)
        guard let error = check.expectedError else { return nil }
        return Finding(
            subject: nil, measure: Measure("calibration_error", .share), value: error, limit: maxError, level: error,
            reference: ReferenceSummary(count: 0, level: 0), count: outcomes.labelled, strength: Finding.strength(error, of: maxError),
            effectPassed: error > maxError, pValue: check.pValue, isSufficient: outcomes.fraud.total >= minLabels,
            labelMaturity: outlook.maturity(from: nil)?.fraud, sampleRequestIDs: observation.fraudSamples, raw: error)
    }
}

extension Observation {
    fileprivate var fraudSamples: [String] {
        current.fraudSamples.texts.isEmpty ? current.samples.texts : current.fraudSamples.texts
    }
}

extension MonitorSpec.Rule {
    public static func performance(_ rule: PerformanceRule) -> Self { Self(rule) }
}
