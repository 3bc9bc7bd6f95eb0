import VedetteCore

/// What the tests of monitors and of the judge are built from.
enum JudgeKit {
    static let hour: Int64 = 3_600_000
    static let minute: Int64 = 60_000
    /// 2026-01-05 00:00 UTC, a Monday.
    static let base: Int64 = 1_767_571_200_000

    static func configuration(_ monitors: [MonitorSpec], hopMs: Int64 = hour, models: Int = 1) -> TopologyConfiguration {
        let names = (0..<models).map { $0 == 0 ? "payments-fraud" : "model-\($0)" }
        let schema = EventSchema(
            models: names,
            features: [.init(name: "device_age_days", kind: .number), .init(name: "amount", kind: .number)],
            dimensions: ["country", "channel"], entities: [])
        let specs = names.map {
            ModelSpec(
                name: $0, owner: Team(name: "fraud-ml", contact: "#fraud-ml"), security: Team(name: "detection"),
                features: [0, 1], importantFeatures: [0])
        }
        var configuration = TopologyConfiguration(
            application: "test", schema: schema, models: specs, windows: [WindowSpec(name: "1h", sizeMs: hour, hopMs: hopMs)])
        configuration.monitors = monitors
        return configuration
    }

    static func missing(_ change: (inout MonitorSpec) -> Void = { _ in }) -> MonitorSpec {
        spec("missing", .missingFeatures(MissingFeaturesRule()), change)
    }
    static func drift(_ change: (inout MonitorSpec) -> Void = { _ in }) -> MonitorSpec {
        spec("drift", .scoreDrift(ScoreDriftRule()), change)
    }
    static func outcome(_ change: (inout MonitorSpec) -> Void = { _ in }) -> MonitorSpec {
        spec("outcome", .outcomeRate(OutcomeRateRule()), change)
    }
    static func volume(_ change: (inout MonitorSpec) -> Void = { _ in }) -> MonitorSpec {
        spec("volume", .volume(VolumeRule()), change)
    }

    static func spec(_ id: String, _ rule: MonitorSpec.Rule, _ change: (inout MonitorSpec) -> Void) -> MonitorSpec {
        var spec = MonitorSpec(id: id, rule: rule, window: 0, reference: .sameHours(weeks: 1), severity: .p1)
        change(&spec)
        return spec
    }

    /// A pane of `total` decisions of which `missing` lack feature 0.
    static func featurePane(_ total: Int, missing: Int) -> Pane {
        let builder = Pane.Builder(features: 2)
        builder.addDecisions(total)
        builder.addFeature(0, present: total - missing, value: 1, absent: missing / 2, null: missing - missing / 2)
        builder.addFeature(1, present: total, value: 1)
        for index in 0..<5 { builder.addSample("r\(index)", missing: missing > 0 ? [0] : []) }
        return builder.pane
    }

    static func volumePane(_ total: Int) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(total)
        return builder.pane
    }

    static func arrivals(fraud: Int, legit: Int) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(fraud + legit)
        builder.addArrivals(fraud, .fraud)
        builder.addArrivals(legit, .legit)
        return builder.pane
    }

    static func slice(_ country: String) -> SliceName { SliceName([.init(dimension: "country", value: country)]) }

    /// A round of the window that starts `index` hops of `hopMs` after the base.
    static func round(
        _ index: Int, monitor: Int = 0, hopMs: Int64 = hour, _ observations: [(slice: SliceName, current: Pane, references: [Pane])]
    ) -> EvaluationRound {
        let start = base + Int64(index) * hopMs
        return EvaluationRound(
            monitor: monitor, start: start, end: start + hour,
            observations: observations.map { Observation(model: 0, slice: $0.slice, current: $0.current, references: $0.references) })
    }

    static func bytes(_ judge: Judge) -> [UInt8] {
        var writer = ByteWriter()
        judge.encode(into: &writer)
        return writer.bytes
    }
}

/// Feeds a judge with the missing rate of one slice, hour by hour.
struct MissingStory {
    var judge: Judge
    var hopMs: Int64
    var index = 0
    let reference = JudgeKit.featurePane(2_000, missing: 20)

    init(hopMs: Int64 = JudgeKit.hour, _ change: (inout MonitorSpec) -> Void = { _ in }) {
        self.hopMs = hopMs
        judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing(change)], hopMs: hopMs))
    }

    /// Nil is a window without enough rows.
    mutating func step(_ rate: Double?, total: Int = 2_000) -> [AlertEvent] {
        defer { index += 1 }
        let pane = rate.map { JudgeKit.featurePane(total, missing: Int($0 * Double(total))) } ?? JudgeKit.featurePane(50, missing: 50)
        return judge.evaluate(JudgeKit.round(index, hopMs: hopMs, [(SliceName(), pane, [reference])]))
    }

    /// Statuses per window, "-" for none.
    mutating func run(_ rates: [Double?]) -> [String] {
        rates.map { rate in
            let events = step(rate)
            return events.isEmpty ? "-" : events.map { "\($0.status.rawValue) \($0.episode).\($0.revision)" }.joined(separator: ",")
        }
    }
}
