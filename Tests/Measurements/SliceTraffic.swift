import Foundation
import VedetteCore
import VedetteRuntime

/// Ten thousand slices with Zipf-distributed sizes, as panes of six hours of resampled rows, given
/// to the judge in windows of a day.
///
/// The panes are the program's own, and so are monitors and judge; decoding, joining and the
/// composing of windows are left out. A slice too small to have the rows that any of the monitors
/// asks for is never drawn by itself: its rows are part of all traffic.
struct SliceTraffic {
    static let slices = 10_000
    static let exponent = 1.1
    static let perSecond = 100.0
    static let baseMs: Int64 = 6 * 3_600_000
    static let dayMs: Int64 = 86_400_000
    private static let history = 28
    private static let panesPerDay = Int(dayMs / baseMs)
    private static let start: Int64 = 1_767_571_200_000

    /// Score in hundredths, twice, and one more where the request was stopped.
    private let cells: [Int32]
    private let configuration: TopologyConfiguration
    private let names: [SliceName]
    /// Decisions of each slice in a pane, on average; the last is all that is too small.
    private let means: [Double]
    private var random: MeasureRandom
    private var judge: Judge
    /// Panes of each slice, oldest first; all traffic first.
    private var panes: [[Pane]]
    /// Slices with enough rows for each of the two monitors in a window.
    private(set) var judged = (0, 0)

    init(_ pool: Pool, seed: UInt64, isEvidenceOnly: Bool) {
        cells = pool.rows.map { Int32(($0.score * 100).rounded()) * 2 + ($0.isStopped ? 1 : 0) }
        random = MeasureRandom(seed: seed &* 7_919)
        configuration = Self.configuration(isEvidenceOnly: isEvidenceOnly)
        judge = Judge(configuration: configuration)
        let weights = (1...Self.slices).map { 1 / pow(Double($0), Self.exponent) }
        let total = weights.reduce(0, +)
        let perPane = Self.perSecond * Double(Self.baseMs) / 1_000
        let least = Double(configuration.monitors.map(\.minCount).min() ?? 1) / Double(Self.panesPerDay) / 2
        // Labels are a fifth of the decisions.
        let active = weights.map { $0 / total * perPane }.prefix { $0 * 0.22 >= least }
        means = active + [perPane - active.reduce(0, +)]
        names = [SliceName()] + active.indices.map { SliceName([.init(dimension: "segment", value: "s\($0)")]) }
        panes = Array(repeating: [], count: names.count)
    }

    private static func configuration(isEvidenceOnly: Bool) -> TopologyConfiguration {
        let schema = EventSchema(models: ["m"], features: [], dimensions: ["segment"], entities: [])
        let team = Team(name: "t")
        var configuration = TopologyConfiguration(
            application: "quiet", schema: schema,
            models: [ModelSpec(name: "m", owner: team, security: team, features: [], importantFeatures: [])],
            windows: [WindowSpec(name: "24h", sizeMs: dayMs, hopMs: baseMs)])
        configuration.monitors = DefaultMonitors.make(for: configuration).filter { ["score_drift", "decision_share", "outcome_rate"].contains($0.rule.name) }
        guard isEvidenceOnly else { return configuration }
        for index in configuration.monitors.indices {
            if var rule = configuration.monitors[index].rule.base as? ScoreDriftRule {
                (rule.minSigma, rule.minPSI) = (0, 0)
                configuration.monitors[index].rule = .scoreDrift(rule)
            }
            if var rule = configuration.monitors[index].rule.base as? OutcomeRateRule {
                (rule.minRatio, rule.minFraud) = (1, 1)
                configuration.monitors[index].rule = .outcomeRate(rule)
            }
            if configuration.monitors[index].rule.base is DecisionShareRule {
                var rule = DecisionShareRule()
                rule.minRatio = 1
                configuration.monitors[index].rule = .decisionShare(rule)
            }
        }
        return configuration
    }

    /// Everything that is said in so many days.
    mutating func run(days: Int) throws -> [AlertEvent] {
        var events: [AlertEvent] = []
        for index in 0..<((Self.history + days) * Self.panesPerDay) {
            draw()
            guard index >= Self.history * Self.panesPerDay + Self.panesPerDay - 1 else { continue }
            let end = Self.start + Int64(index + 1) * Self.baseMs
            let observations = names.indices.map { observation($0) }
            judged.0 = observations.reduce(0) { $0 + ($1.current.total >= 1_000 ? 1 : 0) }
            judged.1 = observations.reduce(0) { $0 + ($1.current.arrived >= 50 ? 1 : 0) }
            for monitor in configuration.monitors.indices {
                judge.consider(EvaluationRound(monitor: monitor, start: end - Self.dayMs, end: end, observations: observations))
            }
            events += judge.settle(at: end)
        }
        return events
    }

    private mutating func draw() {
        let all = Pane.Builder()
        for index in means.indices {
            let pane = drawn(means[index])
            all.merge(pane)
            guard index + 1 < names.count else { continue }
            append(pane, to: index + 1)
        }
        append(all.pane, to: 0)
    }

    private mutating func append(_ pane: Pane, to slice: Int) {
        panes[slice].append(pane)
        if panes[slice].count > (Self.history + 1) * Self.panesPerDay { panes[slice].removeFirst() }
    }

    private mutating func drawn(_ mean: Double) -> Pane {
        let builder = Pane.Builder()
        var counts = [Int](repeating: 0, count: 202)
        let count = random.poisson(mean)
        for _ in 0..<count { counts[Int(cells[random.below(cells.count)])] += 1 }
        for (cell, count) in counts.enumerated() where count > 0 {
            builder.addDecisions(count, cell % 2 == 1 ? .challenge : .allow, score: Double(cell / 2) / 100)
        }
        builder.addArrivals(random.poisson(mean * 0.02), .fraud)
        builder.addArrivals(random.poisson(mean * 0.2), .legit)
        return builder.pane
    }

    private func observation(_ slice: Int) -> Observation {
        let all = panes[slice]
        func window(daysAgo: Int) -> Pane? {
            let last = all.count - daysAgo * Self.panesPerDay
            guard last >= Self.panesPerDay else { return nil }
            let builder = Pane.Builder()
            for pane in all[(last - Self.panesPerDay)..<last] { builder.merge(pane) }
            return builder.pane
        }
        return Observation(model: 0, slice: names[slice], current: window(daysAgo: 0) ?? Pane.Builder().pane, references: (1...4).compactMap { window(daysAgo: 7 * $0) })
    }
}
