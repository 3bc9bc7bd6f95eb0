import Testing
import VedetteCore

/// One alert per incident, growing by revisions.
@Suite struct IncidentBookTests {
    private static let hour: Int64 = 3_600_000

    private static var configuration: TopologyConfiguration {
        let team = Team(name: "team")
        let schema = EventSchema(models: ["m"], features: [], dimensions: [], entities: [])
        let model = ModelSpec(name: "m", owner: team, security: team, features: [], importantFeatures: [])
        var configuration = TopologyConfiguration(application: "a", schema: schema, models: [model], windows: [])
        configuration.detectors = [DetectorSpec(id: "d", rule: .probing(ProbingRule()))]
        return configuration
    }

    private static func report(
        _ subject: String? = "x", stakes: IncidentStakes = IncidentStakes(attempts: .known(3), challenge: .nothing, money: .known(0)),
        size: Double = 10, news: Int64 = 0, severity: Severity = .p1, phase: IncidentReport.Phase = .open
    ) -> IncidentReport {
        var report = IncidentReport(
            detector: 0, monitor: "probing.test", model: 0, severity: severity, startedAt: 0, lastAt: hour, headline: "tries",
            measure: "tries", value: size, limit: 5, referenceName: "none", count: Int64(size), pValue: 1e-9,
            control: .init(method: "e-value", alpha: 1e-6, tests: 1), size: size, immediateActions: ["look"], escalation: "call",
            recommendedAction: "challenge", blastRadius: "one", stakes: stakes)
        report.subject = subject
        report.phase = phase
        report.news = news
        return report
    }

    @Test func oneIncidentSpeaksOnceUntilItGrows() throws {
        var book = IncidentBook(configuration: Self.configuration)
        let firstEvent = book.take(Self.report(), at: Self.hour)
        let first = try #require(firstEvent)
        #expect(first.status == .firing && first.episode == 1 && first.revision == 0)
        #expect(book.take(Self.report(size: 19.9), at: 2 * Self.hour) == nil)
        let grownEvent = book.take(Self.report(size: 20), at: 3 * Self.hour)
        let grown = try #require(grownEvent)
        #expect(grown.status == .updated && grown.revision == 1 && grown.fingerprint == first.fingerprint)
        #expect(grown.detectedAt == Self.hour && grown.emittedAt == 3 * Self.hour)
        let worseEvent = book.take(Self.report(size: 20, severity: .p0), at: 4 * Self.hour)
        let worse = try #require(worseEvent)
        #expect(worse.severity == .p0 && worse.revision == 2)
        // A severity never falls within an episode, and falling is no news.
        #expect(book.take(Self.report(size: 21, severity: .p2), at: 5 * Self.hour) == nil)
    }

    @Test func newsIsToldOnceAndAtOnceThoughNothingGrew() throws {
        var book = IncidentBook(configuration: Self.configuration)
        _ = book.take(Self.report(news: 2), at: 0)
        #expect(book.take(Self.report(news: 2), at: Self.hour) == nil)
        // Two pieces of news of one boundary are two records.
        for (news, revision) in [(3, 1), (4, 2)] as [(Int64, Int)] {
            let event = book.take(Self.report(news: news), at: 2 * Self.hour)
            #expect(event?.status == .updated && event?.revision == revision)
        }
        var writer = ByteWriter()
        book.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = try IncidentBook(configuration: Self.configuration, from: &reader)
        #expect(restored.take(Self.report(news: 4), at: 3 * Self.hour) == nil)
        #expect(restored.take(Self.report(news: 5), at: 3 * Self.hour)?.revision == 3)
    }

    @Test func aReminderComesOnlyWhileItGrows() {
        var book = IncidentBook(configuration: Self.configuration)
        _ = book.take(Self.report(size: 10), at: 0)
        #expect(book.take(Self.report(size: 10), at: IncidentBook.remindMs) == nil)
        #expect(book.take(Self.report(size: 11), at: IncidentBook.remindMs - 1) == nil)
        #expect(book.take(Self.report(size: 11), at: IncidentBook.remindMs)?.status == .updated)
    }

    @Test func anEndedIncidentThatComesBackIsANewEpisode() throws {
        var book = IncidentBook(configuration: Self.configuration)
        #expect(book.take(Self.report(phase: .closed(reason: "quiet")), at: 0) == nil, "what never spoke needs no end")
        let firstEvent = book.take(Self.report(), at: 0)
        let first = try #require(firstEvent)
        let endEvent = book.take(Self.report(phase: .closed(reason: "quiet")), at: 1)
        let end = try #require(endEvent)
        #expect(end.status == .resolved && end.revision == 1 && end.reason == "quiet")
        #expect(book.take(Self.report(phase: .closed(reason: "quiet")), at: 2) == nil)
        let withdrawnEvent = book.take(Self.report(phase: .withdrawn(reason: "honest")), at: 3)
        let withdrawn = try #require(withdrawnEvent)
        #expect(withdrawn.status == .withdrawn && withdrawn.revision == 2)
        let againEvent = book.take(Self.report(), at: 4)
        let again = try #require(againEvent)
        #expect(again.episode == first.episode + 1 && again.revision == 0 && again.id != first.id)
    }

    @Test func incidentsAreToldApartByTheirSubject() {
        var book = IncidentBook(configuration: Self.configuration)
        #expect(book.take(Self.report("x"), at: 0)?.fingerprint != book.take(Self.report("y"), at: 0)?.fingerprint)
        #expect(book.openCount == 2)
    }

    @Test func aRestoredBookGoesOnAsIfNothingHadHappened() throws {
        var book = IncidentBook(configuration: Self.configuration)
        _ = book.take(Self.report("x"), at: 0)
        _ = book.take(Self.report("y"), at: 0)
        _ = book.take(Self.report("y", phase: .closed(reason: "quiet")), at: 1)
        var writer = ByteWriter()
        book.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = try IncidentBook(configuration: Self.configuration, from: &reader)
        #expect(reader.isAtEnd)
        for report in [Self.report("x", size: 20), Self.report("y"), Self.report("z")] {
            #expect(restored.take(report, at: 5) == book.take(report, at: 5))
        }
    }

    @Test func forgettingKeepsEpisodesUniqueAndOpenIncidentsLongest() {
        var book = IncidentBook(configuration: Self.configuration)
        _ = book.take(Self.report("open"), at: 0)
        for number in 0..<IncidentBook.maxTracked {
            _ = book.take(Self.report("s\(number)"), at: 1)
            _ = book.take(Self.report("s\(number)", phase: .closed(reason: "quiet")), at: 2)
        }
        #expect(book.take(Self.report("open"), at: 3) == nil, "still known, so nothing new")
        #expect(book.take(Self.report("s0"), at: 3)?.episode == 2, "forgotten, yet no number is given twice")
    }

    // MARK: Economics

    @Test func aFigureIsKnownOrSaysWhyNot() throws {
        var book = IncidentBook(configuration: Self.configuration)
        let stakes = IncidentStakes(
            attempts: .none(because: "no try has passed"), challenge: .requests(30, since: 7), money: .known(600), moneySince: -2 * Self.hour)
        var asked: [Int64] = []
        let first = book.take(Self.report(stakes: stakes), at: 2 * Self.hour) { model, since in
            asked.append(since)
            return model == 0 ? 1_200 : 0
        }
        let economics = try #require(first?.economics)
        #expect(asked == [7] && economics.challengedShare == .known(0.025) && !economics.isShareBound)
        // From two hours before 0 to the last trace an hour after.
        #expect(economics.moneyAtRisk == .known(600) && economics.moneyAtRiskPerHour == .known(200))
        #expect(economics.attemptsToBypass.value == nil && economics.attemptsToBypass.reason == "no try has passed")
        #expect(economics.timeToDetectMs == 2 * Self.hour)
        #expect(first?.blastRadius == "one; the action challenges 2.5 % of the model's traffic; amounts of 600 at risk so far, 200 an hour")
    }

    @Test func whatIsNotKnownIsNotSaid() {
        var book = IncidentBook(configuration: Self.configuration)
        func take(_ subject: String, _ stakes: IncidentStakes) -> AlertEvent? { book.take(Self.report(subject, stakes: stakes), at: 0) { _, _ in 0 } }
        let nothing = IncidentFigure.none(because: "nothing")
        let unknown = take("a", IncidentStakes(attempts: .known(4), challenge: .unknown(because: "no pattern"), money: nothing))
        #expect(unknown?.blastRadius == "one" && unknown?.economics?.challengedShare == .none(because: "no pattern"))
        #expect(unknown?.economics?.moneyAtRiskPerHour == nothing && unknown?.economics?.attemptsToBypass == .known(4))
        // A share of nothing is no share, and no share is above 1.
        let gone = take("b", IncidentStakes(attempts: nothing, challenge: .requests(5, since: 0), money: nothing))
        #expect(gone?.economics?.challengedShare.reason == "no decision of that time is kept any more")
        let bound = take("c", IncidentStakes(attempts: nothing, challenge: .atMost(0.004), money: nothing))
        #expect(bound?.blastRadius == "one; the action challenges at most 0.4 % of the model's traffic" && bound?.economics?.isShareBound == true)
        let labels = take("d", IncidentStakes(attempts: nothing, challenge: .nothing, money: nothing))
        #expect(labels?.blastRadius == "one; the action challenges no request" && labels?.economics?.challengedShare == .known(0))
    }

    @Test func theTimeToDetectIsThatOfTheFirstRecord() throws {
        var book = IncidentBook(configuration: Self.configuration)
        var stakes = IncidentStakes(attempts: .known(1), challenge: .nothing, money: .known(0), sufficedAt: 5_000)
        #expect(book.take(Self.report(stakes: stakes), at: Self.hour)?.economics?.timeToDetectMs == 5_000)
        var writer = ByteWriter()
        book.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = try IncidentBook(configuration: Self.configuration, from: &reader)
        stakes.sufficedAt = 2 * Self.hour
        #expect(restored.take(Self.report(stakes: stakes, size: 40), at: 3 * Self.hour)?.economics?.timeToDetectMs == 5_000)
    }
}
