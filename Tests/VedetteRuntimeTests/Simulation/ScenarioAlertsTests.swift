import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// What the default monitors say about simulated traffic: each scenario is found in its
/// stated time, nothing is said before it starts, and quiet traffic stays quiet.
@Suite("Alerts on simulated traffic", .serialized)
struct ScenarioAlertsTests {
    static let hourMs: Int64 = 3_600_000
    static let dayMs: Int64 = 24 * hourMs

    private func alerts(_ options: SimulationOptions) throws -> (events: [AlertEvent], counters: Counters) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let paths = [StreamKind.decisions, .labels].map { directory.appendingPathComponent("\($0).jsonl").path }
        let sinks = try paths.map { try FileSink(path: $0) }
        for record in try TrafficSimulator(options) { try sinks[Int(record.stream.rawValue)].writeLine(record.line) }
        for sink in sinks { try sink.close() }
        let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docker/vedette.yaml").path
        var configuration = try ConfigurationLoader.load(path: example).configuration
        configuration.secrets.hashKey = nil
        let replay = try FileReplay(
            configuration: configuration, decisions: [paths[0]], labels: [paths[1]], output: OutputFiles([:]), now: .max)
        var events: [AlertEvent] = []
        replay.onAlert = { events.append($0) }
        _ = try replay.run()
        return (events, replay.counters)
    }

    private func options(days: Int64, density: Double, seed: UInt64) -> SimulationOptions {
        var options = SimulationOptions()
        options.seed = seed
        options.decisionsPerSecond = density
        options.length = .durationMs(days * Self.dayMs)
        options.labelDelayMedianMs = 3 * Self.hourMs
        return options
    }

    @Test("each scenario raises its alert in time", arguments: [
        "feature_missing:from=196h,until=199h", "score_drift:from=196h,until=226h",
        "fraud_spike_new_users:from=196h,until=226h", "volume_drop:from=204h,until=207h",
    ])
    func scenario(_ text: String) throws {
        var options = options(days: 11, density: 0.5, seed: 11)
        let scenario = try SimulationScenario(parsing: text)
        options.scenarios = [scenario]
        let expectation = scenario.expectation(labelDelayMedianMs: options.labelDelayMedianMs)
        let start = options.startMs + scenario.fromMs
        let (events, _) = try alerts(options)
        let early = events.filter { $0.status == .firing && $0.detectedAt < start }
        #expect(early.isEmpty, "fired before anything happened: \(early.map(\.summary))")
        let monitor = try #require(expectation.monitor)
        let slice = expectation.slice.map { SliceName([.init(dimension: $0.dimension, value: $0.value)]) } ?? SliceName()
        let found = events.first {
            $0.status == .firing && $0.monitor == monitor && ($0.slice == slice || $0.slice.isOverall)
                && $0.detectedAt <= start + expectation.withinMs
        }
        #expect(found != nil, "\(expectation.text); said instead: \(events.map { "\($0.status) \($0.summary)" })")
        if scenario.kind == .featureMissing, let found { try expectSamplesLack(try #require(found.subject), found, options) }
    }

    /// At a missing rate of three in ten, few of any five decisions lack it: those that the alert names do.
    private func expectSamplesLack(_ feature: String, _ alert: AlertEvent, _ options: SimulationOptions) throws {
        var lacking: Set<String> = []
        let start = Array("{\"request_id\":\"".utf8)
        for record in try TrafficSimulator(options) where record.stream == .decisions {
            let id = String(decoding: record.line.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            guard alert.sampleRequestIDs.contains(id), let seen = SeenDecision(record) else { continue }
            if seen.features[feature] == nil || seen.features[feature] is NSNull { lacking.insert(id) }
        }
        #expect(alert.sampleRequestIDs.count == 5 && lacking == Set(alert.sampleRequestIDs), "\(alert.summary)")
    }

    @Test("a million quiet decisions raise nothing")
    func quiet() throws {
        let (events, counters) = try alerts(options(days: 14, density: 0.83, seed: 3))
        #expect(counters.decisions > 950_000)
        #expect(events.isEmpty, "\(events.map { "\($0.status) \($0.summary)" })")
    }
}
