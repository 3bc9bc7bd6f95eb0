import Yams

/// Reads the keys of one section by the table: types, ranges and defaults come from there.
///
/// Every getter answers with a value of the right type, the default where the key is absent or
/// wrong, and reports what is wrong to the sink; so a loader never stops at the first error.
struct SectionReader {
    /// The place in this file, such as `windows[2]`; empty for the root.
    let path: String
    /// The place in the table, such as `windows[]`.
    let pattern: String
    /// Nil where the section is absent or is not one.
    let mapping: Node.Mapping?
    /// Whether there is nothing at all, which is not the same as the wrong thing.
    let isAbsent: Bool
    let sink: IssueSink

    init(path: String, pattern: String, node: Node?, sink: IssueSink) {
        self.path = path
        self.pattern = pattern
        self.sink = sink
        isAbsent = node == nil
        guard let node else {
            mapping = nil
            return
        }
        sink.remember(path, at: node.position)
        if case .mapping(let mapping) = node {
            self.mapping = mapping
        } else {
            mapping = nil
            if !node.isNull { sink.add(path, at: node.position, expected: "a section with keys", found: node.found) }
        }
    }

    /// Reports a required section that is not there.
    func reportAbsence() {
        guard isAbsent, let spec = ConfigurationKey.byPath[pattern], case .required = spec.fallback else { return }
        sink.add(path, at: sink.position(of: path), expected: spec.kind.expectation, found: "nothing")
    }

    func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func spec(_ key: String) -> ConfigurationKey {
        let full = pattern.isEmpty ? key : "\(pattern).\(key)"
        guard let spec = ConfigurationKey.byPath[full] else {
            preconditionFailure("the loader reads \(full), which the table of keys does not have")
        }
        return spec
    }

    /// The value's node; nil where the key is absent or null. Remembers its place.
    func node(_ key: String) -> Node? {
        guard let node = raw(key), !node.isNull else { return nil }
        return node
    }

    /// The value's node, null included.
    func raw(_ key: String) -> Node? {
        guard let pair = mapping?.first(where: { $0.key.string == key }) else { return nil }
        // An empty value has no place of its own worth pointing at.
        sink.remember(path(of: key), at: pair.value.isNull ? pair.key.position : pair.value.position)
        return pair.value
    }

    func has(_ key: String) -> Bool { mapping?.contains { $0.key.string == key } ?? false }

    func section(_ key: String) -> SectionReader {
        SectionReader(path: path(of: key), pattern: spec(key).path, node: node(key), sink: sink)
    }

    /// The elements of a list of sections; nil where the key is absent.
    func sections(_ key: String) -> [SectionReader]? {
        elements(key)?.enumerated().map { index, node in
            SectionReader(path: "\(path(of: key))[\(index)]", pattern: "\(spec(key).path)[]", node: node, sink: sink)
        }
    }

    /// The elements of a list; nil where the key is absent.
    func elements(_ key: String) -> [Node]? {
        guard let node = node(key) else {
            reportMissing(key)
            return nil
        }
        guard case .sequence(let sequence) = node else {
            sink.add(path(of: key), at: node.position, expected: spec(key).kind.expectation, found: node.found)
            return nil
        }
        for (index, element) in sequence.enumerated() { sink.remember("\(path(of: key))[\(index)]", at: element.position) }
        return Array(sequence)
    }

    /// The pairs of a map with free keys, in the order of the file; nil where the key is absent.
    func entries(_ key: String) -> [(key: Node, value: Node)]? {
        guard let node = node(key) else {
            reportMissing(key)
            return nil
        }
        guard case .mapping(let mapping) = node else {
            sink.add(path(of: key), at: node.position, expected: spec(key).kind.expectation, found: node.found)
            return nil
        }
        for pair in mapping { sink.remember("\(path(of: key)).\(pair.key.string ?? "")", at: pair.value.position) }
        return Array(mapping).filter { !YAMLDocument.isRenamed($0.key) }
    }

    // MARK: - Scalars

    /// The given value, or the default where the key is absent or wrong.
    private func scalar<Value>(_ key: String, _ parse: (ConfigurationKey.Kind, String) -> Value?) -> Value? {
        let spec = spec(key)
        if let node = node(key) {
            if let text = node.text, let value = parse(spec.kind, text) { return value }
            var suggestion = ""
            if case .choice(let words) = spec.kind, let text = node.text { suggestion = Suggestion.phrase(for: text, among: words) }
            sink.add(path(of: key), at: node.position, expected: spec.kind.expectation, found: node.found + suggestion)
        } else {
            reportMissing(key)
        }
        guard case .value(let text) = spec.fallback else { return nil }
        return parse(spec.kind, text)
    }

    func reportMissing(_ key: String) {
        let spec = spec(key)
        guard case .required = spec.fallback else { return }
        let place = raw(key) == nil ? sink.position(of: path) : sink.position(of: path(of: key))
        sink.add(path(of: key), at: place, expected: spec.kind.expectation, found: "nothing")
    }

    /// Integers, durations, sizes and times; 0 where there is neither a value nor a default.
    func integer(_ key: String) -> Int64 { optionalInteger(key) ?? 0 }

    func optionalInteger(_ key: String) -> Int64? {
        scalar(key) { kind, text in
            switch kind {
            case .integer(let range): ScalarParser.integer(text, range)
            case .duration(let range): ScalarParser.duration(text, range)
            case .size(let range): ScalarParser.size(text, range)
            case .timestamp: TimestampText.parse(text)
            default: nil
            }
        }
    }

    func number(_ key: String) -> Double { optionalNumber(key) ?? 0 }

    func optionalNumber(_ key: String) -> Double? {
        scalar(key) { kind, text in
            switch kind {
            case .number(let range): ScalarParser.number(text, range)
            case .share(let range): ScalarParser.share(text, range)
            default: nil
            }
        }
    }

    func boolean(_ key: String) -> Bool { scalar(key) { _, text in ScalarParser.boolean(text) } ?? false }

    /// Texts, names, topics and words; empty where there is neither a value nor a default.
    func text(_ key: String) -> String { optionalText(key) ?? "" }

    func optionalText(_ key: String) -> String? {
        scalar(key) { kind, text in
            switch kind {
            case .text: text.isEmpty ? nil : text
            case .name: ScalarParser.name(text)
            case .topic, .optionalTopic: ScalarParser.topic(text)
            case .choice(let words): words.contains(text) ? text : nil
            default: nil
            }
        }
    }

    /// One of a set of words, as the enumeration that they stand for.
    func word<Word: RawRepresentable<String>>(_ key: String, _ type: Word.Type) -> Word? {
        optionalText(key).flatMap(Word.init(rawValue:))
    }

    /// A list of texts, each checked by `parse`.
    /// - Parameter known: words of which one may have been meant.
    func texts(_ key: String, expecting expected: String, among known: [String] = [], _ parse: (String) -> String?) -> [String]? {
        elements(key)?.enumerated().compactMap { index, node in
            if let text = node.text, let value = parse(text) { return value }
            let meant = node.text.map { Suggestion.phrase(for: $0, among: known) } ?? ""
            sink.add("\(path(of: key))[\(index)]", at: node.position, expected: expected, found: node.found + meant)
            return nil
        }
    }

    /// A list of texts that are all among `known`, which the expectation names.
    /// - Parameter what: what such a text is, such as `a model of models`.
    func texts(_ key: String, each what: String, among known: [String]) -> [String]? {
        texts(key, expecting: "\(what) (\(known.joined(separator: ", ")))", among: known) { known.contains($0) ? $0 : nil }
    }
}
