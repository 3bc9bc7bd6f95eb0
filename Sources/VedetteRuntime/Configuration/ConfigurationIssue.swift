/// One thing that is wrong, or doubtful, in a configuration file.
///
/// Prints as `file:line:column: key: expected …, found …`, which editors and terminals link.
/// `found` never holds the value of a secret.
public struct ConfigurationIssue: Sendable, Equatable, CustomStringConvertible {
    public enum Severity: String, Sendable {
        /// The program refuses to start.
        case error
        /// The program starts; somebody should look.
        case warning
    }

    public var file: String
    /// 1-based; 1 where the file as a whole is meant.
    public var line: Int
    /// 1-based, in Unicode scalars.
    public var column: Int
    /// Such as `windows[2].hop`; empty for the file as a whole.
    public var key: String
    public var expected: String
    public var found: String
    public var severity: Severity

    public init(file: String, line: Int, column: Int, key: String, expected: String, found: String, severity: Severity) {
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.expected = expected
        self.found = found
        self.severity = severity
    }

    public var description: String {
        let mark = severity == .warning ? "warning: " : ""
        let place = key.isEmpty ? "" : "\(key): "
        return "\(file):\(line):\(column): \(mark)\(place)expected \(expected), found \(found)"
    }
}

/// Everything that is wrong with a configuration file, never only the first thing.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of the file; holds at least one error, and the warnings too.
    public var issues: [ConfigurationIssue]

    public init(issues: [ConfigurationIssue]) { self.issues = issues }

    public var description: String { issues.map(\.description).joined(separator: "\n") }
}

/// A place in a configuration file, 1-based.
struct Position: Equatable {
    var line: Int
    var column: Int

    static let start = Position(line: 1, column: 1)
}

/// Where a loader puts what it finds, and where it remembers the place of every key it has seen.
///
/// A class because one sink is shared by all sections of one load; it never leaves that call.
final class IssueSink {
    let file: String
    private(set) var issues: [ConfigurationIssue] = []
    private var positions: [String: Position] = [:]

    init(file: String) { self.file = file }

    /// Remembers where the value of a key stands.
    func remember(_ key: String, at position: Position) { positions[key] = position }

    /// The place of a key, or of the nearest section around it that is in the file.
    func position(of key: String) -> Position {
        var path = Substring(key)
        while true {
            if let known = positions[String(path)] { return known }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = path[..<cut]
        }
        return positions[""] ?? .start
    }

    func add(_ key: String, at position: Position? = nil, expected: String, found: String, _ severity: ConfigurationIssue.Severity = .error) {
        let place = position ?? self.position(of: key)
        let issue = ConfigurationIssue(
            file: file, line: place.line, column: place.column, key: key, expected: expected, found: found, severity: severity)
        if !issues.contains(issue) { issues.append(issue) }
    }

    var errorCount: Int { issues.count { $0.severity == .error } }

    /// In the order of the file; a stable sort, so that issues of one place keep their order.
    var sorted: [ConfigurationIssue] {
        issues.enumerated()
            .sorted { ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset) }
            .map(\.element)
    }
}
