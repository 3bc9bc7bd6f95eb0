import Foundation

/// What an attacker who knows the design, but neither salt nor thresholds, does to stay unseen.
struct AdaptiveStrategy {
    var name: String
    /// Mean time between two queries, ms.
    var spacingMs: Double = 5_000
    /// A new account, device and address for every query.
    var rotates = false
    /// Share of the features that are filled from a random honest request, anew in every query.
    var padding = 0.0
    /// Pads the share of his features that matters least to the model, the same in every query (``IdleFeatures``), instead of any.
    var padsIdle = false
    /// Honest requests that he sends himself between two queries.
    var honest = 0

    static let all: [AdaptiveStrategy] = [
        AdaptiveStrategy(name: "none of it"),
        AdaptiveStrategy(name: "Sybils: every query from new identities", rotates: true),
        AdaptiveStrategy(name: "an hour between queries, Sybils", spacingMs: 3_600_000, rotates: true),
        AdaptiveStrategy(name: "six hours between queries, Sybils", spacingMs: 6 * 3_600_000, rotates: true),
        AdaptiveStrategy(name: "a fifth of the features padded, Sybils", rotates: true, padding: 0.2),
        AdaptiveStrategy(name: "half of the features padded, Sybils", rotates: true, padding: 0.5),
        AdaptiveStrategy(name: "20 honest requests of his own between queries, Sybils", rotates: true, honest: 20),
        AdaptiveStrategy(name: "six hours, a fifth padded, Sybils", spacingMs: 6 * 3_600_000, rotates: true, padding: 0.2),
        AdaptiveStrategy(name: "six hours, half padded, Sybils", spacingMs: 6 * 3_600_000, rotates: true, padding: 0.5),
        AdaptiveStrategy(name: "a fifth of the features padded, those that matter least, Sybils", rotates: true, padding: 0.2, padsIdle: true),
        AdaptiveStrategy(name: "half of the features padded, those that matter least, Sybils", rotates: true, padding: 0.5, padsIdle: true),
        AdaptiveStrategy(
            name: "six hours, half padded (those that matter least), Sybils", spacingMs: 6 * 3_600_000, rotates: true, padding: 0.5, padsIdle: true),
    ]
}

/// A boundary attack: bisection from a stopped request towards an honest one, a walk back one feature at a time,
/// then use of what was found.
struct AdaptiveAttacker {
    private static let bisections = 8
    private static let walk = 24
    private static let uses = 30

    private let strategy: AdaptiveStrategy
    private let file: StreamFile
    private let model: BoostedSurrogate
    private var random: SeededGenerator

    private(set) var queries: [StreamRecord] = []
    /// Numbers of the attack's own queries that were allowed and keep half of the seed's own values or more.
    private(set) var successes: [Int] = []
    private(set) var accounts = 0
    /// Queries of the attack itself.
    private var sent = 0
    private var time: Int64
    private let seed: StreamRecord
    private let target: StreamRecord
    private let isBoolean: [Bool]
    private let idle: [Int]

    /// - Parameter idle: the features to pad where the strategy pads idle ones.
    init(_ strategy: AdaptiveStrategy, file: StreamFile, model: BoostedSurrogate, isBoolean: [Bool], idle: [Int], random: SeededGenerator) {
        self.idle = idle
        self.strategy = strategy
        self.file = file
        self.model = model
        self.isBoolean = isBoolean
        var random = random
        seed = random.pick(file.records.filter { !$0.isAllowed })
        target = random.pick(file.records.filter(\.isAllowed))
        // After the first quarter of the stream, with room for what follows.
        let span = file.records[file.records.count - 1].time - file.records[0].time
        time = file.records[0].time + span / 4 + Int64(random.uniform() * Double(span) / 8)
        self.random = random
    }

    mutating func run() throws {
        var keep = 1.0
        _ = try send(mixture(1), keep: 1)
        var (low, high) = (0.0, 1.0)
        for _ in 0..<Self.bisections {
            let middle = (low + high) / 2
            if try send(mixture(middle), keep: middle) { low = middle } else { high = middle }
        }
        keep = low
        var best = mixture(low)
        for _ in 0..<Self.walk {
            let feature = Int(random.uniform() * Double(best.count))
            guard !isBoolean[feature], !best[feature].isNaN, !seed.features[feature].isNaN else { continue }
            var next = best
            next[feature] += (seed.features[feature] - next[feature]) * 0.5
            if try send(next, keep: keep) { best = next }
        }
        for _ in 0..<Self.uses {
            var copy = best
            for index in copy.indices where !isBoolean[index] && copy[index] != copy[index].rounded() {
                copy[index] *= 0.995 + 0.01 * random.uniform()
            }
            _ = try send(copy, keep: keep)
        }
    }

    /// `share` of the way from the honest request to the seed.
    private func mixture(_ share: Double) -> [Double] {
        seed.features.indices.map { index in
            let (own, other) = (seed.features[index], target.features[index])
            guard !own.isNaN, !other.isNaN, !isBoolean[index] else { return own }
            let value = other + (own - other) * share
            let isWhole = own == own.rounded() && other == other.rounded()
            return isWhole ? value.rounded() : (value * 1e4).rounded() / 1e4
        }
    }

    /// Whether it was allowed.
    private mutating func send(_ wanted: [Double], keep: Double) throws -> Bool {
        let features = padded(wanted)
        time += Int64(-log(1 - random.uniform()) * strategy.spacingMs)
        let number = sent
        sent += 1
        let identity = strategy.rotates ? "a\(random.next() % 1_000_000)-\(number)" : "a-\(seed.id)"
        accounts = strategy.rotates ? accounts + 1 : 1
        let record = try line(features, identity: identity, number: "q\(number)", base: seed)
        queries.append(record)
        if record.isAllowed, keep >= 0.5 { successes.append(number) }
        for extra in 0..<strategy.honest {
            time += 1_000
            let honest = random.pick(file.records)
            queries.append(try line(honest.features, identity: "\(identity)-\(extra)", number: "h\(number)-\(extra)", base: honest))
        }
        return record.isAllowed
    }

    private mutating func padded(_ wanted: [Double]) -> [Double] {
        guard strategy.padding > 0 else { return wanted }
        var features = wanted
        let honest = random.pick(file.records).features
        if strategy.padsIdle {
            for index in idle { features[index] = honest[index] }
        } else {
            for index in features.indices where !isBoolean[index] && random.uniform() < strategy.padding { features[index] = honest[index] }
        }
        return features
    }

    private func line(_ features: [Double], identity: String, number: String, base: StreamRecord) throws -> StreamRecord {
        guard var object = try JSONSerialization.jsonObject(with: Data(base.line)) as? [String: Any] else { throw EvaluationFailure("a record that is no object") }
        var named = object["features"] as? [String: Any] ?? [:]
        for (index, name) in file.features.enumerated() where !isBoolean[index] {
            if features[index].isNaN { named[name] = NSNull() } else { named[name] = features[index] }
        }
        let score = (model.score(features) * 1e6).rounded() / 1e6
        let isAllowed = score < model.threshold
        let id = "adaptive-\(identity)-\(number)"
        object["features"] = named
        object["request_id"] = id
        object["score"] = score
        object["decision"] = isAllowed ? "allow" : "block"
        object["time"] = Self.text(time)
        var who: [String: Any] = [:]
        for kind in file.entities { who[kind] = "\(kind)-\(identity)" }
        object["entities"] = who
        let bytes = [UInt8](try JSONSerialization.data(withJSONObject: object))
        return StreamRecord(
            id: id, time: time, score: score, isAllowed: isAllowed, threshold: model.threshold, features: features,
            entities: file.entities.map { "\($0)-\(identity)" }, line: bytes)
    }

    private static func text(_ ms: Int64) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter.string(from: Date(timeIntervalSince1970: Double(ms) / 1_000))
    }
}

/// A deterministic sequence from a seed (SplitMix64).
struct SeededGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In [0, 1).
    mutating func uniform() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
    mutating func pick<T>(_ values: [T]) -> T { values[Int(next() % UInt64(values.count))] }
}
