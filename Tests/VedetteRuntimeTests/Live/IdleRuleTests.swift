import Testing
import VedetteRuntime

/// What idle partitions are raised to. Times in the tests are small: the present is 1,000,000 ms, a day does not matter.
@Suite struct IdleRuleTests {
    private static let limit: Int64 = 1_000_000

    private func partition(_ watermark: Int64, since: Double = 0, idle: Bool) -> IdleRule.Partition {
        IdleRule.Partition(watermark: watermark, lastRecordAt: since, isIdle: idle)
    }

    private func target(_ partitions: [IdleRule.Partition], now: Double = 60) -> Int64? {
        var rule = IdleRule()
        return rule.target(partitions, now: now, timeout: 60, limit: Self.limit)
    }

    @Test("One that is still read says how far the idle ones go: the slowest of them")
    func slowest() {
        #expect(target([partition(100, idle: true), partition(900, idle: false), partition(700, idle: false)]) == 700)
        // It has given nothing yet, and may give anything.
        #expect(target([partition(100, idle: true), partition(.min, idle: false)]) == nil)
    }

    @Test("Where all are quiet time goes on from the newest watermark with the wall clock, from when the silence was full")
    func quiet() {
        var rule = IdleRule()
        let all = [partition(100, since: 10, idle: true), partition(900, since: 30, idle: true)]
        #expect(rule.target(all, now: 90, timeout: 60, limit: Self.limit) == 900)
        // What it has been raised to does not count twice.
        let raised = [partition(900, since: 10, idle: true), partition(900, since: 30, idle: true)]
        #expect(rule.target(raised, now: 92.5, timeout: 60, limit: Self.limit) == 3_400)
        #expect(target([partition(.min, idle: true)]) == nil)
    }

    @Test("A clock that lies beyond the present is nobody's measure, whether its partition is read or idle", arguments: [false, true])
    func badClock(isIdle: Bool) {
        let ahead = partition(Self.limit + 1, since: 59, idle: isIdle)
        #expect(target([partition(100, idle: true), ahead]) == 100)
        #expect(target([partition(100, idle: true), ahead, partition(300, idle: false)]) == 300)
        #expect(target([ahead]) == nil)
        // At the limit it is one like any other, and time does not go beyond it.
        #expect(target([partition(100, idle: true), partition(Self.limit, idle: true)], now: 70) == Self.limit)
    }
}
