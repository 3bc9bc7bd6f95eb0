import Testing
import VedetteCore

@Suite("The truth about a request is a function of its set of labels")
struct LabelSetTests {
    private func label(_ source: UInt64, _ time: Int64, _ outcome: Outcome, tier: UInt8) -> LabelEntry {
        LabelEntry(source: source, time: time, outcome: outcome, tier: tier)
    }

    @Test("every order of arrival gives the same truth")
    func orderDoesNotMatter() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<400 {
            let count = Int.random(in: 1...6, using: &random)
            let labels = (0..<count).map { _ in
                let source = UInt64.random(in: 1...3, using: &random)
                return label(
                    source, Int64.random(in: 0...4, using: &random), Outcome.allCases.randomElement(using: &random) ?? .legit,
                    tier: UInt8(source))
            }
            let truths = (0..<8).map { _ in
                var set = LabelSet()
                for label in labels.shuffled(using: &random) { _ = set.apply(label, maxEntries: 16) }
                return set.truth
            }
            #expect(truths.allSatisfy { $0 == truths[0] }, "\(labels)")
        }
    }

    /// Words of four sources, each with words of every standing under a key of its own.
    private func words(_ count: Int, _ random: inout SeededRandom) -> [LabelEntry] {
        (0..<count).map { _ in
            let source = UInt64(1 + random.below(4)), standing = LabelStanding.allCases[random.below(3)]
            var word = label(
                source << 8 | UInt64(standing.rawValue), Int64(random.below(5)), Outcome.allCases[random.below(3)],
                tier: standing == .inadmissible ? 0 : UInt8(1 + source % 3))
            word.standing = standing
            return word
        }
    }

    @Test("words that are not admitted move neither the truth, nor since when it is known, nor conflicts; what is left does it step by step", arguments: 1...200)
    func standing(seed: UInt64) {
        var random = SeededRandom(seed: seed), all = LabelSet(), admitted = LabelSet()
        for word in words(1 + random.below(24), &random) {
            let effect = all.apply(word, maxEntries: 16)
            guard word.standing == .admitted else {
                #expect(effect.before == effect.after && effect.knownBefore == effect.knownAfter && !effect.conflict)
                continue
            }
            let alone = admitted.apply(word, maxEntries: 16)
            #expect(effect.kind == alone.kind && effect.conflict == alone.conflict && effect.before == alone.before && effect.after == alone.after)
            #expect(effect.knownBefore == alone.knownBefore && effect.knownAfter == alone.knownAfter)
        }
        #expect(all.truth == admitted.truth)
    }

    @Test("words that are not admitted take no place of one that is, and make room for it", arguments: 1...100)
    func room(seed: UInt64) {
        var random = SeededRandom(seed: seed), all = LabelSet(), admitted = LabelSet()
        for word in words(30, &random) {
            _ = all.apply(word, maxEntries: 4)
            if word.standing == .admitted { _ = admitted.apply(word, maxEntries: 4) }
            #expect(all.entries.count <= 4)
        }
        #expect(all.truth == admitted.truth && all.entries.filter { $0.standing == .admitted }.count == admitted.entries.count)
    }

    @Test("a repeat changes nothing; an older word of the same source is ignored")
    func repeats() {
        var set = LabelSet()
        #expect(set.apply(label(1, 10, .fraud, tier: 3), maxEntries: 16).kind == .new)
        #expect(set.apply(label(1, 10, .fraud, tier: 3), maxEntries: 16).kind == .repeated)
        let older = set.apply(label(1, 9, .legit, tier: 3), maxEntries: 16)
        #expect(older.kind == .superseded)
        #expect(set.truth?.outcome == .fraud)
    }

    @Test("a reversed chargeback is a retraction and an addition")
    func change() {
        var set = LabelSet()
        _ = set.apply(label(1, 10, .fraud, tier: 3), maxEntries: 16)
        let effect = set.apply(label(1, 20, .legit, tier: 3), maxEntries: 16)
        #expect(effect.kind == .changed)
        #expect(effect.before?.outcome == .fraud)
        #expect(effect.after?.outcome == .legit)
        let withdrawn = set.apply(label(1, 30, .withdrawn, tier: 3), maxEntries: 16)
        #expect(withdrawn.kind == .withdrawn)
        #expect(withdrawn.after == nil)
    }

    @Test("the more trusted source wins whatever the times, and the disagreement is told once")
    func trust() {
        var set = LabelSet()
        _ = set.apply(label(1, 10, .fraud, tier: 1), maxEntries: 16)
        let review = set.apply(label(2, 5, .legit, tier: 2), maxEntries: 16)
        #expect(review.conflict)
        #expect(review.after?.outcome == .legit)
        let report = set.apply(label(1, 99, .withdrawn, tier: 1), maxEntries: 16)
        #expect(!report.conflict)
        #expect(report.before == report.after)
    }

    @Test("beyond the limit the least trusted goes, and a less trusted newcomer is dropped")
    func limit() {
        var set = LabelSet()
        _ = set.apply(label(1, 1, .fraud, tier: 2), maxEntries: 2)
        _ = set.apply(label(2, 1, .fraud, tier: 1), maxEntries: 2)
        #expect(set.apply(label(3, 1, .legit, tier: 0), maxEntries: 2).kind == .dropped)
        #expect(set.apply(label(4, 1, .legit, tier: 3), maxEntries: 2).after?.outcome == .legit)
        #expect(set.entries.count == 2)
        #expect(!set.entries.contains { $0.tier == 1 })
    }
}
