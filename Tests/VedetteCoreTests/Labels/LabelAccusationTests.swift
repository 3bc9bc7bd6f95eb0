import Testing
import VedetteCore

@Suite("Who is accused, and of which words")
struct LabelAccusationTests {
    private static let day = LabelKit.day

    private func harness() -> DetectorHarness {
        DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(LabelIntegrityRule()))]))
    }

    /// Ten reviewers clear like each other; what the last one clears from day 80 on is fraud in six of ten, and it stops on day 100. Chargebacks come
    /// 40 days later, each on its day, or those of all days in one file on day 140, after which nothing comes any more.
    private func hitAndRun(_ harness: DetectorHarness, inOneFile: Bool) throws -> [AlertEvent] {
        var random = SeededRandom(seed: 31), events: [AlertEvent] = [], due: [Int64: [Int]] = [:]
        for day in 0...140 as ClosedRange<Int64> {
            let start = day * Self.day
            for index in 0..<80 where index % 10 < 9 || day < 100 {
                let time = start + Int64(index), actor = index % 10
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), at: time)
                let isLegit = random.bernoulli(0.5)
                LabelKit.label(harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: "r\(actor)", at: time + 10_000)
                if isLegit, random.bernoulli(actor == 9 && day >= 80 ? 0.6 : 0.02) { due[inOneFile ? 140 : day + 40, default: []].append(request) }
            }
            for (index, request) in (due[day] ?? []).enumerated() {
                LabelKit.label(harness, request, .fraud, pipeline: "chargebacks", actor: "issuer", at: start + 100_000 + Int64(index))
            }
            events += try harness.advance(to: start + Self.day - 1_000)
        }
        return try events + harness.advance(to: 142 * Self.day)
    }

    @Test("An actor that has stopped when the chargebacks come is accused by them", arguments: [false, true])
    func stopped(inOneFile: Bool) throws {
        let events = try hitAndRun(harness(), inOneFile: inOneFile)
        let first = try #require(events.first)
        #expect(events.allSatisfy { $0.subject == "reports/r9" } && first.monitor == "label_poisoning" && first.detectedAt >= 120 * Self.day)
        #expect(inOneFile ? first.detectedAt == 141 * Self.day : first.detectedAt < 140 * Self.day)
        #expect(first.summary.contains("contradicted by trusted labels") && !first.sampleRequestIDs.isEmpty)
    }

    /// Ten reviewers label forty borderline decisions a day; the last one calls everything legit on the days of `turned`.
    private func review(_ harness: DetectorHarness, days: Range<Int64>, turned: Range<Int64>, _ random: inout SeededRandom) throws -> [AlertEvent] {
        var events: [AlertEvent] = []
        for day in days {
            let start = day * Self.day
            for index in 0..<40 {
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), at: start + Int64(index))
                let actor = index % 10, isLegit = random.bernoulli(0.5) || (actor == 9 && turned.contains(day))
                LabelKit.label(harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: "r\(actor)", at: start + 1_000 + Int64(index))
            }
            events += try harness.advance(to: start + Self.day)
        }
        return events
    }

    @Test("Words since the evidence began are suspected though they counted, until the accusation ends; over a restart too")
    func hindsight() throws {
        var random = SeededRandom(seed: 11)
        let original = harness()
        var joined: [JoinedLabel] = []
        original.topology.onLabel = { joined.append($0) }
        let turned = 70..<85 as Range<Int64>
        let events = try review(original, days: 0..<110, turned: turned, &random)
        let accused = try #require(events.first?.detectedAt), since = try #require(events.map(\.startedAt).min())
        let r9 = joined.filter { $0.actor == "r9" }
        let early = r9.filter { $0.label.time >= since && $0.label.time < accused }
        #expect(since < accused && early.count > 20 && early.allSatisfy { $0.label.standing == .admitted && original.topology.isSuspected($0) })
        let late = r9.filter { $0.label.time >= accused }
        #expect(late.count > 20 && late.allSatisfy { $0.label.standing == .quarantined && original.topology.isSuspected($0) })
        // The evidence is dated to a month.
        let from = try #require(r9.first(where: original.topology.isSuspected)?.label.time)
        #expect(from <= since && from >= 30 * Self.day && r9.allSatisfy { original.topology.isSuspected($0) == ($0.label.time >= from) })
        #expect(!joined.contains { $0.actor != "r9" && original.topology.isSuspected($0) })

        let harness = try original.restarted()
        #expect(joined.allSatisfy { harness.topology.isSuspected($0) == original.topology.isSuspected($0) })
        var more: [JoinedLabel] = []
        harness.topology.onLabel = { more.append($0) }
        var ended: Int64?, day: Int64 = 110
        while ended == nil, day < 900 {
            ended = try review(harness, days: day..<day + 1, turned: turned, &random).first { $0.status == .resolved }?.emittedAt
            day += 1
        }
        let end = try #require(ended)
        _ = try review(harness, days: day..<day + 5, turned: turned, &random)
        let honest = more.filter { $0.actor == "r9" }
        #expect(early.allSatisfy(harness.topology.isSuspected) && honest.contains { $0.label.time < end })
        #expect(honest.allSatisfy { harness.topology.isSuspected($0) == ($0.label.time < end) })
        #expect(honest.filter { $0.label.time >= end }.allSatisfy { $0.label.standing == .admitted } && honest.contains { $0.label.time >= end })
    }

    @Test("Accusations that are remembered are bounded: the one that ended first is forgotten first, those that stand never before")
    func bounded() {
        var accusations = LabelAccusations()
        let standing = LabelAccusation(place: 1, actor: nil, from: 0)
        for index in 0..<Int64(LabelAccusations.limit) + 10 {
            accusations.update([standing, LabelAccusation(place: 0, actor: UInt64(index), from: 10 * index)], at: 10 * index)
        }
        #expect(accusations.all.count == LabelAccusations.limit)
        #expect(accusations.cover(place: 1, actor: 7, at: .max - 1), "still stands")
        #expect(!accusations.cover(place: 0, actor: 0, at: 5) && accusations.cover(place: 0, actor: 100, at: 1_005) && !accusations.cover(place: 0, actor: 100, at: 1_010))
        var writer = ByteWriter()
        accusations.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect((try? LabelAccusations(from: &reader)) == accusations && reader.isAtEnd)
    }
}
