import Foundation
import VedetteCore
import VedetteRuntime

/// What one replay of a stream said.
struct DetectorRun {
    var alerts: [AlertEvent]
    var seconds: Double

    /// Alerts that page somebody.
    var pages: [AlertEvent] { alerts.filter { $0.severity >= .p1 && $0.isRaised } }
    /// Alerts of P2, which page nobody: boundary pressure.
    var notices: [AlertEvent] { alerts.filter { $0.severity == .p2 && $0.isRaised } }

    static func replay(_ path: String, _ configuration: VedetteConfiguration) throws -> DetectorRun {
        let replay = try FileReplay(
            configuration: configuration, decisions: [path], labels: [], output: OutputFiles([:]),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        var alerts: [AlertEvent] = []
        replay.onAlert = { alerts.append($0) }
        let start = ContinuousClock.now
        _ = try replay.run()
        let took = start.duration(to: .now)
        return DetectorRun(alerts: alerts, seconds: Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18)
    }
}

extension AlertEvent {
    var isRaised: Bool { status != .resolved && status != .withdrawn }
    /// Whether half of its samples or more are among these requests.
    func names(_ requests: Set<String>) -> Bool {
        let own = sampleRequestIDs.count(where: requests.contains)
        return own > 0 && own * 2 >= sampleRequestIDs.count
    }
    func fact(_ name: String) -> IncidentFact.Value? { incident.first { $0.name == name }?.value }
    /// When the evidence sufficed, before the boundary at which the record went out.
    var sufficedAt: Int64 {
        guard case .time(let time)? = fact("evidence_sufficed") else { return emittedAt }
        return time
    }
}
