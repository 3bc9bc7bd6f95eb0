import Testing
import VedetteCore

/// What makes a search of some tries, as an incident tells it.
@Suite("Trajectories of a campaign")
struct TrajectoryTests {
    /// An attacker's tries, one every two seconds with an honest request between, each from the place before it.
    private func incident(seed: UInt64, tries: [[Double]], score: (Int) -> Double = { _ in 0.6 }) throws -> AlertEvent {
        var kit = ProbingKit(seed: seed)
        kit.honest(3_000)
        _ = try kit.hear(isWhole: true)
        for (number, features) in tries.enumerated() {
            kit.time += 2_000
            let score = score(number)
            kit.send(
                features, score: score, decision: score >= ProbingKit.threshold ? .challenge : .allow, money: features[0],
                user: UInt64(3_000_000 + number) &* 77, device: UInt64(3_000_000 + number) &* 79)
        }
        return try #require(try kit.hear(isWhole: true).last { $0.monitor.hasPrefix("probing.") })
    }

    private func fact(_ event: AlertEvent, _ name: String) -> Double? {
        event.incident.first { $0.name == name }.flatMap { if case .number(let value) = $0.value { value } else { nil } }
    }

    @Test("A walk of one feature: single moves, all of them in one direction")
    func walk() throws {
        let event = try incident(seed: 1, tries: (0..<20).map { [230 - Double($0) * 0.5, 0.5, 12, 3, 0.77, 31] })
        #expect(event.monitor == "probing.trajectory")
        // The first try has none before it, the second no step.
        #expect(fact(event, "single_feature_moves") == 19 && fact(event, "aligned_steps") == 18 && fact(event, "decision_flips") == 0)
        #expect(fact(event, "halving_steps") == 0)
    }

    @Test("A binary search of one feature halves its steps, flips, and comes nearer to the threshold")
    func bisection() throws {
        var (low, high) = (180.0, 230.0)
        let tries = (0..<10).map { number in
            let amount = (low + high) / 2
            if number % 2 == 0 { high = amount } else { low = amount }
            return [amount, 0.5, 12, 3, 0.77, 31]
        }
        let event = try incident(seed: 2, tries: tries) { 0.5 + ($0 % 2 == 0 ? 0.2 : -0.2) / Double($0 + 1) }
        #expect(event.monitor == "probing.trajectory")
        let halvings = try #require(fact(event, "halving_steps")), flips = try #require(fact(event, "decision_flips"))
        // A step is from the nearest try before, which is the last one or the one before it.
        #expect(halvings >= 3 && flips >= 4, "\(halvings) halvings, \(flips) flips")
        // The first try belongs to it, and has none before it.
        #expect(fact(event, "approaches") == 8)
    }

    /// So many steps from the first place, three features a step.
    private func place(_ steps: Int) -> [Double] {
        let steps = Double(steps)
        return [230 - steps * 0.4, 0.5 + steps * 0.01, 12, 3, 0.77 + steps * 0.001, 31]
    }

    @Test("Steps of many features in one direction are updates of one search; the same place again and again is none")
    func gradient() throws {
        let event = try incident(seed: 3, tries: (0..<20).map { place($0) })
        #expect(event.monitor == "probing.trajectory")
        #expect(fact(event, "single_feature_moves") == 0 && fact(event, "aligned_steps") == 18)
        let repeated = try incident(seed: 3, tries: (0..<20).map { _ in place(0) })
        #expect(repeated.monitor == "probing.fingerprint" && fact(repeated, "aligned_steps") == 0)
    }

    @Test("A step back and forth is no direction")
    func backAndForth() throws {
        let event = try incident(seed: 4, tries: (0..<20).map { place($0 % 2 * 10) })
        #expect(fact(event, "aligned_steps") == 0 && event.monitor == "probing.fingerprint")
    }
}
