/// Syntax to a program: resolves names, checks types, emits instructions.
struct PolicyCompiler {
    private(set) var program: PolicyProgram
    let vocabulary: PolicyVocabulary
    /// Values on the stack after the instructions so far.
    private var height = 0

    init(source: String, vocabulary: PolicyVocabulary) {
        program = PolicyProgram(source: source)
        self.vocabulary = vocabulary
    }

    /// Compiles what must be true or false.
    mutating func compile(condition syntax: PolicySyntax) throws(PolicyProblem) {
        let type = try compile(syntax)
        guard type == .truth else {
            throw PolicyProblem(syntax.position, expected: "a condition (true or false)", found: type.rawValue)
        }
    }

    /// Emits code that leaves one value and answers its type.
    private mutating func compile(_ syntax: PolicySyntax) throws(PolicyProblem) -> PolicyType {
        let at = syntax.position
        switch syntax.kind {
        case .number(let value): return try emit(.push(value), 1, at, .number)
        case .truth(let value): return try emit(.push(value ? 1 : 0), 1, at, .truth)
        case .text: throw PolicyProblem(at, expected: "a text only beside ==, !=, in, contains or only", found: "one by itself")
        case .name(let head, let member): return try load(head, member, at)
        case .negative(let inner):
            try compile(inner, as: .number)
            return try emit(.negate, 0, at, .number)
        case .arithmetic(let symbol, let left, let right):
            try compile(left, as: .number)
            try compile(right, as: .number)
            return try emit(Self.arithmetic(symbol), -1, at, .number)
        case .not(let inner):
            try compile(condition: inner)
            return try emit(.not, 0, at, .truth)
        case .both(let left, let right): return try connect(left, right, at, isAnd: true)
        case .either(let left, let right): return try connect(left, right, at, isAnd: false)
        case .comparison(let symbol, let left, let right): return try compare(symbol, left, right, at)
        case .membership(let value, let list, let isNegated):
            try member(value, list, at)
            return isNegated ? try emit(.not, 0, at, .truth) : .truth
        case .missing(let value, let isNegated):
            try missing(value, at)
            return isNegated ? try emit(.not, 0, at, .truth) : .truth
        case .contains(let set, let element):
            try requireSignals(set, "contains")
            return try emit(.signalsContain(try signals([element])), 1, at, .truth)
        case .only(let set, let list):
            try requireSignals(set, "only")
            return try emit(.signalsOnly(try signals(list)), 1, at, .truth)
        }
    }

    private mutating func compile(_ syntax: PolicySyntax, as wanted: PolicyType) throws(PolicyProblem) {
        if case .text(let text) = syntax.kind { throw PolicyProblem(syntax.position, expected: wanted.rawValue, found: "the text \"\(text)\"") }
        let type = try compile(syntax)
        guard type == wanted else { throw PolicyProblem(syntax.position, expected: wanted.rawValue, found: type.rawValue) }
    }

    @discardableResult
    private mutating func emit(_ instruction: PolicyInstruction, _ change: Int, _ at: PolicyPosition, _ type: PolicyType) throws(PolicyProblem) -> PolicyType {
        height += change
        program.code.append(instruction)
        guard program.code.count <= PolicyLimits.instructions, height <= PolicyLimits.stack else {
            throw PolicyProblem(at, expected: "a smaller expression", found: "more than \(PolicyLimits.instructions) steps or \(PolicyLimits.stack) values at once")
        }
        return type
    }

    private static func arithmetic(_ symbol: PolicyToken.Symbol) -> PolicyInstruction {
        switch symbol {
        case .plus: .add
        case .minus: .subtract
        case .times: .multiply
        default: .divide
        }
    }

    /// `and` and `or` leave out their right side where the left side decides.
    private mutating func connect(_ left: PolicySyntax, _ right: PolicySyntax, _ at: PolicyPosition, isAnd: Bool) throws(PolicyProblem) -> PolicyType {
        try compile(condition: left)
        let jump = program.code.count
        try emit(isAnd ? .jumpIfFalse(0) : .jumpIfTrue(0), 0, at, .truth)
        try compile(condition: right)
        try emit(isAnd ? .and : .or, -1, at, .truth)
        program.code[jump] = isAnd ? .jumpIfFalse(program.code.count) : .jumpIfTrue(program.code.count)
        return .truth
    }

    // MARK: Names

    private mutating func load(_ head: String, _ member: String?, _ at: PolicyPosition) throws(PolicyProblem) -> PolicyType {
        guard let field = try vocabulary.field(head, member, at: at) else { throw unknown(head, at) }
        switch field.type {
        case .number, .truth, .decision, .model, .status: return try emit(.load(field), 1, at, field.type)
        // Nothing is left on the stack: whoever can use these asks for the field itself.
        case .text, .signals, .entity: throw PolicyProblem(at, expected: "a comparison or test around \(field.type.rawValue)", found: "it by itself")
        }
    }

    private func unknown(_ word: String, _ at: PolicyPosition) -> PolicyProblem {
        if PolicyVocabulary.decisions.contains(word) {
            return PolicyProblem(at, expected: "'decision == \(word)'", found: "'\(word)' without something to compare it with")
        }
        return PolicyProblem(
            at, expected: "a value (\(PolicyVocabulary.names.joined(separator: ", ")))", unknown: word, among: PolicyVocabulary.words, isWord: true)
    }

    /// The field that a piece of syntax names; nil for anything else, and for bare words.
    private func field(_ syntax: PolicySyntax) throws(PolicyProblem) -> PolicyField? {
        guard case .name(let head, let member) = syntax.kind else { return nil }
        return try vocabulary.field(head, member, at: syntax.position)
    }

    // MARK: Comparisons

    private mutating func compare(_ symbol: PolicyToken.Symbol, _ left: PolicySyntax, _ right: PolicySyntax, _ at: PolicyPosition) throws(PolicyProblem) -> PolicyType {
        let leftField = try field(left), rightField = try field(right)
        for (field, other, otherField) in [(leftField, right, rightField), (rightField, left, leftField)] {
            guard let field else { continue }
            switch field.type {
            case .text: return try compareText(symbol, field, other, otherField, at)
            case .decision, .model, .status: return try compareName(symbol, field, other, otherField, at)
            case .signals, .entity:
                throw PolicyProblem(
                    at, expected: field.type == .signals ? "contains, only, is missing or signals.count" : "is missing or is present",
                    found: "'\(symbol.rawValue)'")
            case .number, .truth: continue
            }
        }
        return try compareValues(symbol, left, right, at)
    }

    private mutating func compareText(
        _ symbol: PolicyToken.Symbol, _ field: PolicyField, _ other: PolicySyntax, _ otherField: PolicyField?, _ at: PolicyPosition
    ) throws(PolicyProblem) -> PolicyType {
        try requireEquality(symbol, "texts", at)
        if let otherField {
            guard otherField.type == .text else { throw PolicyProblem(other.position, expected: "a text", found: otherField.type.rawValue) }
            try emit(.textEqualsText(field, otherField), 1, at, .truth)
        } else {
            try emit(.textEqualsLiteral(field, literal: literal(try text(other))), 1, at, .truth)
        }
        return symbol == .notEqual ? try emit(.not, 0, at, .truth) : .truth
    }

    /// Decisions, models and statuses are compared by their numbers.
    private mutating func compareName(
        _ symbol: PolicyToken.Symbol, _ field: PolicyField, _ other: PolicySyntax, _ otherField: PolicyField?, _ at: PolicyPosition
    ) throws(PolicyProblem) -> PolicyType {
        try requireEquality(symbol, "values that are \(field.type.rawValue)", at)
        try emit(.load(field), 1, at, field.type)
        if let otherField {
            guard otherField.type == field.type else { throw PolicyProblem(other.position, expected: field.type.rawValue, found: otherField.type.rawValue) }
            try emit(.load(otherField), 1, at, field.type)
        } else {
            try emit(.push(try number(of: other, field.type)), 1, at, field.type)
        }
        try emit(.equal, -1, at, .truth)
        return symbol == .notEqual ? try emit(.not, 0, at, .truth) : .truth
    }

    private mutating func compareValues(_ symbol: PolicyToken.Symbol, _ left: PolicySyntax, _ right: PolicySyntax, _ at: PolicyPosition) throws(PolicyProblem) -> PolicyType {
        if case .text = left.kind, case .text = right.kind { throw PolicyProblem(at, expected: "a field on one side", found: "two texts") }
        if case .text(let text) = left.kind { throw PolicyProblem(left.position, expected: "a number", found: "the text \"\(text)\"") }
        let type = try compile(left)
        guard type == .number || type == .truth else { throw PolicyProblem(left.position, expected: "a number", found: type.rawValue) }
        try compile(right, as: type)
        if type == .truth { try requireEquality(symbol, "truth values", at) }
        switch symbol {
        case .less: try emit(.less, -1, at, .truth)
        case .lessOrEqual: try emit(.lessOrEqual, -1, at, .truth)
        case .greater: try emit(.greater, -1, at, .truth)
        case .greaterOrEqual: try emit(.greaterOrEqual, -1, at, .truth)
        default: try emit(.equal, -1, at, .truth)
        }
        return symbol == .notEqual ? try emit(.not, 0, at, .truth) : .truth
    }

    private func requireEquality(_ symbol: PolicyToken.Symbol, _ what: String, _ at: PolicyPosition) throws(PolicyProblem) {
        guard symbol == .equal || symbol == .notEqual else {
            throw PolicyProblem(at, expected: "== or != between \(what)", found: "'\(symbol.rawValue)'")
        }
    }

    // MARK: Lists and sets

    private mutating func member(_ value: PolicySyntax, _ list: [PolicySyntax], _ at: PolicyPosition) throws(PolicyProblem) {
        let field = try field(value)
        if let field, field.type == .text {
            try emit(.textIsIn(field, list: try textList(list)), 1, at, .truth)
            return
        }
        if let field, field.type == .signals { throw PolicyProblem(at, expected: "contains or only after signals", found: "'in'") }
        let type = try compile(value)
        guard type != .truth else { throw PolicyProblem(value.position, expected: "a number, a text, a decision or a model", found: type.rawValue) }
        var numbers: ContiguousArray<Double> = []
        for element in list { numbers.append(try number(of: element, type)) }
        program.numberLists.append(numbers)
        try emit(.numberIsIn(list: program.numberLists.count - 1), 0, at, .truth)
    }

    private mutating func missing(_ value: PolicySyntax, _ at: PolicyPosition) throws(PolicyProblem) {
        if let field = try field(value) {
            try emit(.fieldIsMissing(field), 1, at, .truth)
        } else {
            try compile(value, as: .number)
            try emit(.valueIsMissing, 0, at, .truth)
        }
    }

    private func requireSignals(_ set: PolicySyntax, _ word: String) throws(PolicyProblem) {
        guard try field(set)?.type == .signals else { throw PolicyProblem(set.position, expected: "signals before '\(word)'", found: "something else") }
    }

    // MARK: Literals

    private mutating func literal(_ text: String) -> Int {
        let bytes = ContiguousArray(text.utf8)
        if let known = program.literals.firstIndex(of: bytes) { return known }
        program.literals.append(bytes)
        return program.literals.count - 1
    }

    private func text(_ syntax: PolicySyntax) throws(PolicyProblem) -> String {
        switch syntax.kind {
        case .text(let text): return text
        case .name(let head, nil): throw PolicyProblem(syntax.position, expected: "a text in quotes, such as \"\(head)\"", found: "'\(head)'")
        case .number: throw PolicyProblem(syntax.position, expected: "a text in quotes", found: "a number")
        default: throw PolicyProblem(syntax.position, expected: "a text in quotes", found: "something else")
        }
    }

    private mutating func textList(_ list: [PolicySyntax]) throws(PolicyProblem) -> Int {
        var indices: ContiguousArray<Int> = []
        for element in list { indices.append(literal(try text(element))) }
        program.textLists.append(indices)
        return program.textLists.count - 1
    }

    private func signals(_ list: [PolicySyntax]) throws(PolicyProblem) -> UInt64 {
        var bits: UInt64 = 0
        for element in list { bits |= try vocabulary.signalBit(try text(element), at: element.position) }
        return bits
    }

    private func unknown(_ name: String, among known: [String], _ what: String, _ at: PolicyPosition) -> PolicyProblem {
        PolicyProblem(at, expected: "\(what) (\(PolicyVocabulary.list(known)))", unknown: name, among: known)
    }

    /// The number that stands for a literal of this type.
    private func number(of syntax: PolicySyntax, _ type: PolicyType) throws(PolicyProblem) -> Double {
        switch (type, syntax.kind) {
        case (.number, .number(let value)): return value
        case (.number, .negative(let inner)):
            if case .number(let value) = inner.kind { return -value }
        case (.decision, .name(let word, nil)), (.decision, .text(let word)):
            if let decision = Decision.allCases.first(where: { $0.description == word }) { return Double(decision.rawValue) }
            throw unknown(word, among: PolicyVocabulary.decisions, "a decision", syntax.position)
        case (.status, .name(let word, nil)), (.status, .text(let word)):
            if let status = RequestStatus.stated.first(where: { $0.description == word }) { return Double(status.rawValue) }
            throw unknown(word, among: PolicyVocabulary.statuses, "a status", syntax.position)
        case (.model, .text(let name)):
            if let index = vocabulary.schema.models.firstIndex(of: name) { return Double(index) }
            throw unknown(name, among: vocabulary.schema.models, "a model in quotes", syntax.position)
        case (.model, .name(let word, nil)):
            throw PolicyProblem(syntax.position, expected: "a model in quotes, such as \"\(word)\"", found: "'\(word)'")
        default: break
        }
        let expected = switch type {
        case .number: "a number"
        case .decision: "a decision (\(PolicyVocabulary.list(PolicyVocabulary.decisions)))"
        case .status: "a status (\(PolicyVocabulary.list(PolicyVocabulary.statuses)))"
        default: "a model in quotes"
        }
        throw PolicyProblem(syntax.position, expected: expected, found: "something else")
    }
}
