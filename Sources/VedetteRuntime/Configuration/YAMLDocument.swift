import Yams

/// A configuration file as a tree of nodes that know their place.
///
/// Yams stops at the first mapping with a repeated key. A person wants to see all of them
/// together with everything else that is wrong, so an earlier one of two equal keys is renamed
/// in the text (same length, so that no place shifts) and the file is read again.
struct YAMLDocument {
    /// A file with more repeated keys than this is not one that a person wrote.
    static let maxRepeatedKeys = 100
    /// Stands in place of the first character of a repeated key; no key of the table has it.
    static let renamed: Unicode.Scalar = "\u{E000}"

    let root: Node?
    /// Places of the earlier ones of repeated keys.
    let repeated: [Position]

    /// Nil after an error that leaves no tree; the sink has the reason.
    static func parse(_ text: String, into sink: IssueSink) -> YAMLDocument? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.unicodeScalars) }
        var current = text
        var repeated: [Position] = []
        while true {
            do {
                return YAMLDocument(root: try Yams.compose(yaml: current), repeated: repeated)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                let place = Position(context.mark)
                let serial = UInt32(repeated.count)
                guard repeated.count < maxRepeatedKeys, rename(at: place, serial: serial, in: &lines) else {
                    sink.add(keys.first ?? "", at: place, expected: "each key once", found: "it more than once")
                    return nil
                }
                repeated.append(place)
                current = lines.map { line in
                    var text = ""
                    text.unicodeScalars.append(contentsOf: line)
                    return text
                }.joined(separator: "\n")
            } catch let error as YamlError {
                add(error, to: sink)
                return nil
            } catch {
                sink.add("", expected: "a YAML document", found: "\(error)")
                return nil
            }
        }
    }

    /// Replaces the first character of the key at a place; false where no plain or quoted key stands there.
    private static func rename(at place: Position, serial: UInt32, in lines: inout [[Unicode.Scalar]]) -> Bool {
        let row = place.line - 1
        guard lines.indices.contains(row) else { return false }
        var column = place.column - 1
        guard lines[row].indices.contains(column) else { return false }
        if lines[row][column] == "\"" || lines[row][column] == "'" { column += 1 }
        guard lines[row].indices.contains(column), lines[row][column].properties.isAlphabetic || lines[row][column] == "_",
            let stand = Unicode.Scalar(renamed.value + serial)
        else { return false }
        lines[row][column] = stand
        return true
    }

    /// Whether this is an earlier one of two equal keys.
    static func isRenamed(_ key: Node) -> Bool {
        guard let first = key.string?.unicodeScalars.first else { return false }
        return first.value >= renamed.value && first.value < renamed.value + UInt32(maxRepeatedKeys)
    }

    private static func add(_ error: YamlError, to sink: IssueSink) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let around = context.map { " (\($0.text) in line \($0.mark.line))" } ?? ""
            // libyaml's own words are "found …" or "but found …".
            let what = problem.replacing("but found ", with: "").replacing("found ", with: "", maxReplacements: problem.hasPrefix("found ") ? 1 : 0)
            // What most often stands there.
            let hint = problem.contains("cannot start any token") ? "; a tab? YAML is indented with spaces" : ""
            sink.add("", at: Position(mark), expected: "YAML", found: "\(what)\(around)\(hint)")
        case .reader(let problem, _, _, _):
            sink.add("", expected: "YAML in UTF-8", found: problem)
        default:
            sink.add("", expected: "YAML", found: "\(error)")
        }
    }
}

extension Position {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

extension Node {
    var position: Position { mark.map(Position.init) ?? .start }

    /// `null`, `~` or nothing after the colon.
    var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// The text of a scalar as written, whatever YAML would take it for.
    var text: String? {
        if case .scalar(let scalar) = self, !isNull { scalar.string } else { nil }
    }

    /// What stands here, for the end of "expected …, found …".
    var found: String {
        switch self {
        case .scalar(let scalar): isNull ? "nothing" : ConfigurationText.quoted(scalar.string)
        case .mapping(let mapping): mapping.isEmpty ? "an empty section" : "a section"
        case .sequence(let sequence): sequence.isEmpty ? "an empty list" : "a list"
        case .alias: "an alias"
        }
    }
}

enum ConfigurationText {
    /// Values longer than this are cut in messages.
    static let maxQuoted = 60

    /// - Returns: the text, unless it may be an address with a password in it: then what can be said of it.
    static func quoted(_ text: String) -> String {
        guard !text.contains("@") else { return "text with an @, which is not shown: a password may stand before it" }
        let flat = text.replacing("\n", with: "\\n")
        return flat.count > maxQuoted ? "\"\(flat.prefix(maxQuoted))…\"" : "\"\(flat)\""
    }
}
