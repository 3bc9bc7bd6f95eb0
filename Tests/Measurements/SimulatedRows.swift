import Foundation

/// Rows of the form of the card payments, where the data sets are not at hand: skewed amounts, counts
/// that hang together, a risk that most fraud shows in, and a model that sees it with some noise.
enum SimulatedRows {
    private static let fraudShare = 0.05

    static func make(_ count: Int, seed: UInt64) -> [Pool.Row] {
        var random = MeasureRandom(seed: seed &* 31)
        var rows: [Pool.Row] = []
        var number = 0
        while rows.count < count {
            number += 1
            let isFraud = random.uniform() < fraudShare
            let id = String(format: "%016x", number)
            if let row = Pool.Row(Array(line(id, isFraud, &random).utf8), isFraud ? [id] : []) { rows.append(row) }
        }
        return rows
    }

    private static func line(_ id: String, _ isFraud: Bool, _ random: inout MeasureRandom) -> String {
        let number = { (value: Double) in String(format: "%.2f", value) }
        let amount = exp(3.4 + 0.9 * normal(&random) + (isFraud ? 0.4 : 0))
        let perDay = Double(random.poisson(isFraud ? 3 : 2)) + 1
        let risk = isFraud && random.uniform() < 0.7 ? 0.3 + 0.7 * random.uniform() : random.uniform() < 0.03 ? 0.2 * random.uniform() : 0
        let hidden = risk > 0.2 ? 3.0 : isFraud ? -0.5 : -4.0
        let score = 1 / (1 + exp(-(hidden + 1.2 * normal(&random))))
        let decision = score >= 0.6334 ? "block" : score >= 0.1 ? "challenge" : "allow"
        let counts = (week: Double(random.poisson(perDay * 6)) + perDay, month: Double(random.poisson(perDay * 25)) + perDay)
        let terminal = (day: Double(random.poisson(1)) + 1, week: Double(random.poisson(7)) + 1, month: Double(random.poisson(30)) + 1)
        let usual = number(amount * exp(0.3 * normal(&random)))
        return """
            {"request_id":"\(id)","time":0,"model":{"name":"cards-gbm","version":"2018.06.1"},"score":\(String(format: "%.6f", score)),\
            "decision":"\(decision)","threshold":{"challenge":0.1,"block":0.6334},"features":{"amount":\(number(amount)),\
            "is_weekend":\(random.uniform() < 0.28),"is_night":\(random.uniform() < 0.2),"user_tx_1d":\(Int(perDay)),"user_avg_amount_1d":\(usual),\
            "user_tx_7d":\(Int(counts.week)),"user_avg_amount_7d":\(usual),"user_tx_30d":\(Int(counts.month)),"user_avg_amount_30d":\(usual),\
            "terminal_tx_1d":\(Int(terminal.day)),"terminal_risk_1d":\(number(risk)),"terminal_tx_7d":\(Int(terminal.week)),\
            "terminal_risk_7d":\(number(risk * 0.8)),"terminal_tx_30d":\(Int(terminal.month)),"terminal_risk_30d":\(number(risk * 0.5))},\
            "slices":{"daypart":"day","week_part":"weekday","amount_band":"10-50","terminal_known":"known"},"latency_ms":9.5,"signals":["model"]}
            """
    }

    /// Box and Muller (1958).
    private static func normal(_ random: inout MeasureRandom) -> Double {
        (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * .pi * random.uniform())
    }
}
