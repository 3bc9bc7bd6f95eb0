import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// Monitors that need more of the stream than one window: versions, budgets, other references.
@Suite("Monitors on hand-made streams", .serialized)
struct MonitorReplayTests {
    private static let hour: Int64 = 3_600_000
    private static let day = 24 * hour
    /// 2026-01-05, a Monday.
    private static let start: Int64 = 1_767_571_200_000

    private struct Random {
        var state: UInt64
        mutating func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
    }

    private struct Decision {
        var version = "1"
        var score = 0.0
        var slice = "old"
        var label: String?
    }

    /// One decision every `stepMs`; labels come ten seconds later.
    private func alerts(
        days: Int64, stepMs: Int64, _ configuration: String, _ make: (Int64, inout Random) -> Decision
    ) throws -> [AlertEvent] {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        var random = Random(state: 42)
        var (decisions, labels) = ("", "")
        for time in stride(from: Self.start, to: Self.start + days * Self.day, by: Int64.Stride(stepMs)) {
            let one = make(time - Self.start, &random)
            decisions += "{\"request_id\":\"r\(time)\",\"time\":\(time),\"model\":{\"name\":\"risk\",\"version\":\"\(one.version)\"},\"score\":\(one.score),"
                + "\"decision\":\"allow\",\"slices\":{\"merchant\":\"\(one.slice)\"}}\n"
            if let label = one.label { labels += "{\"request_id\":\"r\(time)\",\"time\":\(time + 10_000),\"outcome\":\"\(label)\"}\n" }
        }
        let paths = ["d", "l"].map { directory.appendingPathComponent("\($0).jsonl").path }
        try decisions.write(toFile: paths[0], atomically: true, encoding: .utf8)
        try labels.write(toFile: paths[1], atomically: true, encoding: .utf8)
        let text = """
            application: shop
            inputs:
              decisions: {topic: d, mapping: {time_format: epoch_ms}}
              labels: {topic: l, mapping: {time_format: epoch_ms}}
            secrets: {hash_key: public}
            slices: {dimensions: [merchant]}
            models: [{name: risk, owner: fraud-team, security: sec-team}]
            \(configuration)
            """
        let replay = try FileReplay(
            configuration: try loadedConfiguration(text), decisions: [paths[0]], labels: [paths[1]], output: OutputFiles([:]), now: .max)
        var events: [AlertEvent] = []
        replay.onAlert = { events.append($0) }
        _ = try replay.run()
        return events
    }

    private func hours(_ time: Int64) -> Double { Double(time - Self.start) / Double(Self.hour) }

    @Test("A new version is one alert; while it takes over, the old one's scores are compared with the old one's")
    func versionChange() throws {
        let monitors = """
            monitors:
              - {monitor: version_change, window: 1h, min_count: 50}
              - {monitor: score_drift, window: 24h, reference: {same_hours: {weeks: 4}}, keep_firing_for: 6h}
            """
        // From day 9 on, 40 % are decided by version 2, whose scores are shifted by two sigma.
        let events = try alerts(days: 12, stepMs: 20_000, monitors) { time, random in
            let isNew = time >= 9 * Self.day && random.uniform() < 0.4
            return Decision(version: isNew ? "2" : "1", score: 0.1 + 0.2 * random.uniform() + (isNew ? 0.12 : 0))
        }
        let fired = events.filter { $0.status == .firing }
        #expect(fired.map(\.monitor) == ["version_change"], "\(events.map { "\($0.status) \($0.summary)" })")
        let alert = try #require(fired.first)
        #expect(alert.subject == "2" && alert.severity == .p2)
        #expect(hours(alert.detectedAt) > 216 && hours(alert.detectedAt) <= 217)
        #expect(events.last?.status == .resolved)
    }

    @Test("A shift of the old version's scores is still found while another version takes over")
    func shiftDuringRollout() throws {
        let monitors = "monitors: [{monitor: score_drift, window: 24h, reference: {same_hours: {weeks: 4}}}]"
        let events = try alerts(days: 12, stepMs: 20_000, monitors) { time, random in
            let isNew = time >= 9 * Self.day && random.uniform() < 0.4
            let shift = time >= 10 * Self.day ? 0.05 : 0
            return Decision(version: isNew ? "2" : "1", score: 0.1 + 0.2 * random.uniform() + shift + (isNew ? 0.12 : 0))
        }
        let first = try #require(events.first { $0.status == .firing })
        #expect(first.monitor == "score_drift" && hours(first.detectedAt) > 240 && hours(first.detectedAt) < 264)
    }

    @Test("Another model version of the same window as reference")
    func versionReference() throws {
        let monitors = "monitors: [{monitor: score_drift, window: 1h, reference: {version: \"1\"}, min_count: 50}]"
        let events = try alerts(days: 1, stepMs: 10_000, monitors) { time, random in
            let isNew = random.uniform() < 0.5
            return Decision(version: isNew ? "2" : "1", score: 0.1 + 0.2 * random.uniform() + (isNew && time > 12 * Self.hour ? 0.1 : 0))
        }
        let first = try #require(events.first)
        #expect(first.referenceName == "version_1" && hours(first.detectedAt) > 12 && hours(first.detectedAt) < 13.5)
    }

    @Test("An objective burns in its slice: minutes for an outage, hours for a slow leak, and it ends when it is over")
    func objective() throws {
        let monitors = """
            monitors:
              - {monitor: slo, id: new_merchants, window: 5m, slices: [{merchant: new}], indicator: fraud_rate, objective: 99%, period: 30d}
            """
        // New merchants: a tenth of the traffic, 0.1 % fraud; 30 % from hour 60 to 63, 4 % from day 5 on.
        let events = try alerts(days: 7, stepMs: 5_000, monitors) { time, random in
            let isNew = random.uniform() < 0.1
            let rate = !isNew ? 0.004 : time >= 60 * Self.hour && time < 63 * Self.hour ? 0.3 : time >= 5 * Self.day ? 0.04 : 0.001
            return Decision(score: 0.1, slice: isNew ? "new" : "old", label: random.uniform() < rate ? "fraud" : "legit")
        }
        #expect(Set(events.map(\.slice.text)) == ["merchant=new"], "\(events.map(\.summary))")
        let burns = events.filter { $0.subject == nil && $0.status == .firing }
        let fast = try #require(burns.first)
        #expect(fast.severity == .p0 && fast.limit == 14.4)
        #expect(hours(fast.detectedAt) > 60 && hours(fast.detectedAt) < 61, "\(hours(fast.detectedAt))")
        #expect(fast.summary.contains("of the budget of 30 d"))
        let over = try #require(events.first { $0.subject == nil && $0.status == .resolved })
        #expect(hours(over.emittedAt) > 63 && hours(over.emittedAt) < 72, "\(hours(over.emittedAt))")
        let slow = try #require(burns.dropFirst().first)
        #expect(hours(slow.detectedAt) > 120 && hours(slow.detectedAt) < 144, "\(hours(slow.detectedAt))")
        let budget = try #require(events.first { $0.subject == "budget" })
        #expect(budget.severity == .p2 || budget.severity == .p1)
    }
}
