/// `schema_change`: a field vanishes, appears or changes its type.
///
/// Input: per feature, decisions in which it is absent or of the wrong type, in the window and in the reference.
/// Output, the worst of: share absent where it used to be there (`absent_rate`); share of the
/// wrong type (`wrong_type_rate`); share present where it used to be absent (`present_rate`), one
/// step less severe. Default: absent in 99 % and in less than half of the reference, or the
/// other way round; wrong type in 5 % and 5 points above the reference.
/// A field that is there but null is not a change of schema: that is `missing_features`.
/// Evidence: test of two proportions (``ProportionTest``), counted three times.
/// A mapped field that is no feature (latency, status, amount, thresholds, a slice dimension) and vanishes is two steps less severe.
/// A field that is not declared and appears in 5 % (`undeclared_rate`) is two steps less severe.
/// Samples: requests of the window with the wrong type, or without the field; of what has appeared, any.
public struct SchemaChangeRule: MonitorRule {
    /// Effect: share of decisions that a vanished field is absent in, and a new one was.
    public var minAbsent = 0.99
    /// Effect: share of decisions with a value of the wrong type, and increase against the reference.
    public var minWrongType = 0.05
    /// Effect: share of decisions that have a new field which is not declared.
    public var minUndeclared = 0.05
    public init() {}

    /// A field is known in a reference where it is absent in less than this, and there in a window likewise.
    static let known = 0.5

    public static let name = "schema_change"
    public static let defaultSeverity = Severity.p0
    public static let keys: [MonitorKey<Self>] = [
        .share(
            "min_absent", NumberRange(0.5, 1, includesLower: false), \.minAbsent,
            "a field has vanished where it is absent in this share of decisions, and was absent in less than half of the reference."),
        .share(
            "min_wrong_type", NumberRange(0, 1, includesLower: false), \.minWrongType,
            "a field has changed its type where this share is of the wrong type, and as much more than in the reference."),
        .share(
            "min_undeclared", NumberRange(0, 1, includesLower: false), \.minUndeclared,
            "a field that is not declared has appeared where this share has it, and the first that had it came within the last 7 days."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.features = true
        needs.undeclared = true
        return needs
    }

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        context.features(importantOnly: false) + undeclaredSubjects(of: observation, context) + mappedSubjects(of: observation)
    }

    /// What became of a field: the share of decisions that are marked by it, in the window and in the reference.
    struct Change {
        var measure: Measure
        var value: Double
        var limit: Double
        var strength: Double
        var marked: Int64
        var referenceMarked: Int64
        var severity: Severity?
        /// Of the marked ones; nil where they are not known, and any of the window's decisions has to do.
        var samples: SampleSet?
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        if subject.index >= context.schema.features.count { return undeclaredFinding(subject, in: observation, context) }
        if Self.isMapped(subject) { return mappedFinding(subject, in: observation, frozen: frozen, context) }
        let features = observation.current.features
        guard subject.index < features.count, let reference = frozen ?? reference(of: subject.index, in: observation.references, context) else { return nil }
        let now = features[subject.index]
        guard let change = changes(now, against: reference, context, subject.index).max(by: { $0.strength < $1.strength }) else { return nil }
        return finding(subject, change, of: now.total, against: reference, in: observation, context, looks: 3)
    }

    /// - Parameters:
    ///   - total: decisions of which the change marks some.
    ///   - looks: of how many changes it is the worst.
    func finding(
        _ subject: MonitorSubject, _ change: Change, of total: Int64, against reference: ReferenceSummary, in observation: Observation,
        _ context: MonitorContext, looks: Double = 1
    ) -> Finding {
        var finding = Finding(
            subject: subject.name, measure: change.measure, value: change.value, limit: change.limit, level: change.value,
            reference: reference, count: total, interval: Evidence.proportionInterval(change.marked, of: total),
            strength: change.strength, effectPassed: change.strength >= 1,
            isSufficient: total > 0 && total >= context.spec.minCount, severity: change.severity,
            sampleRequestIDs: (change.samples ?? observation.current.samples).texts)
        finding.reference.level = reference.count > 0 ? Double(change.referenceMarked) / Double(reference.count) : 0
        if finding.isSufficient, finding.effectPassed {
            let test = ProportionTest.evaluate(
                current: (change.marked, total), reference: (change.referenceMarked, reference.count), alternative: .greater)
            finding.pValue = min(1, looks * (test?.pValue ?? 1))
        }
        return finding
    }

    /// Absent ones and those of the wrong type; nil when there are too few rows.
    private func reference(of feature: Int, in panes: [Pane], _ context: MonitorContext) -> ReferenceSummary? {
        let present = ComparableWeeks.robust(panes.filter { feature < $0.features.count && $0.features[feature].total > 0 }) { pane in
            Double(pane.features[feature].absent + pane.features[feature].wrongType) / Double(pane.features[feature].total)
        }
        let measured = present.map { $0.features[feature] }
        let total = measured.reduce(0) { $0 + $1.total }
        guard total > 0, total >= context.spec.minCount else { return nil }
        return ReferenceSummary(
            count: total, level: 0, bins: [measured.reduce(0) { $0 + $1.absent }, measured.reduce(0) { $0 + $1.wrongType }])
    }

    private func changes(_ now: FeatureAggregate, against reference: ReferenceSummary, _ context: MonitorContext, _ feature: Int) -> [Change] {
        guard now.total > 0, reference.bins.count == 2 else { return [] }
        let severity = context.isImportant(feature) ? nil : context.spec.severity.lowered.lowered
        let share = { (count: Int64, total: Int64) in Double(count) / Double(total) }
        let absent = (now: share(now.absent, now.total), before: share(reference.bins[0], reference.count))
        let wrong = (now: share(now.wrongType, now.total), before: share(reference.bins[1], reference.count))
        return [
            Change(
                measure: .wrongTypeRate, value: wrong.now, limit: minWrongType,
                strength: min(Finding.strength(wrong.now, of: minWrongType), Finding.strength(wrong.now - wrong.before, of: minWrongType)),
                marked: now.wrongType, referenceMarked: reference.bins[1], severity: severity, samples: now.wrongTypeSamples),
            Change(
                measure: .absentRate, value: absent.now, limit: minAbsent,
                strength: absent.before < Self.known ? Finding.strength(absent.now, of: minAbsent) : 0,
                marked: now.absent, referenceMarked: reference.bins[0], severity: severity, samples: now.missingSamples),
            Change(
                measure: .presentRate, value: 1 - absent.now, limit: 1 - Self.known,
                strength: absent.before >= minAbsent ? Finding.strength(1 - absent.now, of: 1 - Self.known) : 0,
                marked: now.total - now.absent, referenceMarked: reference.count - reference.bins[0],
                severity: (severity ?? context.spec.severity).lowered),
        ]
    }

    public func headline(_ finding: Finding) -> String {
        let feature = finding.subject ?? "a feature"
        let numbers = "in \(AlertNumbers.percent(finding.value)) of \(AlertNumbers.count(finding.count)) decisions "
            + "(limit \(AlertNumbers.percent(finding.limit)), reference \(AlertNumbers.percent(finding.reference.level)))"
        switch finding.measure {
        case .undeclaredRate:
            return "\(feature) has appeared: in \(AlertNumbers.percent(finding.value)) of \(AlertNumbers.count(finding.count)) decisions "
                + "(limit \(AlertNumbers.percent(finding.limit)), in none of \(AlertNumbers.count(finding.reference.count)) before)"
        case .absentRate: return "\(feature) has vanished: absent \(numbers)"
        case .presentRate: return "\(feature) has appeared: present \(numbers)"
        default: return "\(feature) has changed its type: not of the declared type \(numbers)"
        }
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        let feature = finding.subject ?? "the feature"
        if finding.measure == .undeclaredRate { return undeclaredAdvice(feature, at: place) }
        if Self.isMapped(finding) { return mappedAdvice(feature, at: place) }
        return Advice(
            actions: [
                "Look for a release of the producer or of the mapping \(place.when) or shortly before: \(feature) renamed, moved or written in another type?",
                "Open a sample request as it was sent and look for \(feature) under another name or as text instead of a number.",
                "See what the model does without \(feature) in \(place.text): compare allow share and mean score with the reference.",
            ],
            escalation: "Escalate to \(place.security) if no release explains it: requests that leave a field out may be made by hand.",
            recommended: "Roll back the release that changed \(feature), or adapt the mapping; until then challenge instead of allow near the threshold in \(place.text).")
    }
}

extension MonitorSpec.Rule {
    public static func schemaChange(_ rule: SchemaChangeRule) -> Self { Self(rule) }
}

extension Measure {
    /// Share of decisions in which the field is absent, 0...1.
    public static let absentRate = Measure("absent_rate", .share)
    /// Share of decisions in which the field is there, 0...1.
    public static let presentRate = Measure("present_rate", .share)
    /// Share of decisions in which the field has another type, 0...1.
    public static let wrongTypeRate = Measure("wrong_type_rate", .share)
}
