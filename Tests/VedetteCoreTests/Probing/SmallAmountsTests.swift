import Testing
import VedetteCore

/// Card testing in which nothing is shared, thin fan-out, and searches that move on.
@Suite("Probing that hides among ordinary requests")
struct SmallAmountsTests {
    private static func watch() -> ProbingWatch { ProbingWatch(rule: ProbingRule(), features: 6, entityKinds: 3, salt: 42) }

    /// One request of somebody never seen, everything but the amount as honest requests have it.
    private static func stranger(_ amount: Double, _ number: Int, _ shop: inout Shop, to watch: ProbingWatch) {
        let row: [Float] = [
            Float(amount), Float(shop.random.uniform() * 400), Float((shop.random.uniform() * 30).rounded()),
            Float((shop.random.uniform() * 5).rounded(.down)), Float(shop.random.uniform()), Float((shop.random.uniform() * 50).rounded()),
        ]
        let unique = UInt64(9_000_000 + number)
        shop.send(row, entities: [unique &* 0x9E37_79B9, unique &* 0xC2B2_AE35, unique &* 0x85EB_CA6B], to: watch)
    }

    @Test("Small amounts from strangers who share nothing are a case while there are few of them", arguments: [1, 2, 3] as [UInt64])
    func cardTesting(seed: UInt64) {
        var shop = Shop(seed: seed)
        let watch = Self.watch()
        shop.honest(8_000, to: watch)
        #expect(watch.openCases == 0)
        var needed: Int?
        for number in 0..<60 {
            shop.time += 40_000
            Self.stranger(2.6 + 1.5 * shop.random.uniform(), number, &shop, to: watch)
            if needed == nil, watch.openCases == 1 { needed = number }
            if number % 3 == 0 { shop.honest(to: watch) }
        }
        #expect(watch.openCases == 1)
        #expect(needed ?? .max < 30)
    }

    @Test("Ten times the traffic with the usual amounts is no card testing, and neither is a quiet night of small ones")
    func honestReasons() {
        var shop = Shop(seed: 4)
        let watch = Self.watch()
        shop.honest(8_000, to: watch)
        for number in 0..<600 {
            shop.time += 4_000
            Self.stranger(5 / (1 - 0.98 * shop.random.uniform()) * (0.5 + shop.random.uniform()), number, &shop, to: watch)
        }
        #expect(watch.openCases == 0)
        // The share of small ones is high, their rate is not: one in ten minutes.
        for number in 0..<12 {
            shop.time += 600_000
            Self.stranger(2.6 + 1.5 * shop.random.uniform(), 1_000 + number, &shop, to: watch)
        }
        #expect(watch.openCases == 0)
    }

    @Test("Where nobody comes back on another day it is known all the same that nobody meets twenty others in a day")
    func thinFanOut() {
        var shop = Shop(seed: 6)
        let watch = Self.watch()
        func request(user: UInt64, device: UInt64, _ address: UInt64) {
            shop.time += 600_000
            let row: [Float] = [
                Float(20 + shop.random.uniform() * 100), Float(shop.random.uniform() * 400), Float((shop.random.uniform() * 30).rounded()),
                Float((shop.random.uniform() * 5).rounded(.down)), Float(shop.random.uniform()), Float((shop.random.uniform() * 50).rounded()),
            ]
            shop.send(row, entities: [user &* 0x9E37_79B9, device &* 0xC2B2_AE35, address &* 0x85EB_CA6B], to: watch)
        }
        // Every device has two users, one after the other, and is never seen again.
        for number in 0..<900 as Range<UInt64> { request(user: 1_000 + number, device: 5_000 + number / 2, 9_000 + number) }
        #expect(watch.openCases == 0)
        for number in 0..<30 as Range<UInt64> { request(user: 20_000 + number, device: 77_777, 30_000 + number) }
        #expect(watch.openCases == 1)
    }

    @Test("A search that moves on within the hour is the same case, one that begins days later is not", arguments: [true, false])
    func movedOn(isSoon: Bool) {
        var shop = Shop(seed: 7)
        let watch = Self.watch()
        func replay(_ row: [Float], from number: Int) {
            for copy in 0..<12 {
                shop.honest(4, to: watch)
                let unique = UInt64(3_000_000 + number + copy)
                shop.send([row[0] + Float(copy) * 0.01] + row.dropFirst(), entities: [unique &* 77, unique &* 79, unique &* 83], to: watch)
            }
        }
        shop.honest(20_000, to: watch)
        replay([250, 0.5, 12, 3, 0.77, 31], from: 0)
        #expect(watch.openCases == 1)
        if !isSoon { shop.honest(4_000, to: watch) }
        replay([777, 399, 28, 1, 0.11, 4], from: 100)
        #expect(watch.triesAtDetection.count == 2)
        #expect(watch.openCases == (isSoon ? 1 : 2))
    }
}
