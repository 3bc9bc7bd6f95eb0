import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// What records say of references that are not there, and of labels that are still to come.
@Suite("Records of a hand-made stream")
struct RecordReplayTests {
    private static let day: Int64 = 86_400_000
    /// 2026-01-05, a Monday.
    private static let start: Int64 = 1_767_571_200_000
    private static let days: Int64 = 36
    /// From here on fraud is five times as frequent.
    private static let change: Int64 = 30

    /// 1,440 decisions a day, 2 % fraud that scores high and is blocked half of the time; labels come within five days.
    private static func lines() -> (decisions: String, labels: String) {
        var state: UInt64 = 11
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
        var decisions = ""
        var labels: [(time: Int64, line: String)] = []
        for time in stride(from: start, to: start + days * day, by: 60_000) {
            let isFraud = uniform() < (time < start + change * day ? 0.02 : 0.1)
            let score = isFraud ? 0.2 + 0.8 * uniform() : 0.4 * uniform() * uniform()
            decisions += "{\"request_id\":\"r\(time)\",\"time\":\(time),\"model\":{\"name\":\"risk\",\"version\":\"1\"},\"score\":\(score),"
                + "\"decision\":\"\(score > 0.6 ? "block" : "allow")\"}\n"
            let known = time + Int64(uniform() * 5 * Double(day))
            labels.append((known, "{\"request_id\":\"r\(time)\",\"time\":\(known),\"outcome\":\"\(isFraud ? "fraud" : "legit")\"}\n"))
        }
        return (decisions, labels.filter { $0.time < start + days * day }.sorted { $0.time < $1.time }.map(\.line).joined())
    }

    private static let configuration = """
        application: shop
        inputs:
          decisions: {topic: d, mapping: {time_format: epoch_ms}}
          labels: {topic: l, mapping: {time_format: epoch_ms}}
        secrets: {hash_key: public}
        models: [{name: risk, owner: fraud-team, security: sec-team}]
        windows: [{name: 1d, size: 1d}]
        drift: [{name: weeks, reference: {same_hours: {weeks: 2}}}]
        monitors:
          - {monitor: outcome_rate, window: 1d, reference: {same_hours: {weeks: 4}}, min_count: 50}
          - {monitor: score_drift, window: 1d, reference: {same_hours: {weeks: 4}}, min_count: 500}
        """

    /// Records by their kind, in the order in which they were put out.
    private func replay() throws -> (metrics: [Facts], alerts: [Facts]) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = { (name: String) in directory.appendingPathComponent(name).path }
        let lines = Self.lines()
        try lines.decisions.write(toFile: path("d.jsonl"), atomically: true, encoding: .utf8)
        try lines.labels.write(toFile: path("l.jsonl"), atomically: true, encoding: .utf8)
        let replay = try FileReplay(
            configuration: try loadedConfiguration(Self.configuration), decisions: [path("d.jsonl")], labels: [path("l.jsonl")],
            output: OutputFiles([.metrics: path("m.jsonl"), .alerts: path("a.jsonl")]), now: .max)
        _ = try replay.run()
        let read = { (name: String) in
            try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map { Facts(try JSONSerialization.jsonObject(with: Data($0.utf8))) }
        }
        return (try read("m.jsonl"), try read("a.jsonl"))
    }

    @Test("A reference without data is null in the record, one of several weeks is all of them; an alert on labels has both estimates of its window")
    func records() throws {
        let (metrics, alerts) = try replay()
        // As each window closed: the last one is put out again, unchanged, when the replay ends.
        var starts: Set<String> = []
        let closed = metrics.filter {
            $0["version"].string == "*" && $0["volume"]["total"].integer != 0 && starts.insert($0["start"].string ?? "").inserted
        }
        #expect(closed.count == Int(Self.days))
        let totals = closed.map { $0["volume"]["total"].integer ?? 0 }
        for (index, record) in closed.enumerated() {
            #expect(record["drift"].keys == ["weeks"])
            let weeks = [index - 7, index - 14].filter { $0 >= 0 }
            #expect(record["drift"]["weeks"].exists == !weeks.isEmpty)
            if !weeks.isEmpty { #expect(record["drift"]["weeks"]["reference_count"].integer == weeks.reduce(0) { $0 + totals[$1] }) }
        }

        let raised = try #require(alerts.first { $0["monitor"].string == "outcome_rate" && $0["status"].string == "firing" })
        let estimates = raised["label_estimates"]
        let window = try #require(closed.first { $0["end"].string == raised["window"]["end"].string })
        // The same estimates as the metric record of that window, which was put out at the same time.
        #expect(estimates["maturity_fraud"].number == window["maturity"]["fraud"].number)
        for (name, nowcast, free) in [
            ("fraud_rate", window["nowcast"]["fraud_rate"], window["label_free"]["fraud_rate"]),
            ("recall_block", window["nowcast"]["recall"]["block"], window["label_free"]["recall"]["block"]),
        ] {
            #expect(nowcast["value"].exists && free.exists)
            #expect(estimates[name]["nowcast"].number == nowcast["value"].number && estimates[name]["low"].number == nowcast["low"].number)
            #expect(estimates[name]["raw"].number == nowcast["raw"].number && estimates[name]["label_free"].number == free.number)
        }
        // Scores follow the fraud here, so the scores alone see it on the day; a tenth of its labels are in.
        #expect((estimates["fraud_rate"]["label_free"].number ?? 0) > 0.05 && (estimates["maturity_fraud"].number ?? 1) < 0.3)
        let scores = try #require(alerts.first { $0["monitor"].string == "score_drift" })
        #expect(!scores["label_estimates"].exists)
    }
}
