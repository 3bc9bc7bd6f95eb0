import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// The real model change in the middle of the stream of card payments, and the benign weeks about it.
@Suite("The version change of cards", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)), .serialized)
struct VersionChangeTests {
    @Test("Sixteen weeks raise one alert for the new version, within the first hours of its first day; nothing else in the three weeks after, nobody is paged, little later")
    func oneAlert() throws {
        var configuration = try ConfigurationLoader.load(path: SharedData.fixture("cards.yaml")).configuration
        configuration.topology.windows = [WindowSpec(name: "24h", sizeMs: 86_400_000, hopMs: 3_600_000)]
        configuration.topology.driftReferences = []
        configuration.topology.monitors = DefaultMonitors.make(for: configuration.topology)
        let watching = Set(configuration.topology.monitors.map(\.rule.name))
        #expect(watching.isSuperset(of: ["feature_drift", "score_drift", "outcome_rate", "version_change", "version_regression"]))
        let replay = try FileReplay(
            configuration: configuration, decisions: [SharedData.path("cards/decisions.jsonl.zst")],
            labels: [SharedData.path("cards/labels.jsonl.zst")], output: OutputFiles([:]), now: .max)
        var events: [AlertEvent] = []
        replay.onAlert = { events.append($0) }
        _ = try replay.run()
        let fired = events.filter { $0.status == .firing }
        #expect(fired.count { $0.monitor == "version_change" } == 1, "\(fired.map(\.summary))")
        let others = fired.filter { $0.monitor != "version_change" }
        // What is left is later: values missing ten times as often as before (0.6 % of a day), and shifts of a mean to take notice of.
        #expect(others.allSatisfy { $0.severity < .p1 } && others.count <= 3, "\(others.map(\.summary))")
        let alert = try #require(fired.first { $0.monitor == "version_change" })
        #expect(alert.subject == "2018.08.0" && alert.severity == .p2)
        let released = try #require(RFC3339.parse("2018-08-06T00:00:00Z"))
        let settled = released + 21 * 86_400_000
        #expect(others.allSatisfy { $0.emittedAt < released || $0.windowStart >= settled }, "\(others.map(\.summary))")
        #expect(alert.detectedAt > released && alert.detectedAt <= released + 6 * 3_600_000)
    }
}
