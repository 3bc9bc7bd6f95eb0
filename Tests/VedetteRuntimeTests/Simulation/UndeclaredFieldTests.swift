import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// A field that nobody declared, from the record to the alert.
@Suite("Undeclared fields in a replay")
struct UndeclaredFieldTests {
    private static let start: Int64 = 1_767_571_200_000
    private static let minute: Int64 = 60_000

    /// One decision every ten seconds for two days; what each has beside its declared feature.
    private func alerts(_ more: (Int) -> String) throws -> [AlertEvent] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var lines = ""
        for index in 0..<(2 * 8_640) {
            lines += "{\"request_id\":\"r\(index)\",\"time\":\(Self.start + Int64(index) * 10_000),\"model\":{\"name\":\"risk\",\"version\":\"1\"},\"score\":0.1,"
                + "\"decision\":\"allow\",\"features\":{\"amount\":\(index % 50)\(more(index))}}\n"
        }
        try lines.write(toFile: path, atomically: true, encoding: .utf8)
        let configuration = """
            application: shop
            inputs:
              decisions: {topic: d, mapping: {time_format: epoch_ms}}
              labels: {topic: l, mapping: {time_format: epoch_ms}}
            secrets: {hash_key: public}
            models: [{name: risk, owner: fraud-team, security: sec-team, features: {amount: {kind: number, important: true}}}]
            """
        let replay = try FileReplay(configuration: try loadedConfiguration(configuration), decisions: [path], labels: [], output: OutputFiles([:]), now: .max)
        var events: [AlertEvent] = []
        replay.onAlert = { events.append($0) }
        _ = try replay.run()
        return events.filter { $0.monitor == "schema_change" }
    }

    @Test("A new field in a tenth of the records is one P2 that names it, within minutes; it resolves when the field is gone")
    func appears() throws {
        // From the second day's noon for six hours.
        let events = try alerts { (12_960..<15_120).contains($0) && $0 % 10 == 0 ? ",\"device_v2\":1" : "" }
        #expect(events.map(\.status).first == .firing && events.map(\.status).last == .resolved, "\(events.map(\.summary))")
        let alert = try #require(events.first)
        #expect(events.allSatisfy { $0.fingerprint == alert.fingerprint && $0.episode == 1 })
        #expect(alert.severity == .p2 && alert.subject == "device_v2 (undeclared)" && alert.summary.contains("in none of 12,960 before"), "\(alert.summary)")
        let appeared = Self.start + 12_960 * 10_000
        #expect(alert.detectedAt > appeared && alert.detectedAt <= appeared + 60 * Self.minute)
    }

    @Test("What was there from the start and what is rare says nothing")
    func quiet() throws {
        let events = try alerts { index in
            (index % 3 == 0 ? ",\"always\":1" : "") + (index % 50 == 0 && index > 9_000 ? ",\"rare\":1" : "") + (index < 2_160 ? ",\"leaves\":1" : "")
        }
        #expect(events.isEmpty, "\(events.map(\.summary))")
    }

    @Test("Of a flood of names, all of them together are told")
    func flood() throws {
        let events = try alerts { $0 > 12_960 && $0 % 2 == 0 ? ",\"junk\($0)\":1" : "" }
        #expect(Set(events.map(\.subject)) == ["others (undeclared)"], "\(events.map(\.summary))")
    }
}
