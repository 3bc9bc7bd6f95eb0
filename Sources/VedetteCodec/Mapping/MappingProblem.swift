/// One thing that is wrong with a mapping: the key, what was found, what was expected.
public struct MappingProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// Key within the mapping, such as `decisions.score`; empty for a path on its own.
    public var key: String
    public var message: String

    public init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    public var description: String { key.isEmpty ? message : "\(key): \(message)" }
}

/// Everything that is wrong with a mapping, so that a person repairs it in one go.
public struct MappingError: Error, Sendable, Equatable, CustomStringConvertible {
    public var problems: [MappingProblem]

    public init(problems: [MappingProblem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
