import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// Whoever sends requests chooses the categories that a metric record counts; the record must fit into Kafka all the same.
@Suite("Metric records that would be too long")
struct MetricSizeTests {
    private static let categories = 24, numbers = 600

    private static func configuration(_ limit: Int) -> String {
        let features = (0..<categories).map { "c\($0): category" } + (0..<numbers).map { "n\($0): number" }
        return """
            application: shop
            inputs: {decisions: {topic: d, mapping: {time_format: epoch_ms}}, labels: {topic: l}}
            secrets: {hash_key: public}
            models: [{name: risk, owner: fraud-team, features: {\(features.joined(separator: ", "))}}]
            windows: [{name: 1h, size: 1h}]
            drift: []
            monitors: []
            kafka: {properties: {message.max.bytes: 20000000}}
            limits: {features: 1000, metric_bytes: \(limit)B}
            """
    }

    /// 64 decisions in one hour, each with new categories of 128 bytes; JSON writes nearly every one of them as six.
    private static func decisions() -> String {
        (0..<64).map { number in
            let category = String(format: "%02d", number) + String(repeating: "\\u0001", count: 126)
            let features = (0..<categories).map { "\"c\($0)\":\"\(category)\"" } + (0..<numbers).map { "\"n\($0)\":\(number)" }
            return "{\"request_id\":\"r\(number)\",\"time\":\(1_767_571_200_000 + number),\"model\":{\"name\":\"risk\",\"version\":\"1\"},"
                + "\"score\":0.5,\"decision\":\"allow\",\"features\":{\(features.joined(separator: ","))}}\n"
        }.joined()
    }

    /// The record of the model's one version, and the length of what the limit is about.
    private func record(limit: Int) throws -> (facts: Facts, bytes: Int) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = { (name: String) in directory.appendingPathComponent(name).path }
        try Self.decisions().write(toFile: path("d.jsonl"), atomically: true, encoding: .utf8)
        try "".write(toFile: path("l.jsonl"), atomically: true, encoding: .utf8)
        let replay = try FileReplay(
            configuration: try loadedConfiguration(Self.configuration(limit)), decisions: [path("d.jsonl")], labels: [path("l.jsonl")],
            output: OutputFiles([.metrics: path("m.jsonl")]), now: .max)
        _ = try replay.run()
        let head = #"{"model":"risk","version":"1""#
        let line = try #require(
            try String(contentsOfFile: path("m.jsonl"), encoding: .utf8).split(separator: "\n").last { $0.hasPrefix(head) })
        return (Facts(try JSONSerialization.jsonObject(with: Data(line.utf8))), line.utf8.count - head.utf8.count)
    }

    @Test("The limit is exact: at it everything is there, a byte below the categories are not")
    func edge() throws {
        let whole = try record(limit: MetricEncoder.recordBytesRange.upperBound)
        #expect(!whole.facts["left_out"].exists)
        #expect(whole.facts["features"]["c3"]["values"].keys.count == 64)
        // It would not have fitted into a record of Kafka.
        #expect(whole.bytes > 1_000_000)
        #expect(try record(limit: whole.bytes).bytes == whole.bytes)
        let shortened = try record(limit: whole.bytes - 1)
        #expect(shortened.facts["left_out"]["category_values"].exists)
        #expect(shortened.facts["left_out"]["features"].integer == 0)
        #expect(!shortened.facts["features"]["c3"]["values"].exists)
        #expect(shortened.facts["features"]["c3"]["distinct"].number == 64)
        #expect(shortened.facts["features"].keys.count == Self.categories + Self.numbers)
        #expect(shortened.bytes < MetricEncoder.defaultRecordBytes)
    }

    @Test("Where that is not enough, the last features are left out, and the record says how many")
    func features() throws {
        let limit = MetricEncoder.recordBytesRange.lowerBound
        let (facts, bytes) = try record(limit: limit)
        #expect(bytes <= limit)
        let left = try #require(facts["left_out"]["features"].integer)
        #expect(left > 0)
        #expect(facts["features"].keys.count == Self.categories + Self.numbers - Int(left))
        #expect(facts["features"]["c0"].exists && !facts["features"]["n\(Self.numbers - 1)"].exists)
        #expect(facts["volume"]["total"].integer == 64)
    }

    @Test("Categories whose names are the same as far as they are kept are one member; names that Swift takes for equal are two")
    func names() {
        let long = String(repeating: "a", count: CategoryCounts.maxNameBytes)
        var counts = CategoryCounts()
        for (hash, name) in [(1, long + "1"), (2, "\u{e9}"), (3, long + "2"), (4, "e\u{301}"), (5, "b")] as [(UInt64, String)] {
            counts.add(hash: hash, count: Int64(hash), name: name)
        }
        let merged = MetricEncoder.countsByName(counts.categories)
        #expect(merged.map { Array($0.name.utf8) } == [long, "b", "e\u{301}", "\u{e9}"].map { Array($0.utf8) })
        #expect(merged.map(\.count) == [4, 5, 4, 2])
    }
}
