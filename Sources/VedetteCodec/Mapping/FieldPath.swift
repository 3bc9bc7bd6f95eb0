/// Where a field is in a record: the member names (or array indices) from the root down.
///
/// Written as a JSON Pointer (`/model/name`, RFC 6901, with `~1` for `/` and `~0` for `~`)
/// or dotted (`model.name`, no escapes). A segment of digits also matches an array index.
/// `.` is the record itself, for records whose features are top-level members.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    /// At most this many segments; nobody's record needs more, and the matcher recurses per segment.
    public static let segmentLimit = 16

    /// Empty for the record itself.
    public let segments: [String]

    /// The record itself.
    public static let root = FieldPath(segments: [])

    public init(segments: [String]) { self.segments = segments }

    /// - Throws: ``MappingProblem`` (with an empty key) when the text is neither form.
    public init(parsing text: String) throws(MappingProblem) {
        if text == "." {
            segments = []
        } else if text.isEmpty {
            throw MappingProblem(key: "", message: "empty path; expected a JSON Pointer such as /model/name, a dotted path such as model.name, or . for the record itself")
        } else if text.hasPrefix("/") {
            segments = try Self.pointer(text)
        } else {
            segments = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard !segments.contains("") else {
                throw MappingProblem(key: "", message: "path '\(text)' has an empty segment; write a name that contains a dot as a JSON Pointer, such as /a.b")
            }
        }
        guard segments.count <= Self.segmentLimit else {
            throw MappingProblem(key: "", message: "path '\(text)' has \(segments.count) segments; at most \(Self.segmentLimit) are supported")
        }
    }

    private static func pointer(_ text: String) throws(MappingProblem) -> [String] {
        var segments: [String] = []
        for raw in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            var segment = ""
            var escaped = false
            for character in raw.unicodeScalars {
                switch (escaped, character) {
                case (true, "0"): segment.unicodeScalars.append("~"); escaped = false
                case (true, "1"): segment.unicodeScalars.append("/"); escaped = false
                case (true, _):
                    throw MappingProblem(key: "", message: "path '\(text)': '~' must be followed by 0 or 1 in a JSON Pointer")
                case (false, "~"): escaped = true
                case (false, _): segment.unicodeScalars.append(character)
                }
            }
            guard !escaped else {
                throw MappingProblem(key: "", message: "path '\(text)': '~' must be followed by 0 or 1 in a JSON Pointer")
            }
            segments.append(segment)
        }
        return segments
    }

    /// The path of a member of the object at this path.
    public func appending(_ member: String) -> FieldPath { FieldPath(segments: segments + [member]) }

    /// The path as a JSON Pointer; `.` for the record itself.
    public var description: String {
        guard !segments.isEmpty else { return "." }
        var text = ""
        for segment in segments {
            text += "/"
            for character in segment.unicodeScalars {
                switch character {
                case "~": text += "~0"
                case "/": text += "~1"
                default: text.unicodeScalars.append(character)
                }
            }
        }
        return text
    }
}

/// Where the value of a field comes from.
public enum FieldSource: Sendable, Hashable {
    case path(FieldPath)
    /// The same for every record, such as the model's name on a topic of one model.
    case constant(String)

    /// A path of the default shape, from its segments.
    static func member(_ segments: String...) -> FieldSource { .path(FieldPath(segments: segments)) }
}
