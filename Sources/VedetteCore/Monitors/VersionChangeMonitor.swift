/// `version_change`: another model version decides than in the reference.
///
/// Input: decisions by model version, in the window and in the reference.
/// Output: the share of a version that hardly decided anything in the reference; neither
/// direction is bad: it is said once, so that what moves with it (scores, decision shares) has
/// its explanation, and findings that a new version moves carry ``FindingCause/versionChange``.
/// Default: a share of 10 %, and less than that in the reference. A roll-back is a change, too.
/// Evidence: test of two proportions (``ProportionTest``).
/// It ends when the reference holds the version as well.
public struct VersionChangeRule: MonitorRule {
    /// Effect: share of the window's decisions by a version that had less of the reference's.
    public var minShare = 0.1
    public init() {}

    public static let name = "version_change"
    public static let defaultSeverity = Severity.p2
    public static let keys: [MonitorKey<Self>] = [
        .share(
            "min_share", NumberRange(0, 1, includesLower: false), \.minShare,
            "share of the decisions by a version that made less than this share of the reference's.")
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.versions = true
        return needs
    }

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        observation.versions.indices.map { MonitorSubject(name: observation.versions[$0].name, index: $0) }
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        let total = observation.versions.reduce(0) { $0 + $1.current.total }
        let before = observation.versions.reduce(0) { $0 + $1.referenceTotal }
        guard subject.index < observation.versions.count, before > 0, before >= context.spec.minCount else { return nil }
        let version = observation.versions[subject.index]
        let share = total > 0 ? Double(version.current.total) / Double(total) : 0
        let reference = ReferenceSummary(count: before, level: Double(version.referenceTotal) / Double(before))
        let isNew = reference.level < minShare
        var finding = Finding(
            subject: version.name, measure: .versionShare, value: share, limit: minShare, level: share, reference: reference,
            count: total, interval: Evidence.proportionInterval(version.current.total, of: total),
            // A share that grows is the roll-out going on, not a worse fault.
            strength: isNew ? min(1, Finding.strength(share, of: minShare)) : 0, effectPassed: isNew && share >= minShare,
            isSufficient: total > 0 && total >= context.spec.minCount, sampleRequestIDs: version.current.samples.texts, cause: .versionChange)
        finding.detail = scores(version, observation)
        if finding.isSufficient, finding.effectPassed {
            finding.pValue =
                ProportionTest.evaluate(
                    current: (version.current.total, total), reference: (version.referenceTotal, before), alternative: .greater)?.pValue ?? 1
        }
        return finding
    }

    /// What the version does to scores and decisions, beside what was there before.
    private func scores(_ version: VersionPane, _ observation: Observation) -> String? {
        guard let mean = version.current.score.mean, let first = observation.references.first else { return nil }
        let moments = observation.references.dropFirst().reduce(into: first.score) { $0.merge($1.score) }
        let (allowed, all) = observation.references.reduce((Int64(0), Int64(0))) { ($0.0 + $1.decisions.allow, $0.1 + $1.total) }
        guard let before = moments.mean, all > 0, version.current.total > 0 else { return nil }
        let allow = AlertNumbers.percent(Double(version.current.decisions.allow) / Double(version.current.total))
        return "its mean score is \(AlertNumbers.decimal(mean, digits: 4)) against \(AlertNumbers.decimal(before, digits: 4)), "
            + "it allows \(allow) against \(AlertNumbers.percent(Double(allowed) / Double(all)))"
    }

    public func cleared(_ finding: Finding) -> String? {
        finding.reference.level >= minShare
            ? "the reference has the version as well by now (\(AlertNumbers.percent(finding.reference.level)) of it)"
            : "the version makes \(AlertNumbers.percent(finding.value)) of the decisions"
    }

    public func headline(_ finding: Finding) -> String {
        "version \(finding.subject ?? "?") makes \(AlertNumbers.percent(finding.value)) of \(AlertNumbers.count(finding.count)) decisions "
            + "(\(AlertNumbers.percent(finding.reference.level)) in the reference)" + (finding.detail.map { "; \($0)" } ?? "")
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        let version = finding.subject ?? "the version"
        return Advice(
            actions: [
                "Ask \(place.owner) whether the release of \(version) was planned for the time \(place.when).",
                "If it was, compare scores, decision shares and latency with what its evaluation promised.",
                "If it was not, find out who deployed \(version), and roll back.",
            ],
            escalation: "Escalate to \(place.security) if nobody knows of the release, or if version_regression fires.",
            recommended: "Planned: pin new references once \(version) has run for a week. Not planned: roll back.")
    }
}

extension MonitorSpec.Rule {
    public static func versionChange(_ rule: VersionChangeRule) -> Self { Self(rule) }
}

extension Measure {
    /// Share of decisions by one model version, 0...1.
    public static let versionShare = Measure("version_share", .share)
}
