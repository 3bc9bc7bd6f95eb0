import VedetteCodec

/// What came back for a request.
package enum Reply: Sendable, Equatable {
    /// An answer: its status, its `Retry-After`, and how its body begins.
    case status(Int, retryAfter: String?, body: String)
    /// None, and why; without anything secret.
    case failure(String)
}

/// What is done about a reply.
package enum Verdict: Sendable, Equatable {
    case accepted
    /// This alert will never be taken as it is: to repeat it would hold up the others for ever.
    case refused(String)
    /// Once more, at the earliest after a pause where the destination asks for one, ms.
    case again(String, afterMs: Int64?)

    /// Longest pause that a destination may ask for, ms.
    package static let maxRetryAfterMs: Int64 = 3_600_000

    /// Statuses that speak of the configuration (who asks, and where), not of the alert: a person mends them, and then
    /// the alert is wanted all the same.
    private static let configuration: Set<Int> = [401, 402, 403, 404, 405, 407, 410, 421]
    private static let passing: Set<Int> = [408, 423, 425, 429]

    /// - Parameter now: wall clock, ms.
    package init(_ reply: Reply, now: Int64) {
        guard case .status(let status, let retryAfter, let body) = reply else {
            guard case .failure(let reason) = reply else { preconditionFailure("a reply is a status or a failure") }
            self = .again(reason, afterMs: nil)
            return
        }
        let text = body.isEmpty ? "status \(status)" : "status \(status): \(body)"
        switch status {
        case 200..<300: self = .accepted
        case 300..<400: self = .again("\(text) (redirects are not followed: set url to where it leads)", afterMs: nil)
        case 400..<500 where !Self.configuration.contains(status) && !Self.passing.contains(status): self = .refused(text)
        default: self = .again(text, afterMs: retryAfter.flatMap { Self.pause($0, now: now) })
        }
    }

    /// Seconds, or an HTTP date (RFC 9110, section 10.2.3); nil where it is neither.
    private static func pause(_ text: String, now: Int64) -> Int64? {
        if let seconds = Int64(text), seconds >= 0 { return min(seconds, maxRetryAfterMs / 1_000) * 1_000 }
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        guard let time = RFC3339.parse("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z") else { return nil }
        return min(max(0, time - now), maxRetryAfterMs)
    }
}

/// Pauses between tries.
package struct Backoff: Sendable {
    package var minMs: Int64
    package var maxMs: Int64

    package init(minMs: Int64, maxMs: Int64) {
        self.minMs = minMs
        self.maxMs = maxMs
    }

    /// Doubled with each failure in a row up to the longest; the upper half is drawn by lot, so that many who wait for one
    /// destination do not come back together.
    ///
    /// - Parameters:
    ///   - failures: in a row, from 1.
    ///   - lot: 0 to 1.
    package func delayMs(failures: Int, lot: Double) -> Int64 {
        // After 22 doublings the longest is reached from any shortest (10 ms to an hour); more could overflow.
        let whole = min(maxMs, minMs << Int64(min(22, max(0, failures - 1))))
        return whole / 2 + Int64(Double(whole - whole / 2) * lot)
    }
}
