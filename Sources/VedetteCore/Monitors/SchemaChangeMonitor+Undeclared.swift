/// The part of `schema_change` that looks at fields which the configuration does not declare.
///
/// Reference: the model's decisions before the first that had the field (``UndeclaredFields``), not
/// the configured one: a field that comes and goes with the hour is no news. Fires where it is new,
/// by ``UndeclaredFields/newMs``, and in a share of the window; a field whose past was too short
/// to say that it is new (`min_count`) belongs to what the stream began with.
/// Evidence: of the decisions with the field and the number without, how likely all of them come after
/// the first one was seen, by the test of two proportions (``ProportionTest``). That the first one
/// parts the decisions makes the count before it zero; given the number of them its place is uniform
/// where nothing changed, so the p-value holds.
extension SchemaChangeRule {
    /// After the declared features: what is not declared, by place in ``Observation/undeclared``.
    func undeclaredSubjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        observation.undeclared.indices.map { index in
            MonitorSubject(name: "\(observation.undeclared[index].name) (undeclared)", index: context.schema.features.count + index)
        }
    }

    /// What it says of one; nil where the field was there nearly from the start.
    func undeclaredFinding(_ subject: MonitorSubject, in observation: Observation, _ context: MonitorContext) -> Finding? {
        let field = observation.undeclared[subject.index - context.schema.features.count]
        guard field.before > 0, field.before >= context.spec.minCount else { return nil }
        let pane = observation.current
        let marked = min(pane.undeclared?.count(field.place) ?? 0, pane.total)
        let share = pane.total > 0 ? Double(marked) / Double(pane.total) : 0
        let change = Change(
            measure: .undeclaredRate, value: share, limit: minUndeclared, strength: field.isNew ? Finding.strength(share, of: minUndeclared) : 0,
            marked: marked, referenceMarked: 0, severity: context.spec.severity.lowered.lowered)
        let reference = ReferenceSummary(count: field.before, level: 0, bins: [0])
        return finding(subject, change, of: pane.total, against: reference, in: observation, context)
    }

    func undeclaredAdvice(_ field: String, at place: AlertPlace) -> Advice {
        Advice(
            actions: [
                "Look for a release of the producer \(place.when) or shortly before: is \(field) a new field, or a known one under another name (then that one vanishes)?",
                "Find a request that has it (the sample requests are of the whole window): who fills \(field), and does the model read it?",
                "If it is meant to be there, declare it: Vedette reads nothing of a field but its name until then.",
            ],
            escalation: "Escalate to \(place.security) if nobody knows the field: requests that bring fields of their own may be made by hand.",
            recommended: "Declare the field, or have the producer leave it out; nothing has to be rolled back for it.")
    }
}

extension Measure {
    /// Share of decisions that have a field which is not declared, 0...1.
    public static let undeclaredRate = Measure("undeclared_rate", .share)
}
