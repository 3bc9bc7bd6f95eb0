import Foundation

/// What is usually watched, once a day: PSI over ten bins above 0.1 and a Kolmogorov-Smirnov
/// p-value below 0.05 against the first week, for the score and every numeric feature, and rates
/// and means outside of three standard deviations of the days before.
struct FixedThresholds {
    private static let referenceDays = 7
    /// Days of history that a three-sigma limit needs.
    private static let leastDays = 7
    private static let kept = 5_000

    enum Kind: String, CaseIterable { case psi = "PSI > 0.1", ks = "KS p < 0.05", sigma = "3 sigma" }

    private let columns: Int
    private var today: [[Double]]
    private var reference: [[Double]]
    /// Per daily number (missing and mean of each feature, fraud rate, that of the slice, recall): its days so far.
    private var history: [[Double]] = []
    private var missing: [Int]
    private var rows = 0
    private var labels = (all: 0, fraud: 0, hot: 0, hotFraud: 0, blocked: 0)
    /// Days on which each kind fired.
    private(set) var days: [Kind: [Int]] = [:]

    init(features: Int) {
        columns = features + 1
        today = Array(repeating: [], count: columns)
        reference = Array(repeating: [], count: columns)
        missing = Array(repeating: 0, count: columns)
    }

    mutating func add(_ row: Pool.Row, amount: String?) {
        rows += 1
        var values = row.values
        if let amount { values[0] = Double(amount) ?? .nan }
        for (index, value) in (values + [row.score]).enumerated() {
            if value.isNaN { missing[index] += 1 } else { today[index].append(value) }
        }
    }

    mutating func add(label isFraud: Bool, blocked: Bool, hot: Bool) {
        labels.all += 1
        if hot { labels.hot += 1 }
        guard isFraud else { return }
        labels.fraud += 1
        if hot { labels.hotFraud += 1 }
        if blocked { labels.blocked += 1 }
    }

    mutating func close(day: Int) {
        defer {
            today = Array(repeating: [], count: columns)
            missing = Array(repeating: 0, count: columns)
            rows = 0
            labels = (0, 0, 0, 0, 0)
        }
        threeSigma(day)
        guard day >= Self.referenceDays else {
            for index in 0..<columns { reference[index] += today[index] }
            return
        }
        if day == Self.referenceDays { for index in 0..<columns { reference[index].sort() } }
        var (psi, ks) = (false, false)
        for index in 0..<columns {
            let now = today[index].prefix(Self.kept).sorted()
            guard !now.isEmpty, !reference[index].isEmpty else { continue }
            psi = psi || Self.psi(reference[index], now) > 0.1
            ks = ks || Self.ksPValue(reference[index], now) < 0.05
        }
        if psi { days[.psi, default: []].append(day) }
        if ks { days[.ks, default: []].append(day) }
    }

    private mutating func threeSigma(_ day: Int) {
        var numbers: [Double] = []
        for index in 0..<columns {
            numbers.append(Double(missing[index]) / Double(max(1, rows)))
            numbers.append(today[index].isEmpty ? .nan : today[index].reduce(0, +) / Double(today[index].count))
        }
        numbers.append(labels.all > 0 ? Double(labels.fraud) / Double(labels.all) : .nan)
        numbers.append(labels.hot > 0 ? Double(labels.hotFraud) / Double(labels.hot) : .nan)
        numbers.append(labels.fraud > 0 ? Double(labels.blocked) / Double(labels.fraud) : .nan)
        if history.isEmpty { history = Array(repeating: [], count: numbers.count) }
        var isOut = false
        for (index, number) in numbers.enumerated() where !number.isNaN {
            let before = history[index]
            if before.count >= Self.leastDays {
                let mean = before.reduce(0, +) / Double(before.count)
                let spread = (before.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(before.count - 1)).squareRoot()
                isOut = isOut || abs(number - mean) > 3 * spread + 1e-12
            }
            history[index].append(number)
        }
        if isOut { days[.sigma, default: []].append(day) }
    }

    /// Over the reference's deciles; empty bins count as 1e-4, as is usual.
    private static func psi(_ reference: [Double], _ now: [Double]) -> Double {
        var edges = (1..<10).map { reference[reference.count * $0 / 10] }
        edges = Array(Set(edges)).sorted()
        func shares(_ values: [Double]) -> [Double] {
            var counts = Array(repeating: 0.0, count: edges.count + 1)
            var bin = 0
            for value in values {
                while bin < edges.count, value >= edges[bin] { bin += 1 }
                counts[bin] += 1
            }
            return counts.map { max($0 / Double(values.count), 1e-4) }
        }
        return zip(shares(reference), shares(now)).reduce(0) { $0 + ($1.1 - $1.0) * log($1.1 / $1.0) }
    }

    /// Asymptotic, as the usual tools give it. Both ascending.
    private static func ksPValue(_ a: [Double], _ b: [Double]) -> Double {
        var (i, j, distance) = (0, 0, 0.0)
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] <= value { i += 1 }
            while j < b.count, b[j] <= value { j += 1 }
            distance = max(distance, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        let n = (Double(a.count) * Double(b.count) / Double(a.count + b.count)).squareRoot()
        let x = (n + 0.12 + 0.11 / n) * distance
        var sum = 0.0
        for k in 1...100 { sum += (k % 2 == 1 ? 2 : -2) * exp(-2 * Double(k * k) * x * x) }
        return min(1, max(0, x < 0.2 ? 1 : sum))
    }
}
