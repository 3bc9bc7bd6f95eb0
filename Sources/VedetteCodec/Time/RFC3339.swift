/// Times as RFC 3339 text, by integer arithmetic on bytes.
///
/// Read: `2018-06-11T00:04:52.454Z`, also with a lower-case `t` or `z` or a space between
/// date and time (RFC 3339, section 5.6), any number of fraction digits (cut to milliseconds,
/// towards the past), and an offset such as `+02:00`. A time without offset is refused, since
/// it names no instant. The leap second `23:59:60` UTC becomes the last millisecond of its
/// minute; any other second 60 is refused.
public enum RFC3339 {
    /// 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z, the times that four-digit years can write.
    public static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Length of what ``append(_:to:)`` writes, in bytes.
    public static let length = 24

    /// Milliseconds since 1970 UTC, or nil if the text is not an RFC 3339 time. O(n).
    public static func parse(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count >= 20, let base = text.baseAddress else { return nil }
        // Safe: every index below is under 20 or guarded against `text.count`.
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        guard
            bytes[4] == dash, bytes[7] == dash, bytes[13] == colon, bytes[16] == colon,
            bytes[10] | 0x20 == 0x74 || bytes[10] == 0x20,
            let century = pair(bytes, 0), let years = pair(bytes, 2), let month = pair(bytes, 5), let day = pair(bytes, 8),
            let hour = pair(bytes, 11), let minute = pair(bytes, 14), let second = pair(bytes, 17)
        else { return nil }
        let year = century * 100 + years
        guard 1...12 ~= month, day >= 1, day <= CivilDate.days(inMonth: month, of: year), hour <= 23, minute <= 59, second <= 60
        else { return nil }

        var index = 19
        var fraction: Int64 = 0
        if bytes[index] == 0x2E {
            index += 1
            let first = index
            var weight: Int64 = 100
            while index < text.count, bytes[index] &- 0x30 <= 9 {
                fraction += Int64(bytes[index] &- 0x30) * weight
                weight /= 10
                index += 1
            }
            guard index > first else { return nil }
        }
        guard index < text.count, let offset = offsetSeconds(bytes, index, text.count) else { return nil }

        let minutes = CivilDate.daysSince1970(year: year, month: month, day: day) * 1440 + hour * 60 + minute - offset / 60
        var ms = (minutes * 60 + second) * 1000 + fraction
        if second == 60 {
            // Clamped: refusing it would lose true records, and a 61st second has no epoch time.
            guard (minutes % 1440 + 1440) % 1440 == 1439 else { return nil }
            ms = minutes * 60_000 + 59_999
        }
        return range.contains(ms) ? ms : nil
    }

    /// Milliseconds since 1970 UTC, or nil if the text is not an RFC 3339 time.
    public static func parse(_ text: String) -> Int64? {
        var copy = text
        return copy.withUTF8 { parse(UnsafeRawBufferPointer($0)) }
    }

    /// Appends the time as `2018-06-11T00:04:52.454Z`, always 24 bytes; clamped to ``range``.
    public static func append(_ ms: Int64, to bytes: inout [UInt8]) {
        let clamped = min(max(ms, range.lowerBound), range.upperBound)
        // Shifted by the range's start, so that plain division rounds down.
        let shifted = clamped - range.lowerBound
        let date = CivilDate(daysSince1970: shifted / 86_400_000 + range.lowerBound / 86_400_000)
        let ofDay = shifted % 86_400_000
        func two(_ value: Int64) {
            bytes.append(UInt8(0x30 + value / 10 % 10))
            bytes.append(UInt8(0x30 + value % 10))
        }
        two(date.year / 100); two(date.year % 100)
        bytes.append(dash); two(date.month)
        bytes.append(dash); two(date.day)
        bytes.append(0x54); two(ofDay / 3_600_000)
        bytes.append(colon); two(ofDay / 60_000 % 60)
        bytes.append(colon); two(ofDay / 1000 % 60)
        bytes.append(0x2E); bytes.append(UInt8(0x30 + ofDay / 100 % 10)); two(ofDay % 100)
        bytes.append(0x5A)
    }

    /// The time as `2018-06-11T00:04:52.454Z`; clamped to ``range``.
    public static func string(_ ms: Int64) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        append(ms, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static var dash: UInt8 { 0x2D }
    private static var colon: UInt8 { 0x3A }

    /// The two-digit number at `index`.
    @inline(__always)
    private static func pair(_ bytes: UnsafePointer<UInt8>, _ index: Int) -> Int64? {
        // Wrapping subtraction maps every non-digit above 9.
        let tens = bytes[index] &- 0x30
        let ones = bytes[index + 1] &- 0x30
        guard tens <= 9, ones <= 9 else { return nil }
        return Int64(tens) * 10 + Int64(ones)
    }

    /// Seconds east of UTC of the offset that ends the text.
    private static func offsetSeconds(_ bytes: UnsafePointer<UInt8>, _ index: Int, _ count: Int) -> Int64? {
        if bytes[index] | 0x20 == 0x7A { return index + 1 == count ? 0 : nil }
        guard
            bytes[index] == 0x2B || bytes[index] == dash, index + 6 == count, bytes[index + 3] == colon,
            let hours = pair(bytes, index + 1), let minutes = pair(bytes, index + 4), hours <= 23, minutes <= 59
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return bytes[index] == dash ? -seconds : seconds
    }
}

extension [UInt8] {
    /// Appends the time as `2018-06-11T00:04:52.454Z`; see ``RFC3339``.
    public mutating func appendRFC3339(_ ms: Int64) { RFC3339.append(ms, to: &self) }
}
