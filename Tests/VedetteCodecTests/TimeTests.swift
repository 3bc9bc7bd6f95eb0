import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

@Suite struct RFC3339Tests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2018-06-11T00:04:52.454Z", 1_528_675_492_454), ("2018-06-11t00:04:52.454z", 1_528_675_492_454),
        ("2018-06-11 00:04:52.454Z", 1_528_675_492_454), ("2018-06-11T02:04:52.454+02:00", 1_528_675_492_454),
        ("2018-06-10T18:34:52.454-05:30", 1_528_675_492_454), ("2018-06-11T00:04:52.45Z", 1_528_675_492_450),
        ("2018-06-11T00:04:52.4549999999999999999999999Z", 1_528_675_492_454), ("1969-12-31T23:59:59.9999Z", -1),
        ("1969-12-31T23:59:59.999Z", -1), ("2000-02-29T00:00:00Z", 951_782_400_000), ("2016-12-31T23:59:60Z", 1_483_228_799_999),
        ("2016-12-31T23:59:60.123Z", 1_483_228_799_999), ("2017-01-01T00:59:60+01:00", 1_483_228_799_999),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] as [(String, Int64)])
    func timesParse(text: String, ms: Int64) {
        #expect(RFC3339.parse(text) == ms)
        #expect(referenceRFC3339(text) == ms)
    }

    @Test(arguments: [
        "", "2018-06-11", "2018-06-11T00:04:52", "2018-06-11T00:04:52.Z", "2018-06-11T00:04Z", "2018-06-11T24:00:00Z", "2018-06-11T00:60:00Z",
        "2018-06-11T00:00:61Z", "2018-06-11T12:00:60Z", "2018-13-01T00:00:00Z", "2018-00-01T00:00:00Z", "2018-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2018-06-31T00:00:00Z", "2018-06-00T00:00:00Z", "18-06-11T00:00:00Z", "2018-06-11T00:00:00+2:00",
        "2018-06-11T00:00:00+0200", "2018-06-11T00:00:00+24:00", "2018-06-11T00:00:00+02:60", "2018-06-11T00:00:00Zx", " 2018-06-11T00:00:00Z",
        "2018-06-11T00:00:00Z ", "2018-06-11x00:00:00Z", "2018/06/11T00:00:00Z", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "２018-06-11T00:00:00Z", "2018-06-11T00:00:00,5Z", "+2018-06-11T00:00:00Z", "2018-06-11T-1:00:00Z",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test func everyDayOf800YearsAgreesWithCounting() throws {
        var days: Int64 = -135_140  // 1600-01-01
        for year in 1600..<2400 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...length {
                    let text = RFC3339.string(days * 86_400_000)
                    try #require(text.hasPrefix("\(year)-\(month < 9 ? "0" : "")\(month + 1)-\(day < 10 ? "0" : "")\(day)T00:00:00.000Z"))
                    try #require(RFC3339.parse(text) == days * 86_400_000)
                    days += 1
                }
            }
        }
        #expect(days == 157_054)  // 2400-01-01
    }

    @Test func anyTimeReadsBackAsWritten() throws {
        var generator = SeededGenerator(state: 5)
        for _ in 0..<50_000 {
            let ms = Int64.random(in: RFC3339.range, using: &generator)
            let text = RFC3339.string(ms)
            try #require(text.utf8.count == RFC3339.length)
            try #require(RFC3339.parse(text) == ms)
        }
        #expect(RFC3339.string(.min) == "0000-01-01T00:00:00.000Z")
        #expect(RFC3339.string(.max) == "9999-12-31T23:59:59.999Z")
    }
}

@Suite struct TimeFormatTests {
    private func time(_ json: String, _ format: TimeFormat) throws -> (ms: Int64?, reason: RejectReason?) {
        var mapping = DecisionMapping()
        mapping.timeFormat = format
        let decoded = try decode(wholeDecision.replacingOccurrences(of: "\"2018-06-11T00:04:52.454Z\"", with: json), mapping)
        return (decoded.batch.time.elements.first, decoded.rejection?.reason)
    }

    @Test(arguments: [
        (TimeFormat.auto, "1528675492454", 1_528_675_492_454), (.auto, "\"2018-06-11T00:04:52.454Z\"", 1_528_675_492_454),
        (.auto, "1528675492454.9", 1_528_675_492_454), (.auto, "1.528675492454e12", 1_528_675_492_454), (.auto, "-1", -1), (.auto, "-0.5", -1),
        (.rfc3339, "\"2018-06-11T00:04:52.454Z\"", 1_528_675_492_454), (.epochSeconds, "1528675492", 1_528_675_492_000),
        (.epochSeconds, "1528675492.454", 1_528_675_492_454), (.epochSeconds, "1528675492.4549", 1_528_675_492_454),
        (.epochSeconds, "\"1528675492\"", 1_528_675_492_000), (.epochMilliseconds, "\"-5\"", -5), (.epochMilliseconds, "1528675492454", 1_528_675_492_454),
        (.epochMicroseconds, "1528675492454999", 1_528_675_492_454), (.epochMicroseconds, "-1", -1), (.epochMicroseconds, "-1000", -1),
        (.epochMicroseconds, "-1001", -2), (.epochMilliseconds, "253402300799999", 253_402_300_799_999),
        (.auto, "152867549245401.00", 152_867_549_245_401),
    ] as [(TimeFormat, String, Int64)])
    func timesAreReadInTheirFormat(format: TimeFormat, json: String, ms: Int64) throws {
        let (time, reason) = try time(json, format)
        #expect(reason == nil)
        #expect(time == ms)
    }

    @Test(arguments: [
        (TimeFormat.auto, "\"1528675492454\"", RejectReason.badTime), (.auto, "253402300800000", .badTime), (.auto, "1528675492454000", .badTime),
        (.auto, "18446744073709551615", .badTime), (.auto, "1e300", .badTime), (.auto, "-62167219200001", .badTime), (.auto, "true", .wrongType), (.auto, "{}", .wrongType),
        (.auto, "null", .missingField), (.auto, "\"\"", .missingField), (.rfc3339, "1528675492454", .badTime), (.rfc3339, "1.5", .badTime),
        (.epochSeconds, "\"2018-06-11T00:04:52.454Z\"", .badTime), (.epochSeconds, "9223372036854775807", .badTime), (.epochSeconds, "\"1.5\"", .badTime),
        (.epochMilliseconds, "\"99999999999999999999999999999999999999999999\"", .badTime), (.epochSeconds, "\"\"", .missingField),
    ] as [(TimeFormat, String, RejectReason)])
    func otherTimesAreRejected(format: TimeFormat, json: String, expected: RejectReason) throws {
        let (time, reason) = try time(json, format)
        #expect(time == nil)
        #expect(reason == expected)
    }
}
