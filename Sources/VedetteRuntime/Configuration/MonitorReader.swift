import VedetteCore
import Yams

/// Baselines, drift references and monitors; names are resolved against what has been read before.
struct MonitorReader {
    let configuration: VedetteConfiguration
    let sink: IssueSink

    private var topology: TopologyConfiguration { configuration.topology }

    static func baselines(_ root: SectionReader) -> [BaselineFile] {
        (root.entries("baselines") ?? []).compactMap { key, value in
            guard let name = key.string else { return nil }
            guard ScalarParser.name(name) != nil else {
                root.sink.add("baselines.\(name)", at: key.position, expected: ConfigurationKey.Kind.name.expectation, found: key.found)
                return nil
            }
            guard let path = value.text, !path.isEmpty else {
                root.sink.add("baselines.\(name)", at: value.position, expected: "the path of a file", found: value.found)
                return nil
            }
            return BaselineFile(name: name, path: path)
        }
    }

    func drift(_ root: SectionReader) -> [DriftReference] {
        (root.sections("drift") ?? []).map { section in
            let reference = reference("reference", in: section)
            if reference == nil { section.reportMissing("reference") }
            return DriftReference(name: section.text("name"), reference: reference ?? .previousWindow)
        }
    }

    func monitors(_ root: SectionReader) -> [MonitorSpec] {
        guard let sections = root.sections("monitors") else { return root.has("monitors") ? [] : defaults() }
        if sections.isEmpty { sink.add("monitors", expected: "at least one monitor", found: "an empty list; nothing raises alarms", .warning) }
        return sections.compactMap(monitor)
    }

    /// The default monitors that the windows and panes of this file allow.
    private func defaults() -> [MonitorSpec] {
        let composition = Composition(topology.panes)
        let possible = DefaultMonitors.make(for: topology).filter { monitor in
            let window = topology.windows[monitor.window]
            return window.hopMs > 0 && topology.panes.levels.allSatisfy { $0.sizeMs > 0 }
                && composition.obstacle(to: window, reference: monitor.reference) == nil
        }
        let missing = DefaultMonitors.windowByName.filter { name, _ in !possible.contains { $0.rule.name == name } }
        if !missing.isEmpty, sink.errorCount == 0 {
            sink.add(
                "windows", expected: "those of the default monitors, or monitors of your own",
                found: "none that suits \(missing.map { "\($0.name) (\($0.window))" }.joined(separator: ", ")); what is named does not watch", .warning)
        }
        return possible
    }

    private func monitor(_ section: SectionReader) -> MonitorSpec? {
        let kind = section.optionalText("monitor").flatMap(MonitorRegistry.rule(named:))
        let window = window(section)
        let models = models(section)
        let slices = slices(section)
        let reference = reference("reference", in: section) ?? .previousWindow
        let severity = severity(section)
        guard let kind else { return nil }
        let rule = MonitorSpec.Rule(rule(kind.init(), section))
        let windowName = topology.windows.indices.contains(window) ? topology.windows[window].name : ""
        let id = section.optionalText("id") ?? "\(kind.name)_\(windowName)"
        var spec = MonitorSpec(id: id, rule: rule, window: window, reference: reference, severity: severity.base ?? kind.defaultSeverity)
        spec.severitySteps = severity.steps
        spec.models = models
        spec.slices = slices.selection
        spec.sliceValues = slices.values
        spec.alpha = section.optionalNumber("alpha")
        spec.minCount = section.integer("min_count")
        spec.forMs = section.integer("for")
        spec.keepFiringForMs = section.integer("keep_firing_for")
        spec.clearRatio = section.number("clear_ratio")
        return spec
    }

    private func rule<Rule: MonitorRule>(_ start: Rule, _ section: SectionReader) -> Rule {
        let own = Rule.parameters.map(\.name)
        var reported = Set<String>()
        for other in MonitorRegistry.rules {
            for key in other.parameters.map(\.name) where !own.contains(key) && section.has(key) && reported.insert(key).inserted {
                sink.add(
                    section.path(of: key), at: section.raw(key)?.position, expected: "keys of \(Rule.name) (\(own.joined(separator: ", ")))",
                    found: "\"\(key)\", which belongs to \(other.name)")
            }
        }
        var rule = start
        for parameter in Rule.parameters { if let value = value(parameter, section) { rule.set(parameter.name, to: value) } }
        rule.settle(given: Set(own.filter { section.has($0) }))
        return rule
    }

    /// Nil where the key is absent or wrong (and reported).
    private func value(_ parameter: MonitorParameter, _ section: SectionReader) -> MonitorParameter.Value? {
        guard section.has(parameter.name) else { return nil }
        switch parameter.kind {
        case .number, .share: return section.optionalNumber(parameter.name).map { .real($0) }
        case .integer, .duration: return section.optionalInteger(parameter.name).map { .whole($0) }
        case .word: return section.optionalText(parameter.name).map { .word($0) }
        }
    }

    /// One word, or steps by the size of the effect.
    private func severity(_ section: SectionReader) -> (base: Severity?, steps: [SeverityStep]) {
        guard let node = section.node("severity") else { return (nil, []) }
        if let text = node.text, let severity = Severity(rawValue: text) { return (severity, []) }
        guard case .mapping = node else {
            let words = Severity.allCases.map(\.rawValue)
            let suggestion = node.text.map { Suggestion.phrase(for: $0, among: words) } ?? ""
            sink.add(section.path(of: "severity"), at: node.position, expected: section.spec("severity").kind.expectation, found: node.found + suggestion)
            return (nil, [])
        }
        let inner = section.section("severity")
        var steps: [SeverityStep] = []
        for severity in Severity.allCases where inner.has(severity.rawValue) {
            let step = inner.section(severity.rawValue)
            let (above, times) = (step.optionalNumber("above"), step.optionalNumber("times"))
            if above == nil, times == nil {
                sink.add(step.path, at: sink.position(of: step.path), expected: "above or times", found: "neither")
            }
            steps.append(SeverityStep(severity: severity, above: above, times: times))
        }
        return (inner.word("otherwise", Severity.self), steps)
    }

    /// The index of the window; -1 after an error.
    private func window(_ section: SectionReader) -> Int {
        guard let name = section.optionalText("window") else { return -1 }
        let known = topology.windows.map(\.name)
        if let index = known.firstIndex(of: name) { return index }
        sink.add(
            section.path(of: "window"), expected: "a window of windows (\(known.joined(separator: ", ")))",
            found: ConfigurationText.quoted(name) + Suggestion.phrase(for: name, among: known))
        return -1
    }

    func models(_ section: SectionReader) -> [String] {
        guard let elements = section.elements("models") else { return [] }
        let known = topology.models.map(\.name)
        if elements.isEmpty { sink.add(section.path(of: "models"), expected: "at least one model, or no such key for all", found: "an empty list") }
        return elements.enumerated().compactMap { index, node in
            if let name = node.text, known.contains(name) { return name }
            let suggestion = node.text.map { Suggestion.phrase(for: $0, among: known) } ?? ""
            sink.add(
                "\(section.path(of: "models"))[\(index)]", at: node.position, expected: "a model of models (\(known.joined(separator: ", ")))",
                found: node.found + suggestion)
            return nil
        }
    }

    /// `overall`, `all`, or a list of dimensions and combinations that are declared groups, and of single slices of such.
    func slices(_ section: SectionReader) -> (selection: SliceSelection, values: [SliceName]) {
        guard let node = section.node("slices") else { return (.overall, []) }
        let place = section.path(of: "slices"), dimensions = topology.schema.dimensions
        if let word = node.text {
            if word == "overall" { return (.overall, []) }
            if word == "all" { return (.all, []) }
        }
        guard case .sequence(let sequence) = node, !sequence.isEmpty else {
            let suggestion = node.text.map { Suggestion.phrase(for: $0, among: ["overall", "all"]) } ?? ""
            sink.add(place, at: node.position, expected: section.spec("slices").kind.expectation, found: node.found + suggestion)
            return (.overall, [])
        }
        var groups: [[Int]] = []
        var values: [SliceName] = []
        for (index, element) in sequence.enumerated() {
            let path = "\(place)[\(index)]"
            let group: [Int]?
            if case .mapping(let mapping) = element {
                if let value = slice(mapping, path: path, element) { values.append(value) }
                continue
            }
            if case .sequence = element {
                group = SliceReader.combination(element, path: path, dimensions: dimensions, sink: sink)
            } else {
                group = SliceReader.dimension(element, path: path, dimensions: dimensions, sink: sink).map { [$0] }
            }
            guard let group else { continue }
            if !topology.slices.groups.contains(group) {
                sink.add(path, at: element.position, expected: "a combination of slices.combinations", found: "one that is not there")
            } else if groups.contains(group) {
                sink.add(path, at: element.position, expected: "each group once", found: "it again")
            } else {
                groups.append(group)
            }
        }
        return (.groups(groups), values)
    }

    /// `{dimension: value, …}` of a declared group; nil after an error.
    private func slice(_ mapping: Node.Mapping, path: String, _ element: Node) -> SliceName? {
        let dimensions = topology.schema.dimensions
        var parts: [(index: Int, value: String?)] = []
        for (key, value) in mapping {
            guard let index = SliceReader.dimension(key, path: path, dimensions: dimensions, sink: sink) else { return nil }
            parts.append((index, value.isNull ? nil : value.text))
        }
        parts.sort { $0.index < $1.index }
        guard topology.slices.groups.contains(parts.map(\.index)) else {
            sink.add(path, at: element.position, expected: "a dimension, or a combination of slices.combinations", found: "one that is not there")
            return nil
        }
        return SliceName(parts.map { SliceName.Part(dimension: dimensions[$0.index], value: $0.value) })
    }

    /// Nil where the key is absent or wrong (and reported).
    private func reference(_ key: String, in section: SectionReader) -> Reference? {
        guard let node = section.node(key) else { return nil }
        let place = section.path(of: key), expected = section.spec(key).kind.expectation
        if node.text == "previous_window" { return .previousWindow }
        if node.text == "same_hours" { return .sameHours(weeks: defaultWeeks) }
        guard case .mapping(let mapping) = node, mapping.count == 1 else {
            let words = ["previous_window", "same_hours"]
            let suggestion = node.text.map { Suggestion.phrase(for: $0, among: words) } ?? ""
            sink.add(place, at: node.position, expected: expected, found: node.found + suggestion)
            return .previousWindow
        }
        let inner = section.section(key)
        if inner.has("same_hours") { return .sameHours(weeks: Int(inner.section("same_hours").integer("weeks"))) }
        if inner.has("pinned") {
            if inner.node("pinned") == nil { sink.add("\(place).pinned", expected: ConfigurationKey.Kind.timestamp.expectation, found: "nothing") }
            return inner.optionalInteger("pinned").map { .pinned(startMs: $0) } ?? .previousWindow
        }
        if inner.has("baseline") { return baseline(inner, place) }
        if inner.has("version") {
            if inner.node("version") == nil { sink.add("\(place).version", expected: "a model version", found: "nothing") }
            return inner.optionalText("version").map { .version(name: $0) } ?? .previousWindow
        }
        return .previousWindow
    }

    private var defaultWeeks: Int {
        guard let spec = ConfigurationKey.byPath["monitors[].reference.same_hours.weeks"], case .value(let text) = spec.fallback else { return 1 }
        return Int(text) ?? 1
    }

    private func baseline(_ section: SectionReader, _ place: String) -> Reference {
        guard let name = section.optionalText("baseline") else {
            if section.node("baseline") == nil { sink.add("\(place).baseline", expected: "a name of baselines", found: "nothing") }
            return .previousWindow
        }
        let known = configuration.baselines.map(\.name)
        if !known.contains(name) {
            sink.add(
                "\(place).baseline", expected: known.isEmpty ? "a name of baselines (none are declared)" : "a name of baselines (\(known.joined(separator: ", ")))",
                found: ConfigurationText.quoted(name) + Suggestion.phrase(for: name, among: known))
        }
        return .baseline(name: name)
    }
}
