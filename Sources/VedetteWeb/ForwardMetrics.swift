import VedetteForward

/// A forwarder's metrics in Prometheus' text format. Labels are bounded: destinations of the configuration, and words that
/// the program itself defines.
enum ForwardMetrics {
    /// - Parameter wallMs: now, ms since 1970.
    static func render(_ destinations: [ForwardStatus.Destination], wallMs: Int64) -> String {
        var page = PrometheusPage()
        page.family("vedette_forward_deliveries_total", "counter", "Requests with an alert, by what the destination said.")
        for destination in destinations {
            for outcome in ForwardStatus.Outcome.allCases {
                page.sample("vedette_forward_deliveries_total", labels(destination, ("outcome", outcome.rawValue)), Double(destination.deliveries[outcome] ?? 0))
            }
        }
        page.family("vedette_forward_resends_total", "counter", "Requests that tell an Alertmanager again what fires.")
        for destination in destinations where !destination.resends.isEmpty {
            for outcome in ForwardStatus.Outcome.allCases {
                page.sample("vedette_forward_resends_total", labels(destination, ("outcome", outcome.rawValue)), Double(destination.resends[outcome] ?? 0))
            }
        }
        page.family("vedette_forward_records_total", "counter", "Records of the alert topic, by what became of them.")
        for destination in destinations {
            for (fate, count) in destination.records { page.sample("vedette_forward_records_total", labels(destination, ("fate", fate)), Double(count)) }
        }
        page.family("vedette_forward_waiting", "gauge", "Alerts that wait to be delivered.")
        for destination in destinations { page.sample("vedette_forward_waiting", labels(destination), Double(destination.waiting)) }
        page.family("vedette_forward_oldest_waiting_seconds", "gauge", "For how long the oldest of them has waited; 0 where none waits.")
        for destination in destinations {
            page.sample("vedette_forward_oldest_waiting_seconds", labels(destination), destination.oldestReadAt.map { Double(max(0, wallMs - $0)) / 1_000 } ?? 0)
        }
        page.family("vedette_forward_open_alerts", "gauge", "Alerts that the destination knows to be open.")
        for destination in destinations { page.sample("vedette_forward_open_alerts", labels(destination), Double(destination.open)) }
        page.family("vedette_forward_lag_records", "gauge", "Records between what was read and the end of the alert topic.")
        for destination in destinations { page.sample("vedette_forward_lag_records", labels(destination), Double(destination.lag)) }
        page.family("vedette_forward_failing", "gauge", "1 while the destination accepts nothing.")
        for destination in destinations { page.sample("vedette_forward_failing", labels(destination), destination.failingSince == nil ? 0 : 1) }
        return page.text
    }

    private static func labels(_ destination: ForwardStatus.Destination, _ more: (String, String)...) -> [(String, String)] {
        [("destination", destination.name)] + more
    }
}
