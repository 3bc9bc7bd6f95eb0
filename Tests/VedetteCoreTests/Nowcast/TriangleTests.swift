import Testing
import VedetteCore

@Suite("Reporting triangle")
struct TriangleTests {
    static let day: Int64 = 86_400_000

    private static func label(_ outcome: Outcome, at time: Int64, weight: Int64 = 1_000) -> LabelEntry {
        LabelEntry(source: 1, time: time, outcome: outcome, tier: 3, weight: weight)
    }

    private static func row(_ time: Int64, _ decision: Decision) -> DecisionRow {
        DecisionRow(time: time, model: 0, version: 1, score: 0.5, decision: decision, values: [], content: 0, entities: [])
    }

    private static func book() -> NowcastBook { NowcastBook(NowcastConfiguration(), models: 1) }
    private static let key = NowcastBook.Key(model: 0, slice: 0)

    private static func bytes(_ book: NowcastBook) -> [UInt8] {
        var writer = ByteWriter()
        book.encode(into: &writer, asked: [-1])
        return writer.bytes
    }

    /// Random labels, half of which are later changed or taken back, leave the state of those that stand.
    @Test("corrections take back exactly what was added", arguments: [1, 2, 3])
    func corrections(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var corrected = Self.book()
        var plain = Self.book()
        let places = (corrected.place(of: Self.key) ?? -1, plain.place(of: Self.key) ?? -1)
        let decisions: [Decision] = [.allow, .challenge, .block, .escalate, .log]
        for _ in 0..<2_000 {
            let time = Int64(random.below(40)) * Self.day + Int64(random.below(Int(Self.day)))
            let row = Self.row(time, decisions[random.below(5)])
            var set = LabelSet()
            var standing: LabelEntry?
            // Times, outcomes and weights of each source at random; the set decides.
            for step in 0..<(1 + random.below(3)) {
                let outcome = Outcome.allCases[random.below(3)]
                let entry = LabelEntry(
                    source: UInt64(random.below(2)), time: time + Int64(random.below(30)) * Self.day + Int64(step), outcome: outcome,
                    tier: UInt8(random.below(3)), weight: Int64(1_000 * (1 + random.below(5))))
                corrected.observe(set.apply(entry, maxEntries: 8), of: row, at: places.0)
            }
            standing = set.truth
            let known = set.entries.filter { $0.outcome == standing?.outcome }.map(\.time).min()
            plain.observe(
                LabelEffect(kind: .new, before: nil, after: standing, knownBefore: nil, knownAfter: known, conflict: false), of: row,
                at: places.1)
        }
        // The first rows may differ where a cohort never had a label that stood: all 40 days have.
        #expect(Self.bytes(corrected) == Self.bytes(plain))
    }

    @Test("a snapshot is the state")
    func snapshot() throws {
        var book = Self.simulated(days: 60, seed: 5)
        let bytes = Self.bytes(book)
        var restored = Self.book()
        var reader = ByteReader(bytes)
        try restored.restore(from: &reader, asked: [-1], isAsked: { _ in true }, at: 0)
        #expect(reader.isAtEnd)
        #expect(Self.bytes(restored) == bytes)
        let question = book.question(0, cohort: 55)
        #expect(restored.estimate(Self.key, question, at: 60 * Self.day) == book.estimate(Self.key, question, at: 60 * Self.day))
        // And goes on alike.
        book.close(at: 61 * Self.day) { _, _, _ in 500 }
        restored.close(at: 61 * Self.day) { _, _, _ in 500 }
        #expect(Self.bytes(restored) == Self.bytes(book))
    }

    @Test("memory is bounded by the cohorts that are kept")
    func bounded() {
        var book = Self.book()
        let place = book.place(of: Self.key) ?? -1
        for day in 0..<1_000 {
            let time = Int64(day) * Self.day
            book.observe(
                LabelEffect(kind: .new, before: nil, after: Self.label(.fraud, at: time), knownAfter: time, conflict: false),
                of: Self.row(time, .allow), at: place)
        }
        #expect(book.series[place].triangle.count <= NowcastConfiguration().keptCohorts)
        #expect(book.series[place].triangle.end == 1_000)
    }

    /// 500 decisions a day, one in twenty fraud, half of it blocked, all labels within 20 days.
    static func simulated(days: Int, seed: UInt64) -> NowcastBook {
        var random = SeededRandom(seed: seed)
        var book = book()
        let place = book.place(of: key)!
        var waiting = Array(repeating: [(row: DecisionRow, label: LabelEntry)](), count: days + 40)
        for today in 0..<days {
            for _ in 0..<500 {
                let time = Int64(today) * day + Int64(random.below(Int(day)))
                let isFraud = random.bernoulli(0.05)
                let row = row(time, isFraud && random.bernoulli(0.5) ? .block : .allow)
                let known = time + Int64(random.uniform() * 20 * Double(day))
                waiting[Int(known / day)].append((row, label(isFraud ? .fraud : .legit, at: known)))
            }
            for (row, label) in waiting[today] {
                book.observe(LabelEffect(kind: .new, before: nil, after: label, knownAfter: label.time, conflict: false), of: row, at: place)
            }
            book.close(at: Int64(today + 1) * day) { _, start, _ in start / day <= Int64(today) ? 500 : 0 }
        }
        return book
    }
}
