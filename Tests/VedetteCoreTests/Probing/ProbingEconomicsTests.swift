import Testing
import VedetteCore

@Suite("What probing costs")
struct ProbingEconomicsTests {
    private static let minute = ProbingKit.minute

    private func number(_ event: AlertEvent, _ name: String) -> Double? {
        event.incident.first { $0.name == name }.flatMap { if case .number(let value) = $0.value { value } else { nil } }
    }

    @Test("Boundary pressure: near and stopped requests for each that passed, and the amount beyond what is usual")
    func boundary() throws {
        var kit = ProbingKit(seed: 3)
        var events: [AlertEvent] = []
        for number in 0..<1_500 {
            kit.time += 30_000
            // Every hundredth is near the threshold, as it always was.
            kit.send(
                (0..<6).map { _ in kit.random.uniform() * 100 }, score: number % 100 == 50 ? 0.45 : 0.05, decision: .allow, money: 20,
                user: UInt64(number) + 1, device: UInt64(number) &* 7 + 1)
        }
        #expect(try kit.hear(isWhole: true).isEmpty)
        // In one minute: 40 pass just below the threshold, 10 are stopped, 50 are ordinary.
        let start = kit.time
        for number in 0..<100 {
            kit.time = start + Int64(number)
            let isNear = number < 40, isStopped = number >= 90
            kit.send(
                (0..<6).map { _ in kit.random.uniform() * 100 }, score: isNear ? 0.45 : isStopped ? 0.7 : 0.05, decision: isStopped ? .challenge : .allow,
                money: isNear ? 12.5 : 20, user: UInt64(number) + 90_000, device: UInt64(number) &* 11 + 700_000)
        }
        events = try kit.hear(isWhole: true).filter { $0.monitor == "probing.boundary" && $0.slice.isOverall }
        let event = try #require(events.first)
        let economics = try #require(event.economics)
        let usual = try #require(number(event, "usual_share")), share = try #require(number(event, "share"))
        #expect(number(event, "near_threshold") == 40 && share == 0.4 && usual < 0.02)
        #expect(economics.attemptsToBypass == .known(1.25) && economics.challengedShare == .known(0.4))
        #expect(economics.moneyAtRisk == .known(500 * (1 - usual / share)) && economics.moneyAtRiskPerHour == economics.moneyAtRisk)
        #expect(economics.timeToDetectMs == Self.minute)
    }

    @Test("Small amounts: the burst's requests for each that was not stopped, and their amount beyond what is usual")
    func smallAmounts() throws {
        var kit = ProbingKit(seed: 5)
        kit.honest(8_000)
        #expect(try kit.hear(isWhole: true).isEmpty)
        var events: [AlertEvent] = []
        for number in 0..<60 {
            kit.time += 40_000
            let isStopped = number % 4 == 3
            let row = [
                3, kit.random.uniform() * 400, (kit.random.uniform() * 30).rounded(), (kit.random.uniform() * 5).rounded(.down),
                kit.random.uniform(), (kit.random.uniform() * 50).rounded(),
            ]
            let unique = UInt64(9_000_000 + number)
            kit.send(
                row, score: isStopped ? 0.7 : 0.01, decision: isStopped ? .challenge : .allow, money: 3, user: unique &* 0x9E37_79B9,
                device: unique &* 0xC2B2_AE35)
            events += try kit.hear(isWhole: number % 10 == 9)
        }
        let event = try #require(events.last { number($0, "small") != nil })
        let economics = try #require(event.economics)
        let small = try #require(number(event, "small")), all = try #require(number(event, "decisions"))
        let usual = try #require(number(event, "usual_share"))
        let money = try #require(economics.moneyAtRisk.value), attempts = try #require(economics.attemptsToBypass.value)
        let unit = 3 * (1 - usual * all / small)
        let passed = (money / unit).rounded(), requests = (attempts * passed).rounded()
        #expect(small >= 20 && passed >= 10 && passed < requests)
        #expect(abs(passed * unit - money) < 1e-6 && abs(requests / passed - attempts) < 1e-9)
        #expect(abs(attempts - 4.0 / 3) < 0.15)
        #expect(try #require(economics.challengedShare.value) > 0.5)
    }

    /// A binary search for the largest amount that passes, every try by another user; then orders with what it found.
    private func attack(_ kit: inout ProbingKit, money: Bool) throws -> (events: [AlertEvent], tries: Int, passed: Double) {
        var (low, high) = (100.0, 400.0)
        var events: [AlertEvent] = []
        var tries = 0, passed = 0.0
        var hasBeenStopped = false
        for number in 0..<24 {
            kit.honest(3)
            kit.time += 5_000
            let amount = number < 12 ? (low + high) / 2 : low
            let isStopped = ProbingKit.score(amount, 0.5) >= ProbingKit.threshold
            if isStopped { (high, hasBeenStopped) = (amount, true) } else { low = amount }
            if passed == 0 { tries += 1 }
            if hasBeenStopped, !isStopped { passed += 3 }
            kit.send(
                [amount, 0.5, 12, 3, 0.77, 31], score: ProbingKit.score(amount, 0.5), decision: isStopped ? .challenge : .allow, money: money ? 3 : nil,
                user: UInt64(1_000_000 + number) &* 77, device: UInt64(1_000_000 + number) &* 79)
            events += try kit.hear(isWhole: true)
        }
        return (events.filter { $0.monitor == "probing.trajectory" || $0.monitor == "probing.fingerprint" }, tries, passed)
    }

    @Test("A campaign: tries until one passed, the amount that passed since, and the share that its pattern touches", arguments: [1, 2, 3] as [UInt64])
    func campaign(seed: UInt64) throws {
        var kit = ProbingKit(seed: seed)
        kit.honest(3_000)
        _ = try kit.hear(isWhole: true)
        let attack = try attack(&kit, money: true)
        let first = try #require(attack.events.first?.economics), last = try #require(attack.events.last?.economics)
        #expect(last.attemptsToBypass == .known(Double(attack.tries)))
        #expect(last.moneyAtRisk.value.map { $0 > 0 && $0 <= attack.passed } == true, "\(last.moneyAtRisk) of \(attack.passed)")
        #expect(last.isShareBound && last.challengedShare.value.map { $0 > 0 && $0 < 0.2 } == true, "\(last.challengedShare)")
        #expect(first.timeToDetectMs == last.timeToDetectMs && first.timeToDetectMs > 0 && first.timeToDetectMs < 60 * Self.minute)
        #expect(attack.events.last?.blastRadius.contains("the action challenges at most ") == true)
    }

    @Test("A campaign of which nothing has passed risks nothing yet; one without amounts does not say")
    func nothingYet() throws {
        var kit = ProbingKit(seed: 4)
        kit.honest(3_000)
        _ = try kit.hear(isWhole: true)
        var events: [AlertEvent] = []
        for number in 0..<14 {
            kit.honest(3)
            kit.time += 5_000
            kit.send(
                [390 - Double(number), 0.5, 12, 3, 0.77, 31], score: 0.8, decision: .block, money: 3, user: UInt64(2_000_000 + number) &* 77,
                device: UInt64(2_000_000 + number) &* 79)
            events += try kit.hear(isWhole: true)
        }
        let economics = try #require(events.last { $0.monitor.hasPrefix("probing.") }?.economics)
        #expect(economics.moneyAtRisk == .known(0) && economics.attemptsToBypass == .none(because: "no try has passed after one was stopped"))
        #expect(economics.challengedShare == .none(because: "no try has passed, so there is no pattern to challenge"))
        var other = ProbingKit(seed: 1)
        other.honest(3_000)
        _ = try other.hear(isWhole: true)
        let silent = try #require(try attack(&other, money: false).events.last?.economics)
        #expect(silent.moneyAtRisk == .none(because: "the tries that passed carry no amount") && silent.attemptsToBypass.value != nil)
    }
}
