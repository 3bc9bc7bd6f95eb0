import Foundation
import VedetteCore

/// How soon one change at a time is noticed, beside fixed thresholds on the same stream, and how
/// often both speak where nothing changes.
struct Awake {
    private let options: MeasureOptions
    private let seeds: Int
    /// Four whole weeks of reference for the first week after the change, and one that may be left out.
    private static let history = 36
    private static let watched = 8
    /// Rates and means of days need as many days before; alarms before the change are counted from here on.
    private static let countedFrom = 8
    private static let perDay = 43_200
    /// Mean delay of the simulated labels.
    private static let labelDays = 2.0

    private static let faults: [Fault] = [
        .null(0.01), .null(0.05), .null(0.5), .null(1), .frozen, .shift(0.1), .shift(0.25), .shift(0.5), .shift(1), .shift(2),
        .fraud(1.2), .fraud(2), .fraud(5), .recall(0.7), .recall(0.5),
    ]

    init(_ options: MeasureOptions) {
        self.options = options
        seeds = options.seeds ?? (options.isFull ? 10 : 5)
    }

    /// What is seen of one fault, seed by seed.
    private struct Row {
        var ours: [Double?] = []
        var first: [String: Int] = [:]
        var theirs: [FixedThresholds.Kind: [Double?]] = [:]
    }

    func run() throws {
        let pool = try Pool(data: options.data, size: 20_000)
        let configuration = try Configurations.simulated()
        var rows = Array(repeating: Row(), count: Self.faults.count)
        var falseAlerts: [AlertEvent] = []
        var falseDays: [FixedThresholds.Kind: Int] = [:]
        for seed in 1...seeds {
            let steady = try SimulatedStream(pool, configuration: configuration, seed: UInt64(seed) &* 104_729)
            for day in 0..<Self.history { try steady.feed(day: day, perDay: Self.perDay, fault: .none) }
            let counted = SimulatedStream.start + Int64(Self.countedFrom) * SimulatedStream.day
            falseAlerts += steady.alerts.filter { $0.status == .firing && $0.emittedAt > counted }
            for kind in FixedThresholds.Kind.allCases { falseDays[kind, default: 0] += (steady.thresholds.days[kind] ?? []).filter { $0 >= Self.countedFrom }.count }
            let checkpoint = try steady.checkpoint()
            for (index, fault) in Self.faults.enumerated() {
                let stream = try SimulatedStream(pool, configuration: configuration, seed: 0, from: checkpoint)
                try watch(stream, fault, seed: seed, &rows[index])
            }
            log("seed \(seed) of \(seeds) done")
        }
        for event in falseAlerts { log("steady: \(event.severity.rawValue) \(event.summary) [\(event.control.method)]") }
        report(pool, configuration.topology.monitors.count, rows, falseAlerts.count, falseDays)
    }

    private func watch(_ stream: SimulatedStream, _ fault: Fault, seed: Int, _ row: inout Row) throws {
        let change = SimulatedStream.start + Int64(Self.history) * SimulatedStream.day
        for day in Self.history..<(Self.history + Self.watched) {
            let isSeen = stream.alerts.contains { $0.status == .firing && $0.emittedAt > change }
            let isOver = FixedThresholds.Kind.allCases.allSatisfy { kind in (stream.thresholds.days[kind] ?? []).contains { $0 >= Self.history } }
            if isSeen, isOver { break }
            try stream.feed(day: day, perDay: Self.perDay, fault: fault)
        }
        let firing = stream.alerts.filter { $0.status == .firing }
        let seen = firing.first { $0.emittedAt > change }
        for event in firing { log("\(fault), seed \(seed): \(event.severity.rawValue) \(event.summary) [\(event.control.method)]") }
        row.ours.append(seen.map { Double($0.emittedAt - change) / Double(SimulatedStream.day) })
        if let seen { row.first["\(seen.monitor) \(seen.severity.rawValue)", default: 0] += 1 }
        for kind in FixedThresholds.Kind.allCases {
            let day = (stream.thresholds.days[kind] ?? []).first { $0 >= Self.history }
            row.theirs[kind, default: []].append(day.map { Double($0 - Self.history + 1) })
        }
    }

    private func report(_ pool: Pool, _ monitors: Int, _ rows: [Row], _ falseAlerts: Int, _ falseDays: [FixedThresholds.Kind: Int]) {
        // A part of the budget for one monitor's daily test of five slices.
        let level = 0.5 / Double(monitors) / 2 / 30 / 5
        print("""
            Resampled from \(pool.source) at \(Self.perDay) decisions a day through the whole program with its \(monitors) default monitors; \(Self.history) days of
            history, then the change, watched for \(Self.watched) days; \(seeds) seeds. Median delay to the first alert (seeds that saw it, where not all).
            Fixed thresholds look once a day, at 14 columns. Labels come 1 to 3 days late. Bound: the soonest that any method could tell it at a level of
            \(String(format: "%.1e", level)) a day, with everything else known.

            | change | Vedette | its first alert | bound | \(FixedThresholds.Kind.allCases.map(\.rawValue).joined(separator: " | ")) |
            |---|---|---|---|---|---|---|
            """)
        for (fault, row) in zip(Self.faults, rows) {
            let monitors = row.first.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key).joined(separator: ", ")
            let others = FixedThresholds.Kind.allCases.map { Self.median(row.theirs[$0] ?? []) }.joined(separator: " | ")
            let bound = bound(fault, pool).map { Self.duration($0.days(level: level)) } ?? ""
            print("| \(fault) | \(Self.median(row.ours)) | \(monitors) | \(bound) | \(others) |")
        }
        let months = Double(seeds * (Self.history - Self.countedFrom)) / 30
        let monthly = { (count: Int) -> String in
            let interval = PoissonInterval(count: count)
            return String(format: "%.1f (%.1f to %.1f)", Double(count) / months, interval.lower / months, interval.upper / months)
        }
        print("| false alarms in 30 days | \(monthly(falseAlerts)) | | | \(FixedThresholds.Kind.allCases.map { monthly(falseDays[$0] ?? 0) }.joined(separator: " | ")) |")
        print(String(format: "\nFalse alarms: before the change, in %.1f months; 95 %% interval (exact Poisson). A threshold alarms at most once a day.", months))
    }

    private func bound(_ fault: Fault, _ pool: Pool) -> InformationBound? {
        let rows = Double(Self.perDay)
        switch fault {
        // A feature that was never null: what can be known of that from its history.
        case .null(let share): return InformationBound(rows: rows, share: 0.5 / (rows * Double(Self.history)), becomes: share)
        case .shift(let sigma): return InformationBound(rows: rows, sigma: sigma)
        case .fraud(let factor): return InformationBound(count: rows / 100 * SimulatedStream.fraudShare, times: factor, waitDays: Self.labelDays)
        case .recall(let recall):
            let legit = pool.rows.filter { !$0.isFraud }
            let stopped = (1 - SimulatedStream.fraudShare) * Double(legit.filter(\.isStopped).count) / Double(legit.count)
            let share = { (recall: Double) in stopped + SimulatedStream.fraudShare * recall }
            return InformationBound(rows: rows, share: share(SimulatedStream.recall), becomes: share(recall))
        case .none, .frozen, .version: return nil
        }
    }

    private static func duration(_ days: Double) -> String {
        days * 24 < 0.1 ? "minutes" : days < 1 ? String(format: "%.1f h", days * 24) : String(format: "%.1f d", days)
    }

    private static func median(_ values: [Double?]) -> String {
        let known = values.compactMap { $0 }.sorted()
        guard !known.isEmpty else { return "not seen" }
        let text = duration(known[known.count / 2])
        return known.count == values.count ? text : "\(text) (\(known.count) of \(values.count))"
    }
}
