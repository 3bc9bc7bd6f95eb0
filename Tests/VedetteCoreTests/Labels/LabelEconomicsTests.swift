import Testing
import VedetteCore

/// Every decision of ``LabelKit`` has an amount of 100.
@Suite("What labels that are not to be believed cost")
struct LabelEconomicsTests {
    private static let day = LabelKit.day
    private static let minute = LabelKit.minute
    private let rule = LabelIntegrityRule()

    private func number(_ event: AlertEvent, _ name: String) throws -> Double {
        try #require(event.incident.first { $0.name == name }.flatMap { if case .number(let value) = $0.value { value } else { nil } })
    }

    /// Labels are no attempts, and what is done about them challenges nobody.
    private func economics(_ event: AlertEvent?) throws -> IncidentEconomics {
        let economics = try #require(event?.economics)
        #expect(economics.attemptsToBypass == .none(because: "labels are no attempts to pass the model"))
        #expect(economics.challengedShare == .known(0) && event?.blastRadius.contains("; the action challenges no request") == true)
        return economics
    }

    private func isNear(_ figure: IncidentFigure, _ value: Double) -> Bool { figure.value.map { abs($0 - value) < 1e-6 * max(1, value) } ?? false }

    @Test("label_source: the amount of each decision once, and none of orphans")
    func source() throws {
        let harness = DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_source", rule: .labelSource(rule))]))
        let requests = (0..<3).map { LabelKit.decide(harness, at: $0) }
        _ = try harness.advance(to: Self.minute)
        for (place, request) in [requests[0], requests[0], requests[1], requests[2]].enumerated() {
            LabelKit.label(harness, request, .legit, pipeline: "nobody", actor: "x", at: Self.minute + Int64(place))
        }
        LabelKit.label(harness, 999, .legit, pipeline: "someone", actor: "x", at: Self.minute + 9)
        let known = try economics(try harness.advance(to: 2 * Self.minute).first { $0.subject == "source/nobody" })
        #expect(known.moneyAtRisk == .known(300) && known.moneyAtRiskPerHour == .known(300) && known.timeToDetectMs == Self.minute)
        let restarted = try harness.restarted()
        let orphan = try economics(try restarted.advance(to: 20 * Self.minute).first { $0.subject == "source/someone" })
        #expect(orphan.moneyAtRisk == .none(because: "the decisions that they are about, where there are any, carry no amount"))
    }

    private func report(_ harness: DetectorHarness, day: Int64, count: Int, orphanEvery: Int = 0) throws -> [AlertEvent] {
        let start = day * Self.day
        for index in 0..<count {
            let isOrphan = orphanEvery > 0 && index % orphanEvery == 0
            let request = isOrphan ? 10_000_000 + Int(day) * 1_000 + index : LabelKit.decide(harness, at: start + Int64(index))
            LabelKit.label(harness, request, index % 2 == 0 ? .fraud : .legit, pipeline: "reports", actor: "r1", at: start + 10_000 + Int64(index))
        }
        return try harness.advance(to: start + Self.day)
    }

    @Test("label_burst: the amount of the day's decisions beyond a usual day")
    func burst() throws {
        let harness = DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_burst", rule: .labelBurst(rule))]))
        for day in 0..<30 as Range<Int64> { #expect(try report(harness, day: day, count: 20).isEmpty) }
        let events = try report(try harness.restarted(), day: 30, count: 220)
        #expect(events.map(\.subject) == ["reports/r1"])
        let economics = try economics(events.first)
        #expect(isNear(economics.moneyAtRisk, 220 * 100 - 20 * 100))
    }

    @Test("label_orphans: a label without a decision has no amount")
    func orphans() throws {
        let harness = DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule))]))
        for day in 0..<40 as Range<Int64> { _ = try report(harness, day: day, count: 100, orphanEvery: 25) }
        var events: [AlertEvent] = []
        for day in 40..<70 as Range<Int64> where events.isEmpty { events += try report(harness, day: day, count: 100, orphanEvery: 6) }
        let event = try #require(events.first)
        let economics = try economics(event)
        #expect(economics.moneyAtRisk == .none(because: "a label without a decision has no amount"))
        #expect(economics.timeToDetectMs == event.detectedAt - event.startedAt)
    }

    @Test("label_conflicts: the amount of the contradicted words beyond what is usual, since the rate rose")
    func conflicts() throws {
        let harness = DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule))]))
        var events: [AlertEvent] = []
        for day in 0..<90 as Range<Int64> where events.isEmpty {
            let start = day * Self.day
            for index in 0..<40 {
                let request = LabelKit.decide(harness, at: start + Int64(index))
                LabelKit.label(harness, request, .legit, pipeline: "reports", actor: "r1", at: start + 10_000 + Int64(index))
                let isWrong = index % (day < 60 ? 20 : 5) == 0
                LabelKit.label(harness, request, isWrong ? .fraud : .legit, pipeline: "desk", actor: "desk-1", at: start + 20_000 + Int64(index))
            }
            events += try harness.advance(to: start + Self.day)
        }
        let event = try #require(events.first)
        let hits = try number(event, "conflicts")
        let economics = try economics(event), reference = try #require(event.referenceValue), money = 100 * (hits - Double(event.count) * reference)
        #expect(isNear(economics.moneyAtRisk, money))
        #expect(isNear(economics.moneyAtRiskPerHour, money * 3_600_000 / Double(event.windowEnd - 1 - event.startedAt)))
    }

    @Test("label_canary: the amount of the contradicted pairs beyond what is usual")
    func canary() throws {
        let harness = DetectorHarness(LabelKit.configuration([DetectorSpec(id: "label_canary", rule: .labelCanary(rule))]))
        var random = SeededRandom(seed: 1)
        var events: [AlertEvent] = []
        for day in 0..<120 as Range<Int64> where events.isEmpty {
            let start = day * Self.day
            for index in 0..<60 as Range<Int64> {
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), at: start + index)
                let isFraud = random.bernoulli(0.5), isMissed = random.bernoulli(day < 90 ? 0.06 : 0.3)
                LabelKit.label(harness, request, isFraud && !isMissed ? .fraud : .legit, pipeline: "reports", actor: "r1", at: start + 10_000 + index)
                LabelKit.label(harness, request, isFraud ? .fraud : .legit, pipeline: "desk", actor: "desk-1", at: start + 20_000 + index)
            }
            events += try harness.advance(to: start + Self.day)
        }
        let event = try #require(events.first)
        let excess = try number(event, "pairs_contradicted") - number(event, "pairs_contradicted_expected"), economics = try economics(event)
        #expect(excess > 10 && isNear(economics.moneyAtRisk, 100 * excess))
    }

    /// Forty borderline decisions a day by ten reviewers in four countries; from day 70 on `wrong` are called legit whatever they are.
    private func review(_ spec: DetectorSpec, wrong: (_ actor: Int, _ country: String) -> Bool) throws -> AlertEvent? {
        let harness = DetectorHarness(LabelKit.configuration([spec]))
        var random = SeededRandom(seed: 11)
        for day in 0..<200 as Range<Int64> {
            for index in 0..<40 {
                let time = day * Self.day + Int64(index)
                let actor = index % 10, country = ["FR", "DE", "IT", "ES"][random.below(4)]
                let request = LabelKit.decide(harness, score: 0.3 + 0.6 * random.uniform(), country: country, at: time)
                let isLegit = random.bernoulli(0.5) || (day >= 70 && wrong(actor, country))
                LabelKit.label(harness, request, isLegit ? .legit : .fraud, pipeline: "reports", actor: "r\(actor)", at: time + 1_000)
            }
            if let event = try harness.advance(to: (day + 1) * Self.day).first { return event }
        }
        return nil
    }

    @Test("label_poisoning and label_normalisation: the amount called legit beyond what peers would have")
    func trials() throws {
        let actor = try review(DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule))) { actor, _ in actor == 9 }
        #expect(actor?.subject == "reports/r9")
        let slice = try review(DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule))) { _, country in country == "IT" }
        #expect(slice?.slice.text == "country=IT")
        for event in [actor, slice] {
            let money = try economics(event).moneyAtRisk
            let excess = try number(try #require(event), "excess_legit")
            #expect(excess > 5 && isNear(money, 100 * excess), "\(money) \(excess)")
        }
    }
}
