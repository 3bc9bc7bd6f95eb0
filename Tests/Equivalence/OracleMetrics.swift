import Foundation
import VedetteCore

/// A number of a metric record: counts must be equal, measures equal to nine digits.
enum OracleNumber {
    case count(Int64)
    /// `slack` is what rounding may add where numbers cancel.
    case measure(Double?, slack: Double)

    static func measure(_ value: Double?) -> OracleNumber { .measure(value, slack: 0) }

    func matches(_ found: Any?) -> Bool {
        switch self {
        case .count(let expected): return (found as? NSNumber)?.int64Value == expected
        case .measure(let expected, let slack):
            guard let expected else { return found is NSNull || found == nil }
            guard let found = (found as? NSNumber)?.doubleValue else { return false }
            return abs(found - expected) <= 1e-9 * max(abs(found), abs(expected)) + slack
        }
    }
}

/// The numbers of one metric record, by path, from the rows of the window.
struct OracleMetrics {
    private(set) var fields: [(path: [String], value: OracleNumber)] = []

    mutating func put(_ path: String, _ value: OracleNumber) { fields.append((path.split(separator: "/").map(String.init), value)) }
    mutating func put(_ path: String, _ value: Int64) { put(path, .count(value)) }

    init(_ windows: OracleWindows, _ key: OracleWindows.Key, _ content: OracleWindows.Content) {
        let decisions = content.rows.map { windows.join.rows[$0].decision }
        volume(decisions, content)
        moments("score", decisions.map(\.score))
        let scores = decisions.map(\.score).sorted()
        for (name, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] { put("score/\(name)", .measure(Self.quantile(scores, q))) }
        for bin in 0..<20 {
            put("score/histogram/\(bin)", Int64(scores.count { min(19, Int(($0 * 1e6).rounded()) / 50_000) == bin }))
        }
        labels(windows, key, content, total: decisions.count)
        money(windows, content, decisions)
        operations(decisions, epsilon: windows.topology.panes.thresholdEpsilon)
        calibration(windows, content)
        provenance(windows, content)
        let latencies = decisions.compactMap(\.latency)
        put("latency_ms/count", Int64(latencies.count))
        put("latency_ms/mean", .measure(latencies.isEmpty ? nil : latencies.reduce(0, +) / Double(latencies.count)))
        put("latency_ms/max", .measure(latencies.max()))
        guard key.slice.isEmpty, !decisions.isEmpty else { return }
        for feature in windows.topology.schema.features { self.feature(feature, decisions) }
    }

    private mutating func volume(_ decisions: [OracleDecision], _ content: OracleWindows.Content) {
        put("volume/total", Int64(decisions.count))
        for word in ["allow", "challenge", "block", "escalate", "log"] {
            put("volume/\(word)", Int64(decisions.count { $0.decision == word }))
        }
        put("volume/model_only", Int64(decisions.count(where: \.isModelOnly)))
        put("volume/signals_known", Int64(decisions.count(where: \.saysSignals)))
        put("volume/late", Int64(decisions.count(where: \.isLate)))
        put("volume/duplicates", content.duplicates)
        put("volume/conflicts", content.conflicts)
    }

    private mutating func moments(_ path: String, _ values: [Double]) {
        let n = Double(values.count)
        let mean = values.isEmpty ? nil : values.reduce(0, +) / n
        put("\(path)/count", Int64(values.count))
        rest(path, values, mean)
    }

    private mutating func rest(_ path: String, _ values: [Double], _ mean: Double?) {
        let n = Double(values.count)
        let largest = values.map { abs($0) }.max() ?? 0
        put("\(path)/mean", .measure(mean, slack: 1e-14 * largest))
        let squares = values.map { ($0 - (mean ?? 0)) * ($0 - (mean ?? 0)) }.reduce(0, +)
        put("\(path)/variance", .measure(values.count > 1 ? squares / (n - 1) : nil, slack: 1e-13 * largest * largest))
        put("\(path)/min", .measure(values.min()))
        put("\(path)/max", .measure(values.max()))
    }

    /// numpy's default: linear between the two nearest ranks.
    static func quantile(_ sorted: [Double], _ q: Double) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let place = Double(sorted.count - 1) * q
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }

    // MARK: Labels

    private mutating func labels(_ windows: OracleWindows, _ key: OracleWindows.Key, _ content: OracleWindows.Content, total: Int) {
        let judged = content.outcomes.map { (decision: windows.join.rows[$0.key].decision, isFraud: $0.value.outcome == 2) }
        let fraud = judged.filter(\.isFraud).map(\.decision)
        let legit = judged.filter { !$0.isFraud }.map(\.decision)
        put("labels/labelled", Int64(judged.count))
        put("labels/fraud", Int64(fraud.count))
        put("labels/legit", Int64(legit.count))
        put("labels/unmatched", windows.unmatched(key, content))
        put("labels/coverage", .measure(total > 0 ? Double(judged.count) / Double(total) : nil))
        put("labels/arrived/labelled", content.arrivedFraud + content.arrivedLegit)
        put("labels/arrived/fraud", content.arrivedFraud)
        put("labels/arrived/legit", content.arrivedLegit)
        put("fraud_rate/value", .measure(judged.isEmpty ? nil : Double(fraud.count) / Double(judged.count)))
        for (name, words) in [("block", ["block"]), ("challenge_or_block", ["block", "challenge", "escalate"])] {
            let tp = fraud.count { words.contains($0.decision) }
            let fp = legit.count { words.contains($0.decision) }
            put("confusion/\(name)/tp", Int64(tp))
            put("confusion/\(name)/fp", Int64(fp))
            put("confusion/\(name)/fn", Int64(fraud.count - tp))
            put("confusion/\(name)/tn", Int64(legit.count - fp))
        }
        put("auc", .measure(Self.area(fraud.map(\.score), legit.map(\.score).sorted())))
    }

    /// The share of pairs in which the fraud scores higher, ties at one half.
    static func area(_ fraud: [Double], _ legit: [Double]) -> Double? {
        guard !fraud.isEmpty, !legit.isEmpty else { return nil }
        let wins = fraud.reduce(0.0) { sum, score in
            sum + legit.reduce(0.0) { $0 + ($1 < score ? 1 : $1 == score ? 0.5 : 0) }
        }
        return wins / Double(fraud.count) / Double(legit.count)
    }

    // MARK: Features

    private mutating func feature(_ feature: EventSchema.Feature, _ decisions: [OracleDecision]) {
        let path = "features/\(feature.name)"
        let values = decisions.map { $0.features[feature.name] }
        let nulls = values.count { $0 is NSNull }
        put("\(path)/count", Int64(decisions.count))
        put("\(path)/null", Int64(nulls))
        put("\(path)/missing", Int64(nulls + values.count { $0 == nil }))
        let present = values.compactMap { $0 }.filter { !($0 is NSNull) }
        var words: [String: Int64] = [:]
        var numbers: [Double] = []
        for value in present {
            let isBoolean = (value as? NSNumber).map { CFBoolean.matches($0) } ?? false
            switch feature.kind {
            case .number: if !isBoolean, let number = value as? NSNumber { numbers.append(number.doubleValue) }
            case .boolean: if isBoolean, let flag = value as? Bool { words[flag ? "true" : "false", default: 0] += 1 }
            case .category: if let word = value as? String { words[word, default: 0] += 1 }
            }
        }
        let usable = numbers.count + Int(words.values.reduce(0, +))
        put("\(path)/wrong_type", Int64(present.count - usable))
        if !numbers.isEmpty {
            rest(path, numbers, numbers.reduce(0, +) / Double(numbers.count))
            let sorted = numbers.sorted()
            for (name, q) in [("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99)] {
                guard let value = Self.quantile(sorted, q) else { continue }
                // Each of the two values that it lies between is within 1 %.
                let around = [Int(Double(sorted.count - 1) * q), min(Int(Double(sorted.count - 1) * q) + 1, sorted.count - 1)].map { abs(sorted[$0]) }
                put("\(path)/\(name)", .measure(value, slack: 0.0102 * (around.max() ?? 0) + 1e-9))
            }
        }
        if !words.isEmpty {
            let total = Double(words.values.reduce(0, +))
            put("\(path)/distinct", .measure(Double(words.count)))
            put("\(path)/entropy", .measure(words.values.reduce(0.0) { $0 - Double($1) / total * log(Double($1) / total) }, slack: 1e-12))
        }
        for (word, count) in words where !word.contains("/") { put("\(path)/values/\(word)", count) }
    }
}

/// Foundation gives JSON's booleans as numbers of the type of a C bool.
enum CFBoolean {
    static func matches(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" || number === (true as NSNumber) || number === (false as NSNumber) }
}
