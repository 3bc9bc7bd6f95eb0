import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// When the collapse of recall in the ecommerce stream is seen, and from what evidence: by the default
/// monitors, `performance` among them, and by `performance` on mature cohorts alone.
enum SilentFailureMeasurement {
    private static let day: Int64 = 86_400_000

    static func run(data root: String) throws {
        let data = root + "/ecommerce"
        var configuration = try ConfigurationLoader.load(path: "Tests/Fixtures/ecommerce.yaml").configuration
        watch(&configuration.topology)
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        let replay = try FileReplay(
            configuration: configuration, decisions: ["\(data)/decisions.jsonl.zst"], labels: ["\(data)/labels.jsonl.zst"],
            output: OutputFiles([.alerts: output]), now: .max)
        var alerts: [AlertEvent] = []
        replay.onAlert = { alerts.append($0) }
        _ = try replay.run()
        print("ecommerce: the ring that the model catches ends on 2015-01-13; from 2015-01-14 on recall at block is 0")
        for id in ["performance_30d", "performance_matured"] {
            guard let first = alerts.first(where: { $0.monitorID == id }) else {
                print("\(id): never")
                continue
            }
            report(first)
            let rest = alerts.filter { $0.monitorID == id }.dropFirst()
            print("  then \(rest.count) records: " + rest.prefix(6).map { "\($0.status.rawValue) \(RFC3339.string($0.emittedAt).prefix(10))" }.joined(separator: ", "))
        }
        print("all other alerts of inputs, scores, volume and label-arrival rate until 2015-04-01:")
        for alert in alerts where !alert.monitorID.hasPrefix("performance") && alert.status == .firing && alert.emittedAt < 1_427_846_400_000 {
            print("  \(RFC3339.string(alert.emittedAt).prefix(10)) \(alert.summary)")
        }
    }

    private static func report(_ alert: AlertEvent) {
        print("\(alert.monitorID): first alert at \(RFC3339.string(alert.emittedAt))")
        print("  \(alert.summary)")
        print(
            String(
                format: "  value %.4f raw %@ reference %.4f limit %.4f, %d labels, maturity %@, p %.2g", alert.value,
                alert.raw.map { String(format: "%.4f", $0) } ?? "-", alert.referenceValue ?? 0, alert.limit, Int(alert.count),
                alert.labelMaturity.map { String(format: "%.3f", $0) } ?? "-", alert.pValue))
    }

    /// The default monitors on their windows, and `performance` once more, on cohorts older than the delays.
    private static func watch(_ topology: inout TopologyConfiguration) {
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
        topology.monitors = DefaultMonitors.make(for: topology)
        var rule = PerformanceRule()
        rule.minAgeMs = 62 * day
        var matured = MonitorSpec(
            id: "performance_matured", rule: .performance(rule), window: topology.windows.count - 1, reference: .previousWindow, severity: .p1)
        matured.minCount = 50
        topology.monitors.append(matured)
    }
}
