/// Cuts the text of an expression into tokens. O(n).
struct PolicyLexer {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var position = PolicyPosition(line: 1, column: 1)

    /// All tokens, the last one being `.end`.
    static func tokens(of source: String) throws(PolicyProblem) -> [PlacedToken] {
        var lexer = PolicyLexer(scalars: Array(source.unicodeScalars))
        guard lexer.scalars.count <= PolicyLimits.sourceLength else {
            throw PolicyProblem(lexer.position, expected: "at most \(PolicyLimits.sourceLength) characters", found: "\(lexer.scalars.count)")
        }
        var tokens: [PlacedToken] = []
        repeat {
            let token = try lexer.next()
            guard tokens.count < PolicyLimits.tokens else {
                throw PolicyProblem(token.position, expected: "at most \(PolicyLimits.tokens) names, values and operators", found: "more")
            }
            tokens.append(token)
        } while tokens.last?.token != .end
        return tokens
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }
    private var following: Unicode.Scalar? { place + 1 < scalars.count ? scalars[place + 1] : nil }

    private mutating func step() {
        if scalars[place] == "\n" {
            position.line += 1
            position.column = 1
        } else {
            position.column += 1
        }
        place += 1
    }

    private mutating func next() throws(PolicyProblem) -> PlacedToken {
        while let scalar = current, scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" { step() }
        let start = position
        guard let scalar = current else { return PlacedToken(token: .end, position: start) }
        if Self.isDigit(scalar) { return PlacedToken(token: try number(), position: start) }
        if Self.isLetter(scalar) { return PlacedToken(token: .word(word()), position: start) }
        if scalar == "\"" || scalar == "'" { return PlacedToken(token: .text(try text(closing: scalar)), position: start) }
        return PlacedToken(token: try symbol(), position: start)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0" <= scalar && scalar <= "9" }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || ("a" <= scalar && scalar <= "z") || ("A" <= scalar && scalar <= "Z")
    }

    private mutating func word() -> String {
        var word = ""
        while let scalar = current, Self.isLetter(scalar) || Self.isDigit(scalar) {
            word.unicodeScalars.append(scalar)
            step()
        }
        return word
    }

    /// Digits, a fraction, an exponent. `1.` and `1.5.2` are errors, not guesses.
    private mutating func number() throws(PolicyProblem) -> PolicyToken {
        let start = position
        var digits = ""
        func take(_ lexer: inout PolicyLexer) {
            while let scalar = lexer.current, Self.isDigit(scalar) {
                digits.unicodeScalars.append(scalar)
                lexer.step()
            }
        }
        take(&self)
        if current == "." {
            guard let after = following, Self.isDigit(after) else { throw PolicyProblem(position, expected: "digits after the point", found: "none") }
            digits += "."
            step()
            take(&self)
        }
        if current == "e" || current == "E" {
            digits += "e"
            step()
            if current == "-" || current == "+" {
                digits += current == "-" ? "-" : "+"
                step()
            }
            guard let after = current, Self.isDigit(after) else { throw PolicyProblem(position, expected: "digits of an exponent", found: "none") }
            take(&self)
        }
        if let scalar = current, Self.isLetter(scalar) || scalar == "." {
            throw PolicyProblem(position, expected: "a number, an operator or the end", found: "'\(scalar)' right after the number \(digits)")
        }
        guard let value = Double(digits), value.isFinite else {
            throw PolicyProblem(start, expected: "a number of at most 1.8e308", found: digits)
        }
        return .number(value)
    }

    private mutating func text(closing: Unicode.Scalar) throws(PolicyProblem) -> String {
        let start = position
        var text = ""
        step()
        while let scalar = current, scalar != closing {
            if scalar == "\n" { break }
            if scalar == "\\" {
                step()
                guard let escaped = current, escaped == "\\" || escaped == "\"" || escaped == "'" else {
                    throw PolicyProblem(position, expected: "\\\\, \\\" or \\' after a backslash", found: current.map { "'\($0)'" } ?? "nothing")
                }
                text.unicodeScalars.append(escaped)
            } else {
                text.unicodeScalars.append(scalar)
            }
            step()
        }
        guard current == closing else { throw PolicyProblem(start, expected: "a text that is closed with \(closing)", found: "one that is not") }
        step()
        guard text.utf8.count <= PolicyLimits.textBytes else {
            throw PolicyProblem(start, expected: "a text of at most \(PolicyLimits.textBytes) bytes", found: "\(text.utf8.count)")
        }
        return text
    }

    private mutating func symbol() throws(PolicyProblem) -> PolicyToken {
        // Habits of other languages, answered with what is said here.
        let habits = [("&&", "'and'"), ("||", "'or'"), ("=", "'=='"), ("!", "'not' or '!='"), ("&", "'and'"), ("|", "'or'"), ("<>", "'!='")]
        for symbol in PolicyToken.Symbol.allCases where symbol.rawValue != "<" && stands(symbol.rawValue) {
            for _ in symbol.rawValue.unicodeScalars { step() }
            return .symbol(symbol)
        }
        for (spelling, expected) in habits where stands(spelling) {
            throw PolicyProblem(position, expected: expected, found: "'\(spelling)'")
        }
        guard stands("<") else {
            throw PolicyProblem(position, expected: "a name, a number, a text or an operator", found: "the character '\(scalars[place])'")
        }
        step()
        return .symbol(.less)
    }

    private func stands(_ spelling: String) -> Bool {
        let wanted = Array(spelling.unicodeScalars)
        return place + wanted.count <= scalars.count && Array(scalars[place..<place + wanted.count]) == wanted
    }
}
