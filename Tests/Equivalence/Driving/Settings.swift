import VedetteRuntime

/// The configurations that the tests run with.
package enum Settings {
    /// - Parameter isShort: panes and rows expire while the stream runs.
    package static func text(isShort: Bool, monitors: String = "monitors: []") -> String {
        """
        application: driving
        inputs:
          decisions: {topic: driving.decisions}
          labels: {topic: driving.labels}
        secrets: {hash_key: public}
        models:
          - name: payments-gbm
            description: Simulated payments
            owner: {team: a, contact: "#a"}
            security: {team: b, contact: "#b"}
            features:
              amount: {kind: number, important: true}
              account_age_days: {kind: number, important: true}
              device_age_days: {kind: number, important: true}
              velocity_24h: number
              is_vpn: boolean
              email_domain: category
        entities: [user, device]
        labels:
          sources:
            - {pipeline: issuer-chargebacks, trust: high}
            - {pipeline: review-queue, trust: medium}
            - {pipeline: second-review, trust: medium, outcomes: [fraud]}
            - {pipeline: app-reports, trust: low, sampling_weight: 4}
        slices:
          dimensions: [channel, account_age, {name: newcomer, new_entity: user, within: 6h}]
          combinations:
            - [channel, account_age]
            - [channel, newcomer]
        time: {out_of_orderness: 30s, max_future: 10d, max_ahead: 20m}
        windows:
          - {name: 5m, size: 5m}
          - {name: 1h, size: 1h, hop: 15m}
          - {name: 24h, size: 24h, hop: 3h}
          - {name: 2d, size: 2d}
          - {name: all, size: 10d, offset: 4d}
        panes:
          levels:
            - {size: 1m, keep: \(isShort ? "2h" : "6d")}
            - {size: 1h, keep: \(isShort ? "2d" : "30d")}
            - {size: 1d, keep: \(isShort ? "10d" : "400d")}
          score_entries: 65536
          revise_every: 6h
        join:
          retention: \(isShort ? "1d" : "30d")
          segment: 6h
          duplicate_window: \(isShort ? "5h" : "1d")
          pending_ttl: \(isShort ? "2h" : "12h")
          maturity: \(isShort ? "6h" : "12h")
        breakers:
          - id: guard
            slices: all
            alerts: [{monitors: [score_drift, outcome_rate], severity: P1}]
            metrics: [{metric: challenge_share, window: 1h, above: 10%, min_count: 20}]
            min_open: 20m
            clear_for: 10m
            stage: 10m
            heartbeat: 30m
            expiry: 1h
        drift:
          - {name: previous, reference: previous_window}
        \(monitors)
        """
    }

    /// Sensitive enough that a few thousand records raise and clear alerts.
    package static let monitors = """
        monitors:
          - {monitor: missing_features, window: 1h, alpha: 0.001, min_count: 20}
          - {monitor: score_drift, window: 24h, slices: all, alpha: 0.01, min_count: 50}
          - {monitor: outcome_rate, window: 24h, slices: all, alpha: 0.05, min_count: 20, min_fraud: 3, min_ratio: 1.2, keep_firing_for: 2h}
          - {monitor: outcome_rate, id: by_decision, basis: decision_time, window: 24h, alpha: 0.05, min_count: 20, min_fraud: 3, min_ratio: 1.2}
          - {monitor: volume, window: 1h, alpha: 0.001, min_count: 20, for: 5m}
          - {monitor: feature_drift, window: 24h, alpha: 0.01, min_count: 50, min_psi: 0.1, min_sigma: 0.1, min_js: 0.01}
          - {monitor: feature_collapse, window: 1h, alpha: 0.01, min_count: 20, max_ratio: 80%}
          - {monitor: schema_change, window: 1h, alpha: 0.01, min_count: 20, min_wrong_type: 1%, min_undeclared: 2%}
          - {monitor: slo, window: 1h, slices: all, alpha: 0.01, objective: 99%, period: 5d}
          - {monitor: slo, id: missing, window: 1h, alpha: 0.01, indicator: missing_rate, objective: 99.9%, period: 2d}
          - {monitor: version_change, window: 1h, alpha: 0.01, min_count: 20}
          - {monitor: version_regression, window: 24h, alpha: 0.05, min_count: 50, min_sigma: 0.1, min_share_change: 1%}
          - {monitor: latency, window: 1h, alpha: 0.01, min_count: 20, min_ratio: 1.1}
        """

    package static func load(isShort: Bool, monitors: String = "monitors: []", stateDirectory: String? = nil) throws -> VedetteConfiguration {
        var configuration = try ConfigurationLoader.load(text: text(isShort: isShort, monitors: monitors), file: "settings").configuration
        if let stateDirectory { configuration.state.directory = stateDirectory }
        return configuration
    }
}
