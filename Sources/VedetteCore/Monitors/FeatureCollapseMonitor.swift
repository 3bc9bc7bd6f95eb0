/// `feature_collapse`: a feature that used to vary hardly does any more; a constant where there was none.
///
/// Input: the feature's values in the window and in the reference; present ones of the right type only.
/// Output, whichever is further beyond the limit; bad is down. Numbers: standard deviation over
/// the reference's. Booleans and categories: entropy over the reference's, or distinct values
/// over those that a sample of this size from the reference would show (rarefaction:
/// `Σ 1 − (1 − share)^n`, Hurlbert 1971), so that a small window does not look collapsed.
/// Default: below a fifth.
/// Evidence, numbers: the middle 95 % of the window lie in an interval of the sketch's bins; how
/// likely that many would be, were the values dealt out at random between window and reference
/// (Fisher's exact test, or its likelihood ratio), times the number of intervals that could have
/// been chosen. A frozen feature is the case of an interval of one bin. No assumption on tails:
/// a window without the outliers that made the reference's variance is no evidence.
/// Evidence, categories: the likelihood-ratio G-test over the categories.
/// A reference that is itself nearly constant says nothing.
public struct FeatureCollapseRule: MonitorRule {
    /// Effect: spread, entropy or distinct values over the reference's, at most this.
    public var maxRatio = 0.2
    public init() {}

    /// Below this entropy (nats) a reference counts as constant; a boolean of 1 % has 0.056.
    static let leastEntropy = 0.05
    /// A reference needs this many distinct values before their loss is looked at.
    static let leastDistinct = 5.0
    /// Of the window's values, how many the interval of the evidence leaves out on each side.
    static let tail = 0.025

    public static let name = "feature_collapse"
    public static let defaultSeverity = Severity.p0
    public static let keys: [MonitorKey<Self>] = [
        .share(
            "max_ratio", NumberRange(0, 1, includesLower: false, includesUpper: false), \.maxRatio,
            "standard deviation, entropy or distinct values over the reference's, at most this.")
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.features = true
        needs.wholeWindow = true
        return needs
    }

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] { context.features(importantOnly: false) }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let pane = observation.current
        guard subject.index < pane.features.count else { return nil }
        let now = pane.features[subject.index]
        let isNumber = context.schema.features[subject.index].kind == .number
        var before: FeatureDistribution?
        if frozen == nil {
            before = FeatureDistribution(subject.index, in: observation.references)
            guard let before, before.count > 0, before.count >= context.spec.minCount else { return nil }
        }
        guard let collapse = isNumber ? Self.number(now, before, frozen) : Self.category(now, before, frozen) else { return nil }
        let strength = collapse.ratio > 0 ? min(maxRatio / collapse.ratio, Finding.maxStrength) : Finding.maxStrength
        var finding = Finding(
            subject: subject.name, measure: collapse.measure, value: collapse.ratio, limit: maxRatio, level: collapse.level,
            reference: collapse.reference, count: now.present, strength: strength, effectPassed: collapse.ratio <= maxRatio,
            isSufficient: now.present > 0 && now.present >= context.spec.minCount,
            severity: context.isImportant(subject.index) ? nil : context.spec.severity.lowered.lowered,
            sampleRequestIDs: pane.samples.texts, detail: Self.constant(now, isNumber))
        if finding.isSufficient, finding.effectPassed { finding.pValue = collapse.evidence() }
        return finding
    }

    private struct Collapse {
        var measure: Measure
        var ratio: Double
        var level: Double
        var reference: ReferenceSummary
        var evidence: () -> Double
    }

    /// Nil where the reference has no spread.
    private static func number(_ now: FeatureAggregate, _ before: FeatureDistribution?, _ frozen: ReferenceSummary?) -> Collapse? {
        let bins = before.map { FeatureBins(number: now, against: $0.aggregate) }
        guard let reference = frozen ?? bins?.reference, reference.spread > 0 else { return nil }
        let spread = now.moments.standardDeviation ?? 0
        return Collapse(measure: .spreadRatio, ratio: spread / reference.spread, level: spread, reference: reference) {
            guard let before else { return frozen.map { Self.evidence(now, $0) } ?? 1 }
            return Self.evidence(now.quantiles, before.aggregate.quantiles)
        }
    }

    /// Nil where the reference is as good as constant.
    private static func category(_ now: FeatureAggregate, _ before: FeatureDistribution?, _ frozen: ReferenceSummary?) -> Collapse? {
        let bins =
            before.map { FeatureBins(category: now.categories, against: $0.aggregate.categories) }
            ?? frozen.flatMap { FeatureBins(now, kind: .category, frozen: $0) }
        guard let bins else { return nil }
        let reference = bins.reference
        var collapse: Collapse?
        let evidence = { HomogeneityTest.evaluate(reference: reference.bins, current: bins.current)?.pValue ?? 1 }
        if reference.level >= leastEntropy {
            let entropy = now.categories.entropy
            collapse = Collapse(measure: .entropyRatio, ratio: entropy / reference.level, level: entropy, reference: reference, evidence: evidence)
        }
        let expected = expectedDistinct(reference.bins.dropLast(), of: reference.count, in: now.present)
        if expected >= leastDistinct {
            // New values do not make up for lost ones.
            let distinct = Double(zip(reference.bins, bins.current).dropLast().count { $0 > 0 && $1 > 0 })
            let ratio = distinct / expected
            if ratio < collapse?.ratio ?? .infinity {
                collapse = Collapse(measure: .distinctRatio, ratio: ratio, level: distinct, reference: reference, evidence: evidence)
            }
        }
        return collapse
    }

    /// Distinct values that `n` draws from the reference's shares would show on average.
    static func expectedDistinct(_ counts: ArraySlice<Int64>, of total: Int64, in n: Int64) -> Double {
        guard total > 0 else { return 0 }
        return counts.reduce(0) { sum, count in
            guard count < total else { return sum + (n > 0 ? 1 : 0) }
            return sum - RealFunctions.expm1(Double(n) * RealFunctions.log1p(-Double(count) / Double(total)))
        }
    }

    /// Chance that the middle of the window would be as narrow.
    static func evidence(_ now: QuantileSketch, _ before: QuantileSketch) -> Double {
        guard let low = now.quantile(tail), let high = now.quantile(1 - tail) else { return 1 }
        let (mine, theirs) = (now.bins, before.bins)
        let inside = { (bins: [(value: Double, count: Int64)]) in
            bins.reduce(Int64(0)) { $0 + ($1.value >= low && $1.value <= high ? $1.count : 0) }
        }
        let bins = Double(Set(mine.map(\.value)).union(theirs.map(\.value)).count)
        let test = ProportionTest.evaluate(
            current: (inside(mine), now.total), reference: (inside(theirs), before.total), alternative: .greater)
        return min(1, (test?.pValue ?? 1) * bins * (bins + 1) / 2)
    }

    /// The same against the bins of a reference that an alert kept.
    private static func evidence(_ now: FeatureAggregate, _ frozen: ReferenceSummary) -> Double {
        let counts = JointWalk.counts(of: now.quantiles.bins, between: frozen.edges)
        guard counts.count == frozen.bins.count else { return 1 }
        return HomogeneityTest.evaluate(reference: frozen.bins, current: counts)?.pValue ?? 1
    }

    /// The one value, where there is only one.
    private static func constant(_ now: FeatureAggregate, _ isNumber: Bool) -> String? {
        if isNumber, let low = now.moments.min, low == now.moments.max { return AlertNumbers.decimal(low, digits: 4) }
        if !isNumber, now.categories.keptCount == 1, now.categories.other == 0 { return now.categories.categories[0].name }
        return nil
    }

    public func headline(_ finding: Finding) -> String {
        let feature = finding.subject ?? "a feature"
        let what =
            switch finding.measure {
            case .spreadRatio: "standard deviation \(AlertNumbers.decimal(finding.level, digits: 4)) against \(AlertNumbers.decimal(finding.reference.spread, digits: 4))"
            case .entropyRatio: "entropy \(AlertNumbers.decimal(finding.level)) against \(AlertNumbers.decimal(finding.reference.level))"
            default: "\(AlertNumbers.count(Int64(finding.level.rounded()))) of its usual values are left"
            }
        let constant = finding.detail.map { " is constant at \($0)" } ?? " hardly varies"
        return "\(feature)\(constant) in \(AlertNumbers.count(finding.count)) decisions: \(what), "
            + "\(AlertNumbers.percent(finding.value)) of the reference (limit \(AlertNumbers.percent(finding.limit)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        let feature = finding.subject ?? "the feature"
        return Advice(
            actions: [
                "Look up the service that provides \(feature): a stuck cache, a default in place of a failed look-up, or a release since \(place.since)?",
                "Open the sample requests and ask the source for their true values of \(feature).",
                "See what the model does with the constant in \(place.text): compare allow share and mean score with the reference.",
            ],
            escalation: "Escalate to \(place.security) if the allow share of \(place.text) rises, or if only some devices or networks send the constant.",
            recommended: "Treat \(feature) as missing in \(place.text): challenge instead of allow near the threshold until it varies again.")
    }
}

extension MonitorSpec.Rule {
    public static func featureCollapse(_ rule: FeatureCollapseRule) -> Self { Self(rule) }
}

extension Measure {
    /// Standard deviation over the reference's, at least 0.
    public static let spreadRatio = Measure("spread_ratio", .share)
    /// Entropy over the reference's, at least 0.
    public static let entropyRatio = Measure("entropy_ratio", .share)
    /// Distinct known values over those expected from the reference, at least 0.
    public static let distinctRatio = Measure("distinct_ratio", .share)
}
