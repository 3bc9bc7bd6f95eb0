import Foundation
import Testing
import VedetteCore

/// Against naive definitions, and at the edges.
@Suite struct StatisticsPropertyTests {
    private func sketch(_ units: [Int32], _ maxEntries: Int = 4096) -> ScoreSketch {
        var result = ScoreSketch(maxEntries: maxEntries)
        for unit in units { result.add(unit: unit, count: 1) }
        return result
    }

    private func units(_ random: inout SeededRandom, _ n: Int, _ step: Int32) -> [Int32] {
        (0..<n).map { _ in Int32(random.score() * 1e6) / step * step }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func distancesAndAreaMatchNaiveDefinitions(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let step: Int32 = [1, 1000, 100_000][Int(seed % 3)]
        let a = units(&random, 1 + random.below(300), step)
        let b = units(&random, 1 + random.below(300), step)
        let distances = Distances(reference: sketch(a), current: sketch(b))
        var largest = 0.0
        var area = 0.0
        let points = Set(a + b).sorted()
        for (index, x) in points.enumerated() {
            let f = Double(a.filter { $0 <= x }.count) / Double(a.count)
            let g = Double(b.filter { $0 <= x }.count) / Double(b.count)
            largest = max(largest, abs(f - g))
            if index + 1 < points.count { area += abs(f - g) * Double(points[index + 1] - x) / 1e6 }
        }
        #expect(isClose(distances.kolmogorovSmirnov, largest, 1e-12))
        #expect(isClose(distances.wasserstein, area, 1e-9, absolute: 1e-15))
        var wins = 0.0
        for x in b { for y in a { wins += x > y ? 1 : x == y ? 0.5 : 0 } }
        #expect(isClose(AreaUnderCurve(fraud: sketch(b), legit: sketch(a))?.value, wins / Double(a.count) / Double(b.count), 1e-12))
    }

    @Test func distancesOfDifferentLevelsStayNear() throws {
        var random = SeededRandom(seed: 4)
        let (a, b) = (units(&random, 3000, 1), units(&random, 2000, 1).map { min(1_000_000, $0 + 30_000) })
        let exact = Distances(reference: sketch(a), current: sketch(b))
        let coarse = Distances(reference: sketch(a), current: sketch(b, 64))
        #expect(coarse.psiEqualWidth == exact.psiEqualWidth && coarse.jensenShannon == exact.jensenShannon)
        let width = sketch(b, 64).resolution
        let (near, far) = (try #require(exact.wasserstein), try #require(coarse.wasserstein))
        #expect(abs(near - far) <= width)
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func featureDistancesAreThoseOfBinnedValues(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let shift = seed % 2 == 0 ? 0 : 0.4
        let a = (0..<800).map { _ in RealFunctions.exp(random.normal()) * (random.bernoulli(0.2) ? -1 : 1) }
        let b = (0..<600).map { _ in RealFunctions.exp(random.normal() + shift) }
        var (reference, current) = (QuantileSketch(maxBins: seed > 3 ? 64 : 2048), QuantileSketch())
        for x in a { reference.add(x) }
        for x in b { current.add(x) }
        let distances = FeatureDistances(reference: reference, current: current)
        // The exact distances, from all values.
        var (largest, area) = (0.0, 0.0)
        let points = (a + b).sorted()
        for (x, next) in zip(points, points.dropFirst()) {
            let f = Double(a.filter { $0 <= x }.count) / Double(a.count)
            let g = Double(b.filter { $0 <= x }.count) / Double(b.count)
            largest = max(largest, abs(f - g))
            area += abs(f - g) * (next - x)
        }
        let magnitude = a.reduce(0) { $0 + abs($1) } / 800 + b.reduce(0) { $0 + abs($1) } / 600
        let cut = reference.collapsedBelow
        let ks = try #require(distances.kolmogorovSmirnov)
        let wasserstein = try #require(distances.wasserstein)
        #expect(abs(ks - largest) < (cut == 0 ? 0.02 : 0.6))
        #expect(abs(wasserstein - area) <= 0.01 * magnitude + 2 * cut)
        let counts = distances.decileCounts
        #expect(counts.reference.reduce(0, +) == 800 && counts.current.reduce(0, +) == 600)
        #expect(distances.psiDeciles.map { $0 > 0 } == true)
        let same = FeatureDistances(reference: reference, current: reference)
        #expect(same.psiDeciles == 0 && same.kolmogorovSmirnov == 0 && same.wasserstein == 0)
        #expect(FeatureDistances(reference: QuantileSketch(), current: current).psiDeciles == nil)
    }

    @Test func emptyGroupsAreNotEvidence() {
        let (empty, some) = (ScoreSketch(), sketch([5, 6]))
        for distances in [Distances(reference: empty, current: some), Distances(reference: some, current: empty)] {
            #expect(distances.kolmogorovSmirnov == nil && distances.wasserstein == nil)
            #expect(distances.psiEqualWidth == nil && distances.jensenShannon == nil && distances.psiDeciles == nil)
        }
        #expect(AreaUnderCurve(fraud: empty, legit: some) == nil)
        #expect(ProportionTest.evaluate(current: (0, 0), reference: (1, 2)) == nil)
        #expect(HomogeneityTest.evaluate(reference: [0, 0], current: [1, 2]) == nil)
        #expect(RateRatio(events: 3, exposure: 1, referenceEvents: 0, referenceExposure: 1).interval().upper == .infinity)
    }

    @Test func sameIsDistanceZero() {
        let value = sketch([1, 50_000, 70_000, 70_000, 999_999])
        let distances = Distances(reference: value, current: value)
        #expect(distances.psiDeciles == 0 && distances.psiEqualWidth == 0 && distances.jensenShannon == 0)
        #expect(distances.kolmogorovSmirnov == 0 && distances.wasserstein == 0)
        #expect(HomogeneityTest.evaluate(reference: [50, 60, 70], current: [50, 60, 70])?.pValue == 1)
    }

    @Test func sidesAgree() throws {
        for (k, n, l, m) in [(3, 50, 9, 60), (300, 5000, 200, 5000), (0, 10, 5, 12)] as [(Int64, Int64, Int64, Int64)] {
            let up = try #require(ProportionTest.evaluate(current: (k, n), reference: (l, m), alternative: .greater))
            let down = try #require(ProportionTest.evaluate(current: (l, m), reference: (k, n), alternative: .less))
            #expect(isClose(up.pValue, down.pValue, 1e-9))
        }
        let strong = try #require(ProportionTest.evaluate(current: (500, 1000), reference: (100, 1000), alternative: .greater))
        #expect(strong.pValue < 1e-80 && strong.pValue > 0 && strong.method == .fisherExact)
        let many = try #require(ProportionTest.evaluate(current: (52_000, 100_000), reference: (49_000, 100_000)))
        #expect(many.method == .likelihoodRatio && many.pValue < 1e-30)
        let few = try #require(ProportionTest.evaluate(current: (3, 10), reference: (1, 1000)))
        #expect(few.method == .fisherExact && few.pValue < 1e-4)
    }

    @Test(arguments: [(1_200, 3_600, 0.01), (1_800, 5_400, 0.012), (400, 1_600, 0.05)])
    func proportionsHoldFarInTheTail(n: Int, m: Int, rate: Double) throws {
        // Every outcome counted by its chance, instead of drawn: no draw gets this far.
        func chances(_ n: Int) -> [Double] {
            (0...n).map { (k: Int) -> Double in
                let ways: Double = lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
                let each: Double = Double(k) * log(rate) + Double(n - k) * log1p(-rate)
                return exp(ways + each)
            }
        }
        let levels = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7]
        var sizes = levels.map { _ in 0.0 }
        let (now, before) = (chances(n), chances(m))
        for (k, a) in now.enumerated() where a > 1e-14 {
            for (l, b) in before.enumerated() where a * b > 1e-14 {
                let test = try #require(ProportionTest.evaluate(current: (Int64(k), Int64(n)), reference: (Int64(l), Int64(m))))
                for (index, level) in levels.enumerated() where test.pValue <= level { sizes[index] += a * b }
            }
        }
        // What is exact is never above; discreteness keeps it within a factor of ten below.
        for (size, level) in zip(sizes, levels) { #expect(size <= level && size > level / 10, "\(size) at \(level)") }
    }

    @Test func largeCountsStayAccurateAndQuick() throws {
        // Two identities that hold at any size: tails add up, and the exact interval inverts the tail.
        let n: Int64 = 2_000_000_000
        let k: Int64 = 1_000_300
        let p = 0.0005
        let sum = CountDistributions.binomialCDF(k, n: n, p: p) + CountDistributions.binomialUpperTail(k + 1, n: n, p: p)
        #expect(isClose(sum, 1, 1e-11))
        let interval = ClopperPearson.interval(successes: k, n: n)
        #expect(isClose(CountDistributions.binomialUpperTail(k, n: n, p: interval.lower), 0.025, 1e-7))
        #expect(isClose(CountDistributions.binomialCDF(k, n: n, p: interval.upper), 0.025, 1e-7))
    }

    @Test func eProcessIsItsCounts() throws {
        var process = BernoulliEProcess(rate: 0.01)
        process.add(successes: 0, failures: 400)
        #expect(process.logEValue < 0)
        process.add(successes: 12, failures: 0)
        #expect(process.logEValue > RealFunctions.log(50))
        var atOnce = BernoulliEProcess(rate: 0.01)
        atOnce.add(successes: 12, failures: 400)
        #expect(process == atOnce)
        var writer = ByteWriter()
        process.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try BernoulliEProcess(from: &reader) == process)
        // Overwhelming evidence stays a number as a logarithm.
        process.add(successes: 1_000_000, failures: 0)
        #expect(process.logEValue > 1e6 && process.logEValue.isFinite)
        var lost = BernoulliEProcess(rate: 0.5)
        lost.add(successes: 0, failures: 1_000_000)
        #expect(lost.logEValue < RealFunctions.log(1e-5) && lost.logEValue.isFinite)
    }

    @Test func falseDiscoveryByHand() {
        let logs = [100.0, 41, 20, 5, 1].map(RealFunctions.log)
        // 5 hypotheses at 10 %: thresholds 50, 25, 16.7, 12.5, 10.
        #expect(FalseDiscovery.eBH(logEValues: logs, level: 0.1) == [true, true, true, false, false])
        #expect(FalseDiscovery.eBH(logEValues: logs, level: 0.1, count: 50) == [false, false, false, false, false])
        #expect(FalseDiscovery.eBH(logEValues: [.infinity, .nan, -.infinity], level: 0.1) == [true, false, false])
        #expect(FalseDiscovery.eBH(logEValues: [], level: 0.1).isEmpty)
    }
}
