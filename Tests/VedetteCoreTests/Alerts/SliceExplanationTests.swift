import Testing
import VedetteCore

@Suite("Which slice a change is about")
struct SliceExplanationTests {
    private func slice(_ parts: (String, String)...) -> SliceName { SliceName(parts.map { .init(dimension: $0.0, value: $0.1) }) }

    /// A missing rate: `missing` of `rows`, against a reference of 1 %, with 10 % as the limit.
    private func rate(_ slice: SliceName, _ rows: Double, _ missing: Double, isMet: Bool? = nil) -> SliceShare {
        let strength = (missing / rows - 0.01) / 0.1
        return SliceShare(
            slice: slice, isMet: isMet ?? (strength > 1), strength: strength, rows: rows, observed: missing, expected: rows / 100, isRatio: false)
    }

    private func leader(_ shares: [SliceShare]) -> String? { SliceExplanation.explain(shares).map { shares[$0.leader].slice.text } }

    @Test("Nothing holds, nothing is explained")
    func nothing() {
        #expect(SliceExplanation.explain([]) == nil)
        #expect(SliceExplanation.explain([rate(SliceName(), 1_000, 10)]) == nil)
    }

    @Test("A fault of one pair is named as the pair, through both dimensions")
    func pair() {
        let shares = [
            rate(SliceName(), 10_000, 1_600), rate(slice(("country", "FR")), 3_000, 1_530), rate(slice(("country", "DE")), 7_000, 70),
            rate(slice(("channel", "app")), 5_000, 1_550), rate(slice(("channel", "web")), 5_000, 50),
            rate(slice(("country", "FR"), ("channel", "app")), 1_500, 1_500), rate(slice(("country", "FR"), ("channel", "web")), 1_500, 30),
        ]
        let answer = SliceExplanation.explain(shares)
        #expect(leader(shares) == "country=FR channel=app")
        #expect(answer?.parts == [5] && answer?.others == [1, 3, 0])
        #expect(leader(shares.reversed()) == "country=FR channel=app")
    }

    @Test("What is everywhere is about everything")
    func everywhere() {
        let countries = (0..<4).map { rate(slice(("country", "C\($0)")), 2_500, 500) }
        #expect(leader([rate(SliceName(), 10_000, 2_000)] + countries) == "all traffic")
        // One country is nearly all traffic: naming it narrows nothing.
        #expect(leader([rate(SliceName(), 10_000, 5_000), rate(slice(("country", "FR")), 9_500, 4_990)]) == "all traffic")
    }

    @Test("What is everywhere and has only just passed its limit is not about the slice that has a little more of it")
    func justPassed() {
        let countries = [rate(slice(("country", "C0")), 1_000, 150)] + (1..<10).map { rate(slice(("country", "C\($0)")), 1_000, 109, isMet: false) }
        #expect(leader([rate(SliceName(), 10_000, 1_131)] + countries) == "all traffic")
        // Where the others have nothing of it, it is.
        let quiet = [rate(slice(("country", "C0")), 2_000, 1_051)] + (1..<9).map { rate(slice(("country", "C\($0)")), 1_000, 10) }
        #expect(leader([rate(SliceName(), 10_000, 1_131)] + quiet) == "country=C0")
        func fraud(_ slice: SliceName, _ rows: Double, _ events: Double) -> SliceShare {
            let ratio = events / (rows * 0.01)
            return SliceShare(slice: slice, isMet: ratio > 2, strength: ratio / 2, rows: rows, observed: events, expected: rows * 0.01, isRatio: true)
        }
        #expect(leader([fraud(SliceName(), 10_000, 205), fraud(slice(("m", "a")), 2_000, 50), fraud(slice(("m", "b")), 8_000, 155)]) == "all traffic")
    }

    @Test("Two slices of one dimension explain together; four do not")
    func several() {
        let quiet = (0..<8).map { rate(slice(("country", "Q\($0)")), 500, 5) }
        let two = (0..<2).map { rate(slice(("country", "C\($0)")), 1_000, 900 + Double($0)) }
        let answer = SliceExplanation.explain([rate(SliceName(), 6_000, 1_841)] + quiet + two)
        #expect(answer?.parts == [10, 9] && answer?.leader == 10)
        let five = (0..<5).map { rate(slice(("country", "C\($0)")), 1_000, 900) }
        #expect(leader([rate(SliceName(), 9_000, 4_540)] + quiet + five) == "all traffic")
    }

    @Test("Ratios: what is left is compared as a ratio, drops as drops")
    func ratios() {
        func fraud(_ slice: SliceName, _ rows: Double, _ events: Double) -> SliceShare {
            let ratio = events / (rows * 0.01)
            return SliceShare(slice: slice, isMet: ratio > 2, strength: ratio / 2, rows: rows, observed: events, expected: rows * 0.01, isRatio: true)
        }
        let surge = [fraud(SliceName(), 10_000, 290), fraud(slice(("m", "new")), 1_000, 200), fraud(slice(("m", "old")), 9_000, 90)]
        #expect(leader(surge) == "m=new")
        let broad = [fraud(SliceName(), 10_000, 420), fraud(slice(("m", "new")), 1_000, 200), fraud(slice(("m", "old")), 9_000, 220)]
        #expect(leader(broad) == "all traffic")
        func volume(_ slice: SliceName, _ now: Double, _ usual: Double) -> SliceShare {
            SliceShare(
                slice: slice, isMet: now < usual / 2, strength: 0.5 * usual / max(now, 1), rows: usual, observed: now, expected: usual, isRatio: true)
        }
        #expect(leader([volume(SliceName(), 450, 1_000), volume(slice(("c", "FR")), 10, 560), volume(slice(("c", "DE")), 440, 440)]) == "c=FR")
    }

    @Test("The answer does not depend on the order of the findings")
    func order() {
        var random = SeededRandom(seed: 77)
        for _ in 0..<50 {
            var shares = [rate(SliceName(), 20_000, 3_000 + 4_000 * random.uniform())]
            for country in 0..<5 {
                for channel in 0..<2 {
                    let rows = 500 + (1_000 * random.uniform()).rounded()
                    shares.append(rate(slice(("country", "C\(country)"), ("channel", "K\(channel)")), rows, (rows * random.uniform()).rounded()))
                }
                shares.append(rate(slice(("country", "C\(country)")), 2_000, (2_000 * random.uniform()).rounded()))
            }
            let expected = leader(shares)
            for _ in 0..<5 {
                for index in shares.indices.dropFirst() { shares.swapAt(index, Int(random.uniform() * Double(index + 1))) }
                #expect(leader(shares) == expected)
            }
        }
    }
}
