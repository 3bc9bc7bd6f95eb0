import Testing
import VedetteCore

@Suite("One bad clock closes no window")
struct FutureGuardTests {
    private func makeGuard(maxTime: Int64 = 1_000, bound: Int64 = 100, confirmations: Int = 3) -> FutureGuard {
        var configuration = TimeConfiguration()
        configuration.maxFutureMs = bound
        configuration.futureConfirmations = confirmations
        return FutureGuard(configuration, maxTime: maxTime)
    }

    @Test("up to the bound a record is taken, one past it is held")
    func edge() {
        var atBound = makeGuard()
        #expect(atBound.judge(1_100, clock: .max) == .accept)
        var pastBound = makeGuard()
        #expect(pastBound.judge(1_101, clock: .max) == .hold)
    }

    @Test("one contradiction rejects everything held")
    func contradiction() {
        var guardian = makeGuard()
        #expect(guardian.judge(9_000, clock: .max) == .hold)
        #expect(guardian.judge(9_001, clock: .max) == .hold)
        #expect(guardian.judge(1_050, clock: .max) == .acceptRejectingHeld)
        #expect(guardian.heldCount == 0)
        #expect(guardian.judge(1_060, clock: .max) == .accept)
    }

    @Test("as many records in a row as configured make a gap believable")
    func confirmation() {
        var guardian = makeGuard(confirmations: 3)
        #expect(guardian.judge(9_000, clock: .max) == .hold)
        #expect(guardian.judge(9_050, clock: .max) == .hold)
        #expect(guardian.judge(9_070, clock: .max) == .accept)
        #expect(guardian.judge(9_080, clock: .max) == .accept)
    }

    @Test("a trusted clock rejects at once, whatever is held")
    func trustedClock() {
        var guardian = makeGuard()
        #expect(guardian.judge(5_101, clock: 5_000) == .reject)
        #expect(guardian.judge(5_100, clock: 5_000) == .hold)
        #expect(guardian.judge(1_000, clock: 5_000) == .acceptRejectingHeld)
    }

    @Test("the first record of a partition is taken: there is nothing to compare it with")
    func first() {
        var guardian = makeGuard(maxTime: .min)
        #expect(guardian.judge(50_000, clock: .max) == .accept)
        #expect(guardian.judge(1, clock: .max) == .accept)
    }

    @Test("extreme times do not overflow", arguments: [Int64.min + 1, -1, 0, Int64.max - 1])
    func extremes(_ time: Int64) {
        var guardian = makeGuard(maxTime: 0, bound: .max / 4)
        for clock in [0, .max, .min, -1, .max - 1] as [Int64] { _ = guardian.judge(time, clock: clock) }
    }

    @Test("a clock that makes no sense rejects what is ahead of it, and does no harm")
    func senselessClock() {
        var guardian = makeGuard()
        #expect(guardian.judge(1_050, clock: .min) == .reject)
        #expect(guardian.judge(1_050, clock: .max - 1) == .accept)
        var old = makeGuard(maxTime: .min + 1)
        #expect(old.judge(.max, clock: .max) == .hold)
    }
}

@Suite("A partition's clock")
struct PartitionClockTests {
    @Test("a late record takes effect at the watermark it met, and moves nothing")
    func late() {
        var clock = PartitionClock()
        #expect(clock.observe(10_000, outOfOrderness: 5_000) == 10_000)
        #expect(clock.watermark(outOfOrderness: 5_000) == 5_000)
        #expect(clock.observe(5_000, outOfOrderness: 5_000) == 5_000)
        #expect(clock.observe(4_999, outOfOrderness: 5_000) == 5_000)
        #expect(clock.watermark(outOfOrderness: 5_000) == 5_000)
    }

    @Test("punctuation only raises")
    func punctuation() {
        var clock = PartitionClock()
        clock.punctuate(7_000)
        clock.punctuate(3_000)
        #expect(clock.watermark(outOfOrderness: 5_000) == 7_000)
        #expect(clock.observe(6_000, outOfOrderness: 5_000) == 7_000)
        #expect(clock.observe(20_000, outOfOrderness: 5_000) == 20_000)
        #expect(clock.watermark(outOfOrderness: 5_000) == 15_000)
    }

    @Test("a snapshot is the clock again")
    func snapshot() throws {
        var clock = PartitionClock()
        _ = clock.observe(-5, outOfOrderness: 1)
        clock.punctuate(99)
        var writer = ByteWriter()
        clock.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try PartitionClock(from: &reader) == clock)
        #expect(reader.isAtEnd)
    }
}
