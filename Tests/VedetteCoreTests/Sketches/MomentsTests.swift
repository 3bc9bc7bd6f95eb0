import Testing
import VedetteCore

@Suite struct MomentsTests {
    private func moments(_ xs: [Double]) -> Moments {
        var result = Moments()
        for x in xs { result.add(x) }
        return result
    }

    private func isClose(_ a: Double?, _ b: Double?, _ relative: Double = 1e-9) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= relative * Swift.max(abs(a), abs(b), .leastNormalMagnitude)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func matchesTwoPassesAndMergesInAnyOrder(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let scale = [1.0, 1e-6, 1e6, 1e100][Int(seed % 4)]
        let offset = seed % 3 == 0 ? 1e3 * scale : 0
        let xs = (0..<1000).map { _ in (random.uniform() - 0.3) * scale + offset }
        let mean = xs.reduce(0, +) / Double(xs.count)
        let variance = xs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(xs.count - 1)
        let all = moments(xs)
        #expect(isClose(all.mean, mean))
        #expect(isClose(all.variance, variance))
        #expect(all.min == xs.min() && all.max == xs.max() && all.count == 1000)

        let parts = [moments(Array(xs[..<1])), moments(Array(xs[1..<400])), moments(Array(xs[400...]))]
        var left = parts[0]
        left.merge(parts[1])
        var swapped = parts[1]
        swapped.merge(parts[0])
        #expect(left == swapped, "merging commutes to the last bit")
        left.merge(parts[2])
        var right = parts[1]
        right.merge(parts[2])
        right.merge(parts[0])
        for merged in [left, right] {
            #expect(merged.count == 1000 && merged.min == all.min && merged.max == all.max)
            #expect(isClose(merged.mean, mean) && isClose(merged.variance, variance))
        }
    }

    @Test func fewNumbers() {
        #expect(Moments().mean == nil && Moments().variance == nil && Moments().min == nil)
        let one = moments([4])
        #expect(one.mean == 4 && one.variance == nil && one.min == 4 && one.max == 4)
        let constant = moments(Array(repeating: 0.1, count: 1000))
        #expect(constant.mean == 0.1 && constant.variance == 0)
        var merged = constant
        for _ in 0..<9 { merged.merge(moments(Array(repeating: 0.1, count: 7))) }
        #expect(merged.mean == 0.1 && merged.variance == 0)
    }

    @Test func hugeNumbersNeverGiveNaN() throws {
        let xs = [1e308, -1.7e308, 1.7e308, 0, -1e308, 1e308]
        var value = moments(xs)
        let mean = try #require(value.mean)
        #expect(abs(mean - 0.166_666_666_666_666_66e308) < 1e294)
        #expect(value.variance == nil && value.sumOfSquares == .infinity)
        value.merge(moments([-1.7e308, -1.7e308]))
        #expect(value.mean?.isFinite == true && value.variance == nil)
        value.merge(moments([1, 2, 3]))
        #expect(value.mean?.isFinite == true && value.sumOfSquares == .infinity)
    }

    @Test func nonFiniteNumbersAreRefused() {
        var value = moments([1, 2])
        let before = value
        #expect(!value.add(.nan) && !value.add(.infinity) && !value.add(-.infinity))
        #expect(value == before)
    }

    @Test func snapshotRoundTrip() throws {
        for value in [Moments(), moments([3]), moments([1, 5, -2.5]), moments([1e308, -1e308])] {
            var writer = ByteWriter()
            value.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            #expect(try Moments(from: &reader) == value)
            #expect(reader.isAtEnd)
        }
        // To the last bit: as they come, merged, of equal numbers, with zeros of both signs.
        var random = SeededRandom(seed: 5)
        for _ in 0..<2_000 {
            let number = { () -> Double in
                switch random.below(4) {
                case 0: Double(random.below(2_000_001) - 1_000_000) / 1e6
                case 1: Double(random.below(3)) - 1
                case 2: random.bernoulli(0.5) ? -0.0 : 0.0
                default: (random.uniform() - 0.5) * 1e9
                }
            }
            var value = moments((0..<random.below(4)).map { _ in number() })
            if random.bernoulli(0.5) { value.merge(moments((0..<random.below(3)).map { _ in number() })) }
            var writer = ByteWriter()
            value.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            let restored = try Moments(from: &reader)
            #expect(restored.count == value.count && restored.sumOfSquares.bitPattern == value.sumOfSquares.bitPattern)
            #expect(restored.mean?.bitPattern == value.mean?.bitPattern)
            #expect(restored.min?.bitPattern == value.min?.bitPattern && restored.max?.bitPattern == value.max?.bitPattern)
        }
        var garbage = ByteReader([1, 0, 0])
        #expect(throws: CorruptBytes.self) { try Moments(from: &garbage) }
    }
}
