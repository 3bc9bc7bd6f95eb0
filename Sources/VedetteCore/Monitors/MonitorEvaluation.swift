/// The one way from the ``Judge`` into the monitors.
public struct MonitorEvaluation: Sendable {
    /// A share of the traffic from other model versions than the reference's, beyond which a
    /// new version is the likeliest reason for a shift; chance moves the shares of two versions by less.
    public static let versionShift = 0.1

    /// By monitor, then by model.
    private let contexts: [[MonitorContext]]

    public init(configuration: TopologyConfiguration) {
        contexts = configuration.monitors.map { spec in
            configuration.models.map { MonitorContext(spec: spec, model: $0, schema: configuration.schema) }
        }
    }

    /// What a monitor looks at one by one in an observation.
    public func subjects(of observation: Observation, monitor: Int) -> [MonitorSubject] {
        let context = contexts[monitor][observation.model]
        return context.spec.rule.base.subjects(of: observation, context)
    }

    /// What it looked at before; see ``MonitorRule/formerSubjects(of:_:)``.
    func formerSubjects(of observation: Observation, monitor: Int) -> [MonitorSubject] {
        let context = contexts[monitor][observation.model]
        return context.spec.rule.base.formerSubjects(of: observation, context)
    }

    /// What it says of one of them; nil without a reference.
    /// - Parameter fired: the value at which the alert that is open fired; nil where none is.
    public func finding(
        _ subject: MonitorSubject, in observation: Observation, monitor: Int, frozen: ReferenceSummary?, firedAt fired: Double? = nil
    ) -> Finding? {
        let context = contexts[monitor][observation.model]
        let rule = context.spec.rule.base
        guard var finding = rule.finding(subject, in: observation, frozen: frozen, context) else { return nil }
        if finding.cause == nil, rule.needs.isMovedByVersion, observation.versionShift > Self.versionShift {
            finding.cause = .versionChange
        }
        return fired.map { rule.held(finding, firedAt: $0) } ?? finding
    }
}
