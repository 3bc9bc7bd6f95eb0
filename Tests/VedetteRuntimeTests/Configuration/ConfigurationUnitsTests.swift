import Testing
import VedetteRuntime

@Suite struct ConfigurationUnitsTests {
    @Test(arguments: [
        ("5m", 300_000), ("7d", 604_800_000), ("36h", 129_600_000), ("250ms", 250), ("1d12h", 129_600_000), ("2w", 1_209_600_000),
        ("0", 0), ("0s", 0), ("28d5m", 2_419_500_000),
    ] as [(String, Int64)])
    func durationsAreRead(_ text: String, _ milliseconds: Int64) {
        #expect(DurationText.parse(text) == milliseconds)
    }

    @Test(arguments: ["", "5", "m", "5 m", "-5m", "1.5h", "5M", "5min", "٥m", "9223372036854775807s", "99999999999999999999ms", "1y"])
    func otherTextsAreNoDurations(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (604_800_000, "7d"), (129_600_000, "1d12h"), (61_001, "1m1s1ms"), (-300_000, "-5m"), (Int64.max, "106751991167d7h12m55s807ms")] as [(Int64, String)])
    func durationsAreWritten(_ milliseconds: Int64, _ text: String) {
        #expect(DurationText.format(milliseconds) == text)
    }

    @Test func whatIsWrittenIsReadBack() {
        var value: Int64 = 1
        for step in 0..<60 {
            value = value &* 6_364_136_223_846_793_005 &+ Int64(step)
            let milliseconds = value & (1 << 52 - 1)
            #expect(DurationText.parse(DurationText.format(milliseconds)) == milliseconds)
            #expect(SizeText.parse(SizeText.format(milliseconds)) == milliseconds)
        }
    }

    @Test(arguments: [("1MiB", 1 << 20), ("64KiB", 65_536), ("2GiB", 2 << 30), ("1GB", 1_000_000_000), ("1kB", 1_000), ("17B", 17), ("0", 0)] as [(String, Int64)])
    func sizesAreRead(_ text: String, _ bytes: Int64) {
        #expect(SizeText.parse(text) == bytes)
    }

    @Test(arguments: ["", "1", "MiB", "1 MiB", "1.5MiB", "1Mib", "-1B", "99999999999GiB"])
    func otherTextsAreNoSizes(_ text: String) {
        #expect(SizeText.parse(text) == nil)
    }

    @Test(arguments: [
        ("2018-06-11", 1_528_675_200_000), ("1970-01-01", 0), ("1969-12-31", -86_400_000), ("2018-06-11T08:30:00Z", 1_528_705_800_000),
        ("2018-06-11T10:30:00.250+02:00", 1_528_705_800_250),
    ] as [(String, Int64)])
    func timesAreRead(_ text: String, _ milliseconds: Int64) {
        #expect(TimestampText.parse(text) == milliseconds)
    }

    @Test(arguments: ["", "2018-6-11", "2018-02-30", "2018-06-11T08:30", "2018-06-11T08:30:00", "yesterday", "20180611ab"])
    func otherTextsAreNoTimes(_ text: String) {
        #expect(TimestampText.parse(text) == nil)
    }

    @Test func midnightsAreWrittenAsDates() {
        #expect(TimestampText.format(1_528_675_200_000) == "2018-06-11")
        #expect(TimestampText.format(1_528_675_200_001) == "2018-06-11T00:00:00.001Z")
    }
}
