/// `volume`: traffic drops or surges.
///
/// Input: decisions in the window, and in one window (previous, pinned) or several (same hours
/// of previous weeks) of the reference, all of one length; a baseline file has another length
/// and is refused. A window of the reference without any decisions is a zero like any other number, unless all are:
/// a slice with traffic in one week of four is not expected to have some. The reference's windows must be whole:
/// one that reaches back before the stream began makes any traffic a surge.
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
        // The middle one, so that a bad week does not move what is expected; what it adds to the variation stays.
        let level = panes.count >= ComparableWeeks.least ? Self.median(panes.map { Double($0.total) }) : mean
        guard level > 0, level >= Double(minCount) else { return nil }
        return ReferenceSummary(count: Int64(panes.count), level: level, spread: variation)
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
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

/// Alarm when traffic drops or surges.
public struct VolumeRule: MonitorRule {
    /// Effect: volume over reference below this is a drop.
    public var maxDropRatio: Double = 0.5
    /// Effect: volume over reference above this is a surge.
    public var minSurgeRatio: Double = 2
    public init() {}

    public static let name = "volume"
    public static let defaultSeverity = Severity.p1
    public static let keys: [MonitorKey<Self>] = [
        .number(
            "max_drop_ratio", NumberRange(0, 1, includesUpper: false), \.maxDropRatio,
            "volume over the reference's below this is a drop."),
        .number(
            "min_surge_ratio", NumberRange(1, 1_000_000, includesLower: false), \.minSurgeRatio,
            "volume over the reference's above this is a surge."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.wholeWindow = true
        needs.countsTraffic = true
        needs.isCarriedBySlices = true
        return needs
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let monitor = VolumeMonitor(rule: self, minCount: context.spec.minCount, severity: context.spec.severity)
        guard let reference = frozen ?? monitor.reference(in: observation.references) else { return nil }
        return monitor.finding(in: observation.current, against: reference)
    }

    public func limits(_ finding: Finding) -> String? {
        "\(AlertNumbers.decimal(maxDropRatio)) and \(AlertNumbers.decimal(minSurgeRatio)) times"
    }

    public func headline(_ finding: Finding) -> String {
        "\(AlertNumbers.count(finding.count)) decisions, \(AlertNumbers.decimal(finding.value)) times the reference "
            + "\(AlertNumbers.count(Int64(finding.reference.level.rounded()))) (\(limitWords(finding)))"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        finding.value < 1
            ? Advice(
                actions: [
                    "Check whether producers still publish decisions of \(place.text), and the consumer's lag: lost traffic or lost telemetry?",
                    "Check routing and releases upstream since \(place.since); make sure no traffic bypasses the model.",
                ],
                escalation: "Escalate to \(place.security) if traffic reaches the decision service but not the model.",
                recommended: "Restore the flow; do not tune the model or its thresholds on this window's data.")
            : Advice(
                actions: [
                    "Check for a campaign, a retry storm or a replayed topic; look at the duplicates of \(place.text).",
                    "If requests are alike (one device, network or card range), limit their rate at the edge.",
                ],
                escalation: "Escalate to \(place.security) if the surge comes from few devices or networks, or latency rises with it.",
                recommended: "Raise challenges for the requests that make up the surge in \(place.text); keep thresholds for the rest.")
    }
}

extension MonitorSpec.Rule {
    public static func volume(_ rule: VolumeRule) -> Self { Self(rule) }
}

extension Measure {
    /// Decisions over those of the reference, at least 0.
    public static let volumeRatio = Measure("volume_ratio", .times)
}
