/// A field of a decision, beside its features, that the mapping reads and panes count.
enum MappedField: Int, CaseIterable {
    case latency, status, cost, amount, challengeThreshold, blockThreshold, signals

    /// As in the schema of decisions.
    var name: String {
        switch self {
        case .latency: "latency_ms"
        case .status: "status"
        case .cost: "cost"
        case .amount: "amount"
        case .challengeThreshold: "threshold.challenge"
        case .blockThreshold: "threshold.block"
        case .signals: "signals"
        }
    }

    /// Decisions that have it. O(1), but for a sketch's bins with the latency.
    func present(in pane: Pane) -> Int64 {
        switch self {
        case .latency: pane.latencies.total
        case .status: pane.operations?.statusKnown ?? 0
        case .cost: pane.operations?.cost.count ?? 0
        case .amount: pane.operations?.money.count ?? 0
        case .challengeThreshold: pane.operations?.challengeThreshold.known ?? 0
        case .blockThreshold: pane.operations?.blockThreshold.known ?? 0
        case .signals: pane.signalsKnown
        }
    }
}

/// Decisions without a value for a slice dimension, in a window and in the windows of its reference.
public struct MissingDimension: Sendable, Equatable {
    public var name: String
    public var now: Int64
    public var before: Int64
    /// Decisions of the reference.
    public var referenceTotal: Int64

    public init(name: String, now: Int64, before: Int64, referenceTotal: Int64) {
        self.name = name
        self.now = now
        self.before = before
        self.referenceTotal = referenceTotal
    }
}

/// The part of `schema_change` that looks at mapped fields: latency, status, cost, amount, thresholds, signals and slice
/// dimensions. Where one vanishes the monitors of it say nothing any more, which looks like health.
///
/// Fires where a field that nearly every decision of the reference had (`min_absent`) is in nearly none; two steps less
/// severe, since the model itself goes on. What only some requests ever have is not looked at.
extension SchemaChangeRule {
    private static let firstIndex = -2

    func mappedSubjects(of observation: Observation) -> [MonitorSubject] {
        let dimensions = observation.missingDimensions.indices.map {
            MonitorSubject(name: Self.subject(observation.missingDimensions[$0].name), index: Self.firstIndex - MappedField.allCases.count - $0)
        }
        return MappedField.allCases.map { MonitorSubject(name: Self.subject($0.name), index: Self.firstIndex - $0.rawValue) } + dimensions
    }

    /// Not to be mistaken for a feature of the same name.
    private static func subject(_ field: String) -> String { field + suffix }
    private static let suffix = " (mapped)"

    static func isMapped(_ finding: Finding) -> Bool { finding.subject?.hasSuffix(suffix) ?? false }

    static func isMapped(_ subject: MonitorSubject) -> Bool { subject.index <= firstIndex }

    /// Nil where the reference did not have the field either.
    func mappedFinding(_ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext) -> Finding? {
        let place = Self.firstIndex - subject.index, total = observation.current.total
        let absent: Int64
        var reference = frozen
        if let field = MappedField(rawValue: place) {
            absent = total - min(total, field.present(in: observation.current))
            if reference == nil { reference = self.reference(of: field, in: observation.references) }
        } else {
            let dimension = observation.missingDimensions[place - MappedField.allCases.count]
            absent = min(total, dimension.now)
            if reference == nil { reference = Self.summary(absent: dimension.before, of: dimension.referenceTotal) }
        }
        guard let reference, reference.count >= context.spec.minCount, reference.level <= 1 - minAbsent, let before = reference.bins.first else { return nil }
        let share = total > 0 ? Double(absent) / Double(total) : 0
        let change = Change(
            measure: .absentRate, value: share, limit: minAbsent, strength: Finding.strength(share, of: minAbsent), marked: absent,
            referenceMarked: before, severity: context.spec.severity.lowered.lowered)
        return finding(subject, change, of: total, against: reference, in: observation, context)
    }

    func mappedAdvice(_ field: String, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Look for a release of the producer or of the mapping \(place.when) or shortly before: \(field) renamed, moved or no longer sent?",
                "Open a sample request as it was sent and look for the field under another name.",
                "Until it is back, what rests on it is silent, not healthy: look elsewhere for latency, errors, cost, money or the slice.",
            ],
            escalation: "Escalate to \(place.security) if it is a threshold or a slice that you watch an attack by.",
            recommended: "Restore the field, or adapt the mapping; nothing has to be rolled back in the model for it.")
    }

    private func reference(of field: MappedField, in panes: [Pane]) -> ReferenceSummary? {
        let used = ComparableWeeks.robust(panes.filter { $0.total > 0 }) { Double(field.present(in: $0)) / Double($0.total) }
        let total = used.reduce(0) { $0 + $1.total }
        return Self.summary(absent: total - min(total, used.reduce(0) { $0 + field.present(in: $1) }), of: total)
    }

    private static func summary(absent: Int64, of total: Int64) -> ReferenceSummary? {
        total > 0 ? ReferenceSummary(count: total, level: Double(absent) / Double(total), bins: [absent]) : nil
    }
}
