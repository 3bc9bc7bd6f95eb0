/// What the demo runs with: the simulator's payments model, and monitors on short windows.
enum DemoConfiguration {
    static func yaml(brokers: String, stateDirectory: String) -> String {
        """
        application: demo
        log_level: warning
        kafka:
          brokers: "\(brokers)"
        inputs:
          decisions: {topic: demo.decisions}
          labels: {topic: demo.labels}
          history: aloud
        models:
          - name: payments-gbm
            description: Card and wallet payments (simulated)
            owner: {team: payments-fraud, contact: "#payments-fraud"}
            security: {team: security-detection, contact: "#security-detection"}
            features:
              amount: {kind: number, important: true}
              account_age_days: {kind: number, important: true}
              device_age_days: {kind: number, important: true}
              email_risk: {kind: number, important: true}
              ip_risk: {kind: number, important: true}
              velocity_1h: {kind: number, important: true}
              is_vpn: boolean
              mcc: category
        entities: [user, device, ip, card, merchant]
        labels:
          sources:
            - {pipeline: issuer-chargebacks, trust: high}
            - {pipeline: review-queue, trust: medium}
            - {pipeline: app-reports, trust: low}
        slices:
          dimensions: [country, channel, account_age]
        windows:
          - {name: 1h, size: 1h, hop: 5m}
          - {name: 24h, size: 24h, hop: 1h}
        monitors:
          - {monitor: missing_features, window: 1h, reference: previous_window, severity: P0}
          - {monitor: volume, window: 1h, reference: previous_window, severity: P1, max_drop_ratio: 0.3, min_surge_ratio: 4}
          - {monitor: score_drift, window: 24h, slices: all, reference: {same_hours: {weeks: 1}}, severity: P1}
          - {monitor: outcome_rate, window: 24h, slices: all, reference: {same_hours: {weeks: 1}}, severity: P1}
        time: {idle_timeout: 2s}
        state:
          directory: "\(stateDirectory)"
          checkpoint_interval: 10s
        http: {enabled: false}
        secrets: {hash_key: public}
        """
    }
}
