import VedetteCore

/// One key of the configuration file: the single source of validation, defaults and reference.
public struct ConfigurationKey: Sendable {
    /// What a value may be. Ranges are in the unit that the value is resolved to.
    public enum Kind: Sendable {
        /// A mapping with the keys that the table lists below it.
        case section
        /// A list; its elements are described by the keys `path[]…` or by the text.
        case list(String)
        /// A mapping with keys of the user's choice.
        case map(String)
        /// Any text.
        case text
        /// Letters, digits, `_`, `-`, `.`; at most 100 of them.
        case name
        /// A Kafka topic name.
        case topic
        /// A topic name or `null`.
        case optionalTopic
        case integer(ClosedRange<Int64>)
        case number(NumberRange)
        /// A number or a percentage such as `5%`.
        case share(NumberRange)
        /// Milliseconds.
        case duration(ClosedRange<Int64>)
        /// Bytes.
        case size(ClosedRange<Int64>)
        case boolean
        case choice([String])
        /// Milliseconds since 1970 UTC.
        case timestamp
        /// `{env: NAME}` or `{file: PATH}`, never the value itself; or the word `public`.
        case secret
        /// `{env: NAME}` or `{file: PATH}`, never the value itself.
        case credential
        /// A literal, `{env: NAME}` or `{file: PATH}`.
        case property
        /// Several shapes; the text says which.
        case variant(String)
    }

    /// What holds where the key is not given.
    public enum Default: Sendable {
        /// The key must be given.
        case required
        /// Nothing.
        case none
        /// As one would write it in the file.
        case value(String)
        /// Follows from other keys; the text says how.
        case computed(String)
    }

    /// From the root, list elements as `[]`, keys of the user's choice as `<name>`.
    public var path: String
    public var kind: Kind
    public var fallback: Default
    public var documentation: String

    init(_ path: String, _ kind: Kind, _ fallback: Default = .none, _ documentation: String) {
        self.path = path
        self.kind = kind
        self.fallback = fallback
        self.documentation = documentation
    }
}

extension NumberRange {
    /// As an error and the reference say it.
    var words: String {
        let low = NumberText.format(lower), high = NumberText.format(upper)
        switch (includesLower, includesUpper) {
        case (true, true): return "\(low) to \(high)"
        case (false, true): return "above \(low), up to \(high)"
        case (true, false): return "\(low) to below \(high)"
        case (false, false): return "above \(low) and below \(high)"
        }
    }
}

/// Numbers without a trailing `.0`.
enum NumberText {
    static func format(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}

extension ConfigurationKey.Kind {
    /// The column "type" of the reference.
    var typeName: String {
        switch self {
        case .section: "section"
        case .list(let of): "list of \(of)"
        case .map(let of): "map of \(of)"
        case .text: "text"
        case .name: "name"
        case .topic, .optionalTopic: "topic"
        case .integer: "integer"
        case .number: "number"
        case .share: "share"
        case .duration: "duration"
        case .size: "size"
        case .boolean: "boolean"
        case .choice: "word"
        case .timestamp: "time"
        case .secret, .credential: "secret"
        case .property: "text or secret"
        case .variant: "see range"
        }
    }

    /// The column "unit" of the reference.
    var unitName: String {
        switch self {
        case .duration: "`ms` `s` `m` `h` `d` `w`"
        case .size: "`B` `KiB` `MiB` `GiB`"
        case .share: "0..1 or `%`"
        case .timestamp: "RFC 3339 or date, UTC"
        default: ""
        }
    }

    /// The column "range" of the reference.
    var rangeText: String {
        switch self {
        case .section, .list, .map, .text, .boolean, .timestamp: self.isBoolean ? "`true`, `false`" : ""
        case .name: "letters, digits, `_` `-` `.`; 1 to 100"
        case .topic: "letters, digits, `_` `-` `.`; 1 to 249"
        case .optionalTopic: "as a topic, or `null` for none"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .number(let range), .share(let range): range.words
        case .duration(let range): "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        case .size(let range): "\(SizeText.format(range.lowerBound)) to \(SizeText.format(range.upperBound))"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .secret: "`{env: NAME}`, `{file: PATH}` or `public`"
        case .credential: "`{env: NAME}` or `{file: PATH}`"
        case .property: "a text, `{env: NAME}` or `{file: PATH}`"
        case .variant(let text): text
        }
    }

    private var isBoolean: Bool { if case .boolean = self { true } else { false } }

    /// What an error message says was expected.
    var expectation: String {
        switch self {
        case .section: "a section with keys"
        case .list(let of): "a list of \(of)"
        case .map(let of): "a map of \(of)"
        case .text: "a text"
        case .name: "a name of 1 to 100 letters, digits, '_', '-' and '.'"
        case .topic: "a topic name of 1 to 249 letters, digits, '_', '-' and '.'"
        case .optionalTopic: "a topic name of 1 to 249 letters, digits, '_', '-' and '.', or null"
        case .integer: "a whole number from \(rangeText)"
        case .number: "a number, \(rangeText)"
        case .share: "a share such as 0.05 or 5%, \(rangeText)"
        case .duration: "a duration such as 5m or 7d, from \(rangeText)"
        case .size: "a size such as 64MiB, from \(rangeText)"
        case .boolean: "true or false"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .timestamp: "a time such as 2026-01-05 or 2026-01-05T08:30:00Z"
        case .secret: "{env: NAME} or {file: PATH} (or public, a key that everybody knows)"
        case .credential: "{env: NAME} or {file: PATH}"
        case .property: "a text, {env: NAME} or {file: PATH}"
        case .variant(let text): text.replacing("`", with: "")
        }
    }
}
