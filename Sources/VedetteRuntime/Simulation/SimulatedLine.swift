/// The bytes of one JSON line under construction, without the line break.
///
/// Numbers are integers scaled by a power of ten, so what is written is exactly what was
/// decided on, and no formatter is involved. Appending is amortised O(1) per byte.
struct SimulatedLine {
    private(set) var bytes: [UInt8]

    init(reservingCapacity capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func raw(_ fragment: [UInt8]) { bytes.append(contentsOf: fragment) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func integer(_ value: Int) {
        if value < 0 { bytes.append(0x2D) }
        digits(value.magnitude, atLeast: 1)
    }

    /// `scaled` divided by 10^`decimals`, with all its decimals: 1250 with 2 is `12.50`.
    mutating func fixed(_ scaled: Int, decimals: Int) {
        if scaled < 0 { bytes.append(0x2D) }
        let divisor = Self.powersOfTen[decimals]
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: divisor)
        digits(whole, atLeast: 1)
        bytes.append(0x2E)
        digits(fraction, atLeast: decimals)
    }

    /// The lowest `digits` hexadecimal digits of a word, lower case.
    mutating func hex(_ word: UInt64, digits: Int) {
        var shift = digits * 4
        while shift > 0 {
            shift -= 4
            let nibble = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 0xF
            bytes.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
    }

    /// Decimal digits, padded with zeros on the left.
    mutating func digits(_ value: UInt, atLeast minimum: Int) {
        // 20 digits hold every 64-bit integer.
        var buffer: InlineArray<20, UInt8> = .init(repeating: 0x30)
        var start = 20
        var rest = value
        while rest > 0 {
            start -= 1
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            buffer[start] = 0x30 + UInt8(truncatingIfNeeded: remainder)
            rest = quotient
        }
        start = min(start, 20 - minimum)
        while start < 20 {
            bytes.append(buffer[start])
            start += 1
        }
    }

    /// A quoted RFC 3339 time in UTC with milliseconds, years 0 to 9999.
    ///
    /// The civil date is Howard Hinnant's `civil_from_days`.
    mutating func time(_ epochMs: Int64) {
        let dayMs: Int64 = 86_400_000
        let days = epochMs >= 0 ? epochMs / dayMs : (epochMs - dayMs + 1) / dayMs
        let ofDay = UInt(epochMs - days * dayMs)
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        byte(0x22)
        digits(UInt(max(0, year)), atLeast: 4)
        byte(0x2D)
        digits(UInt(month), atLeast: 2)
        byte(0x2D)
        digits(UInt(day), atLeast: 2)
        byte(0x54)
        digits(ofDay / 3_600_000, atLeast: 2)
        byte(0x3A)
        digits(ofDay / 60_000 % 60, atLeast: 2)
        byte(0x3A)
        digits(ofDay / 1000 % 60, atLeast: 2)
        byte(0x2E)
        digits(ofDay % 1000, atLeast: 3)
        byte(0x5A)
        byte(0x22)
    }

    /// Any text as a quoted JSON string. For configuration, not for the record path.
    static func quoted(_ text: String) -> [UInt8] {
        var out: [UInt8] = [0x22]
        for unit in text.utf8 {
            switch unit {
            case 0x22, 0x5C: out.append(contentsOf: [0x5C, unit])
            case 0..<0x20:
                out.append(contentsOf: Array("\\u00".utf8))
                let hex = Array("0123456789abcdef".utf8)
                out.append(contentsOf: [hex[Int(unit >> 4)], hex[Int(unit & 15)]])
            default: out.append(unit)
            }
        }
        out.append(0x22)
        return out
    }

    private static let powersOfTen: [UInt] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
}
