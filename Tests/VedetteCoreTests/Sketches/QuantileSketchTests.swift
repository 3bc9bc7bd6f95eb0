import Testing
import VedetteCore

@Suite struct QuantileSketchTests {
    private func sketch(_ xs: [Double], accuracy: Double = 0.01, maxBins: Int = 2048) -> QuantileSketch {
        var result = QuantileSketch(accuracy: accuracy, maxBins: maxBins)
        for x in xs { result.add(x) }
        return result
    }

    /// Distributions that break lesser sketches: heavy tails, both signs, constants, gaps, extremes.
    private func nasty(_ kind: Int, _ random: inout SeededRandom, _ count: Int) -> [Double] {
        (0..<count).map { index in
            let u = random.uniform()
            switch kind {
            case 0: return 1 / (1 - u)
            case 1: return (u - 0.5) * 1e6
            case 2: return 42
            case 3: return index % 2 == 0 ? 1e-300 : 1e300
            case 4: return [0, -0.0, Double.leastNonzeroMagnitude, -Double.leastNormalMagnitude.nextDown, 1, -1][random.below(6)]
            case 5: return u < 0.99 ? u * 1e-3 : 1e9 * u
            case 6: return Double(random.below(30))
            default: return (u < 0.5 ? -1 : 1) * Double(sign: .plus, exponent: random.below(40) - 20, significand: 1 + u)
            }
        }
    }

    @Test("Numbers counted where they stand are those that were appended and folded in", arguments: 0..<8, [16, 300, 2_048])
    func countedWhereTheyStand(kind: Int, maxBins: Int) {
        var random = SeededRandom(seed: UInt64(kind))
        let xs = nasty(kind, &random, 3_000)
        var (again, plain) = (QuantileSketch(maxBins: maxBins), QuantileSketch(maxBins: maxBins))
        for (place, x) in xs.enumerated() {
            again.addAgain(x)
            plain.add(x)
            if place % 7 == 3 {
                let gone = xs[random.below(place + 1)]
                #expect(again.remove(gone) == plain.remove(gone))
            }
            if place % 499 == 0 { #expect(again == plain, "after \(place + 1)") }
            if place == 1_500 { again.compact() }
        }
        again.addAgain(.nan)
        #expect(again == plain)
        #expect(again.total == plain.total)
    }

    @Test("Sketches merged at once count what they count one after the other, on both sides of 32 bits", arguments: [1, 1 << 29, 1 << 31, 1 << 35] as [Int64])
    func mergedAtOnce(count: Int64) {
        let parts = ContiguousArray((1...4).map { part in
            var one = QuantileSketch()
            for x in 1...40 { one.add(Double(x * part), count: count) }
            return one
        })
        var (atOnce, inTurn) = (QuantileSketch(), QuantileSketch())
        atOnce.merge(parts)
        for part in parts { inTurn.merge(part) }
        #expect(atOnce == inTurn)
        #expect(atOnce.total == 160 * count)
        #expect(atOnce.bins.reduce(0) { $0 + $1.count } == 160 * count)
    }

    @Test(arguments: 0..<8, [0.01, 0.001, 0.05])
    func errorIsWithinTheStatedAccuracy(kind: Int, accuracy: Double) throws {
        var random = SeededRandom(seed: UInt64(kind))
        for size in [1, 2, 10, 5000] {
            let xs = nasty(kind, &random, size)
            let sorted = xs.sorted()
            let sketch = sketch(xs, accuracy: accuracy, maxBins: 100_000)
            #expect(sketch.total == Int64(size))
            for step in 0...100 {
                let q = Double(step) / 100
                let exact = LinearQuantile(sorted, q)
                let value = try #require(sketch.quantile(q))
                #expect(abs(value - exact.value) <= accuracy * exact.scale * (1 + 1e-12) + 2.3e-308, "q \(q): \(value) for \(exact)")
            }
        }
    }

    @Test func theWholeRangeOfDoubles() throws {
        for accuracy in [1e-4, 0.01, 0.5] {
            for exponent in stride(from: -1022, through: 1023, by: 7) {
                for significand in [1.0, 1.0000001, 1.3, 1.5, 1.9999999999] {
                    let x = Double(sign: .plus, exponent: exponent, significand: significand)
                    for signed in [x, -x] {
                        let value = try #require(sketch([signed], accuracy: accuracy).quantile(0.5))
                        #expect(abs(value - signed) <= accuracy * x * (1 + 1e-12))
                    }
                }
            }
        }
        let largest = try #require(sketch([.greatestFiniteMagnitude]).quantile(1))
        #expect(largest.isFinite)
        var refused = QuantileSketch()
        #expect(!refused.add(.nan) && !refused.add(.infinity) && refused.isEmpty)
    }

    @Test(arguments: 0..<24 as Range<UInt64>)
    func mergeOrderDoesNotMatterEvenWhenBinsCollapse(seed: UInt64) {
        var random = SeededRandom(seed: 50 + seed)
        let maxBins = [16, 40, 2048][Int(seed % 3)]
        let parts = (0..<3).map { _ in nasty(random.below(8), &random, [0, 3, 200, 2000][random.below(4)]) }
        let sketches = parts.map { sketch($0, maxBins: maxBins) }
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
        var fromNothing = QuantileSketch(maxBins: maxBins)
        fromNothing.merge(ContiguousArray(sketches))
        let batch = sketch(parts.flatMap(\.self).shuffled(using: &random), maxBins: maxBins)
        #expect(left == batch && outer == batch && right == batch && atOnce == batch && fromNothing == batch)
        #expect(batch.binCount <= maxBins)
    }

    @Test func collapsingKeepsTheUpperQuantiles() throws {
        var random = SeededRandom(seed: 9)
        let xs = (0..<20_000).map { _ in
            (random.bernoulli(0.3) ? -1 : 1) * Double(sign: .plus, exponent: random.below(200) - 100, significand: 1 + random.uniform())
        }
        let sorted = xs.sorted()
        let sketch = sketch(xs, maxBins: 300)
        #expect(sketch.binCount <= 300)
        let cut = sketch.collapsedBelow
        #expect(cut > 0)
        var kept = 0
        for step in 0...1000 {
            let q = Double(step) / 1000
            let exact = LinearQuantile(sorted, q)
            let value = try #require(sketch.quantile(q))
            if min(abs(exact.low), abs(exact.high)) >= cut {
                kept += 1
                #expect(abs(value - exact.value) <= 0.01 * exact.scale * (1 + 1e-12))
            } else if max(abs(exact.low), abs(exact.high)) < cut {
                #expect(abs(value) <= cut)
            }
        }
        #expect(kept > 10)
    }

    @Test(arguments: 0..<8)
    func removedIsNeverAdded(kind: Int) {
        var random = SeededRandom(seed: 70)
        let kept = nasty(kind, &random, 300)
        let taken = nasty((kind + 1) % 8, &random, 300)
        var value = sketch((kept + taken).shuffled(using: &random))
        for x in taken.shuffled(using: &random) { value.remove(x) }
        #expect(value == sketch(kept))
        var collapsed = sketch(kept + taken, maxBins: 16)
        for x in taken { collapsed.remove(x) }
        #expect(collapsed.total == 300)
    }

    @Test func snapshotRoundTripAndDamage() throws {
        var random = SeededRandom(seed: 11)
        let value = sketch(nasty(7, &random, 2000), maxBins: 100)
        var writer = ByteWriter()
        value.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try QuantileSketch(from: &reader) == value)
        #expect(reader.isAtEnd)
        for _ in 0..<1000 {
            var bytes = writer.bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            var damaged = ByteReader(bytes)
            if var other = try? QuantileSketch(from: &damaged) {
                other.add(3)
                #expect(other.quantile(0.5) != nil)
            }
        }
    }

    @Test func ranks() {
        let value = sketch([-5, 0, 0, 1, 100, 1000])
        #expect(value.count(atMost: -6) == 0)
        #expect(value.count(atMost: 0) == 3)
        #expect(value.count(atMost: 10) == 4)
        #expect(value.count(atMost: .infinity) == 6)
        #expect(value.bins.map(\.count) == [1, 2, 1, 1, 1])
    }
}

/// numpy's linear quantile of sorted numbers, with the order statistics that it lies between.
private struct LinearQuantile {
    let low: Double
    let high: Double
    let fraction: Double

    init(_ sorted: [Double], _ q: Double) {
        let position = Double(sorted.count - 1) * q
        let rank = Int(position)
        low = sorted[rank]
        high = sorted[min(rank + 1, sorted.count - 1)]
        fraction = position - Double(rank)
    }

    var value: Double { low * (1 - fraction) + high * fraction }
    /// What the relative error is relative to: both ends may be wrong by `accuracy` of themselves.
    var scale: Double { abs(low) * (1 - fraction) + abs(high) * fraction }
}
