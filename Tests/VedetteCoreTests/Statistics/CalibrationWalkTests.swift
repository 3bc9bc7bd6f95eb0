import Testing
import VedetteCore

/// Calibration and area walk the keys of two sketches. Against a walk over all scores in a dictionary, with the same sums in the same order.
@Suite("Two sketches are walked as their scores would be")
struct CalibrationWalkTests {
    private struct Sum {
        var count: Int64 = 0, fraud: Int64 = 0, scores = 0.0
        mutating func add(_ score: Double, _ both: (fraud: Int64, legit: Int64)) {
            count += both.fraud + both.legit
            fraud += both.fraud
            scores += score * Double(both.fraud + both.legit)
        }
        var gap: Double { abs(scores - Double(fraud)) }
    }

    private func scores(_ random: inout SeededRandom, _ count: Int, limit: Int, decimals: Int) -> ScoreSketch {
        var sketch = ScoreSketch(maxEntries: limit)
        // The score 1 and the edges of bins are among them.
        for _ in 0..<count { sketch.add(Double(random.below(decimals + 1)) / Double(decimals)) }
        return sketch
    }

    @Test("Bit for bit, at every level and at two different ones", arguments: 0..<60 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let decimals = [20, 1_000, 1_000_000][Int(seed % 3)]
        let fraud = scores(&random, 1 + random.below(400), limit: [21, 60, 500][Int(seed / 3 % 3)], decimals: decimals)
        let legit = scores(&random, random.below(3_000), limit: [21, 200, 5_000][Int(seed / 9 % 3)], decimals: decimals)
        let level = max(fraud.level, legit.level)
        var counts: [Double: (fraud: Int64, legit: Int64)] = [:]
        for (score, count) in fraud.coarsened(toLevel: level) { counts[score, default: (0, 0)].fraud += count }
        for (score, count) in legit.coarsened(toLevel: level) { counts[score, default: (0, 0)].legit += count }

        let total = fraud.total + legit.total
        var (byWidth, bySize) = ([Sum](repeating: Sum(), count: 20), [Sum](repeating: Sum(), count: 10))
        var (all, squares) = (Sum(), 0.0)
        for (score, both) in counts.sorted(by: { $0.key < $1.key }) {
            byWidth[min(19, Int(ScoreSketch.unit(of: score)) / 50_000)].add(score, both)
            bySize[Int(all.count * 10 / total)].add(score, both)
            all.add(score, both)
            squares += Double(both.fraud) * (1 - score) * (1 - score) + Double(both.legit) * score * score
        }
        let found = try #require(Calibration(fraud: fraud, legit: legit))
        #expect(found.count == total && found.brier == squares / Double(total))
        #expect(found.bias == all.scores / Double(total) - Double(all.fraud) / Double(total))
        #expect(found.expectedError == byWidth.reduce(0) { $0 + $1.gap } / Double(total))
        #expect(found.expectedErrorOfGroups == bySize.reduce(0) { $0 + $1.gap } / Double(total))
        #expect(found.reliability.map(\.index) == byWidth.indices.filter { byWidth[$0].count > 0 })
        #expect(found.reliability.map(\.count) == byWidth.map(\.count).filter { $0 > 0 })
        #expect(fraud.histogram20.indices.map { fraud.histogram20[$0] + legit.histogram20[$0] } == byWidth.map(\.count))

        var (below, pairs) = (0.0, 0.0)
        for (_, both) in counts.sorted(by: { $0.key < $1.key }) {
            pairs += Double(both.fraud) * (below + Double(both.legit) / 2)
            below += Double(both.legit)
        }
        #expect(AreaUnderCurve(fraud: fraud, legit: legit)?.value == (legit.isEmpty ? nil : pairs / Double(fraud.total) / Double(legit.total)))
    }
}
