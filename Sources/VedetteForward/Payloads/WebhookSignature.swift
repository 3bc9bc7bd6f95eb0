/// `Vedette-Signature: t=<seconds>,v1=<hex>`: HMAC-SHA256 over the seconds in decimal, a full stop, and the body.
///
/// The time is signed too, so that a receiver can refuse a request that somebody recorded and plays back.
package enum WebhookSignature {
    package static let header = "Vedette-Signature"

    /// - Parameter seconds: since 1970.
    package static func value(_ body: [UInt8], key: String, seconds: Int64) -> String {
        let code = SHA256.hmac(Array("\(seconds).".utf8) + body, key: Array(key.utf8))
        return "t=\(seconds),v1=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
