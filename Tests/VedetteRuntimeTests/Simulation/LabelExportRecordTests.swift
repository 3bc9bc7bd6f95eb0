import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// What `vedette labels export` says of words that counted when they joined, and should not have.
@Suite("Provenance of poisoned and of invented labels")
struct LabelExportRecordTests {
    private static let day: Int64 = 86_400_000
    private static let start: Int64 = 1_767_571_200_000
    private static let turnsOn: Int64 = 70

    private static let configuration = """
        application: shop
        inputs:
          decisions: {topic: d, mapping: {time_format: epoch_ms}}
          labels: {topic: l, mapping: {time_format: epoch_ms}}
        secrets: {hash_key: public}
        models: [{name: risk, owner: fraud-team, security: sec-team}]
        labels:
          sources: [{pipeline: reports, trust: low, weight: 0.5, sampling_weight: 4, actors: ["r*"]}]
          integrity: {borderline_from: 0.3}
        """

    /// Ten reviewers label forty decisions a day; the last one calls all legit from day 70 on. On day 100 somebody else labels in the source's name, and from
    /// a pipeline of his own.
    private static func lines() -> (decisions: String, labels: String) {
        var state: UInt64 = 12
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
        var decisions = "", labels = ""
        func label(_ id: String, _ time: Int64, _ outcome: String, _ pipeline: String, _ actor: String) {
            labels += "{\"request_id\":\"\(id)\",\"time\":\(time),\"outcome\":\"\(outcome)\",\"source\":{\"pipeline\":\"\(pipeline)\",\"actor\":\"\(actor)\"},"
                + "\"sampling_weight\":8}\n"
        }
        for day in 0..<110 as Range<Int64> {
            for index in 0..<40 as Range<Int64> {
                let time = start + day * Self.day + index * 1_000, id = "r\(day)-\(index)", actor = index % 10
                decisions += "{\"request_id\":\"\(id)\",\"time\":\(time),\"model\":{\"name\":\"risk\",\"version\":\"1\"},"
                    + "\"score\":\(0.3 + 0.6 * uniform()),\"decision\":\"allow\"}\n"
                let isLegit = uniform() < 0.5 || (actor == 9 && day >= turnsOn)
                if day == 100, index < 2 {
                    label(id, time + 500, "legit", index == 0 ? "reports" : "invented", "mallory")
                } else {
                    label(id, time + 500, isLegit ? "legit" : "fraud", "reports", "r\(actor)")
                }
            }
        }
        return (decisions, labels)
    }

    private func export() throws -> (requests: [[String: Any]], accused: Int64) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = { (name: String) in directory.appendingPathComponent(name).path }
        let lines = Self.lines(), configuration = try loadedConfiguration(Self.configuration)
        try lines.decisions.write(toFile: path("d.jsonl"), atomically: true, encoding: .utf8)
        try lines.labels.write(toFile: path("l.jsonl"), atomically: true, encoding: .utf8)
        let export = LabelExport(configuration)
        let replay = try FileReplay(
            configuration: configuration, decisions: [path("d.jsonl")], labels: [path("l.jsonl")], output: OutputFiles([.alerts: path("a.jsonl")]), now: .max)
        replay.onLabel = { export.add($0) }
        var accused: Int64?
        replay.onAlert = { if $0.monitor == "label_poisoning", accused == nil { accused = $0.detectedAt } }
        _ = try replay.run()
        try export.write(to: path("p.jsonl"), isSuspected: replay.isSuspected)
        let requests = try String(contentsOfFile: path("p.jsonl"), encoding: .utf8).split(separator: "\n")
            .map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        return (requests, try #require(accused))
    }

    @Test("Words that proved the case are quarantined with weight 0, before the accusation too; invented ones are inadmissible and no truth")
    func exported() throws {
        let (requests, accused) = try export()
        #expect(requests.count == 110 * 40)
        var early = 0, late = 0
        for request in requests {
            let id = try #require(request["request_id"] as? String), parts = id.dropFirst().split(separator: "-")
            let day = try #require(Int64(parts[0])), index = try #require(Int64(parts[1]))
            let word = try #require((request["provenance"] as? [[String: Any]])?.first)
            let isQuarantined = request["quarantined"] as? Bool, weight = request["weight"] as? Double, standing = word["standing"] as? String
            #expect(word["quarantined"] as? Bool == isQuarantined)
            if day == 100, index < 2 {
                #expect(standing == "inadmissible" && isQuarantined == false && weight == 0 && word["weight"] as? Double == 0 && request["outcome"] is NSNull)
                #expect(word["tier"] as? String == "unlisted" && word["sampling_weight"] as? Double == 1 && word["decides"] as? Bool == false)
                continue
            }
            guard index % 10 == 9, day >= Self.turnsOn else {
                // The evidence is dated to a month, so honest words of this actor may be flagged with the rest.
                if index % 10 != 9 || day < 30 { #expect(isQuarantined == false && weight == 0.5 && standing == "admitted", "\(id)") }
                continue
            }
            let isEarly = Self.start + day * Self.day < accused
            #expect(isQuarantined == true && weight == 0 && word["weight"] as? Double == 0, "\(id)")
            // What counted stays what counted; a quarantined word never did.
            #expect(standing == (isEarly ? "admitted" : "quarantined") && (isEarly ? request["outcome"] as? String == "legit" : request["outcome"] is NSNull))
            if isEarly { early += 1 } else { late += 1 }
        }
        #expect(early > 20 && late > 20)
    }
}
