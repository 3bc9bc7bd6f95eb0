import Driving
import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// A decision as the oracle sees it: read with Foundation, nothing of Vedette's decoders.
struct OracleDecision {
    var id: String
    var time: Int64
    var version: String
    var score: Double
    var decision: String
    var latency: Double?
    var isModelOnly: Bool
    var saysSignals: Bool
    var amount: Double?
    var challengeAt: Double?
    var blockAt: Double?
    var cost: Double?
    var status: String?
    var isOverridden: Bool
    var entities: [String: String]
    var isLate = false
    /// Nil where the record has none.
    var slices: [String: String]
    var features: [String: Any]
    /// Everything but ID and time.
    var content: NSDictionary
}

struct OracleLabel {
    var id: String
    var time: Int64
    /// 0 withdrawn, 1 legit, 2 fraud: the order in which they win at one time.
    var outcome: Int
    var pipeline: String
    var decisionTime: Int64?
    var kind: String?
    var samplingWeight: Double?
}

enum OracleRecord {
    case decision(OracleDecision)
    case label(OracleLabel)

    var time: Int64 {
        switch self {
        case .decision(let decision): decision.time
        case .label(let label): label.time
        }
    }

    var id: String {
        switch self {
        case .decision(let decision): decision.id
        case .label(let label): label.id
        }
    }

    var isLabel: Bool { if case .label = self { true } else { false } }
}

struct UnreadableRecord: Error { var text: String }

extension OracleRecord {
    /// Nil for a record that is broken on purpose.
    init?(_ record: InputRecord) throws {
        guard record.broken == nil else { return nil }
        let text = String(decoding: record.line, as: UTF8.self)
        guard let object = try JSONSerialization.jsonObject(with: Data(record.line)) as? [String: Any],
            let id = object["request_id"] as? String, let stamp = object["time"] as? String, let time = RFC3339.parse(stamp)
        else { throw UnreadableRecord(text: text) }
        if record.stream == .labels {
            let outcomes = ["withdrawn": 0, "legit": 1, "fraud": 2]
            guard let outcome = (object["outcome"] as? String).flatMap({ outcomes[$0] }), let source = object["source"] as? [String: Any],
                let pipeline = source["pipeline"] as? String
            else { throw UnreadableRecord(text: text) }
            let known = (object["decision_time"] as? String).flatMap { RFC3339.parse($0) }
            self = .label(
                OracleLabel(
                    id: id, time: time, outcome: outcome, pipeline: pipeline, decisionTime: known, kind: object["kind"] as? String,
                    samplingWeight: object["sampling_weight"] as? Double))
            return
        }
        guard let model = object["model"] as? [String: Any], let version = model["version"] as? String,
            let score = object["score"] as? Double, let decision = object["decision"] as? String,
            let features = object["features"] as? [String: Any], let slices = object["slices"] as? [String: Any]
        else { throw UnreadableRecord(text: text) }
        let threshold = object["threshold"] as? [String: Any]
        let entities = object["entities"] as? [String: Any] ?? [:]
        var content = object
        content["request_id"] = nil
        content["time"] = nil
        self = .decision(
            OracleDecision(
                id: id, time: time, version: version, score: score, decision: decision, latency: object["latency_ms"] as? Double,
                isModelOnly: (object["signals"] as? [String]) == ["model"], saysSignals: object["signals"] != nil,
                amount: object["amount"] as? Double, challengeAt: threshold?["challenge"] as? Double, blockAt: threshold?["block"] as? Double,
                cost: object["cost"] as? Double, status: object["status"] as? String, isOverridden: object["override"] != nil,
                entities: entities.compactMapValues { $0 as? String }, slices: slices.compactMapValues { $0 as? String },
                features: features, content: content as NSDictionary))
    }
}

func parseTime(_ text: String) -> Int64? { RFC3339.parse(text) }
