import Testing
import VedetteCore

/// Every operator between every two kinds of operand: it means what a table says, or it is an error.
@Suite("Policy expressions: every operator with every pair of operands")
struct PolicyPairTests {
    /// What an operand is of, and its value in ``PolicyKit/Row``; nil is missing.
    private enum Operand {
        case number(Double?), truth(Bool?)
        case text(String?), decision(Decision), status(RequestStatus), model(String)
        /// In quotes, or bare.
        case quoted(String), word(String)
        case signals, entity(isPresent: Bool)
    }

    /// A field, or something that is not one: `is missing` asks a field itself.
    private static let operands: [(source: String, isField: Bool, operand: Operand)] = [
        ("score", true, .number(0.25)), ("amount", true, .number(100)), ("latency", true, .number(12)), ("cost", true, .number(nil)),
        ("exploration", true, .number(nil)), ("threshold.challenge", true, .number(0.5)), ("threshold.block", true, .number(0.75)),
        ("signals.count", true, .number(1)), ("feature.age", true, .number(30)), ("feature[\"odd name\"]", true, .number(-3.5)),
        ("feature.broken", true, .number(nil)), ("0", false, .number(0)), ("0.25", false, .number(0.25)), ("(-amount)", false, .number(-100)),
        ("(score + 0.25)", false, .number(0.5)), ("(1 / 0)", false, .number(nil)), ("true", false, .truth(true)), ("false", false, .truth(false)),
        ("feature.yes", true, .truth(true)), ("feature.no", true, .truth(false)), ("feature.gone", true, .truth(nil)),
        ("(amount > 1)", false, .truth(true)), ("(cost > 1)", false, .truth(nil)), ("version", true, .text("v1")), ("action", true, .text("password_reset")),
        ("override", true, .text(nil)), ("slice.country", true, .text("FR")), ("slice.channel", true, .text(nil)), ("feature.browser", true, .text("firefox")),
        ("\"v1\"", false, .quoted("v1")), ("\"allow\"", false, .quoted("allow")), ("'ok'", false, .quoted("ok")), ("'payments'", false, .quoted("payments")),
        ("decision", true, .decision(.allow)), ("allow", false, .word("allow")), ("block", false, .word("block")), ("status", true, .status(.ok)),
        ("ok", false, .word("ok")), ("timeout", false, .word("timeout")), ("model", true, .model("payments")), ("payments", false, .word("payments")),
        ("signals", true, .signals), ("entity.user", true, .entity(isPresent: true)), ("entity.device", true, .entity(isPresent: false)),
    ]

    /// Nil where the expression is an error.
    private func verdict(_ source: String) -> PolicyVerdict? { try? PolicyKit.verdict(source) }
    private static func told(_ value: Bool?) -> PolicyVerdict { value.map { $0 ? .holds : .fails } ?? .unknown }

    // MARK: The table

    /// What `==` says of two operands, whose order plays no part.
    private enum Equality { case error, unknown, told(Bool) }

    private static func equality(_ a: Operand, _ b: Operand) -> Equality {
        switch (a, b) {
        case (.number(let x), .number(let y)): equality(x, y)
        case (.truth(let x), .truth(let y)): equality(x, y)
        case (.text(let x), .text(let y)): equality(x, y)
        case (.text(let x), .quoted(let text)), (.quoted(let text), .text(let x)): equality(x, text)
        case (.decision(let x), .decision(let y)): .told(x == y)
        case (.decision(let x), .quoted(let name)), (.quoted(let name), .decision(let x)), (.decision(let x), .word(let name)), (.word(let name), .decision(let x)):
            equality(x, named: name, among: Decision.allCases)
        case (.status(let x), .status(let y)): .told(x == y)
        case (.status(let x), .quoted(let name)), (.quoted(let name), .status(let x)), (.status(let x), .word(let name)), (.word(let name), .status(let x)):
            equality(x, named: name, among: RequestStatus.stated)
        case (.model(let x), .model(let y)): .told(x == y)
        case (.model(let x), .quoted(let name)), (.quoted(let name), .model(let x)): equality(x, named: name, among: PolicyKit.schema.models)
        default: .error
        }
    }

    private static func equality<Value: Equatable>(_ a: Value?, _ b: Value?) -> Equality {
        if let a, let b { .told(a == b) } else { .unknown }
    }

    /// A name that no value has is an error.
    private static func equality<Value: Equatable & CustomStringConvertible>(_ value: Value, named name: String, among values: [Value]) -> Equality {
        values.contains { $0.description == name } ? .told(value.description == name) : .error
    }

    private static func compared(_ symbol: String, _ a: Operand, _ b: Operand) -> PolicyVerdict? {
        if symbol == "==" || symbol == "!=" {
            return switch equality(a, b) {
            case .error: nil
            case .unknown: .unknown
            case .told(let isEqual): told(isEqual == (symbol == "=="))
            }
        }
        guard case .number(let x) = a, case .number(let y) = b else { return nil }
        guard let x, let y else { return .unknown }
        return told(symbol == "<" ? x < y : symbol == "<=" ? x <= y : symbol == ">" ? x > y : x >= y)
    }

    private static func connected(_ symbol: String, _ a: Operand, _ b: Operand) -> PolicyVerdict? {
        guard case .truth(let x) = a, case .truth(let y) = b else { return nil }
        if symbol == "and" { return told(x == false || y == false ? false : x == nil || y == nil ? nil : true) }
        return told(x == true || y == true ? true : x == nil || y == nil ? nil : false)
    }

    /// Of `(a symbol b) > 0`.
    private static func computed(_ symbol: String, _ a: Operand, _ b: Operand) -> PolicyVerdict? {
        guard case .number(let x) = a, case .number(let y) = b else { return nil }
        guard let x, let y else { return .unknown }
        let value = symbol == "+" ? x + y : symbol == "-" ? x - y : symbol == "*" ? x * y : x / y
        return told(value.isFinite ? value > 0 : nil)
    }

    // MARK: Tests

    @Test("Comparisons, connectives and arithmetic", arguments: operands.indices)
    func pairs(left: Int) {
        let (a, _, x) = Self.operands[left]
        for (b, _, y) in Self.operands {
            for symbol in ["==", "!=", "<", "<=", ">", ">="] { #expect(verdict("\(a) \(symbol) \(b)") == Self.compared(symbol, x, y), "\(a) \(symbol) \(b)") }
            for symbol in ["and", "or"] { #expect(verdict("\(a) \(symbol) \(b)") == Self.connected(symbol, x, y), "\(a) \(symbol) \(b)") }
            for symbol in ["+", "-", "*", "/"] { #expect(verdict("(\(a) \(symbol) \(b)) > 0") == Self.computed(symbol, x, y), "\(a) \(symbol) \(b)") }
        }
    }

    @Test("Lists: only literals stand in them, of the kind that is asked for", arguments: operands.indices)
    func lists(left: Int) {
        let (a, _, x) = Self.operands[left]
        for (b, _, y) in Self.operands {
            let isLiteral: Bool
            switch (x, y) {
            case (.number, .number): isLiteral = b == "0" || b == "0.25"
            case (.text, .quoted), (.decision, .quoted), (.decision, .word), (.status, .quoted), (.status, .word), (.model, .quoted): isLiteral = true
            default: isLiteral = false
            }
            let expected = isLiteral ? Self.compared("==", x, y) : nil
            let negated = isLiteral ? Self.compared("!=", x, y) : nil
            #expect(verdict("\(a) in [\(b)]") == expected, "\(a) in [\(b)]")
            #expect(verdict("\(a) not in [\(b)]") == negated, "\(a) not in [\(b)]")
            // A list of two holds where either does.
            if isLiteral, let expected { #expect(verdict("\(a) in [\(b), \(b)]") == expected) }
        }
    }

    @Test("not, -, is missing, is present, contains and only, with every operand", arguments: operands.indices)
    func alone(place: Int) {
        let (a, isField, x) = Self.operands[place]
        var isTruth = false, truth: Bool?, isNumber = false, number: Double?, isMissing: Bool?
        switch x {
        case .number(let value): (isNumber, number, isMissing) = (true, value, value == nil)
        case .truth(let value): (isTruth, truth, isMissing) = (true, value, isField ? value == nil : nil)
        case .text(let value): isMissing = value == nil
        case .decision, .status, .model, .signals: isMissing = false
        case .entity(let isPresent): isMissing = !isPresent
        case .quoted, .word: break
        }
        #expect(verdict(a) == (isTruth ? Self.told(truth) : nil), "\(a)")
        #expect(verdict("not \(a)") == (isTruth ? Self.told(truth.map { !$0 }) : nil), "not \(a)")
        #expect(verdict("-\(a) < 0") == (isNumber ? Self.told(number.map { -$0 < 0 }) : nil), "-\(a)")
        for (words, expected) in [("is missing", true), ("is present", false), ("is not missing", false), ("is not present", true)] {
            #expect(verdict("\(a) \(words)") == isMissing.map { Self.told($0 == expected) }, "\(a) \(words)")
        }
        let isSignals = if case .signals = x { true } else { false }
        for (words, holds) in [("contains \"model\"", true), ("contains \"mfa\"", false), ("only [\"model\"]", true), ("only [\"mfa\"]", false)] {
            #expect(verdict("\(a) \(words)") == (isSignals ? Self.told(holds) : nil), "\(a) \(words)")
        }
    }
}
