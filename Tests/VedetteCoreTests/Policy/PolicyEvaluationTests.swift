import Testing
import VedetteCore

@Suite("Policy expressions: meaning")
struct PolicyEvaluationTests {
    private static let yes = "feature.yes", no = "feature.no", unknown = "feature.gone"

    @Test("and, or and not by Kleene's tables")
    func truthTables() throws {
        let values: [(String, PolicyVerdict)] = [(Self.yes, .holds), (Self.no, .fails), (Self.unknown, .unknown)]
        for (a, left) in values {
            let negated: PolicyVerdict = left == .holds ? .fails : left == .fails ? .holds : .unknown
            #expect(try PolicyKit.verdict("not \(a)") == negated)
            for (b, right) in values {
                let both: PolicyVerdict = left == .fails || right == .fails ? .fails : left == .holds && right == .holds ? .holds : .unknown
                let either: PolicyVerdict = left == .holds || right == .holds ? .holds : left == .fails && right == .fails ? .fails : .unknown
                #expect(try PolicyKit.verdict("\(a) and \(b)") == both, "\(a) and \(b)")
                #expect(try PolicyKit.verdict("\(a) or \(b)") == either, "\(a) or \(b)")
            }
        }
    }

    private static let meanings: [(String, PolicyVerdict)] = [
        ("true", PolicyVerdict.holds), ("false", .fails), ("not false", .holds),
        ("score == 0.25", .holds), ("score != 0.25", .fails), ("score < 0.25", .fails), ("score <= 0.25", .holds),
        ("score > 0.25", .fails), ("score >= 0.25", .holds), ("0.2 < score", .holds), ("score < threshold.challenge", .holds),
        ("threshold.block - threshold.challenge == 0.25", .holds), ("amount * 2 + 1 == 201", .holds), ("amount / 8 - 2.5 == 10", .holds),
        ("2 + 3 * 4 == 14", .holds), ("(2 + 3) * 4 == 20", .holds), ("10 - 4 - 3 == 3", .holds), ("-amount < -99", .holds), ("--1 == 1", .holds),
        ("1e2 == amount", .holds), ("1.5E-1 < score", .holds), ("amount / 0 > 1", .unknown), ("(amount / 0) is missing", .holds),
        ("1e308 * 10 > 1", .unknown), ("cost > 1", .unknown), ("cost is missing", .holds), ("cost is present", .fails),
        ("cost is not missing", .fails), ("amount is not missing", .holds), ("amount is not present", .fails), ("cost > 1 and false", .fails),
        ("cost > 1 or true", .holds), ("not (cost > 1)", .unknown), ("exploration is missing", .holds), ("latency < 20", .holds),
        ("decision == allow", .holds), ("decision != allow", .fails), ("decision in [challenge, block]", .fails), ("decision not in [challenge, \"block\"]", .holds),
        ("allow == decision", .holds), ("model == \"payments\"", .holds), ("model in [\"logins\"]", .fails), ("status == ok", .holds),
        ("status in [timeout, error]", .fails), ("version == 'v1'", .holds), ("version == \"v10\"", .fails), ("action == \"password_reset\"", .holds),
        ("action in [\"login\", \"password_reset\"]", .holds), ("action not in [\"login\"]", .holds), ("override is present", .fails),
        ("override == \"ops\"", .unknown), ("slice.country == \"FR\"", .holds), ("slice.country != \"DE\"", .holds), ("slice[\"country\"] == \"FR\"", .holds),
        ("slice.channel == \"app\"", .unknown), ("slice.channel in [\"app\"]", .unknown), ("slice.channel is missing", .holds),
        ("slice.country == slice.channel", .unknown), ("slice.country == slice.country", .holds), ("slice.country != action", .holds),
        ("feature.age >= 18", .holds), ("feature[\"odd name\"] == -3.5", .holds), ("feature.broken > 0", .unknown), ("feature.broken is missing", .holds),
        ("feature.browser == \"firefox\"", .holds), ("feature.yes == true", .holds), ("feature.yes != feature.no", .holds), ("feature.gone == true", .unknown),
        ("feature.age in [29, 30, -1]", .holds), ("feature.age not in [1]", .holds), ("feature.age + 1 in [31]", .holds), ("cost in [1]", .unknown),
        ("entity.user is present", .holds), ("entity.device is missing", .holds), ("signals is present", .holds), ("signals only [\"model\"]", .holds),
        ("signals only [\"model\", \"mfa\"]", .holds), ("signals only [\"mfa\"]", .fails), ("signals contains \"model\"", .holds),
        ("signals contains \"mfa\"", .fails), ("signals.count == 1", .holds), ("signals.count in [1, 2]", .holds),
        ("not not (feature.yes)", .holds), ("feature.no or feature.yes and feature.no", .fails), ("(feature.no or feature.yes) and feature.yes", .holds),
        ("not feature.no and feature.yes", .holds),
        ("action == \"password_reset\"\n  and decision == allow\n\tand signals only [\"model\"]", .holds),
    ]

    @Test("Each expression means what it says", arguments: meanings)
    func meaning(source: String, expected: PolicyVerdict) throws {
        #expect(try PolicyKit.verdict(source) == expected, "\(source)")
    }

    @Test("Signals that nobody declared count as others; no signals are missing")
    func signals() throws {
        var row = PolicyKit.Row()
        row.signals = 0b001 | EventSchema.otherSignal
        #expect(try PolicyKit.verdict("signals only [\"model\"]", row) == .fails)
        #expect(try PolicyKit.verdict("signals.count == 2", row) == .holds)
        row.signals = 0
        for source in ["signals only [\"model\"]", "signals contains \"model\"", "signals.count < 2"] {
            #expect(try PolicyKit.verdict(source, row) == .unknown, "\(source)")
        }
        #expect(try PolicyKit.verdict("signals is missing", row) == .holds)
    }

    @Test("Quotes, escapes and texts beyond ASCII")
    func texts() throws {
        var row = PolicyKit.Row()
        row.action = "a\"b\\c'd"
        #expect(try PolicyKit.verdict(#"action == "a\"b\\c'd""#, row) == .holds)
        #expect(try PolicyKit.verdict(#"action == 'a"b\\c\'d'"#, row) == .holds)
        row.action = "zurücksetzen"
        #expect(try PolicyKit.verdict("action == \"zurücksetzen\"", row) == .holds)
        row.action = ""
        #expect(try PolicyKit.verdict("action == \"\"", row) == .unknown)
    }

    @Test("Random expressions agree with a tree walk over optional values", arguments: 1...20)
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let batch = PolicyKit.batch()
        for _ in 0..<200 {
            let (source, expected) = Self.condition(depth: 4, &random)
            let verdict = try PolicyProgram(source, vocabulary: PolicyKit.vocabulary).evaluate(batch, 0)
            #expect(verdict == (expected.map { $0 ? .holds : .fails } ?? .unknown), "seed \(seed): \(source)")
        }
    }

    /// Source and value of a random condition; nil is unknown.
    private static func condition(depth: Int, _ random: inout SeededRandom) -> (String, Bool?) {
        switch depth == 0 ? 0 : Int.random(in: 0..<6, using: &random) {
        case 0:
            let leaves: [(String, Bool?)] = [(yes, true), (no, false), (unknown, nil), ("true", true)]
            return leaves[random.below(4)]
        case 1:
            let (source, value) = condition(depth: depth - 1, &random)
            return ("not (\(source))", value.map { !$0 })
        case 2, 3:
            let (a, x) = condition(depth: depth - 1, &random), (b, y) = condition(depth: depth - 1, &random)
            if Bool.random(using: &random) { return ("(\(a)) and (\(b))", x == false || y == false ? false : x == nil || y == nil ? nil : true) }
            return ("(\(a)) or (\(b))", x == true || y == true ? true : x == nil || y == nil ? nil : false)
        default:
            let (a, x) = number(depth: depth - 1, &random), (b, y) = number(depth: depth - 1, &random)
            let symbol = ["<", "<=", ">", ">=", "==", "!="][random.below(6)]
            guard let x, let y else { return ("\(a) \(symbol) \(b)", nil) }
            let holds: Bool
            switch symbol {
            case "<": holds = x < y
            case "<=": holds = x <= y
            case ">": holds = x > y
            case ">=": holds = x >= y
            case "==": holds = x == y
            default: holds = x != y
            }
            return ("\(a) \(symbol) \(b)", holds)
        }
    }

    private static func number(depth: Int, _ random: inout SeededRandom) -> (String, Double?) {
        guard depth > 0, Bool.random(using: &random) else {
            let leaves: [(String, Double?)] = [("score", 0.25), ("amount", 100), ("cost", nil), ("0", 0), ("7", 7)]
            return leaves[random.below(5)]
        }
        let (a, x) = number(depth: depth - 1, &random), (b, y) = number(depth: depth - 1, &random)
        let symbol = ["+", "-", "*", "/"][random.below(4)]
        var value: Double?
        if let x, let y {
            switch symbol {
            case "+": value = x + y
            case "-": value = x - y
            case "*": value = x * y
            default: value = x / y
            }
        }
        return ("(\(a) \(symbol) \(b))", value.flatMap { $0.isFinite ? $0 : nil })
    }
}
