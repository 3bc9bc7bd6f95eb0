import Foundation
import VedetteCore

/// How far a window is from the one before it, from the rows of both: every value is moved to the
/// value that its sketch stands for, each by itself, and then compared by sorting.
struct OracleDrift {
    private(set) var fields: [(path: [String], value: OracleNumber)] = []

    private mutating func put(_ path: String, _ value: OracleNumber) {
        fields.append(((["drift", "previous"] + path.split(separator: "/").map(String.init)), value))
    }

    /// Nil where there is no window before, or where it holds no decision.
    init?(_ windows: OracleWindows, _ key: OracleWindows.Key, _ content: OracleWindows.Content) {
        var earlier = key
        earlier.version = "*"
        earlier.start -= windows.topology.windows[key.window].sizeMs
        let before = (windows.contents[earlier]?.rows ?? []).map { windows.join.rows[$0].decision }
        let now = content.rows.map { windows.join.rows[$0].decision }
        guard !before.isEmpty, !now.isEmpty else { return nil }
        put("reference_count", .count(Int64(before.count)))
        let scores = { (rows: [OracleDecision]) in rows.map { ($0.score * 1e6).rounded() / 1e6 }.sorted() }
        put("ks", .measure(Self.distances(scores(before), scores(now)).largest, slack: 1e-9))
        put("wasserstein", .measure(Self.distances(scores(before), scores(now)).area, slack: 1e-9))
        for feature in windows.topology.schema.features {
            if feature.kind == .number { numbers(feature.name, before, now) } else { categories(feature, before, now, limit: windows.topology.panes.categories) }
        }
    }

    private mutating func numbers(_ name: String, _ before: [OracleDecision], _ now: [OracleDecision]) {
        let values = { (rows: [OracleDecision]) in
            rows.compactMap { row -> Double? in
                guard let number = row.features[name] as? NSNumber, !CFBoolean.matches(number) else { return nil }
                return number.doubleValue
            }
        }
        let (old, new) = (values(before), values(now))
        guard !old.isEmpty, !new.isEmpty else { return }
        let (a, b) = (old.map(Self.moved).sorted(), new.map(Self.moved).sorted())
        let distances = Self.distances(a, b)
        let path = "features/\(name)"
        put("\(path)/ks", .measure(distances.largest, slack: 1e-9))
        put("\(path)/wasserstein", .measure(distances.area, slack: 1e-9 * max(abs(a[0]), abs(a[a.count - 1]), abs(b[0]), abs(b[b.count - 1]))))
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(values.count) }
        let squares = old.reduce(0) { $0 + ($1 - mean(old)) * ($1 - mean(old)) }
        let spread = (squares / Double(max(1, old.count - 1))).squareRoot()
        if spread > 1e-6 * abs(mean(old)) { put("\(path)/mean_shift_sigmas", .measure((mean(new) - mean(old)) / spread, slack: 1e-9)) }
        let edges = (1...9).compactMap { OracleMetrics.quantile(a, Double($0) / 10) }.reduce(into: [Double]()) { if $0.last != $1 { $0.append($1) } }
        let counts = { (values: [Double]) in
            (0...edges.count).map { bin in values.count { value in edges.prefix { $0 <= value }.count == bin } }
        }
        for (index, count) in counts(b).enumerated() { put("\(path)/counts/\(index)", .count(Int64(count))) }
        put(path, counts(a), counts(b))
    }

    private mutating func categories(_ feature: EventSchema.Feature, _ before: [OracleDecision], _ now: [OracleDecision], limit: Int) {
        let words = { (rows: [OracleDecision]) in
            rows.reduce(into: [String: Int]()) { counts, row in
                let value = row.features[feature.name]
                let isBoolean = (value as? NSNumber).map { CFBoolean.matches($0) } ?? false
                if feature.kind == .boolean, isBoolean, let flag = value as? Bool { counts[flag ? "true" : "false", default: 0] += 1 }
                if feature.kind == .category, let word = value as? String { counts[word, default: 0] += 1 }
            }
        }
        let (old, new) = (words(before), words(now))
        // What does not fit is sampled: that is another test's.
        guard !old.isEmpty, !new.isEmpty, Set(old.keys).union(new.keys).count <= limit else { return }
        let all = Set(old.keys).union(new.keys).sorted()
        let path = "features/\(feature.name)"
        put(path, all.map { old[$0] ?? 0 }, all.map { new[$0] ?? 0 })
        let unseen = new.reduce(0) { $0 + (old[$1.key] == nil ? $1.value : 0) }
        put("\(path)/unseen", .measure(Double(unseen) / Double(new.values.reduce(0, +)), slack: 1e-12))
    }

    /// PSI and Jensen-Shannon over the same bins.
    private mutating func put(_ path: String, _ before: [Int], _ now: [Int]) {
        let share = { (counts: [Int]) in counts.map { Double($0) / Double(counts.reduce(0, +)) } }
        let pairs = Array(zip(share(before), share(now)))
        let psi = pairs.reduce(0.0) { sum, pair in
            let (r, c) = (max(pair.0, 1e-4), max(pair.1, 1e-4))
            return sum + (c - r) * log(c / r)
        }
        let term = { (p: Double, q: Double) in p > 0 ? p * log(2 * p / (p + q)) / 2 : 0 }
        put("\(path)/psi", .measure(psi, slack: 1e-9))
        put("\(path)/js", .measure(pairs.reduce(0.0) { $0 + term($1.0, $1.1) + term($1.1, $1.0) }, slack: 1e-9))
    }

    /// What a sketch makes of one value.
    private static func moved(_ value: Double) -> Double {
        var sketch = QuantileSketch()
        sketch.add(value)
        return sketch.bins.first?.value ?? value
    }

    /// The largest distance between two distribution functions, and the area between them; both ascending.
    private static func distances(_ a: [Double], _ b: [Double]) -> (largest: Double, area: Double) {
        let values = Set(a + b).sorted()
        var (i, j) = (0, 0)
        var result = (largest: 0.0, area: 0.0)
        for (place, value) in values.enumerated() {
            while i < a.count, a[i] <= value { i += 1 }
            while j < b.count, b[j] <= value { j += 1 }
            let distance = abs(Double(i) / Double(a.count) - Double(j) / Double(b.count))
            result.largest = max(result.largest, distance)
            if place + 1 < values.count { result.area += distance * (values[place + 1] - value) }
        }
        return result
    }
}
