import VedetteRuntime

/// The configurations that are measured.
enum BenchmarkConfiguration {
    /// Sixteen features, four dimensions and a combination, default windows and monitors: as in `docker/vedette.yaml`.
    static func payments(combination: String = "[channel, account_age]", extra: String = "") throws -> VedetteConfiguration {
        try load(
            """
            application: bench
            inputs:
              decisions: {topic: bench.decisions}
              labels: {topic: bench.labels}
            models:
              - name: payments-gbm
                owner: payments-fraud
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
              - {name: fraud-v3, owner: bench}
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
