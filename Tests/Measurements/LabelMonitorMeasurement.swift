/// `label_burst`, `label_orphans`, `label_conflicts`, `label_normalisation`, `label_canary` and `label_poisoning` on simulated labels: false
/// alerts while nothing changes, and how soon a plain fault is seen.
struct LabelMonitorMeasurement {
    private static let monitors = ["label_burst", "label_orphans", "label_conflicts", "label_normalisation", "label_canary", "label_poisoning"]
    private static let quietDays: Int64 = 730
    private static let start: Int64 = 150
    private static let days: Int64 = 150
    private static let faults: [LabelFault] = [
        .actorBurst(60), .actorBurst(200), .sourceBurst(4), .sourceBurst(8), .orphans(0.05), .orphans(0.2), .conflicts(0.2), .conflicts(0.4),
        .normalisation(0.3), .normalisation(0.8),
    ]
    private let seeds: Int

    init(_ options: MeasureOptions) { seeds = options.seeds ?? (options.isFull ? 20 : 4) }

    func run() throws {
        try quiet()
        print("fault from day \(Self.start) on                              seen in   days, median (least to most)   by others")
        for fault in Self.faults { try awake(fault) }
    }

    private func quiet() throws {
        var counts: [String: Int] = [:]
        for seed in 1...seeds {
            let stream = LabelTraffic(seed: UInt64(seed))
            for day in 0..<Self.quietDays { try stream.run(day: day) }
            for alert in stream.alerts { counts[alert.monitor, default: 0] += 1 }
        }
        let years = Double(seeds) * Double(Self.quietDays) / 365
        print("steady labels: \(seeds) streams of \(Self.quietDays) days, \(Self.number(years)) years of 1 model, 3 sources, 300 actors, 11 slices")
        for monitor in Self.monitors {
            let count = counts[monitor] ?? 0, interval = PoissonInterval(count: count)
            print(
                "  " + monitor.padding(22) + "\(count) alerts = \(Self.number(Double(count) / years)) a year (95 %: "
                    + "\(Self.number(interval.lower / years)) to \(Self.number(interval.upper / years)))")
        }
    }

    private func awake(_ fault: LabelFault) throws {
        var delays: [Double] = [], early = 0, others: [String: Int] = [:]
        for seed in 1...seeds {
            let stream = LabelTraffic(seed: UInt64(100 + seed))
            var seen: Double?
            for day in 0..<Self.start + Self.days where seen == nil {
                try stream.run(day: day, fault: fault, age: day - Self.start)
                guard let alert = stream.alerts.first(where: { $0.monitor == fault.monitor }) else { continue }
                seen = Double(alert.at - Self.start * LabelTraffic.day) / Double(LabelTraffic.day)
            }
            if let seen { if seen < 0 { early += 1 } else { delays.append(seen) } }
            for monitor in Set(stream.alerts.filter { $0.at >= Self.start * LabelTraffic.day }.map(\.monitor)) where monitor != fault.monitor {
                others[monitor, default: 0] += 1
            }
        }
        delays.sort()
        let span = delays.isEmpty ? "-" : "\(Self.number(delays[delays.count / 2])) (\(Self.number(delays[0])) to \(Self.number(delays[delays.count - 1])))"
        let also = others.keys.sorted().map { "\($0) in \(others[$0] ?? 0)" }.joined(separator: ", ")
        print("  " + fault.description.padding(52) + "\(delays.count)/\(seeds)".padding(10) + span.padding(32) + also + (early > 0 ? "  \(early) before" : ""))
    }

    private static func number(_ value: Double) -> String { String((value * 100).rounded() / 100) }
}
