import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// When the collapse of recall in the ecommerce stream is seen, and from what evidence: by the default
/// monitors, `performance` among them, and by `performance` on mature cohorts alone.
///
/// The two are runs of their own: in one run the alert that speaks first would speak for the other.
enum SilentFailureMeasurement {
    private static let day: Int64 = 86_400_000

    static func run(data root: String) throws {
        print("ecommerce: the ring that the model catches ends on 2015-01-13; from 2015-01-14 on recall at block is 0")
        let (topology, defaults) = try alerts(root) { topology in topology.monitors = DefaultMonitors.make(for: topology) }
        report("default monitors", defaults, of: "performance_30d")
        print("all other alerts of the default monitors until 2015-04-01:")
        for alert in defaults where alert.monitorID != "performance_30d" && alert.status == .firing && alert.emittedAt < 1_427_846_400_000 {
            print("  \(RFC3339.string(alert.emittedAt).prefix(10)) \(alert.summary)")
        }
        let budget = PageBudget(falseAlerts: topology.falseAlertsPerMonth, monitors: topology.monitors.count)
        let (_, matured) = try alerts(root) { topology in
            topology.monitors = [Self.matured(window: topology.windows.count - 1, level: budget.level(everyMs: Self.day))]
        }
        report("mature cohorts alone, at the same level", matured, of: "performance_matured")
    }

    /// The alerts of a whole replay, and the configuration it ran with.
    private static func alerts(_ root: String, _ watch: (inout TopologyConfiguration) -> Void) throws -> (TopologyConfiguration, [AlertEvent]) {
        var configuration = try ConfigurationLoader.load(path: "Tests/Fixtures/ecommerce.yaml").configuration
        prepare(&configuration.topology)
        watch(&configuration.topology)
        let replay = try FileReplay(
            configuration: configuration, decisions: ["\(root)/ecommerce/decisions.jsonl.zst"], labels: ["\(root)/ecommerce/labels.jsonl.zst"],
            output: OutputFiles([:]), now: .max)
        var alerts: [AlertEvent] = []
        replay.onAlert = { alerts.append($0) }
        _ = try replay.run()
        return (configuration.topology, alerts)
    }

    private static func report(_ name: String, _ alerts: [AlertEvent], of id: String) {
        let records = alerts.filter { $0.monitorID == id }
        guard let first = records.first else { return print("\(name): never") }
        let changed = RFC3339.parse("2015-01-14T00:00:00Z") ?? 0
        print("\(name): first alert at \(RFC3339.string(first.emittedAt)), day \((first.emittedAt - changed) / day)")
        print("  \(first.summary)")
        print(
            String(
                format: "  value %.4f raw %@ reference %.4f limit %.4f, %d labels, maturity %@, p %.2g", first.value,
                first.raw.map { String(format: "%.4f", $0) } ?? "-", first.referenceValue ?? 0, first.limit, Int(first.count),
                first.labelMaturity.map { String(format: "%.3f", $0) } ?? "-", first.pValue))
        for status in AlertStatus.allCases {
            let rest = records.dropFirst().filter { $0.status == status }
            if let last = rest.last { print("  then \(rest.count) times \(status.rawValue), the last time on \(RFC3339.string(last.emittedAt).prefix(10))") }
        }
    }

    private static func prepare(_ topology: inout TopologyConfiguration) {
        let hour: Int64 = 3_600_000
        topology.windows = [
            WindowSpec(name: "1h", sizeMs: hour, hopMs: hour), WindowSpec(name: "24h", sizeMs: day, hopMs: hour),
            WindowSpec(name: "30d", sizeMs: 30 * day, hopMs: day), WindowSpec(name: "120d", sizeMs: 120 * day, hopMs: day),
        ]
        topology.driftReferences = []
        topology.slices.groups = []
        for index in topology.labelSources.indices where topology.labelSources[index].pipeline == "settlement" {
            topology.labelSources[index].samplingWeight = 5
        }
    }

    /// `performance` on cohorts older than the delays.
    private static func matured(window: Int, level: Double) -> MonitorSpec {
        var rule = PerformanceRule()
        rule.minAgeMs = 62 * day
        var spec = MonitorSpec(id: "performance_matured", rule: .performance(rule), window: window, reference: .previousWindow, severity: .p1)
        spec.minCount = 50
        spec.alpha = level
        return spec
    }
}
