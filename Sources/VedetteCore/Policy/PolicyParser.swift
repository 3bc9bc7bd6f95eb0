/// Tokens to syntax, by recursive descent.
///
/// ```
/// either     = both { "or" both }
/// both       = negation { "and" negation }
/// negation   = "not" negation | test
/// test       = sum [ comparison sum | ["not"] "in" list | "is" ["not"] ("missing" | "present")
///                  | "contains" primary | "only" list ]
/// sum        = product { ("+" | "-") product }
/// product    = signed { ("*" | "/") signed }
/// signed     = "-" signed | primary
/// primary    = number | text | "true" | "false" | name | "(" either ")"
/// name       = word [ "." word | "[" text "]" ]
/// list       = "[" element { "," element } "]"
/// ```
struct PolicyParser {
    private let tokens: [PlacedToken]
    private var place = 0
    private var depth = 0

    /// - Throws: the first problem.
    static func parse(_ source: String) throws(PolicyProblem) -> PolicySyntax {
        var parser = PolicyParser(tokens: try PolicyLexer.tokens(of: source))
        let whole = try parser.either()
        guard parser.current == .end else { throw parser.problem("an operator, 'and', 'or' or the end") }
        return whole
    }

    private init(tokens: [PlacedToken]) { self.tokens = tokens }

    private var current: PolicyToken { tokens[place].token }
    private var position: PolicyPosition { tokens[place].position }

    private func problem(_ expected: String) -> PolicyProblem { PolicyProblem(position, expected: expected, found: current.found) }

    private func stands(_ keyword: PolicyKeyword) -> Bool { current == .word(keyword.rawValue) }

    private mutating func take(_ keyword: PolicyKeyword) -> PolicyPosition? {
        guard stands(keyword) else { return nil }
        defer { place += 1 }
        return position
    }

    private mutating func take(_ symbols: PolicyToken.Symbol...) -> (symbol: PolicyToken.Symbol, position: PolicyPosition)? {
        guard case .symbol(let symbol) = current, symbols.contains(symbol) else { return nil }
        defer { place += 1 }
        return (symbol, position)
    }

    private mutating func nested(_ body: (inout PolicyParser) throws(PolicyProblem) -> PolicySyntax) throws(PolicyProblem) -> PolicySyntax {
        depth += 1
        guard depth <= PolicyLimits.depth else {
            throw PolicyProblem(position, expected: "at most \(PolicyLimits.depth) levels of nesting", found: "more")
        }
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func either() throws(PolicyProblem) -> PolicySyntax {
        var left = try both()
        while let at = take(.or) { left = PolicySyntax(kind: .either(left, try both()), position: at) }
        return left
    }

    private mutating func both() throws(PolicyProblem) -> PolicySyntax {
        var left = try negation()
        while let at = take(.and) { left = PolicySyntax(kind: .both(left, try negation()), position: at) }
        return left
    }

    private mutating func negation() throws(PolicyProblem) -> PolicySyntax {
        guard let at = take(.not) else { return try test() }
        let inner = try nested { parser throws(PolicyProblem) in try parser.negation() }
        return PolicySyntax(kind: .not(inner), position: at)
    }

    private mutating func test() throws(PolicyProblem) -> PolicySyntax {
        let left = try sum()
        let at = position
        if let (symbol, at) = take(.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual) {
            let right = try sum()
            if take(.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual) != nil {
                place -= 1
                throw problem("'and' between two comparisons")
            }
            return PolicySyntax(kind: .comparison(symbol, left, right), position: at)
        }
        if take(.in) != nil { return PolicySyntax(kind: .membership(left, try list(), isNegated: false), position: at) }
        if take(.not) != nil {
            guard take(.in) != nil else { throw problem("'in' after 'not'") }
            return PolicySyntax(kind: .membership(left, try list(), isNegated: true), position: at)
        }
        if take(.is) != nil {
            let isNot = take(.not) != nil
            if take(.missing) != nil { return PolicySyntax(kind: .missing(left, isNegated: isNot), position: at) }
            guard take(.present) != nil else { throw problem("'missing' or 'present'") }
            return PolicySyntax(kind: .missing(left, isNegated: !isNot), position: at)
        }
        if take(.contains) != nil { return PolicySyntax(kind: .contains(left, try primary()), position: at) }
        if take(.only) != nil { return PolicySyntax(kind: .only(left, try list()), position: at) }
        return left
    }

    private mutating func sum() throws(PolicyProblem) -> PolicySyntax {
        var left = try product()
        while let (symbol, at) = take(.plus, .minus) {
            left = PolicySyntax(kind: .arithmetic(symbol, left, try product()), position: at)
        }
        return left
    }

    private mutating func product() throws(PolicyProblem) -> PolicySyntax {
        var left = try signed()
        while let (symbol, at) = take(.times, .over) {
            left = PolicySyntax(kind: .arithmetic(symbol, left, try signed()), position: at)
        }
        return left
    }

    private mutating func signed() throws(PolicyProblem) -> PolicySyntax {
        guard let (_, at) = take(.minus) else { return try primary() }
        let inner = try nested { parser throws(PolicyProblem) in try parser.signed() }
        return PolicySyntax(kind: .negative(inner), position: at)
    }

    private mutating func primary() throws(PolicyProblem) -> PolicySyntax {
        let at = position
        switch current {
        case .number(let value):
            place += 1
            return PolicySyntax(kind: .number(value), position: at)
        case .text(let text):
            place += 1
            return PolicySyntax(kind: .text(text), position: at)
        case .symbol(.openParenthesis):
            place += 1
            let inner = try nested { parser throws(PolicyProblem) in try parser.either() }
            guard take(.closeParenthesis) != nil else { throw problem("')' or an operator") }
            return inner
        case .word(let word):
            if take(.true) != nil { return PolicySyntax(kind: .truth(true), position: at) }
            if take(.false) != nil { return PolicySyntax(kind: .truth(false), position: at) }
            guard PolicyKeyword(rawValue: word) == nil else { throw problem("a value") }
            place += 1
            return PolicySyntax(kind: .name(head: word, member: try member()), position: at)
        case .symbol, .end:
            throw problem("a value")
        }
    }

    /// `.word` or `["any text"]` after a name.
    private mutating func member() throws(PolicyProblem) -> String? {
        if take(.dot) != nil {
            guard case .word(let word) = current else { throw problem("a name after '.'") }
            place += 1
            return word
        }
        guard take(.openBracket) != nil else { return nil }
        guard case .text(let text) = current else { throw problem("a name in quotes") }
        place += 1
        guard take(.closeBracket) != nil else { throw problem("']'") }
        return text
    }

    private mutating func list() throws(PolicyProblem) -> [PolicySyntax] {
        guard take(.openBracket) != nil else { throw problem("a list such as [\"a\", \"b\"]") }
        var elements: [PolicySyntax] = []
        repeat {
            guard elements.count < PolicyLimits.listElements else { throw problem("at most \(PolicyLimits.listElements) elements in a list") }
            elements.append(try signed())
        } while take(.comma) != nil
        guard take(.closeBracket) != nil else { throw problem("',' or ']'") }
        return elements
    }
}
