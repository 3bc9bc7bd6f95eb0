import Driving
import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// Everything that a replay says in the end, against a recomputation from scratch.
@Suite(.serialized) struct OracleTests {
    private static func scenarios(_ seed: UInt64) -> [SimulationScenario] {
        [
            SimulationScenario(.duplicates, strength: 0.1),
            SimulationScenario(.disorder, strength: 0.5, boundMs: 40_000 + Int64(seed % 3) * 60_000),
            SimulationScenario(.malformed, strength: 0.03),
            SimulationScenario(.labelCorrections, strength: 0.5),
            SimulationScenario(.featureMissing, strength: 0.3, feature: "device_age_days"),
        ]
    }

    @Test(arguments: [false, true]) func manyDecisions(isShort: Bool) throws {
        var mix = TrafficMix(seed: isShort ? 5 : 4)
        mix.decisions = isShort ? 2_000 : 5_000
        mix.perSecond = Double(mix.decisions) / (3 * 86_400)
        mix.scenarios = Self.scenarios(mix.seed)
        try compare(try mix.records(), mix.seed, isShort: isShort)
    }

    /// The state at any moment is that of the records so far.
    @Test(arguments: 1...3) func anyPrefix(_ number: Int) throws {
        var mix = TrafficMix(seed: 100 + UInt64(number))
        mix.decisions = 600
        mix.perSecond = 600 / (1.5 * 86_400)
        mix.oddShare = 0.3
        mix.scenarios = Self.scenarios(mix.seed)
        let records = try mix.records()
        var random = TestRandom(mix.seed)
        for cut in [random.below(records.count), records.count] {
            try compare(Array(records[..<cut]), mix.seed, isShort: number % 2 == 0)
        }
    }

    private func compare(_ records: [InputRecord], _ seed: UInt64, isShort: Bool) throws {
        var random = TestRandom(seed ^ UInt64(records.count))
        let directory = try ScratchDirectory()
        let log = InputLog(records, decisions: 1 + random.below(3), labels: 1 + random.below(2), in: directory)
        let configuration = try Settings.load(isShort: isShort)
        let output = try log.replay(configuration, in: directory)
        let context = "seed \(seed), \(records.count) records, short \(isShort)"

        let read = try log.records.map { try $0.map { try OracleRecord($0) } }
        let join = OracleJoin(configuration.topology, KeyedHash(secret: "vedette public key"), read, log.identities)
        #expect(output.counters == join.counters, "\(context)")
        #expect(try Self.late(output) == join.late.sorted(), "\(context)")
        #expect(try Self.refused(output) == Self.broken(log), "\(context)")
        try compareMetrics(output, OracleWindows(configuration.topology, join), isShort: isShort, context)
    }

    private func compareMetrics(_ output: Output, _ windows: OracleWindows, isShort: Bool, _ context: String) throws {
        var found: [OracleWindows.Key: [String: Any]] = [:]
        let isFinal = Data("\"final\":true".utf8)
        for line in output[.metrics] {
            let data = Data(line)
            guard data.range(of: isFinal, in: 0..<min(data.count, 400)) != nil else { continue }
            let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let key = try #require(Self.key(object, windows.topology))
            #expect(found[key] == nil, "final twice: \(key), \(context)")
            found[key] = object
        }
        var mistakes: [String] = []
        for (key, content) in windows.contents {
            guard let object = found[key] else {
                mistakes.append("no record for \(key)")
                continue
            }
            // Where panes expire, a window's final record is older than the last corrections of the one before it.
            let drift = isShort || !key.slice.isEmpty ? [] : OracleDrift(windows, key, content)?.fields ?? []
            for (path, value) in OracleMetrics(windows, key, content).fields + drift where !value.matches(Self.look(object, path)) {
                mistakes.append("\(key) \(path.joined(separator: "/")): \(String(describing: Self.look(object, path))) instead of \(value)")
            }
        }
        for key in found.keys where windows.contents[key] == nil { mistakes.append("a record too many: \(key)") }
        #expect(!windows.contents.isEmpty || output[.metrics].isEmpty)
        let count = mistakes.count
        #expect(count == 0, "\(context): \(count) mistakes in \(windows.contents.count) records, such as \(mistakes.sorted().prefix(8).joined(separator: "\n"))")
    }

    // MARK: Reading output

    private static func key(_ object: [String: Any], _ topology: TopologyConfiguration) -> OracleWindows.Key? {
        guard let version = object["version"] as? String, let slice = object["slice"] as? [String: Any], let name = object["window"] as? String,
            let start = (object["start"] as? String).flatMap({ parseTime($0) }),
            let window = topology.windows.firstIndex(where: { $0.name == name })
        else { return nil }
        let text = slice.map { "\($0.key)=\($0.value as? String ?? "∅")" }.sorted().joined(separator: ",")
        return OracleWindows.Key(version: version, slice: text, window: window, start: start)
    }

    private static func look(_ object: Any?, _ path: [String]) -> Any? {
        var place = object
        for name in path {
            if let list = place as? [Any] { place = Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil } } else { place = (place as? [String: Any])?[name] }
        }
        return place
    }

    private static func late(_ output: Output) throws -> [String] {
        try output[.late].map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            let source = try #require(object["source"] as? [String: Any])
            let isJoined = (object["joined"] as? Bool) == true
            return "\(object["stream"] ?? "") \(source["partition"] ?? "") \(source["offset"] ?? "") \(isJoined)"
        }.sorted()
    }

    private static func refused(_ output: Output) throws -> [String] {
        try output[.deadLetters].map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            let source = try #require(object["source"] as? [String: Any])
            return "\(object["stream"] ?? "") \(source["partition"] ?? "") \(source["offset"] ?? "") \(object["reason"] ?? "")"
        }.sorted()
    }

    private static func broken(_ log: InputLog) -> [String] {
        zip(log.identities, log.records).flatMap { identity, records in
            records.enumerated().compactMap { offset, record in
                record.broken.map { "\(identity.stream.word) \(identity.number) \(offset) \($0.reason.rawValue)" }
            }
        }.sorted()
    }
}
