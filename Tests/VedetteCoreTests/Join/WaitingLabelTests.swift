import Testing
import VedetteCore

/// Labels that wait for their decisions, against an array that is gone through for each.
@Suite("Labels that wait are bounded by number, by memory and by request")
struct WaitingLabelTests {
    private static let minute = LabelKit.minute

    private struct Waiting: Equatable {
        var request: Int
        var pipeline: String
        var actor: String
        var time: Int64
        var expiresAt: Int64

        var bytes: Int { 256 + "request-\(request)".utf8.count + pipeline.utf8.count + actor.utf8.count }
        var isListed: Bool { pipeline == "reports" }
    }

    private struct Model {
        let join: JoinConfiguration
        var waiting: [Waiting] = []
        var orphans = 0
        var joined: [Waiting] = []
        var decided: Set<Int> = []

        mutating func add(_ label: Waiting) {
            guard !decided.contains(label.request) else { return joined.append(label) }
            let same = waiting.filter { $0.request == label.request }
            if same.count >= join.maxLabelsPerRequest {
                orphans += 1
                guard label.isListed, let gone = waiting.firstIndex(where: { $0.request == label.request && !$0.isListed }) else { return }
                waiting.remove(at: gone)
            }
            waiting.append(label)
            while waiting.count > join.maxPending || waiting.reduce(0, { $0 + $1.bytes }) > join.maxPendingBytes {
                waiting.removeFirst()
                orphans += 1
            }
        }

        mutating func decide(_ request: Int) {
            decided.insert(request)
            joined += waiting.filter { $0.request == request }
            waiting.removeAll { $0.request == request }
        }

        mutating func expire(at time: Int64) {
            let boundary = time / WaitingLabelTests.minute * WaitingLabelTests.minute
            orphans += waiting.count { $0.expiresAt <= boundary }
            waiting.removeAll { $0.expiresAt <= boundary }
        }
    }

    @Test("Any sequence leaves what a list would leave, over a restart too", arguments: 1...12)
    func sequence(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var configuration = LabelKit.configuration([])
        configuration.time.granuleMs = 1
        configuration.join.maxPending = [12, 1_000, 30][Int(seed % 3)]
        configuration.join.maxPendingBytes = [1 << 20, 3_000, 6_000][Int(seed / 3 % 3)]
        configuration.join.maxLabelsPerRequest = [3, 16, 1, 5][Int(seed % 4)]
        var harness = DetectorHarness(configuration)
        var model = Model(join: configuration.join), joined: [Waiting] = []
        func listen(_ harness: DetectorHarness) {
            harness.topology.onLabel = { label in
                let request = Int(label.requestID.dropFirst("request-".count)) ?? -1
                joined.append(
                    Waiting(
                        request: request, pipeline: label.pipeline, actor: label.actor, time: label.label.time,
                        expiresAt: label.label.time + configuration.join.pendingTTLMs))
            }
        }
        listen(harness)
        var time: Int64 = Self.minute, next = LabelKit.decide(harness, at: time) + 1
        model.decided.insert(next - 1)
        for step in 0..<1_500 {
            time += Int64(1 + random.below(random.bernoulli(0.02) ? 400_000 : 4_000))
            model.expire(at: time)
            if random.bernoulli(0.1) {
                model.decide(LabelKit.decide(harness, at: time))
                next += 1
            } else {
                // Some requests are decided, some will be, and some draw many.
                let request = random.bernoulli(0.3) ? next + 2 : max(0, next - 2 + random.below(12))
                let label = Waiting(
                    request: request, pipeline: random.bernoulli(0.5) ? "reports" : "nobody", actor: String(repeating: "a", count: random.below(60)), time: time,
                    expiresAt: time + configuration.join.pendingTTLMs)
                LabelKit.label(harness, request, .fraud, pipeline: label.pipeline, actor: label.actor, at: time)
                model.add(label)
            }
            _ = try harness.advance(to: time + 1)
            model.expire(at: time + 1)
            if step == 700 {
                harness = try harness.restarted()
                listen(harness)
            }
            try #require(harness.topology.pendingLabels == model.waiting.count && harness.topology.pendingLabelBytes == model.waiting.reduce(0) { $0 + $1.bytes })
            try #require(Int(harness.topology.counters.orphans) == model.orphans && joined == model.joined, "step \(step)")
        }
        #expect(model.orphans > 20 && model.joined.count > 100)
    }

    private func configuration() -> TopologyConfiguration {
        var configuration = LabelKit.configuration([])
        configuration.time.granuleMs = 1
        return configuration
    }

    /// One label of a request that nobody decided yet.
    private func wait(_ harness: DetectorHarness, _ request: Int, pipeline: String = "reports", actor: String = "rev", at time: Int64) throws {
        LabelKit.label(harness, request, .fraud, pipeline: pipeline, actor: actor, at: time)
        _ = try harness.advance(to: time + 1)
    }

    @Test("As many bytes as the limit wait; one more, and the oldest goes")
    func edge() throws {
        var configuration = configuration()
        // "request-100", "reports" and "rev": 21 bytes beside 256.
        configuration.join.maxPendingBytes = 3 * (256 + 21)
        let harness = DetectorHarness(configuration)
        for index in 0..<3 { try wait(harness, 100 + index, at: 1 + Int64(index)) }
        #expect(harness.topology.pendingLabelBytes == configuration.join.maxPendingBytes && harness.topology.counters.orphans == 0)
        try wait(harness, 100, actor: "", at: 10)
        #expect(harness.topology.pendingLabels == 3 && harness.topology.counters.orphans == 1)
        try wait(harness, 104, actor: String(repeating: "x", count: 600), at: 11)
        #expect(harness.topology.pendingLabels == 0 && harness.topology.counters.orphans == 5, "larger than all that may wait together")
    }

    @Test("More labels of one request than it may have are orphans at once; a registered source's takes the place of one that is not")
    func perRequest() throws {
        let harness = DetectorHarness(configuration())
        for index in 0..<100 { try wait(harness, 0, pipeline: "nobody", at: 1 + Int64(index)) }
        #expect(harness.topology.pendingLabels == 16 && harness.topology.counters.orphans == 84)
        try wait(harness, 0, at: 200)
        #expect(harness.topology.pendingLabels == 16 && harness.topology.orphansBySource == [0, 0, 0, 85])
        var joined: [String] = []
        harness.topology.onLabel = { joined.append($0.pipeline) }
        _ = LabelKit.decide(harness, at: 300)
        _ = try harness.advance(to: 1_000)
        #expect(joined == Array(repeating: "nobody", count: 15) + ["reports"])
    }
}
