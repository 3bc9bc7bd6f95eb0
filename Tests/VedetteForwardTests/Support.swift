import Foundation
import VedetteCore
import VedetteForward
import VedetteKafka
import VedetteRuntime

/// 2026-01-06T03:00:00Z.
let noon: Int64 = 1_767_668_400_000
let partition = TopicPartition("alerts", 0)

/// A record of the alert schema, with some of its members replaced.
func alertRecord(
    _ fingerprint: String = "a", episode: Int = 1, revision: Int = 0, status: String = "firing", severity: String = "P1", more: [String: Any] = [:]
) throws -> AlertRecord {
    var object = try JSONSerialization.jsonObject(with: Data(TestAlert.records(application: "shop", now: noon)[0].bytes)) as? [String: Any] ?? [:]
    object["id"] = "\(fingerprint)-\(episode)-\(revision)"
    (object["fingerprint"], object["episode"], object["revision"]) = (fingerprint, episode, revision)
    (object["status"], object["severity"]) = (status, severity)
    if status == "resolved" || status == "withdrawn" { object["reason"] = "because of \(status)" }
    for (key, value) in more { object[key] = value }
    return try AlertRecord(Array(JSONSerialization.data(withJSONObject: object, options: .sortedKeys)))
}

func destination(_ kind: ForwardDestination.Kind = .webhook, _ change: (inout ForwardDestination) -> Void = { _ in }) -> ForwardDestination {
    var destination = ForwardDestination(name: "there", kind: kind, url: .literal("https://example.com/hook"))
    change(&destination)
    return destination
}

/// The examples of the alert schema.
func schemaExamples() throws -> [AlertRecord] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../schemas/alert.schema.json")
    let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
    return try (schema?["examples"] as? [Any] ?? []).map { try AlertRecord(Array(JSONSerialization.data(withJSONObject: $0))) }
}

func object(_ bytes: [UInt8]) throws -> [String: Any] { try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:] }
func list(_ bytes: [UInt8]) throws -> [[String: Any]] { try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Any]] ?? [] }
