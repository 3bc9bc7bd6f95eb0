/// The smallest parts of an expression.
enum PolicyToken: Equatable {
    case number(Double)
    case text(String)
    /// A name or a keyword.
    case word(String)
    case symbol(Symbol)
    case end

    enum Symbol: String, CaseIterable {
        case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", less = "<", greater = ">"
        case plus = "+", minus = "-", times = "*", over = "/"
        case openParenthesis = "(", closeParenthesis = ")", openBracket = "[", closeBracket = "]"
        case comma = ",", dot = "."
    }

    /// As it stands in an error message.
    var found: String {
        switch self {
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "the number \(Int64(value))" : "the number \(value)"
        case .text(let text): "the text \"\(text)\""
        case .word(let word): "'\(word)'"
        case .symbol(let symbol): "'\(symbol.rawValue)'"
        case .end: "the end of the expression"
        }
    }
}

/// Words that cannot be used as the name of anything.
enum PolicyKeyword: String, CaseIterable {
    case and, or, not, `in`, `is`, missing, present, contains, only, `true`, `false`
}

struct PlacedToken: Equatable {
    var token: PolicyToken
    var position: PolicyPosition
}
