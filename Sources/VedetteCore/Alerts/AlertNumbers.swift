/// Numbers and times as people read them in an alert. Pure, no locale.
enum AlertNumbers {
    /// `12,034`.
    static func count(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// `43.1 %`; two digits after the point below 1 %, none where they are zero. What is there is never `0 %`, and what is not all never `100 %`.
    static func percent(_ share: Double) -> String {
        if share > 0, share < 0.00005 { return "less than 0.01 %" }
        if share < 1, share >= 0.9995 { return share < 0.99995 ? decimal(share * 100, digits: 2) + " %" : "more than 99.99 %" }
        return decimal(share * 100, digits: abs(share) < 0.01 ? 2 : 1) + " %"
    }

    /// Rounded to at most `digits` digits after the point, without trailing zeros.
    static func decimal(_ value: Double, digits: Int = 2) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        // Scaled down where the product would leave the integers; nobody reads decimals there.
        guard abs(value) < 1e12 else { return count(Int64(value.rounded())) }
        let scaled = Int64((abs(value) * Double(scale)).rounded())
        var text = (value < 0 && scaled > 0 ? "-" : "") + count(scaled / scale)
        var rest = String(scaled % scale)
        rest = String(repeating: "0", count: max(0, digits - rest.count)) + rest
        while rest.hasSuffix("0") { rest.removeLast() }
        if scaled % scale != 0 { text += "." + rest }
        return text
    }

    /// `2026-11-23 10:00`, UTC. Milliseconds since 1970.
    static func time(_ ms: Int64) -> String { date(ms) + " " + clock(ms) }

    /// `2026-11-23 10:00–11:00 UTC`, or both dates where they differ.
    static func window(_ start: Int64, _ end: Int64) -> String {
        date(start) == date(end) ? "\(time(start))–\(clock(end)) UTC" : "\(time(start)) – \(time(end)) UTC"
    }

    /// `45 min`, `2 h`, `7 d`, `90 s`.
    static func duration(_ ms: Int64) -> String {
        for (unit, name) in [(86_400_000 as Int64, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")] where ms >= unit && ms % unit == 0 {
            return "\(ms / unit) \(name)"
        }
        return "\(ms) ms"
    }

    private static func clock(_ ms: Int64) -> String {
        let minutes = floorDivide(ms, 60_000) - floorDivide(ms, 86_400_000) * 1_440
        return two(minutes / 60) + ":" + two(minutes % 60)
    }

    /// Civil date from days since 1970, proleptic Gregorian: H. Hinnant, "chrono-compatible low-level date algorithms".
    private static func date(_ ms: Int64) -> String {
        let z = floorDivide(ms, 86_400_000) + 719_468
        let era = floorDivide(z, 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(two(month))-\(two(dayOfYear - (153 * shifted + 2) / 5 + 1))"
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
