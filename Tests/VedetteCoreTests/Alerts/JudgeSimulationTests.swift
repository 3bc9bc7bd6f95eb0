import Testing
import VedetteCore

@Suite("The judge on simulated streams")
struct JudgeSimulationTests {
    private static let monitors = [JudgeKit.missing(), JudgeKit.drift(), JudgeKit.outcome(), JudgeKit.volume()].map { spec in
        var spec = spec
        spec.slices = .all
        return spec
    }

    /// A window of one slice. Skewed scores, 3 % missing, 4 % fraud among labels, traffic that varies by 5 %.
    private static func pane(_ random: inout SeededRandom, shifted: Bool = false) -> Pane {
        let builder = Pane.Builder(features: 2)
        let total = 240 + random.below(20) + random.below(20)
        var missing = 0
        var fraud = 0
        for _ in 0..<total {
            // One draw, three independent parts of 21 bits.
            let bits = random.next()
            let share = { (shift: UInt64) in Double(bits >> shift & 0x1F_FFFF) / Double(0x20_0000) }
            let score = shifted ? share(0).squareRoot() : share(0) * share(0) * share(0)
            builder.addDecisions(score: Double(Int(score * 1_000)) / 1_000)
            missing += share(21) < (shifted ? 0.5 : 0.03) ? 1 : 0
            fraud += share(42) < (shifted ? 0.3 : 0.04) ? 1 : 0
        }
        builder.addFeature(0, present: total - missing, null: missing)
        builder.addArrivals(fraud, .fraud)
        builder.addArrivals(total - fraud, .legit)
        return builder.pane
    }

    @Test("Stationary: 2,000 rounds of 50 slices and four monitors raise nothing")
    func noFalseAlarm() {
        var random = SeededRandom(seed: 2_026)
        var judge = Judge(configuration: JudgeKit.configuration(Self.monitors))
        let names = (0..<50).map { JudgeKit.slice("C\($0)") }
        var previous = names.map { _ in Self.pane(&random) }
        var events: [AlertEvent] = []
        for index in 0..<2_000 {
            let current = names.map { _ in Self.pane(&random) }
            let slices = names.indices.map { (names[$0], current[$0], [previous[$0]]) }
            for monitor in Self.monitors.indices { events += judge.evaluate(JudgeKit.round(index, monitor: monitor, slices)) }
            previous = current
        }
        #expect(events.map(\.summary) == [])
    }

    @Test("The same stream does raise alerts where the evidence asked for is weak")
    func control() {
        var random = SeededRandom(seed: 2_026)
        let lax = Self.monitors.map { spec in
            var spec = spec
            spec.alpha = 0.9
            return spec
        }
        var judge = Judge(configuration: JudgeKit.configuration(lax))
        let names = (0..<50).map { JudgeKit.slice("C\($0)") }
        var events: [AlertEvent] = []
        for index in 0..<100 {
            let slices = names.map { ($0, Self.pane(&random), [Self.pane(&random)]) }
            for monitor in lax.indices { events += judge.evaluate(JudgeKit.round(index, monitor: monitor, slices)) }
        }
        #expect(events.contains { $0.status == .firing })
    }

    @Test("A change of one slice in fifty is found in its first round, the lost feature explains the scores, and nothing else is said")
    func detection() {
        var random = SeededRandom(seed: 41)
        var judge = Judge(configuration: JudgeKit.configuration(Self.monitors))
        let names = (0..<50).map { JudgeKit.slice("C\($0)") }
        for index in 0..<20 {
            let slices = names.indices.map { (names[$0], Self.pane(&random, shifted: index == 19 && $0 == 7), [Self.pane(&random)]) }
            let events = Self.monitors.indices.flatMap { judge.evaluate(JudgeKit.round(index, monitor: $0, slices)) }
            guard index == 19 else {
                #expect(events.isEmpty)
                continue
            }
            #expect(events.map(\.monitor) == ["missing_features", "outcome_rate"])
            #expect(events.allSatisfy { $0.slice == names[7] })
        }
    }

    /// A stream with faults in it, for equivalence.
    private static func stream(_ seed: UInt64, rounds: Int) -> [EvaluationRound] {
        var random = SeededRandom(seed: seed)
        let names = [SliceName()] + (0..<6).map { JudgeKit.slice("C\($0)") }
        var result: [EvaluationRound] = []
        var faulty = names.map { _ in false }
        for index in 0..<rounds {
            for slice in names.indices where random.bernoulli(0.15) { faulty[slice].toggle() }
            let slices = names.indices.map { (names[$0], pane(&random, shifted: faulty[$0]), [pane(&random)]) }
            for monitor in monitors.indices { result.append(JudgeKit.round(index, monitor: monitor, slices)) }
        }
        return result
    }

    @Test("Same rounds, same events; a snapshot in the middle changes nothing")
    func restart() throws {
        let configuration = JudgeKit.configuration(
            Self.monitors.enumerated().map { index, spec in
                var spec = spec
                spec.keepFiringForMs = Int64(index) * JudgeKit.hour
                spec.forMs = index == 1 ? JudgeKit.hour : 0
                spec.reference = index == 2 ? .previousWindow : spec.reference
                return spec
            })
        let rounds = Self.stream(99, rounds: 60)
        var whole = Judge(configuration: configuration)
        let expected = rounds.map { whole.evaluate($0) }
        #expect(Set(expected.joined().map(\.status)) == [.firing, .updated, .resolved])
        #expect(Set(expected.joined().map(\.id)).count == expected.joined().count)
        for cut in stride(from: 1, to: rounds.count, by: 13) {
            var first = Judge(configuration: configuration)
            var events = rounds[..<cut].map { first.evaluate($0) }
            let bytes = JudgeKit.bytes(first)
            var reader = ByteReader(bytes)
            var second = try Judge(configuration: configuration, from: &reader)
            #expect(reader.isAtEnd && JudgeKit.bytes(second) == bytes)
            events += rounds[cut...].map { second.evaluate($0) }
            #expect(events == expected, "cut at \(cut)")
            #expect(JudgeKit.bytes(second) == JudgeKit.bytes(whole))
        }
    }

    @Test("A snapshot outlives other monitors, and corrupt bytes throw")
    func otherConfiguration() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.volume(), JudgeKit.missing()]))
        let slices = [(SliceName(), JudgeKit.featurePane(2_000, missing: 900), [JudgeKit.featurePane(2_000, missing: 2)])]
        #expect(judge.evaluate(JudgeKit.round(0, monitor: 1, slices)).count == 1)
        let bytes = JudgeKit.bytes(judge)

        var reader = ByteReader(bytes)
        var moved = try Judge(configuration: JudgeKit.configuration([JudgeKit.missing(), JudgeKit.drift()]), from: &reader)
        let clean = [(SliceName(), JudgeKit.featurePane(2_000, missing: 2), [JudgeKit.featurePane(2_000, missing: 2)])]
        #expect(moved.evaluate(JudgeKit.round(1, monitor: 0, clean)).map(\.status) == [.resolved])

        var again = ByteReader(bytes)
        #expect(try Judge(configuration: JudgeKit.configuration([JudgeKit.drift()]), from: &again).trackedCount == 0)
        for cut in bytes.indices {
            var short = ByteReader(Array(bytes[..<cut]))
            #expect(throws: CorruptBytes.self) { try Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]), from: &short) }
        }
    }

    @Test("What is remembered is bounded, and a forgotten fingerprint never reuses an episode's number")
    func bounded() throws {
        let configuration = JudgeKit.configuration([JudgeKit.volume { $0.slices = .all; $0.reference = .previousWindow }])
        var judge = Judge(configuration: configuration)
        let reference = [JudgeKit.volumePane(2_000)]
        let (gone, back) = (JudgeKit.volumePane(0), JudgeKit.volumePane(2_000))
        let count = Judge.maxTracked + 5_000
        var first: AlertEvent?
        // One after the other, or they would be one trouble.
        for number in 0..<count {
            let name = JudgeKit.slice("B\(number)")
            let fired = judge.evaluate(JudgeKit.round(4 * number, [(name, gone, reference)]))
            #expect(fired.count == 1)
            #expect(judge.evaluate(JudgeKit.round(4 * number + 2, [(name, back, reference)])).map(\.status) == [.resolved])
            first = first ?? fired.first
        }
        #expect(judge.trackedCount <= Judge.maxTracked)
        let again = judge.evaluate(JudgeKit.round(4 * count, [(JudgeKit.slice("B0"), gone, reference)]))
        #expect(again.first?.fingerprint == first?.fingerprint)
        #expect(again.first?.episode == 2)
        #expect(judge.refused == 0)
    }
}
