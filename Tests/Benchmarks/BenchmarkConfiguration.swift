import VedetteRuntime

/// The configurations that are measured.
enum BenchmarkConfiguration {
    /// The monitors that came first; the rest of the defaults joined them later.
    static let firstMonitors = """
        monitors:
          - {monitor: missing_features, window: 1h}
          - {monitor: score_drift, window: 24h, slices: all}
          - {monitor: outcome_rate, window: 24h, slices: all}
          - {monitor: volume, window: 1h}
        """

    /// Every monitor there is, in every slice where that means something.
    static let allMonitors = """
        monitors:
          - {monitor: missing_features, window: 1h}
          - {monitor: feature_collapse, window: 1h}
          - {monitor: schema_change, window: 1h}
          - {monitor: feature_drift, window: 24h}
          - {monitor: score_drift, window: 24h, slices: all}
          - {monitor: decision_share, window: 24h, slices: all}
          - {monitor: outcome_rate, window: 24h, slices: all}
          - {monitor: performance, window: 24h, slices: all}
          - {monitor: slo, window: 5m, slices: all, indicator: fraud_rate, objective: 99%, period: 30d}
          - {monitor: version_change, window: 24h}
          - {monitor: version_regression, window: 24h, slices: all}
          - {monitor: volume, window: 1h, slices: all}
          - {monitor: latency, window: 1h, slices: all}
          - {monitor: error_rate, window: 1h, slices: all}
          - {monitor: cost, window: 24h, slices: all}
        """

    static let probing = """
        detectors:
          - {detector: probing}
        """

    /// Probing, policy floors and breakers; with ``integrity`` and ``allMonitors``, everything there is.
    static let everything = """
        \(allMonitors)
        \(probing)
        signals: [rules]
        policy:
          rules:
            - name: large-on-the-score-alone
              reason: Somebody should have looked.
              when: 'amount > 100000 and decision == allow'
              require: {any_of: [rules]}
            - name: blocks-stand
              when: score >= threshold.block
              forbid_override: true
            - name: automation
              max_share: {of: 'decision in [allow, block]', share: 99.9%, period: 1d}
          single_signal: {share: 99.9%}
        breakers:
          - id: blind
            slices: all
            alerts: [{monitors: [missing_features, policy_floor], severity: P0}]
            metrics: [{metric: allowed_fraud_rate, window: 24h, above: 20%}]
            instead_of: allow
            do: challenge
        """

    static let integrity = "integrity: {}"

    /// Sixteen features, four dimensions and a combination, default windows and monitors: as in `docker/vedette.yaml`.
    static func payments(combination: String = "[channel, account_age]", labels: String = "", extra: String = "") throws -> VedetteConfiguration {
        try load(
            """
            application: bench
            inputs:
              decisions: {topic: bench.decisions}
              labels: {topic: bench.labels}
            models:
              - name: payments-gbm
                owner: payments-fraud
                security: security-detection
                features:
                  amount: {kind: number, important: true}
                  account_age_days: {kind: number, important: true}
                  device_age_days: {kind: number, important: true}
                  email_risk: {kind: number, important: true}
                  ip_risk: {kind: number, important: true}
                  velocity_1h: {kind: number, important: true}
                  velocity_24h: number
                  distance_km: number
                  avg_amount_30d: number
                  failed_logins_24h: number
                  hour_of_day: number
                  is_vpn: boolean
                  cvv_match: boolean
                  billing_match: boolean
                  mcc: category
                  email_domain: category
            entities: [user, device, ip, card, merchant]
            labels:
              sources:
                - {pipeline: issuer-chargebacks, trust: high}
                - {pipeline: review-queue, trust: medium}
                - {pipeline: app-reports, trust: low}
              \(labels)
            slices:
              dimensions: [country, channel, account_age, browser]
              combinations: [\(combination)]
              max_values: 10000
              max_slices: 10000
            secrets:
              hash_key: public
            \(extra)
            """)
    }

    /// The shared job: an hour hopping by five minutes, labels counted where they arrive, nothing else.
    static func job() throws -> VedetteConfiguration {
        try load(
            """
            application: job
            inputs:
              decisions: {topic: job.decisions}
              labels: {topic: job.labels}
            models:
              - {name: fraud-v3, owner: bench, security: bench}
            labels:
              sources:
                - {pipeline: issuer, trust: high}
            slices:
              dimensions: [country, channel, browser]
              combinations: [[country, channel]]
            windows:
              - {size: 1h, hop: 5m}
            panes:
              levels:
                - {size: 5m, keep: 1h}
            time:
              out_of_orderness: 5s
            monitors: []
            secrets:
              hash_key: public
            """)
    }

    private static func load(_ text: String) throws -> VedetteConfiguration {
        try ConfigurationLoader.load(text: text, file: "benchmark").configuration
    }
}
