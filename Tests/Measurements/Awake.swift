import Foundation
import VedetteCore

/// How soon one change at a time is noticed, beside fixed thresholds on the same stream.
struct Awake {
    private let options: MeasureOptions
    private let seeds: Int
    private static let history = 9
    private static let watched = 8
    /// Rates and means of days need as many days before; alarms before the change are counted from here on.
    private static let countedFrom = 8
    private static let perDay = 43_200

    private static let faults: [Fault] = [
        .null(0.01), .null(0.05), .null(0.5), .null(1), .frozen, .shift(0.1), .shift(0.25), .shift(0.5), .shift(1), .shift(2),
        .fraud(1.2), .fraud(2), .fraud(5), .recall(0.7), .recall(0.5),
    ]

    init(_ options: MeasureOptions) {
        self.options = options
        seeds = options.seeds ?? (options.isFull ? 10 : 1)
    }

    func run() throws {
        let pool = try Pool(data: options.data, size: 20_000)
        print("""
            Resampled from \(pool.source) at \(Self.perDay) decisions a day through the whole program with its default monitors; \(Self.history) days of
            history, then the change, watched for \(Self.watched) days; \(seeds) seeds. Median delay to the first alert (seeds that saw it, where not all).
            Fixed thresholds look once a day. Labels come 1 to 3 days late.

            | change | Vedette | its first alert | \(FixedThresholds.Kind.allCases.map(\.rawValue).joined(separator: " | ")) |
            |---|---|---|---|---|---|
            """)
        var quietDays = 0
        var falseAlerts = 0
        var falseDays: [FixedThresholds.Kind: Int] = [:]
        for fault in Self.faults {
            var ours: [Double?] = []
            var first: [String: Int] = [:]
            var theirs: [FixedThresholds.Kind: [Double?]] = [:]
            for seed in 1...seeds {
                let outcome = try one(pool, fault, seed: UInt64(seed))
                ours.append(outcome.delay)
                if let monitor = outcome.monitor { first[monitor, default: 0] += 1 }
                for kind in FixedThresholds.Kind.allCases {
                    let days = outcome.thresholds[kind] ?? []
                    theirs[kind, default: []].append(days.first { $0 >= Self.history }.map { Double($0 - Self.history + 1) })
                    falseDays[kind, default: 0] += days.filter { $0 < Self.history && $0 >= Self.countedFrom }.count
                }
                quietDays += Self.history - Self.countedFrom
                falseAlerts += outcome.falseAlerts
            }
            let monitors = first.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key).joined(separator: ", ")
            let others = FixedThresholds.Kind.allCases.map { Self.median(theirs[$0] ?? []) }.joined(separator: " | ")
            print("| \(fault) | \(Self.median(ours)) | \(monitors) | \(others) |")
        }
        let monthly = { (count: Int) in String(format: "%.1f", Double(count) * 30 / Double(quietDays)) }
        print("| alarms in 30 days before the change | \(monthly(falseAlerts)) | | \(FixedThresholds.Kind.allCases.map { monthly(falseDays[$0] ?? 0) }.joined(separator: " | ")) |")
    }

    private struct Outcome {
        /// Days; nil where nothing was said.
        var delay: Double?
        var monitor: String?
        var falseAlerts: Int
        var thresholds: [FixedThresholds.Kind: [Int]]
    }

    private func one(_ pool: Pool, _ fault: Fault, seed: UInt64) throws -> Outcome {
        let stream = try SimulatedStream(pool, configuration: try Configurations.simulated(), seed: seed &* 104_729)
        let change = SimulatedStream.start + Int64(Self.history) * SimulatedStream.day
        for day in 0..<(Self.history + Self.watched) {
            let isSeen = stream.alerts.contains { $0.status == .firing && $0.emittedAt > change }
            let isOver = FixedThresholds.Kind.allCases.allSatisfy { kind in (stream.thresholds.days[kind] ?? []).contains { $0 >= Self.history } }
            if isSeen, isOver { break }
            try stream.feed(day: day, perDay: Self.perDay, fault: day < Self.history ? .none : fault)
        }
        let firing = stream.alerts.filter { $0.status == .firing }
        let seen = firing.first { $0.emittedAt > change }
        for event in firing { log("\(fault), seed \(seed): \(event.emittedAt > change ? "" : "BEFORE ")\(event.severity.rawValue) \(event.summary) [\(event.control.method)]") }
        return Outcome(
            delay: seen.map { Double($0.emittedAt - change) / Double(SimulatedStream.day) }, monitor: seen?.monitor,
            falseAlerts: firing.filter { $0.emittedAt <= change && $0.emittedAt > change - Int64(Self.history - Self.countedFrom) * SimulatedStream.day }.count,
            thresholds: stream.thresholds.days)
    }

    private static func median(_ values: [Double?]) -> String {
        let known = values.compactMap { $0 }.sorted()
        guard !known.isEmpty else { return "not seen" }
        let middle = known[known.count / 2]
        let text = middle < 1 ? String(format: "%.1f h", middle * 24) : String(format: "%.1f d", middle)
        return known.count == values.count ? text : "\(text) (\(known.count) of \(values.count))"
    }
}
