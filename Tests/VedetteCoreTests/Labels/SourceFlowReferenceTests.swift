import Testing
import VedetteCore

/// The evidence against a source alone, recomputed from all its days at once: closed forms and sums, nothing that streams.
private struct FlowReference {
    struct Day {
        var day: Int
        var hits: [Double]
        var clear: Double
    }

    let days: [Day]
    let factors: [Double]
    let drift: Double

    private func faded(_ end: Int, _ value: (Day) -> Double) -> Double {
        days.filter { $0.day < end }.reduce(0) { $0 + value($1) * RealFunctions.exp(-RealFunctions.log(2) / 60 * Double(end - $1.day)) }
    }

    private func past(_ end: Int) -> [(hits: Double, trials: Double)] {
        (0..<6).map { stratum in (faded(end) { $0.hits[stratum] } + 0.5, faded(end) { $0.clear } + 1) }
    }

    private func dispersion(_ end: Int) -> Double {
        let scatter = faded(end) { day in
            let rates = past(day.day).map { $0.hits / $0.trials }, weights = past(day.day).map(\.trials)
            let hits = day.hits.reduce(0, +), expected = rates.reduce(0) { $0 + day.clear * $1 }
            let variance = zip(rates, weights).reduce(0) { $0 + day.clear * $1.0 * (1 + day.clear / $1.1) }
            return (hits - expected) * (hits - expected) / max(variance, 0.1)
        }
        return max(1, scatter / faded(end) { _ in 1 })
    }

    private func logRatio(since start: Int, at end: Int) -> Double {
        let before = past(start), dispersion = dispersion(start)
        let wandered = drift * drift * Double(end - start) / 365
        let kept = wandered > 0 ? min(1, dispersion / wandered / before.reduce(0) { $0 + $1.hits }) : 1
        let after = days.filter { $0.day >= start && $0.day < end }
        let ratios = factors.map { factor in
            (0..<6).reduce(0) { sum, stratum in
                let hits = after.reduce(0) { $0 + $1.hits[stratum] }, trials = after.reduce(0) { $0 + $1.clear }
                let shape = before[stratum].hits * kept, rate = before[stratum].trials * kept
                return sum + hits * RealFunctions.log(factor) + (shape + hits) * RealFunctions.log((rate + trials) / (rate + factor * trials))
            } / dispersion
        }
        return RealFunctions.log(ratios.reduce(0) { $0 + RealFunctions.exp($1) } / Double(ratios.count))
    }

    /// ln of the sum of the weekly bets' wealth at the beginning of a day.
    func logEvidence(at end: Int) -> Double {
        let bets = stride(from: days[0].day + 14, through: end, by: 7).map { logRatio(since: $0, at: end) }
        return bets.isEmpty ? 0 : RealFunctions.log(bets.reduce(0) { $0 + RealFunctions.exp($1) })
    }
}

@Suite("Flows of sources: streaming equals recomputation")
struct SourceFlowReferenceTests {
    private static let day = LabelKit.day
    private static let horizon = 63

    private func test() -> SourceFlowTest {
        SourceFlowTest(rule: LabelPeerRule(), sources: [LabelSource(pipeline: "reports", tier: 1)], models: 1)
    }

    private struct Word {
        var stratum: Int?
        var isLegit: Bool
        /// Taken back, or said otherwise, on the same day.
        var isTakenBack: Bool
        var becomes: Bool?
    }

    private func words(_ day: Int, _ random: inout SeededRandom) -> [Word] {
        let fraud = day < 40 ? 0.5 : 0.15
        return (0..<60 + random.below(40)).map { _ in
            let stratum = random.bernoulli(0.4) ? random.below(6) : nil
            let isTakenBack = random.bernoulli(0.1)
            return Word(
                stratum: stratum, isLegit: stratum == nil || !random.bernoulli(fraud), isTakenBack: isTakenBack,
                becomes: isTakenBack && random.bernoulli(0.5) ? random.bernoulli(0.5) : nil)
        }
    }

    @Test("Evidence by clear words, with words taken back", arguments: 1...3)
    func alone(seed: UInt64) {
        var random = SeededRandom(seed: seed), streamed = test()
        var legit: [FlowReference.Day] = [], fraud: [FlowReference.Day] = []
        for day in 0..<Self.horizon {
            let time = Int64(day) * Self.day
            var counts = (legit: Array(repeating: 0.0, count: 6), fraud: Array(repeating: 0.0, count: 6), clear: 0.0)
            for word in words(day, &random) {
                streamed.observe(model: 0, source: 0, stratum: word.stratum, isLegit: word.isLegit, at: time)
                if word.isTakenBack { streamed.observe(model: 0, source: 0, stratum: word.stratum, isLegit: word.becomes, insteadOf: word.isLegit, at: time + 1) }
                guard let isLegit = word.isTakenBack ? word.becomes : word.isLegit else { continue }
                if let stratum = word.stratum {
                    if isLegit { counts.legit[stratum] += 1 } else { counts.fraud[stratum] += 1 }
                } else if isLegit {
                    counts.clear += 1
                }
            }
            legit.append(.init(day: day, hits: counts.legit, clear: counts.clear))
            fraud.append(.init(day: day, hits: counts.fraud, clear: counts.clear))
            streamed.pass(to: time + Self.day)
            let rising = FlowReference(days: legit, factors: [1.08, 1.2, 1.45, 1.9, 4], drift: 0.1).logEvidence(at: day + 1)
            let falling = FlowReference(days: fraud, factors: [0.92, 0.8, 0.55, 0.1], drift: 0.1).logEvidence(at: day + 1)
            let evidence = streamed.evidence(model: 0, source: 0).log
            #expect(abs(evidence - min(rising, falling)) < 1e-8 * max(1, abs(evidence)), "day \(day)")
        }
        #expect(streamed.evidence(model: 0, source: 0).log > 3, "the shift is evidence")
    }

    @Test("What is taken back on its day leaves no trace, and a copy from its bytes goes on alike")
    func retraction() throws {
        var random = SeededRandom(seed: 4), plain = test(), corrected = test()
        for day in 0..<40 {
            let time = Int64(day) * Self.day
            for word in words(day, &random) {
                plain.observe(model: 0, source: 0, stratum: word.stratum, isLegit: word.isLegit, at: time)
                corrected.observe(model: 0, source: 0, stratum: word.stratum, isLegit: !word.isLegit, at: time)
                corrected.observe(model: 0, source: 0, stratum: word.stratum, isLegit: word.isLegit, insteadOf: !word.isLegit, at: time)
            }
            if day == 20 {
                var writer = ByteWriter()
                corrected.encode(into: &writer)
                var reader = ByteReader(writer.bytes), again = test()
                try again.restore(from: &reader)
                corrected = again
            }
        }
        func bytes(_ test: SourceFlowTest) -> [UInt8] {
            var writer = ByteWriter()
            test.encode(into: &writer)
            return writer.bytes
        }
        #expect(bytes(plain) == bytes(corrected))
    }
}
