/// Decisions without a value that came before, and labels of nothing, as JSON lines.
enum FloodLines {
    /// Scrambles a number without collisions (the finaliser of MurmurHash3), so that neighbours are far apart.
    private static func mixed(_ number: Int64, _ salt: UInt64) -> UInt64 {
        var value = UInt64(bitPattern: number) ^ salt
        value = (value ^ value &>> 33) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ value &>> 33) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ value &>> 33
    }

    private static func share(_ number: Int64, _ salt: UInt64) -> Double { Double(mixed(number, salt) &>> 11) / 9_007_199_254_740_992 }
    private static func text(_ number: Int64, _ salt: UInt64) -> String { String(mixed(number, salt), radix: 36) }
    private static func fixed(_ value: Double, _ scale: Double) -> String { "\((value * scale).rounded() / scale)" }

    static func decision(_ number: Int64, at time: Int64) -> [UInt8] {
        let score = Self.share(number, 1) * Self.share(number, 2)
        let decision = score >= 0.4 ? "block" : score >= 0.3 ? "challenge" : "allow"
        let amount = Self.fixed(Self.share(number, 3) * 500, 100)
        let numbers = ["account_age_days", "device_age_days", "email_risk", "ip_risk", "velocity_1h", "velocity_24h", "distance_km", "avg_amount_30d"]
        let features = numbers.enumerated().map { "\"\($1)\":\(Self.fixed(Self.share(number, 16 + UInt64($0)), 1e6))" }.joined(separator: ",")
        return Array(
            """
            {"request_id":"f\(number)","time":\(time),"model":{"name":"payments-gbm","version":"1"},"score":\(Self.fixed(score, 1e6)),\
            "decision":"\(decision)","threshold":{"challenge":0.3,"block":0.4},"features":{"amount":\(amount),\(features),\
            "failed_logins_24h":\(number % 5),"hour_of_day":\(number % 24),"is_vpn":\(number % 7 == 0),"cvv_match":\(number % 9 > 0),\
            "billing_match":\(number % 8 > 0),"mcc":"\(Self.text(number, 9))","email_domain":"\(number % 97).example"},"amount":\(amount),\
            "entities":{"user":"\(Self.text(number, 4))","device":"\(Self.text(number, 5))","ip":"\(Self.text(number, 6))",\
            "card":"\(Self.text(number, 7))","merchant":"m\(number % 3_000)"},"slices":{"country":"\(Self.text(number, 8))",\
            "channel":"app","account_age":"new","browser":"none"},"latency_ms":12.5,"signals":["model"]}
            """.utf8)
    }

    static func label(_ number: Int64, at time: Int64) -> [UInt8] {
        Array(
            """
            {"request_id":"none-\(number)","time":\(time),"outcome":"fraud","kind":"chargeback",\
            "source":{"pipeline":"issuer-chargebacks","actor":"issuer:\(number % 40)","trust":"high"}}
            """.utf8)
    }
}
