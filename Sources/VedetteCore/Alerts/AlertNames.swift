/// What the alerts of a configuration are called: what a silence or a breaker can be about.
public struct AlertNames: Sendable {
    /// Every kind of alert there is, whether the configuration has a monitor of it or not.
    public static let kinds: [String] = {
        let notices = NoticeBook.Kind.allCases.map(\.name).filter { !MonitorRegistry.names.contains($0) }
        return MonitorRegistry.names + ProbingMonitor.allCases.map(\.name) + PolicyCap.Monitor.allCases.map(\.rawValue) + labels + notices
    }()
    private static let labels = [
        "label_source", "label_poisoning", "label_canary", "label_burst", "label_orphans", "label_conflicts", "label_normalisation",
    ]

    /// How much of the stream before an incident a replay must read to find it again, at least, ms: a floor needs none, what is
    /// ordinary traffic or an ordinary actor has to be learned first.
    static func learnsForMs(_ monitor: String) -> Int64 {
        let dayMs: Int64 = 86_400_000
        if monitor.hasPrefix("probing.") { return 7 * dayMs }
        return monitor.hasPrefix("label_") && monitor != "label_source" ? 90 * dayMs : 0
    }

    /// Ids of the configured monitors and detectors, then the kinds; each once.
    public let all: [String]

    public init(_ configuration: TopologyConfiguration) {
        let ids = configuration.monitors.map(\.id) + configuration.detectors.map(\.id)
        all = ids.filter { !Self.kinds.contains($0) } + Self.kinds
    }
}
