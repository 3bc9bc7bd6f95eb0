/// How times are written in a record.
public enum TimeFormat: String, CaseIterable, Sendable {
    /// A string as in RFC 3339; see ``RFC3339``.
    case rfc3339
    /// Seconds, milliseconds or microseconds since 1970 UTC: a JSON integer, or a string of one.
    /// A number with a fraction is taken to the microsecond and then cut to the millisecond.
    case epochSeconds = "epoch_s"
    case epochMilliseconds = "epoch_ms"
    case epochMicroseconds = "epoch_us"
    /// A string is RFC 3339, a number epoch milliseconds.
    case auto

    /// Units per second of an epoch format; milliseconds for the others, which read numbers as `auto` does.
    var unitsPerSecond: Int64 {
        switch self {
        case .epochSeconds: 1
        case .epochMicroseconds: 1_000_000
        case .rfc3339, .epochMilliseconds, .auto: 1000
        }
    }

    /// Milliseconds of a whole number of units, rounded down; nil outside the years 0000 to 9999.
    func milliseconds(_ units: Int64) -> Int64? {
        let perSecond = unitsPerSecond
        let ms: Int64
        if perSecond > 1000 {
            let divisor = perSecond / 1000
            let quotient = units / divisor
            ms = units % divisor < 0 ? quotient - 1 : quotient
        } else {
            let (product, overflow) = units.multipliedReportingOverflow(by: 1000 / perSecond)
            guard !overflow else { return nil }
            ms = product
        }
        return RFC3339.range.contains(ms) ? ms : nil
    }

    /// Milliseconds of a number of units with a fraction; nil outside the years 0000 to 9999.
    ///
    /// The fraction is rounded to whole microseconds first: a double near 1.5e9 seconds is
    /// exact to 0.24 us, so that undoes the error of writing the fraction in binary, and
    /// cutting to milliseconds then agrees with the other formats.
    func milliseconds(_ units: Double) -> Int64? {
        let microsecondsPerUnit = 1_000_000 / unitsPerSecond
        let whole = units.rounded(.down)
        // 4e17 us is beyond the year 9999 and well inside Int64, so the conversions cannot trap.
        guard whole.magnitude * Double(microsecondsPerUnit) < 4e17 else { return nil }
        let fraction = ((units - whole) * Double(microsecondsPerUnit)).rounded()
        return TimeFormat.epochMicroseconds.milliseconds(Int64(whole) * microsecondsPerUnit + Int64(fraction))
    }
}
