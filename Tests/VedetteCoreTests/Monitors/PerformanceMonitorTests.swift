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

    // MARK: AUC and calibration, from the pane to the alert

    /// Labels whose fraud has this chance by their score.
    private static func labelled(_ count: Int, seed: UInt64, _ truth: (Double) -> Double) -> Pane {
        var random = SeededRandom(seed: seed)
        let builder = Pane.Builder()
        for _ in 0..<count {
            let score = (random.uniform() * random.uniform() * 1e6).rounded() / 1e6
            builder.addDecisions(1, .allow, score: score)
            builder.addOutcomes(1, random.bernoulli(truth(score)) ? .fraud : .legit, score: score)
        }
        return builder.pane
    }

    /// A window whose labels have come long ago.
    private static func observation(_ pane: Pane, _ references: [Pane] = []) -> Observation {
        let days = 60
        let end = Int64(days) * day
        var observation = Observation(model: 0, slice: SliceName(), current: pane, references: references)
        observation.outlook = Outlook(
            book(days: days, seed: 11, delay: { $2.uniform() }) { _ in 0.5 }, key, start: end - 50 * day, end: end - 40 * day, at: end)
        return observation
    }

    private static func kit(_ metric: PerformanceRule.Metric, _ change: (inout PerformanceRule) -> Void = { _ in }) -> MonitorKit {
        var rule = PerformanceRule()
        rule.metric = metric
        change(&rule)
        return MonitorKit(rule)
    }

    @Test("auc: an area that falls by the limit raises the alert, against the reference or a bound; one that does not stays silent") func area() throws {
        let kit = Self.kit(.auc) { $0.minDrop = 0.1 }
        let good = Self.labelled(3_000, seed: 1) { $0 > 0.4 ? 0.6 : 0.01 }
        let alike = Self.labelled(3_000, seed: 2) { $0 > 0.4 ? 0.6 : 0.01 }
        let worse = Self.labelled(3_000, seed: 3) { $0 > 0.4 ? 0.25 : 0.1 }
        let alert = try #require(kit.alert(Self.observation(worse, [good])))
        #expect(alert.severity == .p1 && alert.summary.hasPrefix("performance: AUC 0."), "\(alert.summary)")
        #expect(alert.pValue < 1e-9 && (alert.labelMaturity ?? 0) > 0.5, "\(alert.labelMaturity ?? -1)")
        #expect(kit.alert(Self.observation(alike, [good])) == nil)
        // Without a reference it needs a bound.
        #expect(kit.alert(Self.observation(worse)) == nil)
        #expect(Self.kit(.auc) { $0.minValue = 0.8 }.alert(Self.observation(worse)) != nil)
        #expect(Self.kit(.auc) { $0.minValue = 0.8 }.alert(Self.observation(good)) == nil)
    }

    @Test("auc: with a handful of frauds the normal tail is not believed") func fewFrauds() throws {
        let builder = Pane.Builder()
        // Ten frauds at one score: their spread is nil, and so is the normal tail.
        builder.addOutcomes(10, .fraud, score: 0.5)
        for index in 0..<500 { builder.addOutcomes(1, .legit, score: Double(index) / 1_000 + 0.2) }
        let outcomes = try #require(builder.pane.outcomes)
        let area = try #require(AreaUnderCurve(fraud: outcomes.fraudScores, legit: outcomes.legitScores))
        #expect(area.value > 0.59 && area.value < 0.61)
        let tail = try #require(area.lowerTail(of: 0.9, error: 0.01))
        // exp(-10 KL(0.6, 0.88)).
        #expect(tail > 0.02 && tail < 0.3, "\(tail)")
        #expect(area.lowerTail(of: 0.5, error: 0) == 1)
    }

    @Test("calibration: scores that are off by more than the limit raise the alert; calibrated ones do not, nor do immature labels") func calibration() throws {
        let kit = Self.kit(.calibration)
        let alert = try #require(kit.alert(Self.observation(Self.labelled(2_000, seed: 4) { min(1, $0 + 0.2) })))
        #expect(alert.severity == .p1 && alert.summary.hasPrefix("performance: scores are off the fraud rate by 1"), "\(alert.summary)")
        #expect(alert.pValue < 1e-12 && abs(alert.value - 0.19) < 0.04)
        for seed in 5..<25 { #expect(kit.alert(Self.observation(Self.labelled(300, seed: UInt64(seed)) { $0 })) == nil) }
        // Most labels are still to come, of both kinds alike.
        var young = Self.observation(Self.labelled(2_000, seed: 6) { $0 })
        let end = 60 * Self.day
        young.outlook = Outlook(Self.book(days: 60, seed: 11) { _ in 0.5 }, Self.key, start: end - 5 * Self.day, end: end, at: end)
        let finding = try #require(kit.findings(young)[""])
        #expect(finding.pValue > 1e-3, "\(finding)")
    }
}
