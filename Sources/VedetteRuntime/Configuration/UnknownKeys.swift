import Yams

/// Finds keys that the table does not have, and keys that stand twice in one section.
enum UnknownKeys {
    /// Walks the whole file; a section that is not in the table is reported once and not entered.
    static func check(_ document: YAMLDocument, sink: IssueSink) {
        guard let root = document.root else { return }
        walk(root, path: "", pattern: "", sink: sink)
    }

    private static func walk(_ node: Node, path: String, pattern: String, sink: IssueSink) {
        switch node {
        case .mapping(let mapping):
            let known = ConfigurationKey.children[pattern] ?? []
            for (key, value) in mapping {
                guard let name = key.string, case .scalar = key else {
                    sink.add(path, at: key.position, expected: "a text as key", found: key.found)
                    continue
                }
                let full = path.isEmpty ? name : "\(path).\(name)"
                if YAMLDocument.isRenamed(key) {
                    reportRepeated(key, in: mapping, path: path, sink: sink)
                } else if known.contains(name) {
                    walk(value, path: full, pattern: pattern.isEmpty ? name : "\(pattern).\(name)", sink: sink)
                } else if let free = known.first(where: { $0.hasPrefix("<") }) {
                    walk(value, path: full, pattern: "\(pattern).\(free)", sink: sink)
                } else if !known.isEmpty {
                    report(name, at: key.position, path: full, known: known, sink: sink)
                }
            }
        case .sequence(let sequence):
            for (index, element) in sequence.enumerated() {
                walk(element, path: "\(path)[\(index)]", pattern: "\(pattern)[]", sink: sink)
            }
        case .scalar, .alias:
            break
        }
    }

    private static func report(_ name: String, at position: Position, path: String, known: [String], sink: IssueSink) {
        let suggestion = Suggestion.phrase(for: name, among: known)
        var expected = suggestion.isEmpty ? "one of \(known.joined(separator: ", "))" : "a known key"
        if name == "<<" { expected = "keys of this section (merge keys are not supported, aliases are)" }
        sink.add(path, at: position, expected: expected, found: "the unknown key \(ConfigurationText.quoted(name))\(suggestion)")
    }

    /// The renamed key is the earlier one; the complaint goes to the last one of the same name, which stayed.
    private static func reportRepeated(_ renamed: Node, in mapping: Node.Mapping, path: String, sink: IssueSink) {
        guard let tail = renamed.string?.dropFirst() else { return }
        let survivor = mapping.first { !YAMLDocument.isRenamed($0.key) && $0.key.string?.dropFirst() == tail }
        let name = survivor?.key.string ?? String(tail)
        sink.add(
            path.isEmpty ? name : "\(path).\(name)", at: survivor?.key.position ?? renamed.position,
            expected: "each key once", found: "it also in line \(renamed.position.line)")
    }
}
