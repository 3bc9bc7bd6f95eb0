import Testing
import VedetteCore

@Suite("Fingerprints of a campaign")
struct FingerprintTallyTests {
    private static let size = 1_024

    private func add(_ tally: inout FingerprintTally, hashes: [UInt64], ranks: [UInt16]) {
        hashes.withUnsafeBufferPointer { hashes in
            ranks.withUnsafeBufferPointer { ranks in
                tally.add(hashes.baseAddress!, ranks: ranks.baseAddress!, features: ranks.count, size: Self.size)
            }
        }
    }

    /// Fingerprints of which the first `same` never change.
    private func hashes(_ number: UInt64, same: Int) -> [UInt64] {
        var random = SeededRandom(seed: number &+ 77)
        var fixed = SeededRandom(seed: 1)
        return (0..<FingerprintTally.fingerprints).map { $0 < same ? fixed.next() : random.next() }
    }

    @Test("Counts different fingerprints, those that all have, and the features in whose bin they lie", arguments: [1, 9, 300])
    func counts(tries: Int) {
        var tally = FingerprintTally()
        // The first feature stays in its eighth, the second moves through all, the third is missing, the fourth is elsewhere once in twenty.
        for number in 0..<tries {
            let ranks: [UInt16] = [UInt16(130 + number % 100), UInt16(number * 37 % 1_024), 20_000, number % 20 == 19 ? 900 : 300]
            add(&tally, hashes: hashes(UInt64(number), same: 5), ranks: ranks)
        }
        let distinct = Double(5 + 7 * tries)
        #expect(abs(Double(tally.distinctCount) - distinct) <= 0.15 * distinct)
        #expect(tally.sharedCount == (tries == 1 ? 12 : 5))
        let shared = tally.sharedBins
        #expect(shared.map(\.feature) == (tries == 1 ? [0, 1, 2, 3] : [0, 2, 3]) && shared.allSatisfy { $0.share >= 0.9 })
        #expect(shared.first { $0.feature == 0 }?.bin == 1 && shared.first { $0.feature == 2 }?.bin == 8)
    }

    @Test("Two that turn out to be one are counted as one; restored they are equal")
    func absorbed() throws {
        var (whole, first, second) = (FingerprintTally(), FingerprintTally(), FingerprintTally())
        for number in 0..<40 {
            let ranks: [UInt16] = [UInt16(number), 500]
            add(&whole, hashes: hashes(UInt64(number), same: 3), ranks: ranks)
            if number < 25 { add(&first, hashes: hashes(UInt64(number), same: 3), ranks: ranks) } else { add(&second, hashes: hashes(UInt64(number), same: 3), ranks: ranks) }
        }
        first.absorb(second)
        #expect(first.distinctCount == whole.distinctCount && first.sharedCount == 3)
        #expect(first.sharedBins.map(\.feature) == [0, 1])
        first.absorb(FingerprintTally())
        for tally in [first, FingerprintTally()] {
            var writer = ByteWriter()
            tally.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            #expect(try FingerprintTally(from: &reader) == tally)
        }
    }
}

/// What was made faster gives what the slow and obvious gives.
@Suite("Candidates and ranks")
struct CandidateTests {
    @Test("Candidates are those of a dictionary, in the order in which they came, through every epoch")
    func candidates() {
        var random = SeededRandom(seed: 3)
        let set = CandidateSet(numbers: 300)
        for round in 0..<2_500 {
            set.clear()
            var (order, counts): ([Int], [Int: Int]) = ([], [:])
            for _ in 0..<CandidateSet.capacity / 4 {
                var bucket = SIMD4<UInt32>()
                for lane in 0..<4 { bucket[lane] = UInt32(random.uniform() * (round % 2 == 0 ? 20 : 301)) }
                set.add(bucket)
                for lane in 0..<4 {
                    let number = Int(bucket[lane]) - 1
                    if counts[number] == nil { order.append(number) }
                    counts[number, default: 0] += 1
                }
            }
            #expect((0..<set.count).map(set.number) == order)
            #expect((0..<set.count).map { Int(set.coincidences($0)) } == order.map { counts[$0] ?? 0 })
            let loners = order.filter { $0 >= 0 && counts[$0] == 1 }.prefix(6)
            #expect(set.select(loners: 6).map { Int($0) } == order.filter { $0 >= 0 && (counts[$0] ?? 0 > 1 || loners.contains($0)) })
        }
    }

    @Test("Ranks of many rows are those of each, and those of counting, for samples of every size", arguments: [64, 128, 1_024])
    func ranks(size: Int) {
        var random = SeededRandom(seed: UInt64(size))
        var reference = FeatureReference(features: 3)
        func row() -> [Float] {
            [Float((random.uniform() * 40).rounded()), random.uniform() < 0.2 ? .nan : Float(random.uniform()), random.uniform() < 0.01 ? .infinity : -0.0]
        }
        let sample = (0..<size).map { _ in row() }
        for one in sample {
            one.withUnsafeBufferPointer { reference.add($0, at: 0, draw: 0) }
            if reference.isDue { reference.sort(at: 0) }
        }
        #expect(reference.size == size)
        let rows = sample + (0..<50).map { _ in row() } + [[-1, 2, -.infinity], [1e9, -1, 1], [.nan, .nan, .nan]]
        let all = rows.flatMap { $0 }
        var (low, high) = ([UInt16](repeating: 7, count: all.count), [UInt16](repeating: 7, count: all.count))
        all.withUnsafeBufferPointer { values in
            low.withUnsafeMutableBufferPointer { low in
                high.withUnsafeMutableBufferPointer { high in
                    reference.rank(rows: rows.count, values.baseAddress!, low: low.baseAddress!, high: high.baseAddress!, stride: 3) { $0 != 3 }
                }
            }
        }
        #expect(low[9...11].allSatisfy { $0 == 7 })
        for (number, one) in rows.enumerated() where number != 3 {
            var (own, ownHigh) = ([UInt16](repeating: 0, count: 3), [UInt16](repeating: 0, count: 3))
            one.withUnsafeBufferPointer { row in
                own.withUnsafeMutableBufferPointer { own in
                    ownHigh.withUnsafeMutableBufferPointer { reference.rank(row, low: own.baseAddress!, high: $0.baseAddress!) }
                }
            }
            #expect(own == Array(low[number * 3..<number * 3 + 3]) && ownHigh == Array(high[number * 3..<number * 3 + 3]))
            for feature in 0..<3 where !one[feature].isNaN {
                #expect(Int(own[feature]) == sample.count { $0[feature] < one[feature] })
                #expect(Int(ownHigh[feature]) >= sample.count { $0[feature] <= one[feature] })
            }
        }
    }
}
