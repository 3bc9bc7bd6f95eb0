import Testing
import VedetteCore

/// Against the obvious reference: a sorted array of all scores.
@Suite struct ScoreSketchTests {
    private func sketch(_ units: [Int32], maxEntries: Int = 2048) -> ScoreSketch {
        var result = ScoreSketch(maxEntries: maxEntries)
        for unit in units { result.add(unit: unit, count: 1) }
        return result
    }

    private func canonicalLevel(_ units: [Int32], maxEntries: Int) -> Int? {
        ScoreSketch.widths.firstIndex { width in Set(units.map { $0 / width }).count <= maxEntries }
    }

    private func randomUnits(_ random: inout SeededRandom, _ count: Int) -> [Int32] {
        let concentrated = random.bernoulli(0.5)
        return (0..<count).map { _ in
            let u = random.uniform()
            return Int32((concentrated ? u * u * u * u : u) * 1_000_001)
        }
    }

    @Test func decimalsAreRepresentedExactly() throws {
        for unit in stride(from: Int32(0), through: 1_000_000, by: 1) {
            let score = Double(unit) / 1_000_000
            #expect(ScoreSketch.unit(of: score) == unit)
        }
        for text in ["0.1", "0.3", "0.123457", "0.999999", "1", "0", "0.000001", "0.7"] {
            let score = try #require(Double(text))
            var sketch = ScoreSketch()
            sketch.add(score)
            #expect(sketch.map(\.value) == [score])
        }
    }

    @Test func otherScoresFallToTheMillionthBelow() {
        #expect(ScoreSketch.unit(of: 0.1234567) == 123_456)
        #expect(ScoreSketch.unit(of: 0.12345699999) == 123_457)
        #expect(ScoreSketch.unit(of: 0.9999996) == 999_999)
        #expect(ScoreSketch.unit(of: 1.5) == 1_000_000)
        #expect(ScoreSketch.unit(of: -0.5) == 0)
        #expect(ScoreSketch.unit(of: .nan) == 0)
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func exactWhileItFits(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let units = randomUnits(&random, 1 + random.below(1500))
        let sorted = units.sorted().map { Double($0) / 1_000_000 }
        let sketch = sketch(units)
        #expect(sketch.isExact && sketch.resolution == 1e-6 && sketch.total == Int64(units.count))
        #expect(sketch.flatMap { Array(repeating: $0.value, count: Int($0.count)) } == sorted)
        let qs = (0...200).map { Double($0) / 200 }
        let found = try #require(sketch.quantiles(qs))
        for (q, value) in zip(qs, found) {
            let position = Double(sorted.count - 1) * q
            let rank = Int(position.rounded(.down))
            let low = sorted[rank]
            let high = sorted[min(rank + 1, sorted.count - 1)]
            let t = position - Double(rank)
            let expected = t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t
            #expect(value == expected && sketch.quantile(q) == expected)
        }
        for bound in [0, 0.05, 0.3, 0.777_777, 1, 1.5] {
            #expect(sketch.count(below: bound) == Int64(sorted.filter { $0 < bound }.count))
        }
        let mean = try #require(sketch.mean)
        #expect(abs(mean - sorted.reduce(0, +) / Double(sorted.count)) < 1e-12)
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func levelIsCanonicalAndMergeOrderDoesNotMatter(seed: UInt64) {
        var random = SeededRandom(seed: 1000 + seed)
        let maxEntries = [21, 30, 100, 700][Int(seed % 4)]
        let parts = (0..<3).map { _ in randomUnits(&random, [0, 5, 60, 900, 6000][random.below(5)]) }
        let all = parts.flatMap(\.self)
        let sketches = parts.map { sketch($0, maxEntries: maxEntries) }
        for (part, sketch) in zip(parts, sketches) {
            #expect(sketch.level == canonicalLevel(part, maxEntries: maxEntries))
        }
        var left = sketches[0]
        left.merge(sketches[1])
        left.merge(sketches[2])
        var right = sketches[2]
        right.merge(sketches[1])
        var outer = sketches[0]
        outer.merge(right)
        right.merge(sketches[0])
        var atOnce = sketches[0]
        atOnce.merge([sketches[1], sketches[2]])
        var fromNothing = ScoreSketch(maxEntries: maxEntries)
        fromNothing.merge(ContiguousArray(sketches))
        let batch = sketch(all.shuffled(using: &random), maxEntries: maxEntries)
        #expect(left == batch && outer == batch && right == batch && atOnce == batch && fromNothing == batch)
        #expect(batch.level == canonicalLevel(all, maxEntries: maxEntries))
        #expect(batch.distinctCount <= maxEntries)

        var bins = [Int64](repeating: 0, count: 20)
        for unit in all { bins[min(Int(unit / 50_000), 19)] += 1 }
        #expect(batch.histogram20 == bins, "exact at level \(batch.level)")
        let sorted = all.sorted().map { Double($0) / 1_000_000 }
        for q in [0, 0.1, 0.5, 0.93, 1] where !sorted.isEmpty {
            let rank = Int((Double(sorted.count - 1) * q).rounded(.down))
            let bounds = (sorted[rank], sorted[min(rank + 1, sorted.count - 1)])
            let half = batch.resolution / 2
            let value = batch.quantile(q) ?? .nan
            #expect(value >= bounds.0 - half && value <= bounds.1 + half)
        }
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func removedIsNeverAdded(seed: UInt64) {
        var random = SeededRandom(seed: 2000 + seed)
        let kept = randomUnits(&random, 400)
        let taken = randomUnits(&random, 400)
        var sketch = sketch((kept + taken).shuffled(using: &random))
        for unit in taken.shuffled(using: &random) { sketch.remove(unit: unit, count: 1) }
        #expect(sketch == self.sketch(kept))
        var coarse = self.sketch(kept + taken, maxEntries: 50)
        for unit in taken { coarse.remove(unit: unit, count: 1) }
        #expect(coarse.histogram20 == self.sketch(kept).histogram20)
        #expect(coarse.total == 400)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func snapshotsAtAnyMomentChangeNothing(seed: UInt64) throws {
        var random = SeededRandom(seed: 3000 + seed)
        var plain = ScoreSketch(maxEntries: 60)
        var restored = plain
        var present: [Int32] = []
        for step in 0..<2000 {
            if present.count > 55, random.bernoulli(0.5) {
                let unit = present.remove(at: random.below(present.count))
                plain.remove(unit: unit, count: 1)
                restored.remove(unit: unit, count: 1)
            } else {
                let unit = Int32(random.below(120) * 8000)
                present.append(unit)
                plain.add(unit: unit, count: 1)
                restored.add(unit: unit, count: 1)
            }
            if step % 7 == 0 {
                var writer = ByteWriter()
                restored.encode(into: &writer)
                var reader = ByteReader(writer.bytes)
                restored = try ScoreSketch(from: &reader)
            }
        }
        #expect(plain == restored)
    }

    @Test func emptyAndDamaged() throws {
        #expect(ScoreSketch().quantile(0.5) == nil && ScoreSketch().mean == nil)
        #expect(ScoreSketch().histogram20 == Array(repeating: 0, count: 20))
        var writer = ByteWriter()
        sketch([1, 1_000_000, 5]).encode(into: &writer)
        var random = SeededRandom(seed: 5)
        for _ in 0..<500 {
            var bytes = writer.bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            var reader = ByteReader(bytes)
            if let value = try? ScoreSketch(from: &reader) { #expect(value.histogram20.reduce(0, +) == value.total) }
        }
    }
}
