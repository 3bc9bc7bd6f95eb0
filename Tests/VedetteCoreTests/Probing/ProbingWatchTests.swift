import Testing
import VedetteCore

/// Traffic of an invented shop: six features, three entity kinds, a model whose score rises with the amount.
struct Shop {
    static let threshold = 0.5
    var random: SeededRandom
    var time: Int64 = 1_000_000_000_000
    var number = 0
    /// What becomes of an honest request's features on their way.
    var fault: ((inout [Float], inout SeededRandom) -> Void)?

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    static func score(_ amount: Double, _ age: Double) -> Double {
        let odds = (amount / 150) * (amount / 150) * (age < 2 ? 2 : 1) * 0.5
        return odds / (1 + odds)
    }

    mutating func send(_ row: [Float], entities: [UInt64], to watch: ProbingWatch) {
        number += 1
        let score = Self.score(Double(row[0]), Double(row[1]))
        let isStopped = score >= Self.threshold
        let request = ProbingRequest(
            time: time, decision: isStopped ? .challenge : .allow, isSuspicious: isStopped || score >= 1.0 / 3, amount: Double(row[0]),
            score: score, threshold: Self.threshold)
        let text = "r\(number)"
        row.withUnsafeBufferPointer { row in
            entities.withUnsafeBufferPointer { entities in
                watch.observe(request, row: row, entities: entities, values: [1], name: { _ in SliceName() }, sample: { text })
            }
        }
    }

    /// One honest request, a minute or so after the one before.
    mutating func honest(to watch: ProbingWatch) {
        time += 20_000 + Int64(random.uniform() * 80_000)
        let user = UInt64(random.uniform() * 3_000) + 1
        var row: [Float] = [
            Float(5 * (1 / (1 - 0.98 * random.uniform())) * (0.5 + random.uniform())), Float(random.uniform() * 400), Float((random.uniform() * 30).rounded()),
            Float((random.uniform() * 5).rounded(.down)), random.uniform() < 0.3 ? .nan : Float(random.uniform()), Float((random.uniform() * 50).rounded()),
        ]
        fault?(&row, &random)
        send(row, entities: [user &* 0x9E37_79B9, user &* 0xC2B2_AE35 &+ UInt64(random.uniform() * 2), (user / 3 + 7) &* 0x85EB_CA6B], to: watch)
    }

    mutating func honest(_ count: Int, to watch: ProbingWatch) { for _ in 0..<count { honest(to: watch) } }

    /// A binary search for the largest amount that passes; every try from another user, device and address.
    /// - Parameter without: a feature that it leaves out.
    mutating func search(_ tries: Int, between: Int, without: Int? = nil, to watch: ProbingWatch) {
        var (low, high) = (Float(100), Float(400))
        for number in 0..<tries {
            honest(between, to: watch)
            time += 5_000
            let amount = (low + high) / 2
            let unique = UInt64(1_000_000 + number)
            var row: [Float] = [amount, 0.5, 12, 3, 0.77, 31]
            if let without { row[without] = .nan }
            send(row, entities: [unique &* 77, unique &* 79, unique &* 83], to: watch)
            if Self.score(Double(amount), 0.5) >= Self.threshold { high = amount } else { low = amount }
        }
    }
}

@Suite("Probing of one model")
struct ProbingWatchTests {
    private static func watch(rule: ProbingRule = ProbingRule(), salt: UInt64 = 42) -> ProbingWatch {
        ProbingWatch(rule: rule, features: 6, entityKinds: 3, salt: salt)
    }

    /// A shop that is known, and from now on loses the last feature of every other request.
    private static func losingFeature(seed: UInt64, salt: UInt64 = 42) -> (shop: Shop, watch: ProbingWatch) {
        var shop = Shop(seed: seed)
        let watch = watch(salt: salt)
        shop.honest(6_000, to: watch)
        shop.fault = { row, random in if random.uniform() < 0.5 { row[5] = .nan } }
        return (shop, watch)
    }

    private static func bytes(_ watch: ProbingWatch) -> [UInt8] {
        var writer = ByteWriter()
        watch.encode(into: &writer)
        return writer.bytes
    }

    @Test("Honest traffic opens no case", arguments: [1, 2, 3] as [UInt64])
    func honestTraffic(seed: UInt64) {
        var shop = Shop(seed: seed)
        let watch = Self.watch(salt: seed)
        shop.honest(20_000, to: watch)
        #expect(watch.openCases == 0)
    }

    @Test("A feature that stops arriving in half of the requests is no attacker", arguments: [1, 2, 3] as [UInt64])
    func lostFeature(seed: UInt64) {
        var (shop, watch) = Self.losingFeature(seed: seed, salt: seed)
        shop.honest(3_000, to: watch)
        #expect(watch.openCases == 0)
    }

    @Test("An attacker who leaves a feature out where half of the requests have lost it is found all the same")
    func searchInFault() {
        var (shop, watch) = Self.losingFeature(seed: 4)
        shop.honest(1_000, to: watch)
        shop.search(16, between: 3, without: 5, to: watch)
        #expect(watch.openCases == 1)
    }

    @Test("A binary search under rotating identities is one case within a dozen tries", arguments: [1, 2, 3] as [UInt64])
    func search(seed: UInt64) throws {
        var shop = Shop(seed: seed)
        let watch = Self.watch(salt: seed &+ 100)
        shop.honest(3_000, to: watch)
        shop.search(16, between: 3, to: watch)
        #expect(watch.openCases == 1)
        let tries = try #require(watch.triesAtDetection.first)
        #expect(tries <= 12)
    }

    @Test("A slow search, one try among a hundred honest requests, is found too")
    func slowSearch() {
        var shop = Shop(seed: 9)
        let watch = Self.watch()
        shop.honest(3_000, to: watch)
        shop.search(24, between: 100, to: watch)
        #expect(watch.openCases == 1)
    }

    @Test("One try among two thousand honest requests is found, though each is forgotten by the short memory")
    func drip() {
        var shop = Shop(seed: 21)
        let watch = Self.watch()
        shop.honest(3_000, to: watch)
        for number in 0..<24 {
            shop.honest(2_000, to: watch)
            shop.time += 5_000
            let unique = UInt64(2_000_000 + number)
            shop.send([Float(390 - number), 0.5, 12, 3, 0.77, 31], entities: [unique &* 77, unique &* 79, unique &* 83], to: watch)
        }
        #expect(watch.openCases == 1)
    }

    @Test("A device that had one user for days, or was never seen, and now has forty is a case", arguments: [true, false])
    func fanOut(isKnown: Bool) {
        var shop = Shop(seed: 5)
        let watch = Self.watch()
        func send(user: Int) {
            let row: [Float] = [
                Float(2 + shop.random.uniform() * 40), Float(shop.random.uniform() * 400), Float((shop.random.uniform() * 30).rounded()), 1,
                Float(shop.random.uniform()), Float((shop.random.uniform() * 50).rounded()),
            ]
            shop.send(row, entities: [UInt64(user) &* 0x1234_5678_9ABC, 99, 77], to: watch)
        }
        // Four days: what hubs usually do must be known.
        for _ in 0..<60 {
            shop.honest(100, to: watch)
            if isKnown { send(user: 7) }
        }
        for number in 0..<40 {
            shop.honest(5, to: watch)
            send(user: number + 500)
        }
        #expect(watch.openCases == 1)
    }

    @Test("An address that always had many users, and lost its place in a small table now and then, is no case")
    func returningHub() {
        var rule = ProbingRule()
        rule.maxEntities = 64
        var shop = Shop(seed: 8)
        let watch = Self.watch(rule: rule)
        // Three users a day are new to it; the table keeps a hub for some hundred requests of others.
        for visit in 0..<600 {
            shop.honest(visit % 40 == 0 ? 900 : 12, to: watch)
            let row: [Float] = [Float(2 + shop.random.uniform() * 40), Float(shop.random.uniform() * 400), 3, 1, .nan, 9]
            let user = UInt64(5_000 + visit / 2)
            shop.send(row, entities: [user &* 0x9E37_79B9_7F4A_7C15, user &* 0xC2B2_AE35, 0xD6E8_FEB8_6659_FD93], to: watch)
        }
        #expect(watch.openCases == 0)
    }

    @Test("State restored in the middle goes on to the same bytes")
    func restored() throws {
        var rule = ProbingRule()
        rule.maxEntities = 256
        rule.suspiciousMemory = 128
        rule.maxCampaigns = 32
        var shop = Shop(seed: 11)
        let whole = Self.watch(rule: rule)
        shop.honest(1_500, to: whole)
        shop.search(7, between: 2, to: whole)
        let restored = Self.watch(rule: rule)
        let saved = Self.bytes(whole)
        var reader = ByteReader(saved)
        try restored.restore(from: &reader)
        #expect(reader.isAtEnd)
        #expect(Self.bytes(restored) == saved)
        var again = shop
        for (watch, isFirst) in [(whole, true), (restored, false)] {
            if isFirst {
                shop.search(7, between: 2, to: watch)
                shop.honest(3_000, to: watch)
            } else {
                again.search(7, between: 2, to: watch)
                again.honest(3_000, to: watch)
            }
        }
        #expect(Self.bytes(restored) == Self.bytes(whole))
    }

    @Test("Damaged state is refused, never trusted")
    func damaged() {
        var rule = ProbingRule()
        (rule.maxEntities, rule.suspiciousMemory, rule.maxCampaigns) = (64, 64, 16)
        var shop = Shop(seed: 12)
        let watch = Self.watch(rule: rule)
        shop.honest(400, to: watch)
        let saved = Self.bytes(watch)
        for cut in stride(from: 0, to: saved.count - 1, by: saved.count / 40) {
            var reader = ByteReader(Array(saved.prefix(cut)))
            #expect(throws: CorruptBytes.self) { try Self.watch(rule: rule).restore(from: &reader) }
        }
    }

    @Test("Unlimited distinct values do not grow the state")
    func bounded() {
        var rule = ProbingRule()
        (rule.maxEntities, rule.suspiciousMemory, rule.ordinaryMemory, rule.maxCampaigns) = (256, 256, 256, 32)
        let watch = Self.watch(rule: rule)
        var shop = Shop(seed: 13)
        func flood(_ count: Int) {
            for _ in 0..<count {
                shop.time += 10
                let row = (0..<6).map { _ in Float(shop.random.uniform() * 1e6) }
                shop.send(row, entities: (0..<3).map { _ in UInt64(shop.random.uniform() * 1e18) + 1 }, to: watch)
            }
        }
        flood(20_000)
        let early = Self.bytes(watch).count
        flood(80_000)
        // Counters grow by a byte here and there; nothing grows with what was seen.
        #expect(Double(Self.bytes(watch).count) < 1.3 * Double(early))
    }
}
