/// The configuration reference of the README, generated from the table of keys.
public enum ConfigurationReference {
    /// What stands between these two lines in the README is ``markdown()``, verbatim.
    public static let beginMarker = "<!-- configuration-reference:begin -->"
    public static let endMarker = "<!-- configuration-reference:end -->"

    /// One table of all keys, then the default monitors. Ends with a line break.
    public static func markdown() -> String {
        var lines = [
            "Durations are whole numbers with a unit (`250ms`, `5m`, `1d12h`, `7d`), sizes likewise (`64KiB`, `1MiB`), shares numbers or percentages",
            "(`0.05`, `5%`), times RFC 3339 or dates (`2026-01-05`, midnight UTC). `[]` stands for each element of a list, `<name>` for a key of your choice.",
            "Paths of files are relative to the working directory.",
            "",
            "| key | type | unit | default | range | meaning |",
            "|---|---|---|---|---|---|",
        ]
        for key in ConfigurationKey.all {
            let cells = ["`\(key.path)`", key.kind.typeName, key.kind.unitName, key.defaultText, key.kind.rangeText, key.documentation]
            lines.append("| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |")
        }
        lines += ["", DefaultMonitors.documentation]
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ConfigurationKey {
    /// The column "default" of the reference.
    var defaultText: String {
        switch fallback {
        case .required: "**required**"
        case .none: ""
        case .value(let text): "`\(text)`"
        case .computed(let text): text
        }
    }
}
