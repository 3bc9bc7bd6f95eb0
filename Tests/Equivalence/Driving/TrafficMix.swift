import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// Simulated traffic, and on top of it the rare things that break a stream processor: IDs used
/// again, labels before their decisions, sources that contradict each other at the same
/// millisecond, records days late, missing slices, several model versions.
package struct TrafficMix: Sendable {
    package var seed: UInt64
    package var decisions = 3_000
    package var perSecond = 0.0116
    package var scenarios: [SimulationScenario] = []
    /// Share of the decisions that something rare happens to.
    package var oddShare = 0.06
    /// Nothing is delivered later than this after the start, milliseconds.
    package var spanMs: Int64 = 4 * 86_400_000
    package var startMs: Int64 = 1_767_571_200_000
    package var isOrdered = false

    package init(seed: UInt64) { self.seed = seed }

    private static let hourMs: Int64 = 3_600_000
    private static let pipelines = ["issuer-chargebacks", "review-queue", "app-reports", "second-review", "unlisted-one"]

    /// The stream in the order of delivery.
    package func records() throws -> [InputRecord] {
        var options = SimulationOptions()
        options.seed = seed
        options.startMs = startMs
        options.length = .decisions(decisions)
        options.decisionsPerSecond = perSecond
        options.fraudRate = 0.05
        options.countries = 4
        options.labelDelayMedianMs = 3 * Self.hourMs
        options.legitLabelShare = 0.3
        options.labelsCarryDecisionTime = seed % 2 == 0
        options.scenarios = scenarios
        var stream: [InputRecord] = []
        for record in try TrafficSimulator(options) {
            var broken: MalformedKind?
            if case .malformed(let kind) = record.role { broken = kind }
            var random = TestRandom(record.sequence &* 31 &+ seed)
            let routing = record.sequence &* 0x9E37_79B9_7F4A_7C15 >> 32
            var line = record.line
            if broken == nil, record.stream == .decisions { line = Self.varied(line, &random) }
            if broken == nil, record.stream == .decisions { line = Self.withUndeclared(line, TestRandom(record.sequence &* 131 &+ seed)) }
            stream.append(InputRecord(stream: record.stream, line: line, broken: broken, deliveryMs: record.deliveryMs, routing: routing))
            guard broken == nil, record.stream == .decisions, case .original = record.role, random.chance(oddShare) else { continue }
            let id = String(decoding: record.key, as: UTF8.self)
            stream += isOrdered
                ? labels(of: id, record.eventTimeMs, routing, &random)
                : oddities(of: id, line, record.eventTimeMs, record.deliveryMs, routing, &random)
        }
        let end = startMs + spanMs
        let order = stream.indices.filter { stream[$0].deliveryMs < end }.sorted { (stream[$0].deliveryMs, $0) < (stream[$1].deliveryMs, $1) }
        return order.map { stream[$0] }
    }

    /// What the simulator does not vary: version, decisions beyond three, absent slices and latencies.
    private static func varied(_ line: [UInt8], _ random: inout TestRandom) -> [UInt8] {
        var text = String(decoding: line, as: UTF8.self)
        func put(_ old: String, _ new: String) { text = text.replacingOccurrences(of: old, with: new) }
        if random.chance(0.3) { put("\"2026.01\"", "\"2026.02\"") }
        if random.chance(0.05) { put("\"decision\":\"allow\"", "\"decision\":\"log\"") }
        if random.chance(0.05) { put("\"decision\":\"block\"", "\"decision\":\"escalate\"") }
        if random.chance(0.05) { put("\"channel\":", "\"channel_was\":") }
        if random.chance(0.05) { put("\"latency_ms\":", "\"latency_was\":") }
        if random.chance(0.03) { put("\"is_vpn\":false", "\"is_vpn\":7") }
        var more = ""
        if random.chance(0.6) { more += "\"cost\":0.00\(random.below(900) + 100)," }
        if random.chance(0.7) { more += "\"status\":\"\(["ok", "ok", "timeout", "error", "else"][random.below(5)])\"," }
        if random.chance(0.1) { more += "\"override\":\"analyst\"," }
        if random.chance(0.2) { more += "\"exploration_probability\":0.25," }
        put("\"signals\":", more + "\"signals\":")
        if random.chance(0.1) { put("},\"amount\":", "},\"amount_was\":") }
        if random.chance(0.1) { put("\"threshold\":", "\"threshold_was\":") }
        if random.chance(0.05) { put("\"user\":", "\"user_was\":") }
        return Array(text.utf8)
    }

    /// More fields than are followed by name, some twice in one record.
    private static func withUndeclared(_ line: [UInt8], _ random: TestRandom) -> [UInt8] {
        var random = random
        guard random.chance(0.3) else { return line }
        let name = "\"extra_\(random.below(100))\":1,"
        let text = String(decoding: line, as: UTF8.self)
        return Array(text.replacingOccurrences(of: "\"features\":{", with: "\"features\":{" + (random.chance(0.1) ? name + name : name)).utf8)
    }

    private func oddities(
        of id: String, _ line: [UInt8], _ time: Int64, _ delivery: Int64, _ routing: UInt64, _ random: inout TestRandom
    ) -> [InputRecord] {
        switch random.below(4) {
        case 0: return labels(of: id, time, routing, &random)
        case 1: return reuse(of: id, line, time, routing, &random)
        case 2:
            // A record that lay in a queue for up to two days; its own ID, so that nothing else is like it.
            let age = Int64(random.below(48)) * Self.hourMs + Int64(random.below(3_600_000))
            let late = Self.stamped(line, time, time - age, id, id + "-late")
            let label = Self.label(id + "-late", time + 60_000, "fraud", Self.pipelines[random.below(5)], decision: nil)
            return [
                InputRecord(stream: .decisions, line: late, broken: nil, deliveryMs: delivery, routing: routing),
                InputRecord(stream: .labels, line: label, broken: nil, deliveryMs: delivery + 60_000, routing: routing),
            ]
        default:
            // A label that is delivered long after it became known.
            let known = time + Int64(random.below(3_600_000))
            let line = Self.label(id, known, "legit", Self.pipelines[random.below(5)], decision: nil)
            return [InputRecord(stream: .labels, line: line, broken: nil, deliveryMs: known + Int64(random.below(40)) * Self.hourMs, routing: routing)]
        }
    }

    /// Several sources, some before the decision, some at the same millisecond, some twice.
    private func labels(of id: String, _ time: Int64, _ routing: UInt64, _ random: inout TestRandom) -> [InputRecord] {
        var all: [InputRecord] = []
        let base = time + Int64(random.below(6) - 3) * Self.hourMs
        for _ in 0..<(1 + random.below(6)) {
            let at = base + Int64(random.below(3)) * 600_000
            let outcome = ["fraud", "legit", "withdrawn"][random.below(3)]
            let line = Self.label(id, at, outcome, Self.pipelines[random.below(5)], decision: random.chance(0.3) ? time : nil)
            all.append(InputRecord(stream: .labels, line: line, broken: nil, deliveryMs: at, routing: routing))
        }
        return all
    }

    /// The same ID again, up to two and a half days later, and a third time between the two.
    private func reuse(of id: String, _ line: [UInt8], _ time: Int64, _ routing: UInt64, _ random: inout TestRandom) -> [InputRecord] {
        let gap = Int64(random.below(60)) * Self.hourMs + Int64(random.below(3_600_000))
        var all = [InputRecord(stream: .decisions, line: Self.stamped(line, time, time + gap, id, id), broken: nil, deliveryMs: time + gap, routing: routing)]
        if random.chance(0.5) {
            let between = time + gap / 2
            all.append(
                InputRecord(
                    stream: .decisions, line: Self.stamped(line, time, between, id, id), broken: nil,
                    deliveryMs: between + Int64(random.below(30)) * Self.hourMs, routing: routing))
        }
        for at in [time + gap + 600_000, time + gap / 3] {
            let line = Self.label(id, at, random.chance(0.5) ? "fraud" : "legit", Self.pipelines[random.below(5)], decision: random.chance(0.5) ? time : nil)
            all.append(InputRecord(stream: .labels, line: line, broken: nil, deliveryMs: at, routing: routing))
        }
        return all
    }

    private static func stamped(_ line: [UInt8], _ old: Int64, _ new: Int64, _ id: String, _ newID: String) -> [UInt8] {
        let text = String(decoding: line, as: UTF8.self)
            .replacingOccurrences(of: RFC3339.string(old), with: RFC3339.string(new))
            .replacingOccurrences(of: "\"\(id)\"", with: "\"\(newID)\"")
        return Array(text.utf8)
    }

    package static func label(_ id: String, _ time: Int64, _ outcome: String, _ pipeline: String, decision: Int64?) -> [UInt8] {
        let known = decision.map { ",\"decision_time\":\"\(RFC3339.string($0))\"" } ?? ""
        // A function of the time, so that a repetition says the same.
        let kind = ["", ",\"kind\":\"chargeback\"", ",\"kind\":\"police\""][Int(time / 60_000 % 3)]
        let weight = ["", ",\"sampling_weight\":2.5", "", ""][Int(time / 600_000 % 4)]
        return Array(
            """
            {"request_id":"\(id)","time":"\(RFC3339.string(time))","outcome":"\(outcome)","source":{"pipeline":"\(pipeline)"}\(known)\(kind)\(weight)}
            """.utf8)
    }
}
