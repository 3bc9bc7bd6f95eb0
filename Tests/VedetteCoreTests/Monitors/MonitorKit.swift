import VedetteCore

/// One monitor on one slice, without a judge.
struct MonitorKit {
    /// Feature 0 is a number and important, 1 a number, 2 a category and important, 3 a boolean.
    static let schema = EventSchema(
        models: ["payments"],
        features: [
            .init(name: "amount", kind: .number), .init(name: "age", kind: .number), .init(name: "mcc", kind: .category),
            .init(name: "vpn", kind: .boolean),
        ],
        dimensions: ["country"], entities: [])
    static let model = ModelSpec(
        name: "payments", owner: Team(name: "fraud"), security: Team(name: "detection"), features: [0, 1, 2, 3], importantFeatures: [0, 2])

    var configuration: TopologyConfiguration

    init(_ rule: any MonitorRule, _ change: (inout MonitorSpec) -> Void = { _ in }) {
        configuration = TopologyConfiguration(
            application: "test", schema: Self.schema, models: [Self.model], windows: [WindowSpec(name: "1h", sizeMs: JudgeKit.hour, hopMs: JudgeKit.hour)])
        var spec = MonitorSpec(
            id: "m", rule: MonitorSpec.Rule(rule), window: 0, reference: .sameHours(weeks: 4), severity: type(of: rule).defaultSeverity)
        change(&spec)
        configuration.monitors = [spec]
    }

    func findings(_ observation: Observation) -> [String: Finding] {
        let evaluation = MonitorEvaluation(configuration: configuration)
        var findings: [String: Finding] = [:]
        for subject in evaluation.subjects(of: observation, monitor: 0) {
            findings[subject.name ?? ""] = evaluation.finding(subject, in: observation, monitor: 0, frozen: nil)
        }
        return findings
    }

    func finding(_ subject: String = "", _ current: Pane, _ references: [Pane], frozen: ReferenceSummary? = nil) -> Finding? {
        let evaluation = MonitorEvaluation(configuration: configuration)
        let observation = Observation(model: 0, slice: SliceName(), current: current, references: references)
        let wanted = evaluation.subjects(of: observation, monitor: 0).first { ($0.name ?? "") == subject }
        return wanted.flatMap { evaluation.finding($0, in: observation, monitor: 0, frozen: frozen) }
    }

    /// What the alert of a single window says; nil where none is raised.
    func alert(_ observation: Observation) -> AlertEvent? {
        var judge = Judge(configuration: configuration)
        return judge.evaluate(
            EvaluationRound(monitor: 0, start: JudgeKit.base, end: JudgeKit.base + JudgeKit.hour, observations: [observation])
        ).first
    }

    /// Decisions with these values of one numeric feature.
    static func numbers(_ values: [Double], feature: Int = 0) -> Pane {
        let builder = Pane.Builder(features: 4)
        builder.addDecisions(values.count)
        for value in values { builder.addFeature(feature, present: 1, value: value) }
        return builder.pane
    }

    static func categories(_ counts: [(String, Int)]) -> Pane {
        let builder = Pane.Builder(features: 4)
        for (name, count) in counts {
            builder.addDecisions(count)
            builder.addCategory(2, name, count: count)
        }
        return builder.pane
    }

    /// Amounts as payments have them: log-normal.
    static func amounts(_ count: Int, _ random: inout SeededRandom, scale: Double = 40, sigma: Double = 1) -> [Double] {
        (0..<count).map { _ in scale * RealFunctions.exp(sigma * random.normal()) }
    }
}
