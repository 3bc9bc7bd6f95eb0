import Testing
import VedetteCore

@Suite("When entities were first seen")
struct FirstSeenTests {
    private func digest(_ number: Int) -> UInt64 { KeyedHash(secret: "first seen").hash64("entity \(number)") }

    @Test("below its capacity it is a dictionary, whatever the order of times")
    func exact() {
        var memory = FirstSeen(capacity: 500)
        var expected: [Int: Int64] = [:]
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            let (entity, time) = (Int(random.next() % 500), Int64(random.next() % 1_000_000))
            expected[entity] = min(time, expected[entity] ?? .max)
            #expect(memory.observe(digest(entity), at: time) == expected[entity])
        }
        #expect(memory.count == 500)
    }

    @Test("beyond it, old entities are known without a time, and new ones are nearly always new")
    func beyond() {
        var memory = FirstSeen(capacity: 1_000)
        for entity in 0..<5_000 { _ = memory.observe(digest(entity), at: Int64(entity)) }
        // The last thousand exactly, the four before in the filters; but for the few that a filter took for known.
        var mistaken = 0
        for entity in 4_010..<5_000 where memory.observe(digest(entity), at: 9_999) != Int64(entity) { mistaken += 1 }
        for entity in 0..<3_990 { #expect(memory.observe(digest(entity), at: 9_999) == FirstSeen.longAgo) }
        #expect(mistaken <= 10)
    }

    @Test("a flood of distinct entities stays within bounds, and at most 0.2 % of new ones are taken for known")
    func flood() {
        let capacity = 2_000
        var memory = FirstSeen(capacity: capacity)
        var mistaken = 0
        let flood = 100_000
        for entity in 0..<flood where memory.observe(digest(entity), at: Int64(entity)) != Int64(entity) { mistaken += 1 }
        #expect(memory.count == capacity)
        // Four full filters at 0.046 % each; three standard deviations of a binomial above it.
        #expect(Double(mistaken) < 0.002 * Double(flood) + 3 * (0.002 * Double(flood)).squareRoot())
        // The first of the flood are forgotten by now, those that the filters hold are not.
        #expect(memory.observe(digest(flood - 1), at: 1 << 40) == Int64(flood - 1))
        #expect(memory.observe(digest(flood - capacity * 5), at: 1 << 40) == FirstSeen.longAgo)
    }

    @Test("an entity that keeps coming is not forgotten")
    func returning() {
        var memory = FirstSeen(capacity: 100)
        _ = memory.observe(digest(-1), at: 0)
        for entity in 0..<20_000 {
            _ = memory.observe(digest(entity), at: Int64(entity))
            if entity % 200 == 199 { #expect(memory.observe(digest(-1), at: Int64(entity)) == FirstSeen.longAgo) }
        }
    }
}
