/// `feature_drift`: the distribution of a feature moved.
///
/// Input: the feature's values in the window and in the reference; present ones of the right type only.
/// Output: the effect that is furthest beyond its limit, of those that the feature's type and
/// `statistic` allow; bad is both ways. Numbers: population stability index over the reference's
/// deciles, mean shift in standard deviations, Kolmogorov–Smirnov distance, Wasserstein distance
/// in standard deviations. Booleans and categories: Jensen–Shannon divergence in nats, or PSI; of more
/// categories than are kept, over a sample of them and the heaviest whose shares moved (``HeavyShifts``).
/// Default (`auto`): PSI and the mean shift for numbers, Jensen–Shannon for the rest.
/// Importance: a feature's effect is multiplied by its `importance` (0...1) before it is held
/// against the limit, so a feature of half the importance must move twice as far.
/// A small shift of a mean, from `notice_sigma` (0.05) on, is told too, at P3, where three weeks or more
/// are compared and it is larger than four times what those differ among themselves: chance is
/// held down by the evidence, and what the weeks do anyway by that.
/// Evidence: of the shape, the likelihood-ratio G-test over the same bins (``HomogeneityTest``),
/// whose critical value depends on n, m and the bins that hold enough; of the mean, the
/// permutation test's tail (``PermutationMeanTail``) on the sketch's bins, which is exact for the
/// binned values and holds for skewed amounts where Welch's does not; of the heaviest categories,
/// Fisher's test times the number of categories. Twice the smaller.
/// A mean that moves by less than the sketch's accuracy (1 %) is an effect without evidence.
public struct FeatureDriftRule: MonitorRule {
    public enum Statistic: String, Sendable, CaseIterable {
        case auto, psi
        case jensenShannon = "js"
        case sigma
        case kolmogorovSmirnov = "ks"
        case wasserstein
    }

    public enum Scope: String, Sendable, CaseIterable {
        case all, important
    }

    public var statistic = Statistic.auto
    public var scope = Scope.all
    public var minPSI = 0.25
    public var minJensenShannon = 0.03
    public var minSigma = 0.5
    public var minKolmogorovSmirnov = 0.2
    /// In standard deviations of the reference.
    public var minWasserstein = 0.5
    /// Shift of a mean that is told at P3, in standard deviations of the reference.
    public var noticeSigma = 0.05
    public init() {}

    /// A shift must exceed what the reference's weeks differ among themselves by this factor to be noticed.
    static let naturalFactor = 4.0

    public static let name = "feature_drift"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .word("statistic", \.statistic, "which distance counts; `auto` is `psi` and `sigma` for numbers and `js` for the rest."),
        .word("features", \.scope, "which features are watched."),
        .number("min_psi", .distance, \.minPSI, "population stability index over the reference's deciles or categories."),
        .number("min_js", .distance, \.minJensenShannon, "Jensen-Shannon divergence in nats."),
        .number("min_sigma", .distance, \.minSigma, "shift of the mean in standard deviations of the reference."),
        .number("min_ks", .unit, \.minKolmogorovSmirnov, "Kolmogorov-Smirnov distance."),
        .number("min_wasserstein", .distance, \.minWasserstein, "Wasserstein distance in standard deviations of the reference."),
        .number(
            "notice_sigma", .distance, \.noticeSigma,
            "a shift of the mean, in standard deviations, that is told at P3 if it is four times what the reference's weeks differ by; 100 turns it off."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.features = true
        needs.wholeWindow = true
        needs.importantFeatures = scope == .important
        return needs
    }

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        context.features(importantOnly: scope == .important)
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let pane = observation.current
        let weight = context.model.importance(of: subject.index)
        guard subject.index < pane.features.count, weight > 0 else { return nil }
        let now = pane.features[subject.index]
        let kind = context.schema.features[subject.index].kind
        let before = frozen == nil ? FeatureDistribution(subject.index, in: observation.references) : nil
        if frozen == nil { guard let before, before.count > 0, before.count >= context.spec.minCount else { return nil } }
        let comparison = FeatureComparison(now, kind: kind, before: before?.aggregate, frozen: frozen)
        guard let comparison else { return nil }
        var effect = largest(comparison, kind)
        var strength = min(effect.strength * weight, Finding.maxStrength)
        var severity = context.isImportant(subject.index) ? nil : context.spec.severity.lowered
        if strength < 1, let small = notice(comparison, kind, natural: before?.naturalShift) {
            let weighted = small.strength * weight
            if weighted >= 1 { (effect, severity) = (small, .p3) }
            strength = max(strength, min(weighted, 1))
        }
        var finding = Finding(
            subject: subject.name, measure: effect.measure, value: effect.value, limit: effect.limit / weight,
            level: kind == .number ? now.moments.mean ?? 0 : now.categories.entropy, reference: comparison.bins.reference, count: now.present,
            interval: effect.measure == .sigma ? Evidence.shiftInterval(effect.value, counts: (now.present, comparison.bins.reference.count)) : nil,
            strength: strength, effectPassed: strength >= 1, isSufficient: now.present > 0 && now.present >= context.spec.minCount,
            severity: severity, sampleRequestIDs: pane.samples.texts)
        finding.detail = kind == .number ? Self.means(finding) : comparison.mover
        if finding.isSufficient, finding.effectPassed { finding.pValue = comparison.pValue }
        return finding
    }

    /// The shift of the mean against what the weeks do anyway; nil where that is not known.
    private func notice(_ comparison: FeatureComparison, _ kind: FeatureKind, natural: Double?) -> Effect? {
        guard kind == .number, statistic == .auto || statistic == .sigma else { return nil }
        guard let natural, let sigma = comparison.sigma, comparison.bins.reference.spread > 0 else { return nil }
        let limit = max(noticeSigma, Self.naturalFactor * natural / comparison.bins.reference.spread)
        return Effect(.sigma, min(sigma, Finding.maxStrength), limit, Finding.strength(sigma, of: limit))
    }

    private typealias Effect = (measure: Measure, value: Double, limit: Double, strength: Double)

    /// The effect furthest beyond its limit, of those that apply.
    private func largest(_ comparison: FeatureComparison, _ kind: FeatureKind) -> Effect {
        var wanted: [(Measure, Double?, Double)] = []
        let isNumber = kind == .number
        switch statistic {
        case .auto where isNumber: wanted = [(.psi, comparison.psi, minPSI), (.sigma, comparison.sigma, minSigma)]
        case .sigma where isNumber: wanted = [(.sigma, comparison.sigma, minSigma)]
        case .kolmogorovSmirnov where isNumber: wanted = [(.kolmogorovSmirnov, comparison.kolmogorovSmirnov, minKolmogorovSmirnov)]
        case .wasserstein where isNumber: wanted = [(.wasserstein, comparison.wasserstein, minWasserstein)]
        case .psi: wanted = [(.psi, comparison.psi, minPSI)]
        default: wanted = [(.jensenShannon, comparison.jensenShannon, minJensenShannon)]
        }
        let effects = wanted.map { measure, value, limit in
            Effect(measure, min(value ?? 0, Finding.maxStrength), limit, Finding.strength(value ?? 0, of: limit))
        }
        return effects.dropFirst().reduce(effects[0]) { $1.strength > $0.strength ? $1 : $0 }
    }

    public func headline(_ finding: Finding) -> String {
        return "\(finding.subject ?? "a feature") moved by \(finding.measure.text(finding.value)) over \(AlertNumbers.count(finding.count)) values "
            + "(limit \(AlertNumbers.decimal(finding.limit))\(finding.detail.map { "; \($0)" } ?? ""))"
    }

    private static func means(_ finding: Finding) -> String {
        "mean \(AlertNumbers.decimal(finding.level, digits: 4)) against \(AlertNumbers.decimal(finding.reference.level, digits: 4))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        let feature = finding.subject ?? "the feature"
        return Advice(
            actions: [
                "Check for a release of the service that provides \(feature) \(place.when) or shortly before: a changed unit, currency, default or code list.",
                "Compare the values of \(feature) in the sample requests with last week's: all shifted alike points to a bug, a new cluster to new traffic.",
                "Check score_drift and outcome_rate of \(place.text): does the model care, and does fraud?",
            ],
            escalation: "Escalate to \(place.security) if no release or campaign explains it within an hour, or if scores move with it.",
            recommended: "Roll back the change of \(feature) if there was one; else raise challenges in \(place.text) where the new values occur, until the cause is known.")
    }
}

/// One feature in a window against its reference: effects and evidence.
struct FeatureComparison {
    let bins: FeatureBins
    private let now: FeatureAggregate
    private let before: FeatureAggregate?
    private let isNumber: Bool
    /// Nil for numbers, and against a reference that was kept.
    private var heavy: (sample: FeatureBins, shifts: HeavyShifts)?

    /// - Parameter before: the reference's values; nil where only `frozen` is left of them.
    init?(_ now: FeatureAggregate, kind: FeatureKind, before: FeatureAggregate?, frozen: ReferenceSummary?) {
        self.now = now
        self.before = before
        isNumber = kind == .number
        if let frozen {
            guard let kept = FeatureBins(now, kind: kind, frozen: frozen) else { return nil }
            bins = kept
        } else if let before, isNumber {
            bins = FeatureBins(number: now, against: before)
        } else if let before {
            let sample = FeatureBins(category: now.categories, against: before.categories)
            let shifts = HeavyShifts(now, against: before, from: sample.reference.cut)
            heavy = (sample, shifts)
            bins = sample.splitting(shifts.shifts)
        } else {
            return nil
        }
    }

    var psi: Double? { Divergence.psi(reference: bins.reference.bins, current: bins.current) }
    var jensenShannon: Double? { Divergence.jensenShannon(reference: bins.reference.bins, current: bins.current) }

    /// Nil for a reference without spread.
    var sigma: Double? {
        guard bins.reference.spread > 0, let mean = now.moments.mean else { return nil }
        return abs(mean - bins.reference.level) / bins.reference.spread
    }

    /// Against a kept reference it is that of its bins, at most the true one.
    var kolmogorovSmirnov: Double? {
        if let before { return FeatureDistances(reference: before.quantiles, current: now.quantiles).kolmogorovSmirnov }
        let (n, m) = (bins.reference.bins.reduce(0, +), bins.current.reduce(0, +))
        guard n > 0, m > 0 else { return nil }
        var (seen, largest): ((Int64, Int64), Double) = ((0, 0), 0)
        for (a, b) in zip(bins.reference.bins, bins.current) {
            seen = (seen.0 + a, seen.1 + b)
            largest = max(largest, abs(Double(seen.0) / Double(n) - Double(seen.1) / Double(m)))
        }
        return largest
    }

    /// In standard deviations of the reference. Against a kept reference it is the mean's shift, at most the true one.
    var wasserstein: Double? {
        guard bins.reference.spread > 0 else { return nil }
        guard let before else { return sigma }
        return FeatureDistances(reference: before.quantiles, current: now.quantiles).wasserstein.map { $0 / bins.reference.spread }
    }

    /// The category that moved most, in words; nil where its name is not known.
    var mover: String? {
        guard let mover = bins.mover else { return nil }
        let name = now.name(of: mover.category) ?? before?.name(of: mover.category)
        let shown = name.map { String(String.UnicodeScalarView($0.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 })) }
        return shown.map { "`\($0)` is \(AlertNumbers.percent(mover.now)) of them, \(AlertNumbers.percent(mover.before)) before" }
    }

    var pValue: Double {
        if let heavy, !heavy.shifts.shifts.isEmpty {
            // The bins of the heaviest are chosen from the data; the sample is not.
            let bySample = HomogeneityTest.evaluate(reference: heavy.sample.reference.bins, current: heavy.sample.current)?.pValue ?? 1
            return min(1, 2 * min(bySample, heavy.shifts.pValue))
        }
        let byShape = HomogeneityTest.evaluate(reference: bins.reference.bins, current: bins.current)?.pValue ?? 1
        guard isNumber else { return byShape }
        let byMean = before.map { PermutationMeanTail.twoSided(now.quantiles.bins, $0.quantiles.bins) } ?? 1
        return min(1, 2 * min(byShape, byMean))
    }
}

extension MonitorSpec.Rule {
    public static func featureDrift(_ rule: FeatureDriftRule) -> Self { Self(rule) }
}

extension Measure {
    /// Jensen–Shannon divergence in nats, 0...ln 2.
    public static let jensenShannon = Measure("jensen_shannon", .index("JS"))
    /// Largest distance of the distribution functions, 0...1.
    public static let kolmogorovSmirnov = Measure("kolmogorov_smirnov", .index("KS"))
    /// Area between the distribution functions, in standard deviations of the reference.
    public static let wasserstein = Measure("wasserstein", .sigma)
}
