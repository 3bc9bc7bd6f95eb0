import VedetteRuntime

/// The default monitors on the model of the card payments.
enum Configurations {
    private static let model = """
        application: measure
        inputs:
          decisions: {topic: d}
          labels: {topic: l}
        secrets: {hash_key: public}
        models:
          - name: cards-gbm
            owner: payments-fraud
            security: detection
            features:
              amount: {kind: number, important: true}
              is_weekend: boolean
              is_night: boolean
              user_tx_1d: {kind: number, important: true}
              user_avg_amount_1d: number
              user_tx_7d: number
              user_avg_amount_7d: number
              user_tx_30d: number
              user_avg_amount_30d: number
              terminal_tx_1d: number
              terminal_risk_1d: number
              terminal_tx_7d: number
              terminal_risk_7d: {kind: number, important: true}
              terminal_tx_30d: number
              terminal_risk_30d: {kind: number, important: true}
        labels:
          sources:
            - {pipeline: issuer-chargebacks, trust: high}
            - {pipeline: fraud-ops, trust: high}
            - {pipeline: review-queue, trust: medium}
            - {pipeline: settlement, trust: medium}
            - {pipeline: app-reports, trust: low}
        """

    /// Slices by one dimension; windows, panes and monitors as they are without a word about them.
    static func simulated() throws -> VedetteConfiguration {
        try ConfigurationLoader.load(text: model + "\nslices: {dimensions: [terminal_known]}\n", file: "measure.yaml").configuration
    }

    /// The slices of the real stream; its last labels come days apart.
    static func cards() throws -> VedetteConfiguration {
        let slices = "\nslices: {dimensions: [daypart, week_part, amount_band, terminal_known], combinations: [[amount_band, terminal_known]]}\n"
        return try ConfigurationLoader.load(text: model + slices + "time: {max_future: 60d}\njoin: {retention: 200d}\n", file: "measure.yaml").configuration
    }
}
