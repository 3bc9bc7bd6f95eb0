/// `missing_features`: an important feature is absent or null too often.
///
/// Input: per feature, decisions that carry it and that do not, in the window and in the reference.
/// Output: the missing rate, 0...1; bad is up. A feature that is legitimately missing in 37 %
/// of the reference does not fire at 37 %: both bounds must be passed. Where a configuration gives `max_rate` without
/// `min_increase`, that rate alone is enough for a feature whose reference is within it.
/// Default: rate above 5 % and 5 points above the reference; or, two steps less severe, above 0.5 %
/// and ten times the reference: a feature that was never missing has begun to be.
/// Evidence: one-sided test of two proportions, exact (Fisher) where counts are small, by
/// likelihood ratio where they are not: ``ProportionTest``.
/// Without a reference nothing is said: nobody can tell a sparse feature from a lost one then.
/// A value of the wrong type is not missing; it is another monitor's matter.
/// An alert ends against the limit at which it fired, of a loss or of a surge, once neither is passed.
/// Samples: requests of the window without the feature, and no others.
public struct MissingFeaturesMonitor: Sendable {
    public var rule: MissingFeaturesRule
    /// Rows that the window and the reference need each.
    public var minCount: Int64
    /// Of a loss; a surge is two steps less.
    public var severity: Severity

    public init(rule: MissingFeaturesRule, minCount: Int64, severity: Severity = MissingFeaturesRule.defaultSeverity) {
        self.rule = rule
        self.minCount = minCount
        self.severity = severity
    }

    /// What the reference says of one feature; nil when it has too few rows. O(panes).
    public func reference(of feature: Int, in panes: [Pane]) -> ReferenceSummary? {
        var total: Int64 = 0
        var missing: Int64 = 0
        let measured = panes.filter { feature < $0.features.count && $0.features[feature].total > 0 }
        for pane in ComparableWeeks.robust(measured, by: { Double($0.features[feature].missing) / Double($0.features[feature].total) }) {
            total += pane.features[feature].total
            missing += pane.features[feature].missing
        }
        guard total > 0, total >= minCount else { return nil }
        return ReferenceSummary(count: total, level: Double(missing) / Double(total), bins: [missing])
    }

    /// Nil where the slice does not measure features.
    public func finding(_ feature: Int, name: String, in pane: Pane, against reference: ReferenceSummary) -> Finding? {
        guard feature < pane.features.count, let referenceMissing = reference.bins.first else { return nil }
        let aggregate = pane.features[feature]
        let total = aggregate.total
        let rate = total > 0 ? Double(aggregate.missing) / Double(total) : 0
        let limits = MissingLimits(rule, reference)
        let (isLost, isSurge) = (limits.isLost(rate), limits.isSurge(rate))
        var finding = Finding(
            subject: name, measure: .missingRate, value: rate, limit: isSurge && !isLost ? limits.surge : rule.maxRate, level: rate,
            reference: reference, count: total, interval: Evidence.proportionInterval(aggregate.missing, of: total),
            // A surge is told at its limit; only a loss has a size beyond that.
            strength: max(limits.byLoss(rate), min(limits.bySurge(rate), 1)), effectPassed: isLost || isSurge, pValue: 1,
            isSufficient: total > 0 && total >= minCount, severity: isLost ? nil : severity.lowered.lowered, labelMaturity: nil,
            sampleRequestIDs: aggregate.missingSamples.texts)
        if finding.isSufficient, finding.effectPassed {
            finding.detail = "\(AlertNumbers.count(aggregate.null)) null (the look-up failed), "
                + "\(AlertNumbers.count(aggregate.absent)) absent (schema or mapping changed)"
            finding.pValue =
                ProportionTest.evaluate(
                    current: (aggregate.missing, total), reference: (referenceMissing, reference.count), alternative: .greater)?.pValue ?? 1
        }
        return finding
    }
}

/// What a rate of missing values is held against beside one reference.
private struct MissingLimits {
    let rule: MissingFeaturesRule
    /// The reference's missing rate, 0...1.
    let usual: Double
    /// The rate above which it is a surge: both bounds of one.
    let surge: Double
    private let minIncrease: Double

    init(_ rule: MissingFeaturesRule, _ reference: ReferenceSummary) {
        self.rule = rule
        usual = reference.level
        // Of a reference without any, half a missing value in one more row (Haldane 1955).
        let before = reference.bins.first.map { $0 > 0 } == true ? reference.level : 0.5 / Double(reference.count + 1)
        surge = max(rule.surgeRate, rule.surgeRatio * before)
        minIncrease = rule.isRateAlone && reference.level <= rule.maxRate ? 0 : rule.minIncrease
    }

    func isLost(_ rate: Double) -> Bool { rate > rule.maxRate && rate - usual > minIncrease }
    func isSurge(_ rate: Double) -> Bool { rate > surge }
    /// In units of the limit of each.
    func byLoss(_ rate: Double) -> Double { min(Finding.strength(rate, of: rule.maxRate), Finding.strength(rate - usual, of: minIncrease)) }
    func bySurge(_ rate: Double) -> Double { Finding.strength(rate, of: surge) }
}

/// Alarm when too many values of an important feature are missing (absent or null).
public struct MissingFeaturesRule: MonitorRule {
    /// Effect: the missing rate must exceed this, 0...1.
    public var maxRate: Double = 0.05
    /// Effect: and exceed the reference's missing rate by this, 0...1.
    public var minIncrease: Double = 0.05
    /// Whether exceeding `maxRate` is enough for a feature whose reference does not.
    public var isRateAlone = false
    /// Effect: or the missing rate must exceed this, 0...1, ...
    public var surgeRate: Double = 0.005
    /// ... and this many times the reference's.
    public var surgeRatio: Double = 10
    public init() {}

    public static let name = "missing_features"
    public static let defaultSeverity = Severity.p0
    public static let keys: [MonitorKey<Self>] = [
        .share("max_rate", .unit, \.maxRate, "the missing rate must exceed this."),
        .share(
            "min_increase", .unit, \.minIncrease,
            "and exceed the reference's by this; where `max_rate` is given without it, only of features whose reference is above `max_rate`."),
        .share("surge_rate", .unit, \.surgeRate, "or, two steps less severe, the missing rate must exceed this; 1 turns it off."),
        .number("surge_ratio", .factor, \.surgeRatio, "and this many times the reference's."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.features = true
        needs.importantFeatures = true
        return needs
    }

    public mutating func settle(given keys: Set<String>) { isRateAlone = keys.contains("max_rate") && !keys.contains("min_increase") }

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] { context.features(importantOnly: true) }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let monitor = MissingFeaturesMonitor(rule: self, minCount: context.spec.minCount, severity: context.spec.severity)
        guard let name = subject.name, let reference = frozen ?? monitor.reference(of: subject.index, in: observation.references) else { return nil }
        return monitor.finding(subject.index, name: name, in: observation.current, against: reference)
    }

    public func held(_ finding: Finding, firedAt value: Double) -> Finding {
        guard !finding.effectPassed else { return finding }
        let limits = MissingLimits(self, finding.reference)
        var held = finding
        (held.limit, held.strength) = limits.isLost(value) ? (maxRate, limits.byLoss(finding.value)) : (limits.surge, limits.bySurge(finding.value))
        return held
    }

    public func headline(_ finding: Finding) -> String {
        "\(finding.subject ?? "a feature") missing in \(AlertNumbers.percent(finding.value)) of \(AlertNumbers.count(finding.count)) decisions "
            + "(limit \(AlertNumbers.percent(finding.limit)), reference \(AlertNumbers.percent(finding.reference.level)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        let feature = finding.subject ?? "the feature"
        let limit = AlertNumbers.percent(finding.limit)
        return Advice(
            actions: [
                "Look up the service that provides \(feature): errors, timeouts and deployments since \(place.since).",
                "Of the decisions without \(feature): \(finding.detail ?? "null or absent is not known"). "
                    + "Look the sample requests up in your own log: all of them are without it.",
                "See what the model does without \(feature) in \(place.text): compare allow share and mean score with the reference.",
            ],
            escalation: "Escalate to \(place.security) if the allow share of \(place.text) rises, or if the rate stays above \(limit) "
                + "for 30 min after a fix.",
            recommended: "Lower auto-approval in \(place.text) (challenge instead of allow near the threshold) until \(feature) "
                + "is back below \(limit) missing.")
    }
}

extension MonitorSpec.Rule {
    public static func missingFeatures(_ rule: MissingFeaturesRule) -> Self { Self(rule) }
}

extension Measure {
    /// Share of decisions without the feature, 0...1.
    public static let missingRate = Measure("missing_rate", .share)
}
