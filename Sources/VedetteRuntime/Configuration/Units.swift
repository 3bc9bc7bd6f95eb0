import VedetteCodec

/// Durations as people write them: `5m`, `7d`, `250ms`, `1d12h`. In milliseconds.
public enum DurationText {
    /// Largest first. A month or a year is not here: neither has a fixed length.
    static let units: [(name: String, milliseconds: Int64)] = [
        ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Nil where the text is not one or more whole numbers with a unit each, or is beyond 64 bits.
    public static func parse(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        var total: Int64 = 0
        var rest = text[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(name.count)
            guard let number = Int64(digits), let unit = units.first(where: { $0.name == name }) else { return nil }
            let part = number.multipliedReportingOverflow(by: unit.milliseconds)
            let sum = total.addingReportingOverflow(part.partialValue)
            guard !part.overflow, !sum.overflow else { return nil }
            total = sum.partialValue
        }
        return total
    }

    /// The shortest exact text, without weeks: `7d`, `28d5m`, `0s`.
    public static func format(_ milliseconds: Int64) -> String {
        guard milliseconds != 0 else { return "0s" }
        var rest = milliseconds.magnitude
        var text = milliseconds < 0 ? "-" : ""
        for unit in units.dropFirst() {
            let size = unit.milliseconds.magnitude
            if rest >= size { text += "\(rest / size)\(unit.name)" }
            rest %= size
        }
        return text
    }
}

/// Sizes as people write them: `64MiB`, `512KiB`, `1GB`. In bytes.
public enum SizeText {
    static let units: [(name: String, bytes: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("KB", 1_000), ("B", 1),
    ]

    /// Nil where the text is not a whole number with a unit, or is beyond 64 bits.
    public static func parse(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text.dropFirst(digits.count)
        guard let number = Int64(digits), let unit = units.first(where: { $0.name == name }) else { return nil }
        let product = number.multipliedReportingOverflow(by: unit.bytes)
        return product.overflow ? nil : product.partialValue
    }

    /// The shortest exact text: `64MiB`, `1500B`.
    public static func format(_ bytes: Int64) -> String {
        for unit in units.prefix(3) where bytes != 0 && bytes % unit.bytes == 0 { return "\(bytes / unit.bytes)\(unit.name)" }
        return "\(bytes)B"
    }
}

/// Points in time: `2018-06-11` or `2018-06-11T08:30:00Z`. In milliseconds since 1970 UTC.
public enum TimestampText {
    /// Length of a date without a time of day.
    private static let dateLength = 10

    /// Nil where the text is neither an RFC 3339 time nor a date (its midnight in UTC).
    public static func parse(_ text: String) -> Int64? {
        RFC3339.parse(text.utf8.count == dateLength ? text + "T00:00:00Z" : text)
    }

    /// `2018-06-11` for a midnight in UTC, else `2018-06-11T08:30:00.000Z`.
    public static func format(_ milliseconds: Int64) -> String {
        let text = RFC3339.string(milliseconds)
        return milliseconds % 86_400_000 == 0 ? String(text.prefix(dateLength)) : text
    }
}
