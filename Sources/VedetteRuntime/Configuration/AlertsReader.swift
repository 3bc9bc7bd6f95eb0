import VedetteCore

/// The budget of false alerts, the cap, and silences that are planned ahead.
struct AlertsReader {
    let configuration: VedetteConfiguration
    let sink: IssueSink

    func read(_ section: SectionReader, into topology: inout TopologyConfiguration) {
        topology.falseAlertsPerMonth = section.number("false_alerts_per_month")
        topology.maxAlertsPerHour = Int(section.integer("max_per_hour"))
        let sections = section.sections("silences") ?? []
        topology.silences = sections.map(silence)
        for (index, one) in topology.silences.enumerated() where topology.silences[..<index].contains(where: { $0.id == one.id }) {
            sink.add(sections[index].path(of: "id"), expected: "each id once", found: "\(one.id) again")
        }
    }

    private func silence(_ section: SectionReader) -> Silence {
        let (from, until, every) = (section.integer("from"), section.integer("until"), section.optionalInteger("every") ?? 0)
        if section.has("from"), section.has("until"), until <= from {
            sink.add(section.path(of: "until"), expected: "a time after from", found: "one that is not")
        } else if every > 0, every < until - from {
            sink.add(section.path(of: "every"), expected: "at least the length of the silence", found: DurationText.format(every))
        }
        let matcher = Silence.Matcher(
            monitor: name("monitor", "the id or kind of a monitor", AlertNames(configuration.topology).all, section),
            model: name("model", "a model of models", configuration.topology.models.map(\.name), section),
            subject: section.optionalText("subject"), slice: slice(section))
        return Silence(
            id: section.text("id"), matcher: matcher, from: from, until: until, everyMs: every, reason: section.text("reason"),
            author: "configuration")
    }

    /// A silence that names nothing would silence nothing without a word.
    private func name(_ key: String, _ expected: String, _ known: [String], _ section: SectionReader) -> String? {
        guard let name = section.optionalText(key) else { return nil }
        if !known.contains(name) {
            sink.add(
                section.path(of: key), expected: "\(expected) (\(known.joined(separator: ", ")))",
                found: ConfigurationText.quoted(name) + Suggestion.phrase(for: name, among: known))
        }
        return name
    }

    private func slice(_ section: SectionReader) -> SliceName {
        var slice = SliceName()
        let dimensions = configuration.topology.schema.dimensions
        for (key, value) in section.entries("slice") ?? [] {
            let place = "\(section.path(of: "slice")).\(key.string ?? "")"
            guard let name = key.string, dimensions.contains(name) else {
                sink.add(place, at: key.position, expected: "a dimension of slices.dimensions (\(dimensions.joined(separator: ", ")))", found: key.found)
                continue
            }
            guard let text = value.text else {
                sink.add(place, at: value.position, expected: "a value of \(name)", found: value.found)
                continue
            }
            slice.parts.append(.init(dimension: name, value: text))
        }
        slice.parts.sort { $0.dimension < $1.dimension }
        return slice
    }
}
