import Testing
import VedetteCore

#if canImport(Glibc)
import Glibc
#endif

/// What is computed for many lanes at once, or only where a bound lets it pass, against the slow and obvious.
@Suite("Vector forms of probing")
struct VectorFormsTests {
    /// A request or an anchor by its ranks, and what the reference knows of it.
    private struct Anchor {
        var low: [UInt16]
        var high: [UInt16]
        /// -1 for none.
        var campaign: Int
        /// Running number of its insertion; 0 where it was cleared.
        var order: Int
    }

    /// As many ranks as rows have, the last of them 0.
    private static func ranks(_ features: Int, _ size: Int, like other: Anchor?, _ random: inout SeededRandom) -> (low: [UInt16], high: [UInt16]) {
        var (low, high) = ([UInt16](), [UInt16]())
        for feature in 0..<features {
            if let other, random.bernoulli(0.8) {
                low.append(other.low[feature])
                high.append(other.high[feature])
            } else {
                low.append(UInt16(random.below(size + 1)))
                high.append(min(UInt16(size), low[feature] + UInt16(random.below(3))))
            }
        }
        let padding = [UInt16](repeating: 0, count: RankedRequest.width(features) - features)
        return (low + padding, high + padding)
    }

    /// -Σ ln of the share of ordinary values between the two, less the penalty of its age.
    private static func adjusted(_ a: Anchor, _ b: Anchor, _ features: Int, _ size: Int, newest: Int, capacity: Int) -> Double {
        let similarity = (0..<features).reduce(0.0) { sum, feature in
            let between = Int(max(a.high[feature], b.high[feature])) - Int(min(a.low[feature], b.low[feature])) + 1
            return sum - log(Double(min(between, size + 1)) / Double(size + 1))
        }
        let age = Double(min(newest - a.order, capacity)) + 2
        return similarity - log(age) - log(log(age) + 1)
    }

    @Test("The nearest anchor is that of comparing all candidates", arguments: [1, 7, 8, 16, 17, 63, 64, 65, 130], [1, 64, 1_024, 32_000])
    func nearest(features: Int, size: Int) {
        var random = SeededRandom(seed: UInt64(features * 100_000 + size))
        let capacity = 200
        var store = AnchorStore(features: features, capacity: capacity)
        var anchors: [Anchor] = []
        for place in 0..<150 {
            let row = Self.ranks(features, size, like: place % 3 == 0 ? nil : anchors[random.below(anchors.count)], &random)
            anchors.append(Anchor(low: row.low, high: row.high, campaign: random.below(4) - 1, order: place + 1))
            let values = [Float](repeating: 0, count: features)
            store.set(
                place, values: values, low: row.low, high: row.high, campaign: anchors[place].campaign, origin: AnchorOrigin(request: 0, time: 0, decision: 0))
            if random.bernoulli(0.1) {
                store.clear(place)
                anchors[place].order = 0
            }
        }
        let set = CandidateSet(numbers: capacity)
        for round in 0..<40 {
            let row = Self.ranks(features, size, like: anchors[random.below(anchors.count)], &random)
            let request = Anchor(low: row.low, high: row.high, campaign: -1, order: 0)
            set.clear()
            var (order, counts): ([Int], [Int: Int]) = ([], [:])
            for _ in 0..<12 {
                var bucket = SIMD4<UInt32>()
                for lane in 0..<4 { bucket[lane] = UInt32(random.below(round % 2 == 0 ? 180 : 40)) }
                set.add(bucket)
                for lane in 0..<4 {
                    if counts[Int(bucket[lane])] == nil { order.append(Int(bucket[lane])) }
                    counts[Int(bucket[lane]), default: 0] += 1
                }
            }
            let loners = Set(order.filter { $0 > 0 && counts[$0] == 1 }.prefix(AnchorStore.maxLoners))
            let compared = order.filter { $0 > 0 && (counts[$0] ?? 0 > 1 || loners.contains($0)) }.map { $0 - 1 }
                .filter { $0 < anchors.count && anchors[$0].order > 0 }
            var best = (place: -1, adjusted: 0.0)
            var wanted: [(campaign: Int, similarity: Double)] = []
            for place in compared {
                let own = Self.adjusted(anchors[place], request, features, size, newest: anchors.count, capacity: capacity)
                if anchors[place].campaign >= 0, own > max(best.adjusted - AnchorStore.mergeSpan, 0) { wanted.append((anchors[place].campaign, own)) }
                if own > best.adjusted + 1e-9 { best = (place, own) }
            }
            var near: ContiguousArray<NearCampaign>? = []
            let found = Self.nearest(store, set, row.low, row.high, size, &near)
            #expect(abs(found.adjusted - best.adjusted) < 1e-6 && (found.place == -1) == (best.place == -1), "round \(round)")
            let told = near ?? []
            // A little more may be told than lies within the span, and nothing less.
            var place = 0
            for one in wanted {
                while place < told.count, !(told[place].campaign == one.campaign && abs(told[place].similarity - one.similarity) < 1e-6) { place += 1 }
                #expect(place < told.count, "round \(round): campaign \(one.campaign) at \(one.similarity) is missing")
                place += 1
            }
            var unwanted: ContiguousArray<NearCampaign>?
            #expect(Self.nearest(store, set, row.low, row.high, size, &unwanted).place == found.place)
        }
    }

    private static func nearest(
        _ store: borrowing AnchorStore, _ set: CandidateSet, _ low: [UInt16], _ high: [UInt16], _ size: Int, _ near: inout ContiguousArray<NearCampaign>?
    ) -> (place: Int, adjusted: Double) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) { hashes in
            low.withUnsafeBufferPointer { low in
                high.withUnsafeBufferPointer { high in
                    let request = RankedRequest(
                        low: low.baseAddress!, high: high.baseAddress!, hashes: UnsafePointer(hashes.baseAddress!), size: size,
                        most: Double(store.features) * log(Double(size + 1)))
                    return store.nearest(set, request, near: &near)
                }
            }
        }
    }

    @Test("Runs of small amounts are those of each lane by itself", arguments: 0..<20 as Range<UInt64>)
    func runs(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let ceiling = 6.0
        var runs = AmountRuns()
        var reference = [AmountRun](repeating: AmountRun(), count: 8)
        for step in 0..<400 {
            var (isSmall, gains, losses) = (SIMDMask<SIMD8<Int64>>(), SIMD8<Double>(), SIMD8<Double>())
            for lane in 0..<8 {
                isSmall[lane] = random.bernoulli(0.3)
                (gains[lane], losses[lane]) = (random.uniform() * 2, -random.uniform())
            }
            let time = Int64(step * 1_000 + random.below(900))
            runs.add(small: isSmall, gains: gains, losses: losses, ceiling: ceiling, at: time)
            for lane in 0..<8 where isSmall[lane] || reference[lane].sum > 0 {
                if reference[lane].sum == 0 { reference[lane] = AmountRun(startedAt: time) }
                reference[lane].all += 1
                if isSmall[lane] { reference[lane].small += 1 }
                reference[lane].sum = min(ceiling, max(0, reference[lane].sum + (isSmall[lane] ? gains[lane] : losses[lane])))
            }
            #expect((0..<8).map { runs[$0] } == reference)
            #expect(runs.most == reference.map(\.sum).max())
            #expect(runs.since(time) == reference.filter { $0.sum > 0 }.map(\.startedAt).min() ?? time)
        }
    }
}
