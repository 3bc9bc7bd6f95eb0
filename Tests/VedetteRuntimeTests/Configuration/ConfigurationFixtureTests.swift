import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// The configurations that ship with the repository load, and mean what they are for.
@Suite struct ConfigurationFixtureTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private let day: Int64 = 86_400_000

    private func fixture(_ path: String) throws -> LoadedConfiguration {
        try ConfigurationLoader.load(path: Self.root.appendingPathComponent(path).path)
    }

    @Test(arguments: ["Tests/Fixtures/cards.yaml", "Tests/Fixtures/ecommerce.yaml", "docker/vedette.yaml"])
    func theyLoadWithoutWarnings(_ path: String) throws {
        #expect(try fixture(path).warnings == [])
    }

    @Test(arguments: [
        ("cards", "2018-06-11T00:04:52.454Z", "2019-01-24T17:07:53.233Z", "2018-06-11", 4, 1, 15),
        ("ecommerce", "2015-01-10T00:24:25.483Z", "2016-03-19T06:32:24.997Z", "2015-01-12", 7, 1, 7),
    ])
    func oneWindowHoldsTheWholeDataSet(
        _ name: String, _ firstDecision: String, _ lastLabel: String, _ reference: String, _ dimensions: Int, _ combinations: Int, _ features: Int
    ) throws {
        let topology = try fixture("Tests/Fixtures/\(name).yaml").configuration.topology
        let first = try #require(TimestampText.parse(firstDecision)), last = try #require(TimestampText.parse(lastLabel))
        let all = try #require(topology.windows.first { $0.name == "all" })
        #expect(all.hopMs == all.sizeMs)
        #expect(all.firstStart(containing: first) == all.firstStart(containing: last))
        #expect(topology.panes.levels.last.map { $0.keepMs >= all.sizeMs } == true)

        let week = try #require(topology.windows.first { $0.name == "7d" })
        let pinned = try #require(TimestampText.parse(reference))
        #expect((pinned - week.offsetMs) % week.hopMs == 0)
        #expect(
            topology.driftReferences == [DriftReference(name: "reference", reference: .pinned(startMs: pinned)), DriftReference(name: "previous", reference: .previousWindow)])

        #expect(topology.schema.dimensions.count == dimensions)
        #expect(topology.slices.groups.count == dimensions + combinations)
        #expect(topology.schema.features.count == features)
        #expect(topology.labelSources.map(\.tier) == [3, 3, 2, 2, 1])
        #expect(Set(topology.monitors.map(\.rule.name)) == ["missing_features", "score_drift", "outcome_rate", "volume"])
        #expect(topology.panes.scoreEntries == 65_536)
        #expect(topology.join.retentionMs == 200 * day)
        #expect(topology.join.maturityMs == 45 * day)
    }
}
