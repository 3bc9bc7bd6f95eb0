import Testing
import VedetteCore

@Suite("label_canary: pairs of labels on the same request")
struct LabelCanaryTests {
    private static let day = LabelKit.day
    private static let turnsAt: Int64 = 90

    private func harness() -> DetectorHarness {
        DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_canary", rule: .labelCanary(LabelIntegrityRule()))]))
    }

    /// What reports and the judge say of 60 borderline decisions a day.
    private struct Day {
        var fraudShare = 0.5
        /// Share of the fraud that reports call legit.
        var missed = 0.06
        /// Share of the honest requests that reports call fraud.
        var invented = 0.0
    }

    private func run(_ harness: DetectorHarness, _ days: Range<Int64>, _ random: inout SeededRandom, _ shape: (Int64) -> Day) throws -> [AlertEvent] {
        var events: [AlertEvent] = []
        for day in days {
            let start = day * Self.day, shape = shape(day)
            for index in 0..<60 as Range<Int64> {
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), at: start + index)
                let isFraud = random.bernoulli(shape.fraudShare), isMissed = random.bernoulli(shape.missed)
                let isCalledFraud = isFraud ? !isMissed : shape.invented > 0 && random.bernoulli(shape.invented)
                LabelKit.label(harness, request, isCalledFraud ? .fraud : .legit, pipeline: "reports", actor: "r1", at: start + 10_000 + index)
                LabelKit.label(harness, request, isFraud ? .fraud : .legit, pipeline: "desk", actor: "desk-1", at: start + 20_000 + index)
            }
            events += try harness.advance(to: start + Self.day)
        }
        return events
    }

    private func number(_ event: AlertEvent, _ name: String) -> Double? {
        event.incident.first { $0.name == name }.flatMap { if case .number(let value) = $0.value { value } else { nil } }
    }

    @Test("A sixth of the fraud turned legit is seen from the pairs within three weeks, with contradicted requests", arguments: 1...3)
    func turned(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let events = try run(harness(), 0..<Self.turnsAt + 30, &random) { Day(missed: $0 < Self.turnsAt ? 0.06 : 0.22) }
        let first = try #require(events.first)
        #expect(first.monitor == "label_canary" && first.severity == .p1 && first.status == .firing)
        #expect(first.detectedAt > Self.turnsAt * Self.day && first.detectedAt <= (Self.turnsAt + 21) * Self.day, "day \(first.detectedAt / Self.day)")
        #expect(first.startedAt >= (Self.turnsAt - 14) * Self.day && first.sampleRequestIDs.count == 10)
        #expect(try #require(number(first, "pairs_contradicted")) > 1.25 * #require(number(first, "pairs_contradicted_expected")))
        #expect(first.incident.contains { $0.name == "judged_by" && $0.value == .text("desk") })
        #expect(first.summary.contains("desk says fraud of"))
    }

    @Test("A fifth of the honest requests called fraud is seen as well, and said so", arguments: 1...3)
    func invented(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let events = try run(harness(), 0..<Self.turnsAt + 30, &random) { Day(invented: $0 < Self.turnsAt ? 0.06 : 0.22) }
        let first = try #require(events.first)
        #expect(first.detectedAt > Self.turnsAt * Self.day && first.detectedAt <= (Self.turnsAt + 25) * Self.day, "day \(first.detectedAt / Self.day)")
        #expect(first.incident.contains { $0.name == "turned_to" && $0.value == .text("fraud") })
        #expect(first.summary.contains("desk says legit of") && first.sampleRequestIDs.count == 10)
        #expect(try #require(number(first, "pairs_contradicted")) > 1.25 * #require(number(first, "pairs_contradicted_expected")))
        #expect(number(first, "excess_fraud") != nil && number(first, "fraud_share_low_trust") != nil && number(first, "legit_share_low_trust") == nil)
        let diverging = [["fraud_rate", "false_negative_rate"], ["fraud_rate"]].map { IncidentFact("diverging", .list($0)) }
        #expect(events.allSatisfy { $0.incident.contains { diverging.contains($0) } })
    }

    @Test("Fraud that passed and is called legit: the false negative rate comes apart and is named; precision has not moved")
    func namesMetrics() throws {
        var random = SeededRandom(seed: 4)
        let harness = harness()
        var events: [AlertEvent] = []
        for day in 0..<Self.turnsAt + 40 {
            let start = day * Self.day
            for index in 0..<120 as Range<Int64> {
                let isStopped = index % 2 == 0, isFraud = random.bernoulli(0.5)
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), decision: isStopped ? .block : .allow, at: start + index)
                let isMissed = random.bernoulli(!isStopped && day >= Self.turnsAt ? 0.3 : 0.06)
                LabelKit.label(harness, request, isFraud && !isMissed ? .fraud : .legit, pipeline: "reports", actor: "r1", at: start + 10_000 + index)
                if index % 4 < 2 { LabelKit.label(harness, request, isFraud ? .fraud : .legit, pipeline: "desk", actor: "desk-1", at: start + 20_000 + index) }
            }
            events += try harness.advance(to: start + Self.day)
        }
        let last = try #require(events.last)
        let diverging = last.incident.first { $0.name == "diverging" }?.value
        #expect(diverging == .list(["fraud_rate", "false_negative_rate"]))
        #expect(last.summary.contains("false_negative_rate is") && !last.summary.contains("precision is"))
        #expect(events.allSatisfy { $0.detectedAt > Self.turnsAt * Self.day } && events.count { $0.status == .firing } == 1)
        // Half of the fraud is stopped.
        let all = try #require(number(last, "false_negative_rate_all")), trusted = try #require(number(last, "false_negative_rate_trusted"))
        #expect(abs(trusted - 0.5) < 0.05 && abs(all - 0.5) < 0.1)
        #expect(try #require(number(last, "precision_all")) > 0.4)
    }

    @Test("A metric that has come apart and is followed no more ends its alert aloud")
    func droppedMetric() throws {
        var random = SeededRandom(seed: 1)
        let harness = harness()
        let events = try run(harness, 0..<Self.turnsAt + 30, &random) { Day(missed: $0 < Self.turnsAt ? 0.06 : 0.22) }
        #expect(events.last?.status != .resolved && !events.isEmpty)
        let diverging = events.last?.incident.first { $0.name == "diverging" }?.value
        guard case .list(let names) = diverging else { return }
        var rule = LabelIntegrityRule()
        for isDropped in [false, true] {
            rule.canaryMetrics = CanaryMetric.allCases.filter { !isDropped || !names.contains($0.rawValue) }
            var configuration = harness.configuration
            configuration.detectors = [DetectorSpec(id: "label_canary", rule: .labelCanary(rule))]
            let other = try harness.restarted(configuration)
            let said = try other.advance(to: (Self.turnsAt + 30) * Self.day + LabelKit.minute)
            #expect(said.map(\.status) == (isDropped ? [.resolved] : []))
        }
    }

    @Test("More fraud, on which both sides agree, is no divergence", arguments: 1...3)
    func moreFraud(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        #expect(try run(harness(), 0..<Self.turnsAt + 60, &random) { Day(fraudShare: $0 < Self.turnsAt ? 0.3 : 0.36) }.isEmpty)
    }

    @Test("Sides that always differed are no divergence", arguments: 1...3)
    func steady(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        #expect(try run(harness(), 0..<200, &random) { _ in Day(missed: 0.25) }.isEmpty)
    }

    @Test("A restart in the middle of the evidence changes nothing")
    func restart() throws {
        var random = SeededRandom(seed: 9)
        let shape = { (day: Int64) in Day(missed: day < Self.turnsAt ? 0.06 : 0.22) }
        let original = harness()
        #expect(try run(original, 0..<Self.turnsAt + 3, &random, shape).isEmpty)
        let restarted = try original.restarted()
        var again = random
        let expected = try run(original, Self.turnsAt + 3..<Self.turnsAt + 30, &random, shape)
        #expect(!expected.isEmpty)
        #expect(try run(restarted, Self.turnsAt + 3..<Self.turnsAt + 30, &again, shape) == expected)
    }
}
