import Foundation
import VedetteCodec

/// Compares the metric records of the job with its reference, window by window.
///
/// A reference entry is `[count, mean, population variance, share blocked, labels arrived, share of fraud among them]`.
struct JobCheck {
    private(set) var expected = 0
    private(set) var right = 0
    private(set) var wrong = 0
    private(set) var repeated = 0
    private(set) var unexpected = 0
    private(set) var example: String?
    var missing: Int { expected - right - wrong }

    /// Sums of doubles in another order.
    private static let tolerance = 1e-9

    init(reference: String, metrics: String) throws {
        guard let windows = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: reference))) as? [String: [Any]] else {
            throw BenchmarkFailure("\(reference) is not a reference of the job")
        }
        expected = windows.count
        var seen = Set<String>()
        let reader = try LineReader(path: metrics, limits: DecodeLimits())
        while let line = try reader.next() {
            guard let record = try JSONSerialization.jsonObject(with: Data(line.bytes)) as? [String: Any], record["version"] as? String == "*" else {
                continue
            }
            compare(record, windows, &seen)
        }
    }

    private mutating func compare(_ record: [String: Any], _ windows: [String: [Any]], _ seen: inout Set<String>) {
        guard let key = Self.key(record), let window = windows[key] else {
            unexpected += 1
            return
        }
        guard seen.insert(key).inserted else {
            repeated += 1
            return
        }
        let ours = Self.values(record)
        let theirs = window.map { ($0 as? NSNumber)?.doubleValue }
        if zip(ours, theirs).allSatisfy({ Self.agree($0, $1) }) {
            right += 1
        } else {
            wrong += 1
            if example == nil { example = "\(key): \(ours), expected \(theirs)" }
        }
    }

    private static func agree(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= tolerance * max(1, abs(b))
    }

    /// The name of the window in the reference, such as `country_channel=US|web@1767225600000`.
    private static func key(_ record: [String: Any]) -> String? {
        guard let slice = record["slice"] as? [String: String], let text = record["start"] as? String, let start = RFC3339.parse(text) else { return nil }
        let name =
            switch (slice["country"], slice["channel"], slice["browser"]) {
            case (nil, nil, nil): "global=all"
            case (let country?, nil, nil): "country=\(country)"
            case (nil, let channel?, nil): "channel=\(channel)"
            case (nil, nil, let browser?): "browser=\(browser)"
            case (let country?, let channel?, nil): "country_channel=\(country)|\(channel)"
            default: "unknown"
            }
        return "\(name)@\(start)"
    }

    private static func values(_ record: [String: Any]) -> [Double?] {
        func number(_ path: String...) -> Double? {
            var node: Any? = record
            for name in path { node = (node as? [String: Any])?[name] }
            return (node as? NSNumber)?.doubleValue
        }
        let count = number("score", "count") ?? 0
        let volume = number("volume", "total") ?? 0
        let sample = number("score", "variance")
        // The records carry the sample variance; of one value it is null, and the population's is 0.
        let variance = count == 0 ? nil : count == 1 ? 0 : sample.map { $0 * (count - 1) / count }
        let fraud = number("labels", "arrived", "fraud") ?? 0
        let arrived = fraud + (number("labels", "arrived", "legit") ?? 0)
        return [
            count, count == 0 ? nil : number("score", "mean"), variance, volume == 0 ? nil : (number("volume", "block") ?? 0) / volume, arrived,
            arrived == 0 ? nil : fraud / arrived,
        ]
    }
}
