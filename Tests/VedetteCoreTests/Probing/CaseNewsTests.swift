import Testing
import VedetteCore

/// What becomes known of a case is told when it is known, and told of those whom it is about.
@Suite("News of probing cases")
struct CaseNewsTests {
    private func text(_ event: AlertEvent, _ name: String) -> String? {
        event.incident.first { $0.name == name }.flatMap { if case .text(let value) = $0.value { value } else { nil } }
    }

    /// One try of an attacker who keeps everything but the amount.
    @discardableResult
    private func attempt(
        _ kit: inout ProbingKit, amount: Double, place: [Double] = [0.5, 12, 3, 0.77, 31], user: UInt64, device: UInt64
    ) -> String {
        let score = ProbingKit.score(amount, place[0])
        return kit.send(
            [amount] + place, score: score, decision: score >= ProbingKit.threshold ? .challenge : .allow, money: amount, user: user, device: device)
    }

    /// A first attacker in front of honest traffic, and what was said of him.
    private func running(seed: UInt64) throws -> (kit: ProbingKit, said: [AlertEvent]) {
        var kit = ProbingKit(seed: seed)
        kit.honest(3_000)
        var said = try kit.hear(isWhole: true)
        for number in 0..<60 {
            kit.time += 2_000
            attempt(&kit, amount: 230 - Double(number), user: 11, device: 12)
            if number % 10 == 9 { said += try kit.hear() }
        }
        return (kit, said)
    }

    @Test("Somebody new in the midst of a running case is told of within some twenty of his tries, by his own requests")
    func newcomer() throws {
        var (kit, said) = try running(seed: 4)
        #expect(Set(said.map(\.fingerprint)).count == 1)
        var own: Set<String> = []
        var told: AlertEvent?
        for number in 0..<40 where told == nil {
            kit.time += 2_000
            attempt(&kit, amount: 230 - Double(number % 50), user: 11, device: 12)
            kit.time += 2_000
            own.insert(attempt(&kit, amount: 225 - Double(number), user: 21, device: 22))
            told = try kit.hear().first { text($0, "news")?.hasPrefix("somebody new") == true }
        }
        let event = try #require(told)
        #expect(event.status == .updated && event.fingerprint == said[0].fingerprint)
        #expect(event.sampleRequestIDs.allSatisfy(own.contains) && event.sampleRequestIDs.count >= 5)
        #expect(own.count <= 40 && event.summary.contains("somebody new"))
    }

    @Test("One attacker who changes his account every third try is nobody new")
    func rotation() throws {
        var (kit, said) = try running(seed: 5)
        for number in 0..<120 {
            kit.time += 2_000
            attempt(&kit, amount: 230 - Double(number % 50), user: 1_000 + UInt64(number / 3), device: 12)
            said += try kit.hear()
        }
        #expect(!said.isEmpty && said.allSatisfy { text($0, "news")?.hasPrefix("somebody new") != true })
    }

    @Test("A campaign that is found elsewhere is told at once, under its own tries, in the case of its sender")
    func anotherCampaign() throws {
        var (kit, said) = try running(seed: 6)
        var own: Set<String> = []
        for number in 0..<40 {
            kit.time += 2_000
            own.insert(attempt(&kit, amount: 260 - Double(number), place: [300, 2, 0, 0.11, 4], user: 11, device: 12))
            // The first one goes on meanwhile.
            kit.time += 1_000
            attempt(&kit, amount: 230 - Double(number % 50), user: 11, device: 12)
            said += try kit.hear(isWhole: number == 39)
        }
        let event = try #require(said.first { text($0, "news")?.hasPrefix("another campaign") == true })
        #expect(event.fingerprint == said[0].fingerprint)
        #expect(event.sampleRequestIDs.count(where: own.contains) * 2 >= event.sampleRequestIDs.count)
        #expect(event.summary.contains("another campaign"))
    }

    @Test("News of one campaign that names the same requests is one record; somebody's own requests, and another campaign, have their own")
    func records() {
        let campaign = CaseNews(kind: .campaign, at: 1, campaign: 7), scale = CaseNews(kind: .scale, at: 2, campaign: 7)
        let elsewhere = CaseNews(kind: .campaign, at: 3, campaign: 8), hub = CaseNews(kind: .comeback, at: 4, hub: 5)
        let among = CaseNews(kind: .sender, at: 5, campaign: 7, samples: ["a", "b"]), own = CaseNews(kind: .sender, at: 6, campaign: 7, samples: ["b", "z"])
        func records(_ news: [CaseNews]) -> [[CaseNews]] { CaseNews.records(of: news) { $0 == hub ? [] : ["a", "b", "c"] } }
        #expect(records([campaign, scale]) == [[campaign, scale]])
        #expect(records([campaign, elsewhere, scale, hub]) == [[campaign, scale], [elsewhere], [hub]])
        #expect(records([campaign, among, scale]) == [[campaign, among, scale]])
        #expect(records([own, campaign, scale]) == [[own], [campaign, scale]])
        #expect(records([among, own]) == [[among], [own]] && records([]).isEmpty)
    }

    @Test("No two records of one minute have the same numbers and the same requests, and the news of all is told")
    func oncePerMinute() throws {
        var (kit, said) = try running(seed: 7)
        kit.time = alignDown(kit.time, to: ProbingKit.minute) + ProbingKit.minute
        said = try kit.hear()
        // Found, and used at scale, within the minute.
        for number in 0..<59 {
            attempt(&kit, amount: number < 4 ? 240 - Double(number) : 200 - Double(number) / 10, place: [300, 2, 0, 0.11, 4], user: 11, device: 12)
            kit.time += 1_000
        }
        said = try kit.hear(isWhole: true)
        #expect(said.contains { text($0, "news")?.contains("another campaign was found in the incident") == true })
        for (place, event) in said.enumerated() {
            #expect(!said[..<place].contains { $0.fingerprint == event.fingerprint && $0.value == event.value && $0.sampleRequestIDs == event.sampleRequestIDs })
        }
    }

    // MARK: Who takes part

    private func add(_ senders: inout CaseSenders, _ digests: [UInt64], recent: Int) -> [String]? {
        digests.withUnsafeBufferPointer { senders.add($0, "r", recent: recent) }
    }

    @Test("In an hour without news the fifth try is news; within an hour it takes more, and more with each who was")
    func limits() {
        for (recent, tries) in [(0, 5), (1, 15), (2, 20), (8, 50)] {
            var senders = CaseSenders()
            let news = (1...60).first { _ in add(&senders, [1, 2, 3], recent: recent) != nil }
            #expect(news == tries)
            // Once.
            #expect((1...60).allSatisfy { _ in add(&senders, [1, 2, 3], recent: max(1, recent)) == nil })
        }
    }

    @Test("Who shares half of his entities with somebody known is no news within the hour; who shares fewer is")
    func kin() {
        for (digests, isNews) in [([1, 2, 13, 14] as [UInt64], false), ([1, 12, 13, 14], true)] {
            var senders = CaseSenders()
            _ = add(&senders, [1, 2, 3, 4], recent: 1)
            [1, 2, 3, 4].withUnsafeBufferPointer { senders.tell($0) }
            #expect((1...40).contains { _ in add(&senders, digests, recent: 1) != nil } == isNews)
        }
    }

    @Test("Restored, they go on alike; never more than the capacity are kept")
    func restored() throws {
        var senders = CaseSenders()
        for number in 0..<200 { _ = add(&senders, [UInt64(number % 70) + 1, 7_000 + UInt64(number % 3)], recent: number % 4) }
        var writer = ByteWriter()
        senders.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try CaseSenders(from: &reader) == senders)
        for cut in stride(from: 0, to: writer.bytes.count - 1, by: 41) {
            var reader = ByteReader(Array(writer.bytes.prefix(cut)))
            #expect(throws: CorruptBytes.self) { try CaseSenders(from: &reader) }
        }
    }
}
