import Testing
import VedetteCore

@Suite("Performance monitor")
struct PerformanceMonitorTests {
    private static let day: Int64 = 86_400_000
    private static let key = NowcastBook.Key(model: 0, slice: 0)

    /// 40 frauds and 20 legit a day of 1,000 decisions, fraud caught with the given probability; delays in days.
    private static func book(
        days: Int, seed: UInt64, delay: (Decision, Int, inout SeededRandom) -> Double = { $2.uniform() * 30 }, caught: (Int) -> Double
    ) -> NowcastBook {
        var random = SeededRandom(seed: seed)
        var book = NowcastBook(NowcastConfiguration(), models: 1)
        let place = book.place(of: key) ?? -1
        var waiting = Array(repeating: [(row: DecisionRow, label: LabelEntry)](), count: days + 60)
        for today in 0..<days {
            for index in 0..<60 {
                let time = Int64(today) * day + Int64(random.below(Int(day)))
                let isFraud = index < 40
                let decision: Decision = isFraud && random.bernoulli(caught(today)) ? .block : .allow
                let known = time + Int64(delay(decision, today, &random) * Double(day))
                let row = DecisionRow(time: time, model: 0, version: 1, score: 0.5, decision: decision, values: [], content: 0, entities: [])
                guard known < Int64(days + 1) * day else { continue }
                waiting[Int(known / day)].append(
                    (row, LabelEntry(source: 1, time: known, outcome: isFraud ? .fraud : .legit, tier: 3)))
            }
            for (row, label) in waiting[today] {
                book.observe(LabelEffect(kind: .new, before: nil, after: label, knownAfter: label.time, conflict: false), of: row, at: place)
            }
            guard today % 10 == 9 || today == days - 1 else { continue }
            book.close(at: Int64(today + 1) * day) { _, start, _ in start / day <= Int64(today) ? 1_000 : 0 }
        }
        return book
    }

    private static func finding(_ book: NowcastBook, days: Int, _ rule: PerformanceRule = PerformanceRule()) -> Finding? {
        let end = Int64(days) * day
        var observation = Observation(model: 0, slice: SliceName(), current: Pane.Builder().pane, references: [])
        observation.outlook = Outlook(book, key, start: end - 30 * day, end: end, at: end)
        var spec = MonitorSpec(id: "performance", rule: .performance(rule), window: 0, reference: .previousWindow, severity: .p1)
        spec.minCount = 50
        let team = Team(name: "team")
        let context = MonitorContext(
            spec: spec, model: ModelSpec(name: "m", owner: team, security: team, features: [], importantFeatures: []),
            schema: EventSchema(models: ["m"], features: [], dimensions: [], entities: []))
        return rule.finding(.slice, in: observation, frozen: nil, context)
    }

    @Test("a collapse is found within days, with the day it began") func collapse() throws {
        let found = try #require(Self.finding(Self.book(days: 96, seed: 4) { $0 < 90 ? 0.9 : 0.1 }, days: 96))
        #expect(found.detail?.contains("since 1970-04-01") ?? false, "\(found.detail ?? "")")
        #expect(found.reference.level > 0.85)
        #expect(found.effectPassed && found.value < 0.3, "\(found.value)")
        #expect(found.pValue < 1e-5, "p \(found.pValue)")
        let interval = try #require(found.interval)
        #expect(interval.low <= 0.1 && interval.high >= 0.1 && interval.high < 0.5)
        #expect((found.labelMaturity ?? 1) < 0.3)
        #expect(found.raw != nil)
    }

    /// Streams in which nothing changes, but not everything stands still.
    enum Steady: CaseIterable {
        case still
        /// Caught fraud is known within days, missed fraud within weeks.
        case unequalDelays
        /// Each day has a recall of its own.
        case restlessDays
        /// Delays of missed fraud grow by half over the stream.
        case driftingDelays
    }

    @Test("where nothing changes, p-values are no smaller than chance makes them", arguments: Steady.allCases) func steady(_ kind: Steady) throws {
        var rule = PerformanceRule()
        // No limit on the effect: the evidence alone.
        rule.minDrop = 1e-9
        let streams = 120
        var least: [Double] = []
        for seed in 1...streams {
            var days = SeededRandom(seed: UInt64(seed) + 7_000)
            let recall = (0..<100).map { _ in kind == .restlessDays ? 0.45 + 0.5 * days.uniform() : 0.7 }
            let book = Self.book(
                days: 100, seed: UInt64(seed),
                delay: { decision, today, random in
                    switch kind {
                    case .still, .restlessDays: random.uniform() * 30
                    case .unequalDelays: random.uniform() * (decision == .block ? 4 : 40)
                    case .driftingDelays: random.uniform() * (decision == .block ? 4 : 30 * (1 + Double(today) / 200))
                    }
                }, caught: { recall[$0] })
            least.append(try #require(Self.finding(book, days: 100, rule)).pValue)
        }
        // Three standard deviations of a binomial count above the level.
        for (level, allowed) in [(0.1, 21), (0.02, 7), (1e-3, 1)] {
            #expect(least.count { $0 < level } <= allowed, "\(kind): \(least.sorted().prefix(10))")
        }
    }

    @Test("another mix of young and old labels is no evidence") func arrivalShares() throws {
        // All caught fraud of the newest days is known, and hardly any missed: by its labels alone recall is near 1, then falls.
        let book = Self.book(days: 80, seed: 9, delay: { decision, _, random in decision == .block ? random.uniform() : 10 + random.uniform() * 20 }) { _ in 0.6 }
        let found = try #require(Self.finding(book, days: 80))
        #expect(!found.effectPassed)
    }

    @Test("a bound needs no past") func bound() throws {
        var rule = PerformanceRule()
        rule.minValue = 0.8
        rule.minDrop = 0.9
        let low = try #require(Self.finding(Self.book(days: 60, seed: 2) { _ in 0.4 }, days: 60, rule))
        #expect(low.effectPassed && low.pValue < 1e-6)
        let high = try #require(Self.finding(Self.book(days: 60, seed: 2) { _ in 0.95 }, days: 60, rule))
        #expect(!high.effectPassed)
    }

    @Test("mature cohorts alone see it later") func matured() throws {
        var rule = PerformanceRule()
        rule.minAgeMs = 25 * Self.day
        let book = Self.book(days: 96, seed: 4) { $0 < 90 ? 0.9 : 0.1 }
        let found = try #require(Self.finding(book, days: 96, rule))
        #expect(!(found.effectPassed && found.pValue < 1e-3))
    }
}
