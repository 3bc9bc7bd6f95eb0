/// `score_drift`: the distribution of a model's scores moved.
///
/// Input: mean, variance and distribution of the scores in the window and in the reference.
/// Output: either the shift of the mean in standard deviations of the reference, or the
/// population stability index over the reference's deciles, whichever is further beyond its
/// limit; bad is both ways (a model that goes blind scores lower, an attack or a broken
/// feature may score either way). Default: 0.25 standard deviations, or PSI 0.25.
/// Evidence: for the mean, the permutation test's tail (``PermutationMeanTail``), which unlike
/// Welch's holds for skewed scores at p-values of 1e-10; for the shape, the likelihood-ratio
/// G-test over the same bins (``HomogeneityTest``), whose chi-square tail is right on the
/// exponential scale where that of PSI or Pearson is not (Hoeffding 1965). The p-value is
/// twice the smaller.
public struct ScoreDriftMonitor: Sendable {
    /// A reference spread below this counts as this: a constant model would make any tick a shift.
    public static let leastSpread = 0.001

    public var rule: ScoreDriftRule
    /// Rows that the window and the reference need each.
    public var minCount: Int64

    public init(rule: ScoreDriftRule, minCount: Int64) {
        self.rule = rule
        self.minCount = minCount
    }

    /// What the reference says, and its whole distribution; nil when it has too few rows.
    ///
    /// Both distributions have to be binned at one resolution, or a heap of equal scores may
    /// fall on different sides of an edge: `pane` is the window it will be compared with.
    /// O(distinct scores) and panes.
    public func reference(in panes: [Pane], for pane: Pane) -> (summary: ReferenceSummary, scores: ScoreSketch)? {
        let panes = ComparableWeeks.robust(panes) { $0.score.mean }
        guard let first = panes.first else { return nil }
        // Folding pending adds in changes no value and spares every reading below a copy.
        for pane in panes { pane.scores.compact() }
        pane.scores.compact()
        var moments = first.score
        var scores = first.scores
        for pane in panes.dropFirst() {
            moments.merge(pane.score)
            scores.merge(pane.scores)
        }
        guard moments.count > 0, moments.count >= minCount, let mean = moments.mean else { return nil }
        scores.compact()
        scores = scores.coarsened(toLevel: pane.scores.level)
        let edges = Distances.decileEdges(of: scores) ?? []
        let summary = ReferenceSummary(
            count: moments.count, level: mean, spread: moments.standardDeviation ?? 0, edges: edges,
            bins: Distances.counts(of: scores, between: edges), sketchLevel: scores.level)
        return (summary, scores)
    }

    /// - Parameter scores: the reference's distribution, where it is at hand; without it the mean's evidence is left out.
    public func finding(in pane: Pane, against reference: ReferenceSummary, scores: ScoreSketch?) -> Finding {
        let count = pane.score.count
        let mean = pane.score.mean ?? reference.level
        let spread = max(reference.spread, Self.leastSpread)
        let sigma = min(abs(mean - reference.level) / spread, Finding.maxStrength)
        // A window that is coarser than a reference kept from earlier cannot be binned as it was.
        let isComparable = pane.scores.level <= reference.sketchLevel
        let bins = Distances.counts(of: pane.scores.coarsened(toLevel: reference.sketchLevel), between: reference.edges)
        let psi = isComparable ? Divergence.psi(reference: reference.bins, current: bins) ?? 0 : 0
        let bySigma = Finding.strength(sigma, of: rule.minSigma)
        let byPSI = Finding.strength(psi, of: rule.minPSI)
        let isShape = byPSI > bySigma
        var finding = Finding(
            subject: nil, measure: isShape ? .psi : .sigma, value: isShape ? psi : sigma,
            limit: isShape ? rule.minPSI : rule.minSigma, level: mean, reference: reference, count: count,
            interval: isShape ? nil : Evidence.shiftInterval(sigma, counts: (count, reference.count)),
            strength: max(bySigma, byPSI), effectPassed: sigma >= rule.minSigma || psi >= rule.minPSI, pValue: 1,
            isSufficient: count > 0 && count >= minCount, severity: nil, labelMaturity: nil,
            sampleRequestIDs: pane.samples.texts)
        if finding.isSufficient, finding.effectPassed {
            let byMean = scores.map { PermutationMeanTail.twoSided(pane.scores, $0) } ?? 1
            let byShape = isComparable ? HomogeneityTest.evaluate(reference: reference.bins, current: bins)?.pValue ?? 1 : 1
            finding.pValue = min(1, 2 * min(byMean, byShape))
        }
        return finding
    }
}

/// Alarm when the score distribution moved.
public struct ScoreDriftRule: MonitorRule {
    /// Effect: shift of the mean in standard deviations of the reference.
    public var minSigma: Double = 0.25
    /// Effect: population stability index over the reference's deciles; either effect suffices.
    public var minPSI: Double = 0.25
    public init() {}

    public static let name = "score_drift"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .number("min_sigma", .distance, \.minSigma, "shift of the mean in standard deviations of the reference; this or `min_psi` suffices."),
        .number("min_psi", .distance, \.minPSI, "population stability index over the reference's deciles."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.isMovedByVersion = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let monitor = ScoreDriftMonitor(rule: self, minCount: context.spec.minCount)
        if let frozen { return monitor.finding(in: observation.current, against: frozen, scores: nil) }
        guard let reference = monitor.reference(in: observation.references, for: observation.current) else { return nil }
        return monitor.finding(in: observation.current, against: reference.summary, scores: reference.scores)
    }

    public func headline(_ finding: Finding) -> String {
        let count = AlertNumbers.count(finding.count)
        let means = "\(AlertNumbers.decimal(finding.level, digits: 4)) against \(AlertNumbers.decimal(finding.reference.level, digits: 4))"
        let (value, limit) = (AlertNumbers.decimal(finding.value), AlertNumbers.decimal(finding.limit))
        return finding.measure == .sigma
            ? "mean score \(means), \(value) sigma over \(count) decisions (limit \(limit) sigma)"
            : "score distribution moved, PSI \(value) over \(count) decisions (limit \(limit); mean score \(means))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Check for a model, feature or configuration release \(place.when) or shortly before.",
                "Check missing_features and volume of \(place.text): lost inputs and a changed mix of traffic move scores first.",
                "If neither, compare sample requests with the reference: many alike requests point to an attack.",
            ],
            escalation: "Escalate to \(place.security) if no release explains it within 30 min, or if the effect exceeds "
                + "\(finding.measure.text(2 * finding.limit)).",
            recommended: "If a release explains it, roll back to the previous version; else raise challenges in \(place.text) until the cause is known.")
    }
}

extension MonitorSpec.Rule {
    public static func scoreDrift(_ rule: ScoreDriftRule) -> Self { Self(rule) }
}
