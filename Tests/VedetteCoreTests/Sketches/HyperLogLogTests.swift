import Testing
import VedetteCore

@Suite struct HyperLogLogTests {
    private func sketch(_ hashes: [UInt64], precision: Int = 12) -> HyperLogLog {
        var result = HyperLogLog(precision: precision)
        for hash in hashes { result.add(hash: hash) }
        return result
    }

    private func hashes(_ seed: UInt64, _ count: Int) -> [UInt64] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.next() }
    }

    /// The mean error over seeds shows a bias, the mean square the spread.
    @Test(arguments: [1, 10, 100, 511, 600, 3000, 10_000, 30_000, 200_000])
    func errorIsAsStated(count: Int) {
        let seeds = count > 50_000 ? 12 : 40
        var (bias, square) = (0.0, 0.0)
        for seed in 0..<seeds {
            let error = sketch(hashes(UInt64(1000 + seed), count)).estimate / Double(count) - 1
            bias += error / Double(seeds)
            square += error * error / Double(seeds)
        }
        let stated = HyperLogLog().standardError
        #expect(square.squareRoot() < 1.4 * stated, "spread \(square.squareRoot())")
        #expect(abs(bias) < 4 * stated / Double(seeds).squareRoot(), "bias \(bias)")
    }

    @Test(arguments: [4, 8, 16])
    func otherPrecisions(precision: Int) {
        let estimate = sketch(hashes(5, 20_000), precision: precision).estimate
        #expect(abs(estimate / 20_000 - 1) < 4 * HyperLogLog(precision: precision).standardError)
    }

    @Test func mergingIsExactInAnyOrderAndIdempotent() {
        for (seed, sizes) in [(1, [0, 5, 300]), (2, [400, 400, 5000]), (3, [20_000, 10, 1]), (4, [100, 200, 250])] {
            let parts = sizes.enumerated().map { hashes(UInt64(seed * 10 + $0.offset), $0.element) }
            let sketches = parts.map { sketch($0) }
            let all = sketch(parts.flatMap(\.self).reversed())
            var left = sketches[0]
            left.merge(sketches[1])
            left.merge(sketches[2])
            var right = sketches[2]
            right.merge(sketches[1])
            var outer = sketches[0]
            outer.merge(right)
            right.merge(sketches[0])
            #expect(left == all && right == all && outer == all)
            left.merge(all)
            #expect(left == all)
        }
    }

    @Test func duplicatesAndExtremes() throws {
        #expect(HyperLogLog().estimate == 0)
        var value = HyperLogLog()
        for _ in 0..<10_000 { value.add(hash: 0xDEAD_BEEF_0000_0001) }
        #expect(abs(value.estimate - 1) < 0.01)
        var extremes = HyperLogLog()
        for hash: UInt64 in [0, .max, 1, 1 << 63] { extremes.add(hash: hash) }
        #expect(extremes.estimate > 1 && extremes.estimate < 6)
    }

    @Test(arguments: [0, 1, 300, 20_000])
    func snapshotRoundTripAndDamage(count: Int) throws {
        let value = sketch(hashes(3, count))
        var writer = ByteWriter()
        value.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try HyperLogLog(from: &reader) == value)
        #expect(reader.isAtEnd)
        var random = SeededRandom(seed: 8)
        for _ in 0..<200 {
            var bytes = writer.bytes
            bytes[random.below(bytes.count)] = UInt8(random.below(256))
            var damaged = ByteReader(bytes)
            if var other = try? HyperLogLog(from: &damaged) {
                other.add(hash: 1)
                #expect(other.estimate >= 0)
            }
        }
    }
}
