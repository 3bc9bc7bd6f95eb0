/// `volume`: traffic drops or surges.
///
/// Input: decisions in the window, and in one window (previous, pinned) or several (same hours
/// of previous weeks) of the reference, all of one length; a baseline file has another length
/// and says nothing here. The reference's windows must be whole: one that reaches back before
/// the stream began makes any traffic a surge.
/// Output: decisions over the reference's mean; bad is both ways. Default: below half, or above twice.
/// Evidence: each window's true rate is taken as gamma-distributed about one mean, with Poisson
/// counts on top; given all decisions, those of the window are then beta-binomial, exactly.
/// How much true rates vary from window to window is the references' own variance beyond
/// counting where there are at least ``windowsForOwnVariance``, and never less than
/// ``assumedVariation``, which with a single reference is all there is. Counted twice for the
/// two directions.
/// No traffic at all is a drop, and one step more severe than the monitor's severity.
/// A slice whose reference is below the least count is never judged.
public struct VolumeMonitor: Sendable {
    /// Standard deviation of a window's true rate, relative to its mean, that is assumed at least.
    public static let assumedVariation = 0.05
    /// Windows of reference from which on their own variance counts.
    public static let windowsForOwnVariance = 3

    public var rule: VolumeRule
    /// Decisions that the reference needs on average; the window needs none.
    public var minCount: Int64
    public var severity: Severity

    public init(rule: VolumeRule, minCount: Int64, severity: Severity) {
        self.rule = rule
        self.minCount = minCount
        self.severity = severity
    }

    /// What the reference says; nil when its mean is too small. O(panes).
    public func reference(in panes: [Pane]) -> ReferenceSummary? {
        guard !panes.isEmpty else { return nil }
        let windows = Double(panes.count)
        let mean = panes.reduce(0.0) { $0 + Double($1.total) } / windows
        guard mean > 0, mean >= Double(minCount) else { return nil }
        var variation = Self.assumedVariation * Self.assumedVariation
        if panes.count >= Self.windowsForOwnVariance {
            let squares = panes.reduce(0.0) { $0 + (Double($1.total) - mean) * (Double($1.total) - mean) }
            variation = max(variation, (squares / (windows - 1) - mean) / (mean * mean))
        }
        return ReferenceSummary(count: Int64(panes.count), level: mean, spread: variation)
    }

    public func finding(in pane: Pane, against reference: ReferenceSummary) -> Finding {
        let total = Double(pane.total)
        let ratio = total / reference.level
        let isDrop = ratio < 1
        let passed = isDrop ? ratio < rule.maxDropRatio : ratio > rule.minSurgeRatio
        let limit = isDrop ? rule.maxDropRatio : rule.minSurgeRatio
        // Relative variance of the window and of the references' mean.
        let own = 1 / reference.level + reference.spread
        let ofReference = own / Double(reference.count)
        var finding = Finding(
            subject: nil, measure: .volumeRatio, value: ratio, limit: limit, level: total, reference: reference, count: pane.total,
            interval: Evidence.logInterval(ratio, variance: own + ofReference),
            strength: isDrop ? Self.dropStrength(ratio, limit) : Finding.strength(ratio, of: limit),
            effectPassed: passed, pValue: 1, isSufficient: true, severity: pane.total == 0 ? severity.raised : nil, labelMaturity: nil,
            sampleRequestIDs: pane.samples.texts)
        if passed {
            let tail = Evidence.countTail(
                pane.total, others: reference.level * Double(reference.count), windows: reference.count,
                relativeVariance: reference.spread)
            finding.pValue = min(1, 2 * tail)
        }
        return finding
    }

    private static func dropStrength(_ ratio: Double, _ limit: Double) -> Double {
        guard limit > 0 else { return 0 }
        return ratio > 0 ? min(limit / ratio, Finding.maxStrength) : Finding.maxStrength
    }
}
