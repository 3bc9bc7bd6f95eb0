import Testing
import VedetteCore

@Suite("What passes, in words")
struct PassingValuesTests {
    private func list(_ event: AlertEvent, _ name: String) -> [String] {
        event.incident.first { $0.name == name }.flatMap { if case .list(let value) = $0.value { value } else { nil } } ?? []
    }

    @Test("A category is named by its text and has no direction; what passes without a feature is told so")
    func incident() throws {
        var kit = ProbingKit(seed: 11, categories: ["kind"])
        kit.honest(3_000)
        #expect(try kit.hear(isWhole: true).isEmpty)
        var events: [AlertEvent] = []
        // Tries at the same place: stopped with an age, and as kind 3; allowed without one, as kind 77.
        for number in 0..<40 {
            kit.time += 30_000
            let isAllowed = number % 2 == 1
            let row = [400 + Double(number), isAllowed ? .nan : 1, 13, isAllowed ? 77 : 3, 0.123, 49]
            kit.send(
                row, score: isAllowed ? 0.2 : 0.8, decision: isAllowed ? .allow : .challenge, money: 400, user: UInt64(7_000_000 + number),
                device: UInt64(8_000_000 + number))
            events += try kit.hear(isWhole: true)
        }
        let event = try #require(events.last { $0.monitor.hasPrefix("probing.") })
        let pattern = list(event, "passing_pattern"), moved = list(event, "moved_features")
        #expect(pattern.contains("kind = n77") && pattern.contains("age missing"), "\(pattern)")
        #expect(moved.contains { $0.hasPrefix("age: ") && $0.hasSuffix("passes without it") }, "\(moved)")
        #expect(moved.contains { $0.hasPrefix("kind: ") && !$0.contains("passes") }, "\(moved)")
        #expect(event.recommendedAction.contains("kind = n77"), "\(event.recommendedAction)")
    }

    /// Tries of two features; NaN where there is no value.
    private func values(_ tries: [(row: [Float], isAllowed: Bool)], word: String = "") -> PassingValues {
        var values = PassingValues(features: 2)
        let ranks: [UInt16] = [100, 200]
        for entry in tries {
            entry.row.withUnsafeBufferPointer { row in
                ranks.withUnsafeBufferPointer { ranks in
                    guard let base = ranks.baseAddress else { return }
                    values.count(row, ranks: base, isAllowed: entry.isAllowed) { _ in word }
                }
            }
        }
        return values
    }

    @Test("Ranges, words and what is missing, also when two campaigns become one")
    func merging() {
        var one = values([([1, 5], true), ([1, .nan], false)], word: "a")
        #expect(one.range(0) == 1...1 && one.word(0) == "a" && one.range(1) == 5...5)
        let same = values([([1, .nan], true)], word: "a")
        one.absorb(same)
        #expect(one.range(0) == 1...1 && one.word(0) == "a")
        #expect(one.range(1) == nil, "one of the allowed tries has none")
        one.absorb(values([([2, 7], true)], word: "b"))
        #expect(one.range(0) == 1...2 && one.word(0).isEmpty)
        let without = values([([.nan, 1], true), ([.nan, 1], true), ([3, 1], false), ([4, 1], false)])
        #expect(without.passesWithout(0) && !without.passesWithout(1) && without.range(0) == nil)
        var fresh = PassingValues(features: 2)
        fresh.absorb(without)
        #expect(fresh.passesWithout(0) && fresh.range(1) == 1...1)
    }

    @Test func snapshot() throws {
        let value = values([([1, 5], true), ([1, 6], false), ([2, 9], true)], word: "a")
        var writer = ByteWriter()
        value.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try PassingValues(from: &reader) == value && reader.isAtEnd)
    }
}
