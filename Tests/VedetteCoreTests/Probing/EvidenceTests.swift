import Testing
import VedetteCore

@Suite("Evidence of probing")
struct EvidenceTests {
    @Test("An exponential tail is extrapolated on the cautious side")
    func tail() {
        var tail = TailEstimate()
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 { tail.add(-3 * RealFunctions.log(1 - random.uniform())) }
        // Within the data: exact to the bin's width. P(X >= 9) = exp(-3).
        #expect(abs(tail.logTail(9) - -3) < 0.1)
        // Far beyond: at most what is true (exp(-20)), and not much less evidence than 1 / 1.2 of it.
        #expect(tail.logTail(60) > -20)
        #expect(tail.logTail(60) < -15)
    }

    @Test("The calibrator has expectation 1")
    func calibrator() {
        // The mean over a fine grid of p in (0, 1); the integral of κ p^(κ-1) is 1, and the grid's lower end is cut off.
        let count = 1_000_000
        var sum = 0.0
        for index in 0..<count { sum += RealFunctions.exp(ScanEvidence.logE(logP: RealFunctions.log((Double(index) + 0.5) / Double(count)))) }
        let mean = sum / Double(count)
        #expect(mean > 0.97 && mean <= 1.001)
    }

    @Test("A place that is popular all the time gathers nothing")
    func popular() {
        var random = SeededRandom(seed: 2)
        var worst = 0.0
        for _ in 0..<200 {
            var evidence = PairedEvidence(since: 0)
            for now in 1...2_000 as ClosedRange<Int64> {
                // A hit where the p-value is small, as the detector counts them.
                let p = random.uniform()
                let logE = ScanEvidence.logE(logP: RealFunctions.log(p))
                guard logE > 2.5 else { continue }
                evidence.add(logE, at: now)
                worst = max(worst, evidence.value(at: now))
            }
        }
        // 200 places; e to the 8th is 3,000.
        #expect(worst < 8)
    }

    @Test("A burst after a long popular time counts from where it began")
    func burst() {
        var evidence = PairedEvidence(since: 0)
        for now in stride(from: 100, to: 100_000, by: 100) as StrideTo<Int64> { evidence.add(3, at: now) }
        #expect(evidence.value(at: 100_000) < 0)
        for now in 100_001...100_012 as ClosedRange<Int64> { evidence.add(3, at: now) }
        #expect(evidence.value(at: 100_012) > 10)
    }

    @Test("A busy day of a place that is visited anyway is no burst")
    func busyDay() {
        var evidence = PairedEvidence(since: 0)
        for now in stride(from: 100, to: 100_000, by: 100) as StrideTo<Int64> { evidence.add(3, at: now) }
        // Four times as often as ever, for a while.
        for now in stride(from: 100_000, to: 100_300, by: 25) as StrideTo<Int64> { evidence.add(8, at: now) }
        #expect(evidence.value(at: 100_300) < 8)
    }

    /// Two days of requests every so many seconds: an amount of its own, the hour, and a flag.
    private func reference(everySeconds seconds: Int, attack: Range<Int> = 0..<0) -> FeatureReference {
        var random = SeededRandom(seed: 9)
        var reference = FeatureReference(features: 3)
        for second in stride(from: 0, to: 172_800, by: seconds) {
            let row: [Float] = [attack.contains(second) ? 0.123 : Float(random.uniform()), Float(second / 3_600 % 24), random.uniform() < 0.3 ? 1 : 0]
            row.withUnsafeBufferPointer { reference.add($0, at: Int64(second) * 1_000, draw: random.next()) }
            if reference.isDue { reference.sort(at: Int64(second) * 1_000) }
        }
        reference.sort(at: 172_800_000)
        return reference
    }

    private func width(_ reference: FeatureReference, _ feature: Int) -> Int {
        var (low, high): ([UInt16], [UInt16]) = ([0, 0, 0], [0, 0, 0])
        [Float(0.5), 7, 0].withUnsafeBufferPointer { reference.rank($0, low: &low, high: &high) }
        return Int(high[feature]) - Int(low[feature])
    }

    @Test("Where thousands of requests come in an hour, agreement in the hour is none; agreement in the rest is")
    func clocks() throws {
        let reference = reference(everySeconds: 1)
        #expect(width(reference, 1) == reference.size)
        #expect(width(reference, 0) < 4 && width(reference, 2) < reference.size)
        var writer = ByteWriter()
        reference.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var again = ByteWriter()
        try FeatureReference(from: &reader).encode(into: &again)
        #expect(again.bytes == writer.bytes && reader.isAtEnd)
    }

    @Test("Where the memory reaches back for days, the hour is a feature like any")
    func thinTraffic() {
        let reference = reference(everySeconds: 120)
        #expect(width(reference, 1) < reference.size / 4)
    }

    @Test("Eight hours of nothing but an attacker's equal values do not blind a feature")
    func notBlinded() { #expect(width(reference(everySeconds: 1, attack: 140_000..<168_800), 0) < 500) }

    @Test("A missing value is as wide as it is frequent of late, for as long as it is; a present one is as narrow as ever")
    func missingOfLate() {
        var random = SeededRandom(seed: 5)
        var reference = FeatureReference(features: 2)
        for _ in 0..<FeatureReference.rows {
            [Float(random.uniform()), Float(random.uniform())].withUnsafeBufferPointer { reference.add($0, at: 0, draw: 0) }
        }
        reference.sort(at: 0)
        /// Where no request is looked at.
        func width(_ feature: Int, of row: [Float]) -> Int { widths(row, number: 1)[feature] }
        @discardableResult
        func widths(_ row: [Float], number: Int64) -> [Int] {
            var (low, high) = ([UInt16](repeating: 0, count: 8), [UInt16](repeating: 0, count: 8))
            row.withUnsafeBufferPointer { reference.follow($0, number: number, low: &low, high: &high) }
            return zip(low, high).map { Int($1) - Int($0) }
        }
        #expect(width(0, of: [.nan, 0.5]) == 0)
        for number in 0..<256 as Range<Int64> { widths([number / 4 % 2 == 0 ? .nan : Float(random.uniform()), Float(random.uniform())], number: number) }
        #expect(width(0, of: [.nan, 0.5]) == 512 && width(1, of: [.nan, 0.5]) < 4 && width(0, of: [0.1, 0.5]) < 4)
        for number in 0..<256 as Range<Int64> { widths([Float(random.uniform()), 0.5], number: number) }
        #expect(width(0, of: [.nan, 0.5]) == 0)
    }

    @Test("A value that stands still is as wide as it is frequent of late, also after a restart")
    func standingOfLate() throws {
        var random = SeededRandom(seed: 6)
        var reference = FeatureReference(features: 8)
        func row(_ first: Float?) -> [Float] { [first ?? Float(random.uniform())] + (1..<8).map { _ in Float(random.uniform()) } }
        for _ in 0..<FeatureReference.rows { row(nil).withUnsafeBufferPointer { reference.add($0, at: 0, draw: 0) } }
        reference.sort(at: 0)
        func width(_ row: [Float], number: Int64) -> Int {
            var (low, high) = ([UInt16](repeating: 0, count: 8), [UInt16](repeating: 0, count: 8))
            row.withUnsafeBufferPointer { reference.follow($0, number: number, low: &low, high: &high) }
            return Int(high[0]) - Int(low[0])
        }
        for number in 0..<256 as Range<Int64> {
            _ = width(row(number / 4 % 2 == 0 ? .nan : 0.5), number: number)
            #expect(number > 32 || width(row(0.5), number: 1) < 4)
        }
        // Thirty-two of sixty-four, of which the first shared its value with nobody before it.
        #expect(width(row(0.5), number: 1) == 31 * 16 && width(row(.nan), number: 1) == 512 && width(row(0.25), number: 1) < 4)
        var writer = ByteWriter()
        reference.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        reference = try FeatureReference(from: &reader)
        #expect(reader.isAtEnd)
        #expect(width(row(0.5), number: 1) == 31 * 16 && width(row(.nan), number: 1) == 512 && width(row(0.25), number: 1) < 4)
    }

    @Test("Ranks agree with counting, ties and missing values included")
    func ranks() {
        var random = SeededRandom(seed: 4)
        var reference = FeatureReference(features: 2)
        var rows: [[Float]] = []
        for _ in 0..<300 {
            let row: [Float] = [Float((random.uniform() * 20).rounded()), random.uniform() < 0.2 ? .nan : Float(random.uniform())]
            rows.append(row)
            row.withUnsafeBufferPointer { reference.add($0, at: 0, draw: 0) }
        }
        reference.sort(at: 0)
        var (low, high): ([UInt16], [UInt16]) = ([0, 0], [0, 0])
        for value in [Float(0), 3, 7.5, 20, 99] {
            [value, .nan].withUnsafeBufferPointer { reference.rank($0, low: &low, high: &high) }
            let column = rows.map { $0[0] }
            #expect(Int(low[0]) == column.filter { $0 < value }.count)
            // Never narrower than the sample over the number of distinct values.
            let least = Int(low[0]) + 301 / (Set(column).count + 1) - 1
            #expect(Int(high[0]) == max(least, column.filter { $0 <= value }.count))
            #expect(Int(high[1] - low[1]) == rows.filter { $0[1].isNaN }.count)
        }
        #expect(abs(reference.share(0, from: 3, to: 7) - Double(rows.filter { (3...7).contains($0[0]) }.count + 1) / 301) < 1e-12)
    }
}
