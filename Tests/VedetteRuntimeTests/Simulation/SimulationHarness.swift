import Foundation
import VedetteCore
import VedetteRuntime

/// What the tests need to know about one decision line, read by an independent parser.
struct SeenDecision {
    let id: String
    let score: Double
    let decision: String
    let features: [String: Any]
    let slices: [String: String]

    init?(_ record: SimulatedRecord) {
        guard let object = parsedLine(record.line), let id = object["request_id"] as? String,
            let score = object["score"] as? Double, let decision = object["decision"] as? String,
            let features = object["features"] as? [String: Any], let slices = object["slices"] as? [String: String]
        else { return nil }
        self.id = id
        self.score = score
        self.decision = decision
        self.features = features
        self.slices = slices
    }
}

func parsedLine(_ line: [UInt8]) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(line))) as? [String: Any]
}

/// Milliseconds.
enum EventSpan {
    static let hourMs: Int64 = 3_600_000
    static let dayMs: Int64 = 86_400_000
}

func traffic(_ decisions: Int, seed: UInt64 = 7, rate: Double = 20, _ scenarios: SimulationScenario...) -> SimulationOptions {
    var options = SimulationOptions()
    options.seed = seed
    options.length = .decisions(decisions)
    options.decisionsPerSecond = rate
    options.scenarios = scenarios
    return options
}

/// FNV-1a over lines and times: two streams with the same value are the same stream.
func trafficFingerprint(_ options: SimulationOptions) throws -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for record in try TrafficSimulator(options) {
        for byte in record.line + record.key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ UInt64(bitPattern: record.deliveryMs)) &* 0x100_0000_01b3
    }
    return hash
}
