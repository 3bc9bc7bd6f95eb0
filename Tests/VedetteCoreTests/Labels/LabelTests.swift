import Testing
import VedetteCore

@Suite("Label rights")
struct LabelRightsTests {
    @Test("Patterns of actors", arguments: [
        ("*", "", true), ("*", "anything", true), ("issuer:*", "issuer:07", true), ("issuer:*", "issuer:", true), ("issuer:*", "issuer", false),
        ("*:07", "issuer:07", true), ("*:07", "issuer:071", false), ("a*b*c", "axxbyyc", true), ("a*b*c", "axxcyyb", false), ("", "", true),
        ("", "a", false), ("a", "", false), ("abc", "abc", true), ("abc", "abd", false), ("a**c", "abc", true), ("*a*a*", "ba", false),
    ] as [(String, String, Bool)])
    func patterns(pattern: String, name: String, fits: Bool) {
        #expect(LabelRights.matches(pattern, name) == fits)
    }

    @Test("A hostile pattern and name end quickly")
    func hostile() {
        let pattern = String(repeating: "a*", count: 500) + "b"
        #expect(!LabelRights.matches(pattern, String(repeating: "a", count: 4_000)))
    }

    @Test("Each right is asked for, and what is not listed is free")
    func breaches() {
        var rights = LabelRights()
        #expect(rights.isEmpty && rights.breach(actor: "x", outcome: .legit, model: "m") == nil)
        rights.actors = ["desk-*"]
        rights.outcomes = [.fraud]
        rights.models = ["payments"]
        #expect(rights.breach(actor: "desk-1", outcome: .fraud, model: "payments") == nil)
        #expect(rights.breach(actor: "mallory", outcome: .fraud, model: "payments") == .actor)
        #expect(rights.breach(actor: "desk-1", outcome: .legit, model: "payments") == .outcome)
        #expect(rights.breach(actor: "desk-1", outcome: .withdrawn, model: "payments") == nil)
        #expect(rights.breach(actor: "desk-1", outcome: .fraud, model: "logins") == .model)
        #expect(rights.breach(actor: "desk-1", outcome: .fraud, model: nil) == nil)
    }
}

@Suite("Label peer test")
struct LabelPeerTestTests {
    private static let day: Int64 = 86_400_000
    private static let base = [0.85, 0.75, 0.6, 0.45, 0.3, 0.2]

    /// Runs `actors` honest actors (beta-distributed offsets) for some days; actor 0 calls fraud legit with `flips` from `start` on.
    private func run(seed: UInt64, actors: Int, days: Int, flips: Double, start: Int, rate: Double = 3) throws -> (test: LabelPeerTest, accused: [Int: Int]) {
        var random = SeededRandom(seed: seed)
        var test = LabelPeerTest(rule: LabelPeerRule())
        let pool = test.addPool()
        let offsets = (0..<actors).map { index in index == 0 ? 0 : Self.normal(&random) * 0.35 }
        var accused: [Int: Int] = [:]
        for day in 0..<days {
            for actor in 0..<actors {
                for label in 0..<Int(rate) {
                    let stratum = random.below(6)
                    let odds = Self.base[stratum] / (1 - Self.base[stratum]) * RealFunctions.exp(offsets[actor])
                    var isLegit = random.bernoulli(odds / (1 + odds))
                    if actor == 0, day >= start, !isLegit, random.bernoulli(flips) { isLegit = true }
                    let time = Int64(day) * Self.day + Int64(label) * 1_000
                    guard let place = test.observe(
                        pool: pool, stratum: stratum, actor: UInt64(actor + 1) &* 0x9E37_79B9_7F4A_7C15, isLegit: isLegit, at: time) else { continue }
                    if test.isProven(place), accused[actor] == nil { accused[actor] = day }
                }
            }
        }
        return (test, accused)
    }

    private static func normal(_ random: inout SeededRandom) -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() } }

    @Test("Honest actors are not accused, and their spread is found", arguments: 1...3)
    func honest(seed: UInt64) throws {
        let (test, accused) = try run(seed: seed, actors: 60, days: 200, flips: 0, start: 0)
        #expect(accused.isEmpty)
        #expect(test.deviation(ofPool: 0) > 0.25 && test.deviation(ofPool: 0) < 0.45, "\(test.deviation(ofPool: 0))")
    }

    @Test("An actor that turns is accused, after years of honesty too")
    func turning() throws {
        let (_, accused) = try run(seed: 5, actors: 40, days: 300, flips: 0.9, start: 220)
        #expect(accused.keys.sorted() == [0])
        let day = try #require(accused[0])
        #expect(day >= 220 && day < 260)
    }

    @Test("A flood of actors is bounded, and a busy newcomer takes a place")
    func flood() {
        var rule = LabelPeerRule()
        rule.maxActors = 50
        var test = LabelPeerTest(rule: rule)
        let pool = test.addPool()
        var random = SeededRandom(seed: 3)
        for _ in 0..<20_000 { _ = test.observe(pool: pool, stratum: 0, actor: random.next(), isLegit: true, at: 0) }
        #expect(test.trials.count == 50)
        var place: Int?
        for _ in 0..<2_000 { place = test.observe(pool: pool, stratum: 0, actor: 42, isLegit: true, at: 0) ?? place }
        #expect(place != nil && test.trials.count == 50)
    }

    @Test("A restored test goes on as if nothing had happened")
    func snapshot() throws {
        var (test, _) = try run(seed: 9, actors: 12, days: 90, flips: 0.5, start: 60)
        var writer = ByteWriter()
        test.encode(into: &writer)
        var restored = LabelPeerTest(rule: LabelPeerRule())
        var reader = ByteReader(writer.bytes)
        try restored.restore(from: &reader)
        #expect(reader.isAtEnd && restored.trials == test.trials)
        for step in 0..<200 {
            let time = 91 * Self.day + Int64(step) * 3_600_000
            let key = UInt64(step % 12 + 1) &* 0x9E37_79B9_7F4A_7C15
            #expect(
                test.observe(pool: 0, stratum: step % 6, actor: key, isLegit: step % 3 > 0, at: time)
                    == restored.observe(pool: 0, stratum: step % 6, actor: key, isLegit: step % 3 > 0, at: time))
        }
        #expect(restored.trials == test.trials && restored.deviation(ofPool: 0) == test.deviation(ofPool: 0))
    }
}
