import VedetteCore

/// Daily cohorts whose delays drift: 40 frauds a day of which half are blocked, lognormal delays about a
/// median that swings by 40 % over 150 days; 60 legit labels of what passed, within 12 days of the first,
/// and one of what was blocked every eighth day. 30 days after its end a label is no longer waited for.
struct DriftingStream {
    static let day: Int64 = 86_400_000
    static let key = NowcastBook.Key(model: 0, slice: 0)

    static var configuration: NowcastConfiguration {
        var configuration = NowcastConfiguration()
        configuration.horizonMs = 30 * day
        configuration.halfLifeMs = 15 * day
        configuration.priorMedianMs = 5 * day
        return configuration
    }

    private(set) var book = NowcastBook(Self.configuration, models: 1)
    /// Days that have closed.
    private(set) var days: Int64 = 0
    /// Labels by stream that a cohort has in the end.
    private(set) var truth: [StreamCounts] = []
    private var random: SeededRandom
    private var waiting: [[(row: DecisionRow, label: LabelEntry)]] = []
    private let place: Int

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        place = book.place(of: Self.key)!
    }

    mutating func nextDay() {
        let median = 5 * RealFunctions.exp(0.4 * RealFunctions.sin(2 * Double.pi * Double(days) / 150))
        truth.append(StreamCounts())
        while waiting.count <= Int(days) + 31 { waiting.append([]) }
        for _ in 0..<80 where random.bernoulli(0.5) {
            let normal = NormalDistribution.quantile(min(max(random.uniform(), 1e-9), 1 - 1e-9))
            add(.fraud, random.bernoulli(0.5) ? .block : .allow, delay: median * RealFunctions.exp(0.7 * normal))
        }
        for _ in 0..<120 where random.bernoulli(0.5) { add(.legit, .allow, delay: 1 + 11 * random.uniform()) }
        if random.bernoulli(0.125) { add(.legit, .block, delay: 1 + 11 * random.uniform()) }
        for (row, label) in waiting[Int(days)] {
            book.observe(LabelEffect(kind: .new, before: nil, after: label, knownAfter: label.time, conflict: false), of: row, at: place)
        }
        waiting[Int(days)] = []
        days += 1
        let end = days
        book.close(at: end * Self.day) { _, start, _ in start / Self.day < end ? 1_000 : 0 }
    }

    private mutating func add(_ outcome: Outcome, _ decision: Decision, delay: Double) {
        let time = days * Self.day + Int64(random.uniform() * Double(Self.day))
        let known = time + Int64(min(delay, 29.9) * Double(Self.day))
        let row = DecisionRow(time: time, model: 0, version: 1, score: 0.5, decision: decision, values: [], content: 0, entities: [])
        let label = LabelEntry(source: 1, time: known, outcome: outcome, tier: 3)
        waiting[Int(known / Self.day)].append((row, label))
        if let stream = LabelStream(outcome, decision) { truth[Int(days)][stream] += 1 }
    }

    func estimate(age: Int64) -> (cohort: Int, estimate: NowcastEstimate)? {
        let cohort = days - 1 - age
        guard cohort >= 0, let estimate = book.estimate(Self.key, book.question(place, cohort: cohort), at: days * Self.day) else { return nil }
        return (Int(cohort), estimate)
    }

    /// What a measure of a cohort is in the end.
    func final(_ measure: NowcastMeasure, of cohort: Int) -> Double? {
        let inside = measure.numerator.reduce(0) { $0 + truth[cohort][$1] }
        let all = inside + measure.complement.reduce(0) { $0 + truth[cohort][$1] }
        return all > 0 ? inside / all : nil
    }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        book.encode(into: &writer, asked: [-1])
        return writer.bytes
    }

    /// Goes on from its own snapshot, as a restarted process does.
    mutating func restart() throws {
        var restored = NowcastBook(Self.configuration, models: 1)
        var reader = ByteReader(bytes)
        try restored.restore(from: &reader, asked: [-1], isAsked: { _ in true }, at: 0)
        book = restored
    }
}
