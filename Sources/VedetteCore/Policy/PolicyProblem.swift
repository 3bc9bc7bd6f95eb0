/// A place in the text of a policy expression: line and column, 1-based, columns in Unicode scalars.
public struct PolicyPosition: Sendable, Equatable, CustomStringConvertible {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column)" }
}

/// What is wrong with a policy expression: where, what was expected, what stands there.
public struct PolicyProblem: Error, Sendable, Equatable, CustomStringConvertible {
    public var position: PolicyPosition
    public var expected: String
    public var found: String
    /// Set where what stands there is a name that nobody knows.
    public var unknown: UnknownName?

    /// A name, and those that may have been meant.
    public struct UnknownName: Sendable, Equatable {
        public var name: String
        public var known: [String]
    }

    public init(_ position: PolicyPosition, expected: String, found: String) {
        self.position = position
        self.expected = expected
        self.found = found
    }

    /// What was expected is one of a few names; a bare word is quoted like a word of the language, a text like a text.
    init(_ position: PolicyPosition, expected: String, unknown name: String, among known: [String], isWord: Bool = false) {
        self.init(position, expected: expected, found: isWord ? "'\(name)'" : "\"\(name)\"")
        unknown = UnknownName(name: name, known: known)
    }

    public var description: String { "\(position): expected \(expected), found \(found)" }
}

/// Bounds of the language: an expression is small, so that checking it and running it are too.
public enum PolicyLimits {
    /// Unicode scalars of one expression.
    public static let sourceLength = 8_192
    /// Names, values and operators of one expression; bounds the depth of chains such as `a or b or c`.
    public static let tokens = 1_024
    /// Nesting of parentheses, `not` and signs.
    public static let depth = 32
    /// Instructions of one compiled expression.
    public static let instructions = 512
    /// Values on the evaluator's stack at once.
    public static let stack = 32
    /// Elements of one list.
    public static let listElements = 256
    /// UTF-8 bytes of one text literal.
    public static let textBytes = 1_024
}
