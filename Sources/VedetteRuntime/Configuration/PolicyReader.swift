import VedetteCore
import Yams

/// Policy rules: each form becomes one expression of the policy language.
struct PolicyReader {
    let vocabulary: PolicyVocabulary
    /// The signal that stands for the model's own score.
    let modelSignal: String

    /// The detector that holds the rules; nil without any.
    static func read(_ root: SectionReader, schema: EventSchema, modelSignal: String) -> DetectorSpec? {
        let section = root.section("policy")
        let reader = PolicyReader(vocabulary: PolicyVocabulary(schema: schema), modelSignal: modelSignal)
        var rules: [PolicyRule] = []
        for (index, inner) in (section.sections("rules") ?? []).enumerated() {
            guard let rule = reader.rule(inner) else { continue }
            if rules.contains(where: { $0.name == rule.name }) {
                root.sink.add("policy.rules[\(index)].name", expected: "a name of its own", found: ConfigurationText.quoted(rule.name))
            }
            rules.append(rule)
        }
        if section.node("single_signal") != nil, let rule = reader.singleSignal(section.section("single_signal")) { rules.append(rule) }
        guard !rules.isEmpty else { return nil }
        var set = PolicyRuleSet(rules: rules)
        set.keepFiringForMs = section.integer("keep_firing_for")
        return DetectorSpec(id: "policy", rule: .policy(set))
    }

    private static let forms = ["never", "require", "forbid_override", "max_share"]

    private func rule(_ section: SectionReader) -> PolicyRule? {
        let given = Self.forms.filter { section.node($0) != nil }
        guard given.count == 1 else {
            section.sink.add(
                section.path, expected: "exactly one of \(Self.forms.joined(separator: ", "))", found: given.isEmpty ? "none" : given.joined(separator: " and "))
            return nil
        }
        // Every part is read before any is given up: all errors are named, and not the first.
        var parts: [String?] = []
        if let models = models(section) { parts.append(models) }
        if let when = section.optionalText("when") { parts.append(program(when, section.path(of: "when"), section.sink).map { _ in "(\(when))" }) }
        var cap: PolicyCap?
        switch given[0] {
        case "never": parts.append(never(section))
        case "require": parts.append(requirement(section.section("require")))
        case "forbid_override": parts.append(section.boolean("forbid_override") ? "override is present" : "false")
        default:
            cap = self.cap(section.section("max_share"))
            if cap == nil { parts.append(nil) }
        }
        let name = section.text("name"), reason = section.optionalText("reason") ?? "", severity = section.word("severity", Severity.self)
        let missingBreaks = section.optionalText("missing").map { $0 == "breaks" } ?? (given[0] == "require")
        let known = parts.compactMap(\.self)
        guard known.count == parts.count, let condition = program(known.isEmpty ? "true" : known.joined(separator: " and "), section.path, section.sink)
        else { return nil }
        var rule = PolicyRule(name: name, reason: reason, severity: severity ?? (cap == nil ? .p0 : .p2), condition: condition)
        rule.missingBreaks = missingBreaks
        rule.cap = cap
        return rule
    }

    private func singleSignal(_ section: SectionReader) -> PolicyRule? {
        let within = "decision in [allow, block] and signals is present"
        guard vocabulary.schema.signals.contains(modelSignal) else { return nil }
        guard let condition = program(within, section.path, section.sink),
            let counted = program("signals only [\(Self.quoted(modelSignal))]", section.path, section.sink)
        else { return nil }
        var rule = PolicyRule(name: "single_signal", condition: condition)
        rule.severity = section.word("severity", Severity.self) ?? .p2
        var cap = numbers(section)(counted)
        cap.monitor = .singleSignal
        rule.cap = cap
        return rule
    }

    // MARK: Parts

    private func cap(_ section: SectionReader) -> PolicyCap? {
        let counted = program(section.text("of"), section.path(of: "of"), section.sink)
        let numbers = numbers(section)
        return counted.map(numbers)
    }

    /// Reads what a cap says beside its expression.
    private func numbers(_ section: SectionReader) -> (PolicyProgram) -> PolicyCap {
        let share = section.optionalNumber("share") ?? 0.5
        let period = section.integer("period"), minCount = section.integer("min_count"), alpha = section.number("alpha")
        return { counted in
            var cap = PolicyCap(counted: counted, share: share)
            (cap.periodMs, cap.minCount, cap.alpha) = (period, minCount, alpha)
            return cap
        }
    }

    private func models(_ section: SectionReader) -> String? {
        guard let names = section.texts("models", each: "a model of models", among: vocabulary.schema.models), !names.isEmpty else { return nil }
        return "model in [\(names.map(Self.quoted).joined(separator: ", "))]"
    }

    private func signals(_ key: String, _ section: SectionReader) -> [String] {
        section.texts(key, each: "a signal of signals", among: vocabulary.schema.signals) ?? []
    }

    /// Holds for a decision that does not rest on what is required.
    private func requirement(_ section: SectionReader) -> String {
        var lacks: [String] = []
        if let count = section.optionalInteger("count") { lacks.append("signals.count < \(count)") }
        let any = signals("any_of", section)
        if !any.isEmpty { lacks.append("not (\(any.map { "signals contains \(Self.quoted($0))" }.joined(separator: " or ")))") }
        lacks += signals("all_of", section).map { "not signals contains \(Self.quoted($0))" }
        // A list of which nothing is known is an error of its own already.
        let isGiven = ["any_of", "all_of"].contains { if case .sequence(let list)? = section.node($0) { !list.isEmpty } else { section.node($0) != nil } }
        if lacks.isEmpty, !isGiven { section.sink.add(section.path, expected: "count, any_of or all_of", found: "none") }
        return lacks.isEmpty ? "false" : "(\(lacks.joined(separator: " or ")))"
    }

    /// An expression, or a map whose entries must all hold.
    private func never(_ section: SectionReader) -> String? {
        guard let node = section.node("never") else { return nil }
        let path = section.path(of: "never")
        if let text = node.text {
            return program(text, path, section.sink) == nil ? nil : "(\(text))"
        }
        guard case .mapping(let mapping) = node, !mapping.isEmpty else {
            section.sink.add(path, at: node.position, expected: section.spec("never").kind.expectation, found: node.found)
            return nil
        }
        var parts: [String] = []
        for (key, value) in section.entries("never") ?? [] {
            guard let field = key.text else { continue }
            guard let part = term(field, value, "\(path).\(field)", section.sink) else { continue }
            if program(part, "\(path).\(field)", section.sink) != nil { parts.append(part) }
        }
        return parts.count == mapping.count ? parts.joined(separator: " and ") : nil
    }

    private func term(_ field: String, _ value: Node, _ path: String, _ sink: IssueSink) -> String? {
        let isList = if case .sequence = value { true } else { false }
        let elements: [Node] = if case .sequence(let sequence) = value { Array(sequence) } else { [value] }
        let literals = elements.compactMap(Self.literal)
        guard literals.count == elements.count, !literals.isEmpty else {
            sink.add(path, at: value.position, expected: "a value or a list of values", found: value.found)
            return nil
        }
        let list = literals.joined(separator: ", ")
        switch field {
        case "signals_only": return "signals only [\(list)]"
        case "signals_with": return literals.map { "signals contains \($0)" }.joined(separator: " and ")
        case "signals_without": return literals.map { "not signals contains \($0)" }.joined(separator: " and ")
        default:
            let name = Self.name(field)
            return isList ? "\(name) in [\(list)]" : "\(name) == \(list)"
        }
    }

    /// `slice.odd name` may be written in a key; in an expression it is `slice["odd name"]`.
    private static func name(_ field: String) -> String {
        guard let dot = field.firstIndex(of: ".") else { return field }
        return "\(field[..<dot])[\(quoted(String(field[field.index(after: dot)...])))]"
    }

    private static func literal(_ node: Node) -> String? {
        guard let text = node.text else { return nil }
        if case .scalar(let scalar) = node, scalar.style == .plain, Double(text) != nil || text == "true" || text == "false" { return text }
        return quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    private func program(_ source: String, _ path: String, _ sink: IssueSink) -> PolicyProgram? {
        do throws(PolicyProblem) {
            return try PolicyProgram(source, vocabulary: vocabulary)
        } catch {
            let suggestion = error.unknown.map { Suggestion.phrase(for: $0.name, among: $0.known) } ?? ""
            sink.add(path, expected: error.expected, found: "\(error.found)\(suggestion) (at \(error.position) of the expression)")
            return nil
        }
    }
}
