extension SimulationScenario {
    /// Reads `kind` or `kind:key=value,...`, as on a command line.
    ///
    /// Keys: `from` and `until` (durations after the start of the stream: `90s`, `30m`, `12h`,
    /// `2d`, `1w`), `strength`, `slice` (`country=FR`), `feature`, `bound` (a duration).
    /// Example: `score_drift:from=2d,until=3d,strength=1.5,slice=channel=app`.
    public init(parsing text: String) throws(SimulationError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let kind = ScenarioKind(rawValue: String(name)) else {
            let known = ScenarioKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw SimulationError(key: "scenario \(text)", expected: "one of \(known)")
        }
        self.init(kind)
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[1].isEmpty else {
                throw SimulationError(key: "scenario \(text)", expected: "key=value pairs, found \"\(pair)\"")
            }
            try set(String(sides[0]), String(sides[1]))
        }
    }

    private mutating func set(_ key: String, _ value: String) throws(SimulationError) {
        switch key {
        case "from": fromMs = try Self.duration(value, key)
        case "until": untilMs = try Self.duration(value, key)
        case "bound": boundMs = try Self.duration(value, key)
        case "feature": feature = value
        case "strength":
            guard let number = Double(value), number.isFinite else {
                throw SimulationError(key: "scenario strength", expected: "a number, found \"\(value)\"")
            }
            strength = number
        case "slice":
            let sides = value.split(separator: "=", maxSplits: 1)
            guard sides.count == 2 else {
                throw SimulationError(key: "scenario slice", expected: "dimension=value, found \"\(value)\"")
            }
            slice = SliceTarget(dimension: String(sides[0]), value: String(sides[1]))
        default:
            throw SimulationError(key: "scenario key \(key)", expected: "from, until, strength, slice, feature or bound")
        }
    }

    private static func duration(_ text: String, _ key: String) throws(SimulationError) -> Int64 {
        let unitMs: [Character: Int64] = ["s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000]
        let number = text.hasSuffix("ms") ? Int64(text.dropLast(2)) : Int64(text.dropLast())
        let unit = text.hasSuffix("ms") ? 1 : text.last.flatMap { unitMs[$0] }
        guard let number, let unit, number >= 0, number < 1_000_000_000 else {
            throw SimulationError(key: "scenario \(key)", expected: "a duration such as 30m, 12h or 2d, found \"\(text)\"")
        }
        return number * unit
    }
}
