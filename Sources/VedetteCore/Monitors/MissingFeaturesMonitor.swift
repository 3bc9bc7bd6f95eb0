/// `missing_features`: an important feature is absent or null too often.
///
/// Input: per feature, decisions that carry it and that do not, in the window and in the reference.
/// Output: the missing rate, 0...1; bad is up. A feature that is legitimately missing in 37 %
/// of the reference does not fire at 37 %: both bounds must be passed.
/// Default: rate above 5 % and 5 points above the reference.
/// Evidence: one-sided test of two proportions, exact (Fisher) where counts are small, by
/// likelihood ratio where they are not: ``ProportionTest``.
/// Without a reference nothing is said: nobody can tell a sparse feature from a lost one then.
/// A value of the wrong type is not missing; it is another monitor's matter.
public struct MissingFeaturesMonitor: Sendable {
    public var rule: MissingFeaturesRule
    /// Rows that the window and the reference need each.
    public var minCount: Int64

    public init(rule: MissingFeaturesRule, minCount: Int64) {
        self.rule = rule
        self.minCount = minCount
    }

    /// What the reference says of one feature; nil when it has too few rows. O(panes).
    public func reference(of feature: Int, in panes: [Pane]) -> ReferenceSummary? {
        var total: Int64 = 0
        var missing: Int64 = 0
        for pane in panes where feature < pane.features.count {
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
        let increase = rate - reference.level
        var finding = Finding(
            subject: name, measure: .missingRate, value: rate, limit: rule.maxRate, level: rate, reference: reference,
            count: total, interval: Evidence.proportionInterval(aggregate.missing, of: total),
            strength: min(Finding.strength(rate, of: rule.maxRate), Finding.strength(increase, of: rule.minIncrease)),
            effectPassed: rate > rule.maxRate && increase > rule.minIncrease, pValue: 1,
            isSufficient: total > 0 && total >= minCount, severity: nil, labelMaturity: nil, sampleRequestIDs: pane.samples.texts)
        if finding.isSufficient, finding.effectPassed {
            finding.pValue =
                ProportionTest.evaluate(
                    current: (aggregate.missing, total), reference: (referenceMissing, reference.count), alternative: .greater)?.pValue ?? 1
        }
        return finding
    }
}
