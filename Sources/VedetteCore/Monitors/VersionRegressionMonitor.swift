/// `version_regression`: the newest model version does worse than the one before it on the same window.
///
/// Input: decisions, scores and outcomes by model version, both of the same window, so that the
/// traffic is the same as far as it is shared out at random. Versions that never ran together
/// are not compared: that is `score_drift`'s and `performance`'s matter.
/// Output, each a subject of its own: recall at intervention lower by `min_recall_drop`,
/// false-positive rate higher by a factor, AUC lower by `min_auc_drop`, allow share apart by
/// `min_share_change` in either direction, mean score apart by `min_sigma` in either direction.
/// The labels are those of decisions of the window, so young windows say little of outcomes.
/// Labels count for the requests that they stand for (``SampledShare``).
/// An alert names the newer version. While that runs beside an older one it is judged on, newest or not;
/// when one side has left the window (below ``gone`` of its decisions) and the rest is enough to know that, it is over.
/// Evidence: two proportions (``ProportionTest``), DeLong's test for AUC
/// (``AreaUnderCurve/test(current:reference:alternative:)``), the permutation test's tail for the
/// scores (``PermutationMeanTail``).
public struct VersionRegressionRule: MonitorRule {
    public var minRecallDrop = 0.1
    public var minFalsePositiveRatio = 1.5
    public var minAUCDrop = 0.03
    public var minShareChange = 0.1
    public var minSigma = 0.5
    public init() {}

    enum Aspect: Int, CaseIterable {
        case recall, falsePositives, auc, allowShare, score

        var word: String {
            switch self {
            case .recall: "recall"
            case .falsePositives: "false positives"
            case .auc: "AUC"
            case .allowShare: "allow share"
            case .score: "mean score"
            }
        }

        /// Of the labels that it rests on; nil where none, or before the nowcast has learned.
        func maturity(_ context: LabelContext?) -> Double? {
            switch self {
            case .recall, .auc: context?.maturity?.fraud
            case .falsePositives: context?.maturity?.legit
            case .allowShare, .score: nil
            }
        }

        var measure: Measure {
            switch self {
            case .recall: .recallDrop
            case .falsePositives: .falsePositiveRatio
            case .auc: .aucDrop
            case .allowShare: .shareChange
            case .score: .sigma
            }
        }
    }

    public static let name = "version_regression"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .share("min_recall_drop", .openUnit, \.minRecallDrop, "recall (caught by challenge, block or escalation) lower by this."),
        .number("min_fpr_ratio", .factor, \.minFalsePositiveRatio, "false-positive rate over the previous version's."),
        .share("min_auc_drop", .openUnit, \.minAUCDrop, "AUC lower by this."),
        .share("min_share_change", .openUnit, \.minShareChange, "allow share apart by this."),
        .number("min_sigma", .distance, \.minSigma, "mean score apart by this many standard deviations of the previous version's."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.versions = true
        needs.labels = true
        needs.reference = false
        return needs
    }

    public var referenceLabel: String? { "other_version" }

    /// A version with fewer than `min_count` decisions and less than this share of the window's has left it;
    /// one with more of them, but fewer than `min_count`, may only be rare at this hour.
    static let gone = 0.01

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        newest(observation, context).map { subjects(of: observation.versions[$0]) } ?? []
    }

    public func formerSubjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        let compared = newest(observation, context)
        return observation.versions.indices.filter { $0 != compared }.flatMap { subjects(of: observation.versions[$0]) }
    }

    private func subjects(of version: VersionPane) -> [MonitorSubject] {
        Aspect.allCases.map { MonitorSubject(name: Self.name(of: version, $0), index: $0.rawValue) }
    }

    private static func name(of version: VersionPane, _ aspect: Aspect) -> String { "\(version.name): \(aspect.word)" }

    /// Place of the newest version with enough decisions, where an older one has enough, too.
    private func newest(_ observation: Observation, _ context: MonitorContext) -> Int? {
        let place = observation.versions.lastIndex { isActive($0, context) }
        return place.flatMap { opponent(of: $0, observation, context) == nil ? nil : $0 }
    }

    /// Of the versions with enough decisions that are older than the one at `place`, that with most.
    private func opponent(of place: Int, _ observation: Observation, _ context: MonitorContext) -> VersionPane? {
        observation.versions[..<place].filter { isActive($0, context) }.max { $0.current.total < $1.current.total }
    }

    private func isActive(_ version: VersionPane, _ context: MonitorContext) -> Bool {
        version.current.total > 0 && version.current.total >= context.spec.minCount
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        guard let aspect = Aspect(rawValue: subject.index),
            let place = observation.versions.firstIndex(where: { Self.name(of: $0, aspect) == subject.name })
        else { return nil }
        let new = observation.versions[place]
        guard isActive(new, context), let old = opponent(of: place, observation, context) else { return over(aspect, place, observation, context) }
        guard var finding = finding(aspect, new.current, old.current) else { return nil }
        finding.subject = subject.name
        finding.detail = "\(new.name) against \(old.name)"
        finding.labelMaturity = aspect.maturity(observation.labelContext)
        if !finding.effectPassed { finding.pValue = 1 }
        return finding
    }

    /// The end of a comparison: nil where neither side has surely left.
    private func over(_ aspect: Aspect, _ place: Int, _ observation: Observation, _ context: MonitorContext) -> Finding? {
        let (versions, least) = (observation.versions, max(context.spec.minCount, 1))
        let total = versions.reduce(0) { $0 + $1.current.total }
        guard total >= least else { return nil }
        let isGone = { (version: VersionPane) in
            version.current.total < least && Double(version.current.total) < Self.gone * Double(total)
        }
        let new = versions[place]
        let what: String
        if isGone(new) {
            what = "version \(new.name) makes \(AlertNumbers.count(new.current.total)) of the window's \(AlertNumbers.count(total)) decisions"
        } else if versions[..<place].allSatisfy(isGone) {
            what = "no version before \(new.name) makes decisions in the window"
        } else {
            return nil
        }
        var finding = Finding(
            subject: Self.name(of: new, aspect), measure: aspect.measure, value: 0, limit: limit(of: aspect), level: 0,
            reference: ReferenceSummary(count: 0, level: 0), count: new.current.total, strength: 0, effectPassed: false, isSufficient: true,
            sampleRequestIDs: [])
        finding.ended = "no longer compared: \(what)"
        return finding
    }

    private func limit(of aspect: Aspect) -> Double {
        switch aspect {
        case .recall: minRecallDrop
        case .falsePositives: minFalsePositiveRatio
        case .auc: minAUCDrop
        case .allowShare: minShareChange
        case .score: minSigma
        }
    }

    private func finding(_ aspect: Aspect, _ new: Pane, _ old: Pane) -> Finding? {
        switch aspect {
        case .recall:
            return rates(labelled(.fraud, new), labelled(.fraud, old), .recallDrop, minRecallDrop, new, .less) { $1 - $0 }
        case .falsePositives:
            let (a, b) = (labelled(.legit, new), labelled(.legit, old))
            return rates(a, b, .falsePositiveRatio, minFalsePositiveRatio, new, .greater) { $0 / max($1, 0.5 / (b.weight + 1)) }
        case .allowShare: return rates(allowed(new), allowed(old), .shareChange, minShareChange, new, .twoSided) { abs($0 - $1) }
        case .auc: return areas(new, old)
        case .score: return scores(new, old)
        }
    }

    /// Decisions that intervened, among the labels of one outcome.
    private func labelled(_ outcome: Outcome, _ pane: Pane) -> SampledShare { pane.boxedOutcomes?.outcomes.intervened(outcome) ?? SampledShare() }

    private func allowed(_ pane: Pane) -> SampledShare {
        SampledShare(events: SampledCount(pane.decisions.allow), others: SampledCount(pane.total - pane.decisions.allow))
    }

    private func rates(
        _ a: SampledShare, _ b: SampledShare, _ measure: Measure, _ limit: Double, _ pane: Pane, _ alternative: Alternative,
        effect: (Double, Double) -> Double
    ) -> Finding? {
        // Without labels nothing is known; an alert whose labels were all taken back is withdrawn for want of them.
        let isKnown = a.labels > 0 && b.labels > 0
        let value = isKnown ? max(0, effect(a.rate, b.rate)) : 0
        var finding = Finding(
            subject: nil, measure: measure, value: value, limit: limit, level: a.rate, reference: ReferenceSummary(count: b.labels, level: b.rate),
            count: a.labels, strength: Finding.strength(value, of: limit), effectPassed: value >= limit, pValue: 1,
            isSufficient: isKnown, sampleRequestIDs: pane.samples.texts)
        guard isKnown, finding.effectPassed else { return finding }
        let counts = a.comparable(with: b)
        finding.pValue = ProportionTest.evaluate(current: counts.current, reference: counts.reference, alternative: alternative)?.pValue ?? 1
        return finding
    }

    private func areas(_ new: Pane, _ old: Pane) -> Finding? {
        guard let a = new.boxedOutcomes.flatMap({ AreaUnderCurve(fraud: $0.outcomes.fraudScores, legit: $0.outcomes.legitScores) }),
            let b = old.boxedOutcomes.flatMap({ AreaUnderCurve(fraud: $0.outcomes.fraudScores, legit: $0.outcomes.legitScores) })
        else { return nil }
        let drop = max(0, b.value - a.value)
        return Finding(
            subject: nil, measure: .aucDrop, value: drop, limit: minAUCDrop, level: a.value,
            reference: ReferenceSummary(count: b.fraudCount + b.legitCount, level: b.value), count: a.fraudCount + a.legitCount,
            strength: Finding.strength(drop, of: minAUCDrop), effectPassed: drop >= minAUCDrop,
            pValue: AreaUnderCurve.test(current: a, reference: b, alternative: .less)?.pValue ?? 1,
            // The normal tail of DeLong's test wants some frauds on both sides.
            isSufficient: min(a.fraudCount, b.fraudCount) >= 30, sampleRequestIDs: new.samples.texts)
    }

    private func scores(_ new: Pane, _ old: Pane) -> Finding? {
        guard let mean = new.score.mean, let before = old.score.mean else { return nil }
        let spread = max(old.score.standardDeviation ?? 0, ScoreDriftMonitor.leastSpread)
        let sigma = min(abs(mean - before) / spread, Finding.maxStrength)
        return Finding(
            subject: nil, measure: .sigma, value: sigma, limit: minSigma, level: mean,
            reference: ReferenceSummary(count: old.score.count, level: before, spread: spread), count: new.score.count,
            interval: Evidence.shiftInterval(sigma, counts: (new.score.count, old.score.count)),
            strength: Finding.strength(sigma, of: minSigma), effectPassed: sigma >= minSigma,
            pValue: sigma >= minSigma ? PermutationMeanTail.twoSided(new.scores, old.scores) : 1, isSufficient: true,
            sampleRequestIDs: new.samples.texts)
    }

    public func headline(_ finding: Finding) -> String {
        if let ended = finding.ended { return "\(finding.subject ?? "it") \(ended)" }
        let isShare = finding.measure != .sigma && finding.measure != .aucDrop
        let text = { (value: Double) in isShare ? AlertNumbers.percent(value) : AlertNumbers.decimal(value, digits: 4) }
        let aspect = finding.subject.flatMap { $0.split(separator: ": ").last.map(String.init) } ?? "it"
        return "version \(finding.detail ?? ""): \(aspect) \(text(finding.level)) against \(text(finding.reference.level)) in the same window, "
            + "\(AlertNumbers.count(finding.count)) rows (\(finding.measure.text(finding.value)), limit \(finding.measure.text(finding.limit)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Check how traffic is shared out between the versions: at random, or by country, channel or customer?",
                "Compare the same slices of both versions; a difference in all of them is the version's.",
                "Compare the versions' missing features: a new version may read a feature under another name.",
            ],
            escalation: "Escalate to \(place.security) if the new version lets through what the old one caught, and fraud follows it.",
            recommended: "Stop the roll-out in \(place.text) and send its traffic back to the previous version until the difference is understood.")
    }
}

extension MonitorSpec.Rule {
    public static func versionRegression(_ rule: VersionRegressionRule) -> Self { Self(rule) }
}

extension Measure {
    /// Recall of the other version minus this one's, 0...1.
    public static let recallDrop = Measure("recall_drop", .share)
    /// False-positive rate over the other version's, at least 0.
    public static let falsePositiveRatio = Measure("false_positive_ratio", .times)
    /// AUC of the other version minus this one's, 0...1.
    public static let aucDrop = Measure("auc_drop", .index("AUC lower by"))
    /// Distance of two shares, 0...1.
    public static let shareChange = Measure("share_change", .share)
}
