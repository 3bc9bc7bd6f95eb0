import Testing
import VedetteCore

@Suite("Policy expressions: errors")
struct PolicyErrorTests {
    private func problem(_ source: String) -> PolicyProblem? {
        do {
            _ = try PolicyProgram(source, vocabulary: PolicyKit.vocabulary)
            return nil
        } catch { return error }
    }

    /// Source, line, column, a part of what was expected, a part of what was found.
    private static let errors: [(String, Int, Int, String, String)] = [
        ("", 1, 1, "a value", "the end"), ("   ", 1, 4, "a value", "the end"), ("and", 1, 1, "a value", "'and'"),
        ("score", 1, 1, "a condition", "a number"), ("score +", 1, 8, "a value", "the end"), ("score > 0.5 amount", 1, 13, "an operator", "'amount'"),
        ("score = 1", 1, 7, "'=='", "'='"), ("true && false", 1, 6, "'and'", "'&&'"), ("true || false", 1, 6, "'or'", "'||'"),
        ("!true", 1, 1, "'not'", "'!'"), ("true & true", 1, 6, "'and'", "'&'"), ("true | true", 1, 6, "'or'", "'|'"), ("score <> 1", 1, 7, "'!='", "'<>'"),
        ("score > 1.", 1, 10, "digits after the point", "none"), ("score > 1.2.3", 1, 12, "a number, an operator", "'.'"),
        ("score > 1e", 1, 11, "digits of an exponent", "none"),
        ("score > 1x", 1, 10, "a number, an operator", "'x'"), ("score > 1e999", 1, 9, "at most 1.8e308", "1e999"),
        ("score > 0.5 #", 1, 13, "an operator", "the character '#'"),
        ("action == \"a", 1, 11, "closed with \"", "one that is not"), ("action == \"a\nb\"", 1, 11, "closed with \"", "one that is not"),
        ("action == \"a\\n\"", 1, 14, "after a backslash", "'n'"), ("action == \"a\\", 1, 14, "after a backslash", "nothing"),
        ("(true", 1, 6, "')'", "the end"), ("true)", 1, 5, "an operator", "')'"), ("1 < score < 2", 1, 11, "'and' between two comparisons", "'<'"),
        ("score not 1", 1, 11, "'in' after 'not'", "the number 1"), ("score in 1", 1, 10, "a list", "the number 1"), ("score in []", 1, 11, "a value", "']'"),
        ("score in [1 2]", 1, 13, "',' or ']'", "the number 2"), ("score in [1,]", 1, 13, "a value", "']'"), ("score is", 1, 9, "'missing' or 'present'", "the end"),
        ("score is not 1", 1, 14, "'missing' or 'present'", "the number 1"), ("slice. == \"a\"", 1, 8, "a name after '.'", "'=='"),
        ("slice[1] == \"a\"", 1, 7, "a name in quotes", "the number 1"),
        ("slice[\"country\" == \"a\"", 1, 17, "']'", "'=='"), ("slcie.country == \"a\"", 1, 1, "slice, feature", "'slcie'"), ("scor > 1", 1, 1, "a value (model,", "'scor'"),
        ("slice == \"a\"", 1, 1, "slice.<dimension>", "'slice' alone"), ("feature > 1", 1, 1, "feature.<name>", "alone"),
        ("entity is missing", 1, 1, "entity.<kind>", "alone"),
        ("threshold > 1", 1, 1, "threshold.block", "alone"), ("slice.city == \"a\"", 1, 1, "a slice dimension (country, channel)", "\"city\""),
        ("feature.agee > 1", 1, 1, "a feature (yes, no,", "\"agee\""), ("entity.card is missing", 1, 1, "an entity kind (user, device)", "\"card\""),
        ("threshold.allow > 1", 1, 1, "a threshold (challenge, block)", "\"allow\""), ("signals.size > 1", 1, 1, "a property of signals (count)", "\"size\""),
        ("score.x > 1", 1, 1, "slice, feature, entity, threshold or signals", "'score'"), ("score > \"a\"", 1, 9, "a number", "the text \"a\""),
        ("\"a\" < score", 1, 1, "a number", "the text"),
        ("score > true", 1, 9, "a number", "true or false"), ("true > 1", 1, 8, "true or false", "a number"), ("feature.yes < feature.no", 1, 13, "== or !=", "'<'"),
        ("score + true > 1", 1, 9, "a number", "true or false"), ("-true", 1, 2, "a number", "true or false"),
        ("not score", 1, 5, "a condition", "a number"), ("true and 1", 1, 10, "a condition", "a number"),
        ("1 or true", 1, 1, "a condition", "a number"), ("action < \"a\"", 1, 8, "== or != between texts", "'<'"), ("action == 1", 1, 11, "a text in quotes", "a number"),
        ("action == login", 1, 11, "such as \"login\"", "'login'"), ("action == score", 1, 11, "a text", "a number"),
        ("action == (1 + 1)", 1, 14, "a text in quotes", "something else"),
        ("action", 1, 1, "around a text", "it by itself"), ("\"a\"", 1, 1, "a text only beside", "one by itself"),
        ("\"a\" == \"b\"", 1, 5, "a field on one side", "two texts"),
        ("decision == alow", 1, 13, "a decision (allow,", "\"alow\""), ("decision < allow", 1, 10, "== or !=", "'<'"),
        ("decision == 1", 1, 13, "a decision", "something else"),
        ("decision in [allow, 1]", 1, 21, "a decision", "something else"), ("decision == model", 1, 13, "a decision", "a model"),
        ("allow", 1, 1, "'decision == allow'", "'allow' without"),
        ("model == \"paymants\"", 1, 10, "a model in quotes (payments, logins)", "\"paymants\""), ("model == payments", 1, 10, "such as \"payments\"", "'payments'"),
        ("status == broken", 1, 11, "a status (ok, timeout, error)", "\"broken\""), ("signals == \"model\"", 1, 9, "contains, only", "'=='"),
        ("signals in [\"model\"]", 1, 9, "contains or only", "'in'"),
        ("signals", 1, 1, "around a set of signals", "it by itself"), ("signals contains \"otp\"", 1, 18, "a declared signal (model, device, mfa)", "\"otp\""),
        ("signals contains model", 1, 18, "in quotes, such as \"model\"", "'model'"), ("signals only [1]", 1, 15, "a text in quotes", "a number"),
        ("action only [\"a\"]", 1, 1, "signals before 'only'", "something else"),
        ("score contains \"a\"", 1, 1, "signals before 'contains'", "something else"),
        ("entity.user == 1", 1, 13, "is missing or is present", "'=='"), ("entity.user", 1, 1, "around an entity", "it by itself"),
        ("true in [1]", 1, 1, "a number, a text, a decision or a model", "true or false"), ("score in [\"a\"]", 1, 11, "a number", "something else"),
        ("(true) is missing", 1, 2, "a number", "true or false"),
        ("score > 1\nand\n  amuont > 2", 3, 3, "a value (model,", "'amuont'"), ("slice.country == \"é\" and x", 1, 26, "a value", "'x'"),
    ]

    @Test("Every error names its place, what was expected and what was found", arguments: errors)
    func places(source: String, line: Int, column: Int, expected: String, found: String) throws {
        let problem = try #require(self.problem(source), "\(source)")
        #expect(problem.position == PolicyPosition(line: line, column: column), "\(source): \(problem)")
        #expect(problem.expected.contains(expected), "\(source): \(problem)")
        #expect(problem.found.contains(found), "\(source): \(problem)")
        #expect(problem.description == "line \(line), column \(column): expected \(problem.expected), found \(problem.found)")
    }

    /// Source, the name that nobody knows, one that is among those that may have been meant.
    private static let unknown: [(String, String, String)] = [
        ("scor > 1", "scor", "score"), ("slcie.country == 'a'", "slcie", "slice"), ("feature.agee > 1", "agee", "age"), ("slice.contry == 'a'", "contry", "country"),
        ("entity.usr is missing", "usr", "user"), ("threshold.blok > 1", "blok", "block"), ("signals.cuont > 1", "cuont", "count"), ("decision == alow", "alow", "allow"),
        ("status == timout", "timout", "timeout"), ("model == 'paymants'", "paymants", "payments"), ("signals contains 'modle'", "modle", "model"),
        ("decision in [allow, blok]", "blok", "block"),
    ]

    @Test("A name that nobody knows comes with those that may have been meant", arguments: unknown)
    func names(source: String, name: String, meant: String) throws {
        let unknown = try #require(problem(source)?.unknown, "\(source)")
        #expect(unknown.name == name && unknown.known.contains(meant), "\(source): \(unknown)")
    }

    @Test("What is no unknown name has none", arguments: ["score", "score > 'a'", "slice == 'a'", "allow", "score >", "model == payments"])
    func otherProblems(source: String) throws { #expect(try #require(problem(source)).unknown == nil) }

    @Test("Size and depth are bounded")
    func limits() {
        func nested(_ levels: Int) -> String { String(repeating: "(", count: levels) + "true" + String(repeating: ")", count: levels) }
        #expect(problem(nested(PolicyLimits.depth)) == nil)
        #expect(problem(nested(PolicyLimits.depth + 1))?.expected.contains("levels of nesting") == true)
        #expect(problem(String(repeating: "not ", count: 40) + "true")?.expected.contains("levels of nesting") == true)
        #expect(problem(String(repeating: "- ", count: 40) + "1 > 0")?.expected.contains("levels of nesting") == true)
        #expect(problem(String(repeating: " ", count: PolicyLimits.sourceLength) + "true")?.expected.contains("characters") == true)
        #expect(problem("true" + String(repeating: " or true", count: 600))?.expected.contains("names, values and operators") == true)
        #expect(problem("true" + String(repeating: " or true", count: 200))?.expected.contains("a smaller expression") == true)
        #expect(problem("true" + String(repeating: " or true", count: 150)) == nil)
        let list = Array(repeating: "1", count: PolicyLimits.listElements + 1).joined(separator: ", ")
        #expect(problem("score in [\(list)]")?.expected.contains("elements in a list") == true)
        #expect(problem("action == \"\(String(repeating: "x", count: PolicyLimits.textBytes + 1))\"")?.expected.contains("bytes") == true)
        let deep = (0..<31).map { _ in "1 + (" }.joined() + "1" + String(repeating: ")", count: 31)
        #expect(problem("\(deep) > 1") == nil)
        #expect(problem("1 < 1 + (\(deep))")?.expected.isEmpty == false)
    }

    @Test("Noise is an error, never a trap", arguments: 1...10)
    func noise(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let parts = [
            "score", "action", "signals", "decision", "slice.country", "feature.age", "entity.user", "allow", "1", "\"a\"", "'", "(", ")", "[", "]",
            ",", ".", "==", "<", "+", "-", "*", "/", "and", "or", "not", "in", "is", "missing", "contains", "only", "true", "\n", "é", "\\",
            "threshold.block"]
        let batch = PolicyKit.batch()
        for _ in 0..<2_000 {
            let source = (0..<Int.random(in: 0..<14, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined(separator: " ")
            if let program = try? PolicyProgram(source, vocabulary: PolicyKit.vocabulary) { _ = program.evaluate(batch, 0) }
        }
    }

    @Test("A message names at most twelve names, and how many more there are", arguments: [(11, ""), (12, ""), (13, ", and 1 more")])
    func longLists(count: Int, more: String) throws {
        let names = (1...count).map { "d\($0)" }
        let schema = EventSchema(models: ["m"], features: [], dimensions: names, entities: [])
        let problem = #expect(throws: PolicyProblem.self) { try PolicyProgram("slice.x == 'a'", vocabulary: PolicyVocabulary(schema: schema)) }
        #expect(problem?.expected == "a slice dimension (\(names.prefix(12).joined(separator: ", "))\(more))")
    }

    @Test("Programs are equal where they say and do the same")
    func equality() throws {
        let sources = ["action in ['a']", "action in ['b']", "score in [1]", "score in [2]", "score > 1", "score >= 1", "action == 'a'", "action == 'b'"]
        for a in sources {
            for b in sources {
                let (first, second) = (try PolicyProgram(a, vocabulary: PolicyKit.vocabulary), try PolicyProgram(b, vocabulary: PolicyKit.vocabulary))
                #expect((first == second) == (a == b), "\(a), \(b)")
            }
        }
    }
}
