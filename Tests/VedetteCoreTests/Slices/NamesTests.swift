import Testing
import VedetteCore

/// Names with a limit over weeks of traffic: versions and values that nobody uses make room.
@Suite("Names with a limit") struct NamesTests {
    private static let day: Int64 = 86_400_000

    /// Room for two of each. Rows are kept for two days and panes for four, so a name is idle after a week and a quarter.
    private static var configuration: TopologyConfiguration {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.panes.levels = [.init(sizeMs: JudgeKit.hour, keepMs: 2 * day), .init(sizeMs: day, keepMs: 4 * day)]
        configuration.join.retentionMs = 2 * day
        configuration.join.maturityMs = day
        configuration.join.pendingTTLMs = JudgeKit.hour
        configuration.join.duplicateWindowMs = JudgeKit.hour
        configuration.slices.groups = [[0]]
        configuration.slices.maxVersions = 2
        configuration.slices.maxValuesPerDimension = 2
        configuration.windows = [WindowSpec(name: "24h", sizeMs: day, hopMs: day)]
        var change = MonitorSpec(id: "change", rule: .versionChange(VersionChangeRule()), window: 0, reference: .previousWindow, severity: .p2)
        change.minCount = 50
        configuration.monitors = [change]
        return configuration
    }

    /// Four decisions an hour of one day; answers the alerts of it.
    private func run(_ harness: DetectorHarness, day: Int, version: String, country: (Int) -> String) throws -> [AlertEvent] {
        let start = JudgeKit.base + Int64(day) * Self.day
        for quarter in 0..<96 {
            var row = PolicyKit.Row()
            row.version = version
            row.country = country(quarter)
            row.time = start + Int64(quarter) * JudgeKit.hour / 4
            harness.ingest(PolicyKit.batch([row], first: Int(harness.offset(0))))
        }
        return try harness.advance(to: start + Self.day)
    }

    private func used(_ harness: DetectorHarness, _ kind: Cardinality.Kind) throws -> Cardinality {
        try #require(harness.topology.cardinalities.first { $0.kind == kind })
    }

    private func bytes(_ harness: DetectorHarness) -> [UInt8] {
        var bytes: [UInt8] = []
        harness.topology.snapshot(put: { key, value in if key == SnapshotKey.topology { bytes = value } }, delete: { _ in })
        return bytes
    }

    @Test("The release after the limit is known by its name once an old one is idle, across a restart too")
    func releases() throws {
        let harness = DetectorHarness(Self.configuration)
        var restarted: DetectorHarness?
        var told: [String] = []
        for day in 0..<50 {
            let release = "r\(day / 10)"
            let events = try run(harness, day: day, version: release) { _ in "FR" }
            told += events.filter { $0.status == .firing }.compactMap(\.subject)
            // Between two releases, when one has gone and one is idle.
            if day == 25 { restarted = try harness.restarted() } else if let restarted {
                #expect(try run(restarted, day: day, version: release) { _ in "FR" } == events)
            }
        }
        #expect(told == ["r1", "r2", "r3", "r4"])
        let versions = try used(harness, .version)
        #expect(versions.used == 2 && versions.limit == 2 && versions.overflowed == 0 && versions.text == "version payments")
        #expect(bytes(harness) == bytes(try #require(restarted)))
    }

    @Test("A third release within a week is (other), and counted")
    func overflow() throws {
        let harness = DetectorHarness(Self.configuration)
        for day in 0..<3 { _ = try run(harness, day: day, version: "r\(day)") { _ in "FR" } }
        #expect(try used(harness, .version).overflowed == 96)
    }

    @Test("Junk values do not hide an honest one for ever, and their slices go with them")
    func values() throws {
        let harness = DetectorHarness(Self.configuration)
        _ = try run(harness, day: 0, version: "r0") { $0 % 2 == 0 ? "junk-1" : "junk-2" }
        _ = try run(harness, day: 1, version: "r0") { _ in "FR" }
        let before = try (used(harness, .dimension), used(harness, .slice))
        #expect(before.0.used == 2 && before.0.overflowed == 96 && before.1.used == 3)
        for day in 2..<9 { _ = try run(harness, day: day, version: "r0") { _ in "FR" } }
        let restarted = try harness.restarted()
        for day in 9..<12 {
            let events = try run(harness, day: day, version: "r0") { _ in "FR" }
            #expect(try run(restarted, day: day, version: "r0") { _ in "FR" } == events)
        }
        let after = try (used(harness, .dimension), used(harness, .slice))
        // The first of the two to be idle has made room, a quarter of an hour before the other would.
        #expect(after.0.used == 2 && after.0.overflowed > 96 * 7 && after.0.overflowed < 96 * 8)
        // FR, (other), and the junk that has not gone.
        #expect(after.1.used == 3)
        #expect(bytes(harness) == bytes(restarted))
        let overflowed = after.0.overflowed
        _ = try run(harness, day: 12, version: "r0") { _ in "FR" }
        #expect(try used(harness, .dimension).overflowed == overflowed)
    }
}
