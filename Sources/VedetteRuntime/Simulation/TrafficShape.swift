/// How busy it is: a factor with mean 1 over a week, from the hour of the day and the day of the week.
struct TrafficShape: Sendable {
    private static let hourMs: Int64 = 3_600_000
    private static let dayMs: Int64 = 86_400_000
    /// Relative volume at each full hour, UTC, of customers spread over Europe and the Americas.
    private static let hours: [Double] = [
        0.42, 0.33, 0.28, 0.26, 0.29, 0.40, 0.62, 0.88, 1.08, 1.18, 1.22, 1.27,
        1.33, 1.28, 1.22, 1.24, 1.33, 1.46, 1.56, 1.52, 1.36, 1.12, 0.84, 0.58,
    ]
    /// Relative volume from Monday to Sunday.
    private static let weekdays: [Double] = [0.96, 0.95, 0.97, 1.01, 1.12, 1.08, 0.91]

    private let hourly: ContiguousArray<Double>
    private let daily: ContiguousArray<Double>

    init() {
        let hourMean = Self.hours.reduce(0, +) / 24
        let dayMean = Self.weekdays.reduce(0, +) / 7
        hourly = ContiguousArray(Self.hours.map { $0 / hourMean })
        daily = ContiguousArray(Self.weekdays.map { $0 / dayMean })
    }

    /// The factor at a time, linear between full hours.
    func factor(atMs timeMs: Int64) -> Double {
        // A multiple of a week, which makes every time since the year 1 positive; 1970-01-01 was a Thursday.
        let shifted = timeMs + 110_000 * 7 * Self.dayMs
        let day = Int((shifted / Self.dayMs + 3) % 7)
        let ofDay = shifted % Self.dayMs
        let hour = Int(ofDay / Self.hourMs)
        let fraction = Double(ofDay % Self.hourMs) / Double(Self.hourMs)
        return daily[day] * (hourly[hour] * (1 - fraction) + hourly[(hour + 1) % 24] * fraction)
    }
}
