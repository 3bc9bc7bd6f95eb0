import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// Every form of a rule over every decision, set of signals, override, action and amount: records as a producer writes them, through
/// the decoder, against what the rule says in plain Swift.
@Suite struct PolicyFormTests {
    struct Row: CustomStringConvertible {
        var model = "risk"
        var decision = Decision.allow
        /// Nil: the record does not say.
        var signals: [String]?
        var override: String?
        var action: String? = "payout"
        var amount: Double?

        var description: String { "\(model) \(decision) \(signals.map { "\($0)" } ?? "-") \(override ?? "-") \(action ?? "-") \(amount.map { "\($0)" } ?? "-")" }

        var line: String {
            var members = [
                "\"request_id\":\"r\"", "\"time\":\"2026-01-05T00:00:00Z\"", "\"model\":{\"name\":\"\(model)\",\"version\":\"1\"}", "\"score\":0.5",
                "\"decision\":\"\(decision)\"",
            ]
            if let signals { members.append("\"signals\":[\(signals.map { "\"\($0)\"" }.joined(separator: ","))]") }
            if let override { members.append("\"override\":\"\(override)\"") }
            if let action { members.append("\"action\":\"\(action)\"") }
            if let amount { members.append("\"amount\":\(amount)") }
            return "{\(members.joined(separator: ","))}"
        }

        static let all: [Row] = {
            let sets: [[String]?] = [
                nil, [], ["model"], ["device"], ["mfa"], ["model", "device"], ["model", "mfa"], ["device", "mfa"], ["model", "device", "mfa"], ["model", "other"],
            ]
            var rows: [Row] = []
            for model in ["risk", "login"] {
                for decision in Decision.allCases {
                    for signals in sets {
                        for override in [nil, "ops"] {
                            for action in [nil, "payout", "password_reset"] {
                                for amount in [nil, 5_000, 5_001] as [Double?] {
                                    rows.append(Row(model: model, decision: decision, signals: signals, override: override, action: action, amount: amount))
                                }
                            }
                        }
                    }
                }
            }
            return rows
        }()

        /// Nil where the record does not say: an empty list says nothing.
        var set: Set<String>? { signals.flatMap { $0.isEmpty ? nil : Set($0) } }
    }

    private struct NoRule: Error {}

    private static let head = """
        application: shop
        inputs: {decisions: {topic: d}, labels: {topic: l}}
        secrets: {hash_key: public}
        models: [{name: risk, owner: a, security: b}, {name: login, owner: a, security: b}]
        signals: [device, mfa]
        monitors: []

        """

    private func not(_ value: Bool?) -> Bool? { value.map { !$0 } }
    private func and(_ values: Bool?...) -> Bool? { values.contains(false) ? false : values.contains(nil) ? nil : true }
    private func or(_ values: Bool?...) -> Bool? { values.contains(true) ? true : values.contains(nil) ? nil : false }

    /// - Parameter breaks: whether it is certain that a row breaks the rule, or that it does not; nil where that can not be told.
    private func expect(_ rule: String, missingBreaks: Bool = false, _ breaks: (Row) -> Bool?) throws {
        let configuration = try loadedConfiguration(Self.head + "policy: {rules: [{name: a, \(rule)}]}")
        guard case .policy(let set)? = configuration.topology.detectors.first?.rule else { throw NoRule() }
        let compiled = try #require(set.rules.first)
        let schema = configuration.topology.schema
        let decoder = try DecisionDecoder(schema: schema, mapping: configuration.inputs.decisions.mapping, limits: configuration.limits, hash: KeyedHash(k0: 1, k1: 2))
        let batch = DecisionBatch(schema: schema, partition: 0)
        for (index, row) in Row.all.enumerated() {
            let rejection = Array(row.line.utf8).withUnsafeBytes { decoder.decode($0, offset: Int64(index), into: batch) }
            #expect(rejection == nil, "\(row)")
        }
        #expect(compiled.missingBreaks == missingBreaks)
        var seen: Set<PolicyVerdict> = []
        for (index, row) in Row.all.enumerated() {
            let expected: PolicyVerdict = breaks(row).map { $0 ? .holds : .fails } ?? .unknown
            let verdict = compiled.condition.evaluate(batch, index)
            if verdict != expected { Issue.record("\(rule): \(row): \(verdict), expected \(expected)") }
            seen.insert(verdict)
        }
        #expect(seen.contains(.holds) && seen.count >= 2, "the rows tell the rule from another")
    }

    @Test func neverByMap() throws {
        try expect("never: {action: payout, decision: allow}") { row in and(row.action.map { $0 == "payout" }, row.decision == .allow) }
        try expect("never: {decision: [allow, log]}") { $0.decision == .allow || $0.decision == .log }
        try expect("never: {decision: allow, signals_only: [model]}") { row in and(row.decision == .allow, row.set.map { $0.isSubset(of: ["model"]) }) }
        try expect("never: {signals_only: [model, mfa], amount: 5001}") { row in
            and(row.set.map { $0.isSubset(of: ["model", "mfa"]) }, row.amount.map { $0 == 5_001 })
        }
        try expect("never: {signals_with: [device, mfa], model: risk}") { row in and(row.set.map { $0.isSuperset(of: ["device", "mfa"]) }, row.model == "risk") }
        try expect("never: {signals_without: [device, mfa], decision: block}") { row in
            and(row.set.map { $0.isDisjoint(with: ["device", "mfa"]) }, row.decision == .block)
        }
        try expect("never: {override: ops}") { row in row.override.map { $0 == "ops" } }
    }

    @Test func neverByExpression() throws {
        try expect("never: 'decision in [allow, log] or override is present'") { row in row.decision == .allow || row.decision == .log || row.override != nil }
        try expect("never: 'amount > 5000 and not (signals contains \"mfa\")'") { row in
            and(row.amount.map { $0 > 5_000 }, not(row.set.map { $0.contains("mfa") }))
        }
        try expect("never: 'amount is missing or action != \"payout\"'") { row in row.amount == nil ? true : row.action.map { $0 != "payout" } }
    }

    @Test func whenAndModels() throws {
        try expect("models: [login], never: {decision: allow}") { $0.model == "login" && $0.decision == .allow }
        try expect("when: 'amount >= 5001', never: {decision: allow}") { row in and(row.amount.map { $0 >= 5_001 }, row.decision == .allow) }
        // The condition is one, whatever stands in it.
        try expect("when: 'amount > 5000 or override is present', never: {decision: allow}") { row in
            and(or(row.amount.map { $0 > 5_000 }, row.override != nil), row.decision == .allow)
        }
    }

    @Test func require() throws {
        try expect("require: {count: 2}", missingBreaks: true) { row in row.set.map { $0.count < 2 } }
        try expect("require: {any_of: [device, mfa]}", missingBreaks: true) { row in row.set.map { $0.isDisjoint(with: ["device", "mfa"]) } }
        try expect("require: {all_of: [device, mfa]}", missingBreaks: true) { row in row.set.map { !$0.isSuperset(of: ["device", "mfa"]) } }
        try expect("when: 'decision == allow', require: {count: 2, any_of: [mfa], all_of: [device]}, missing: ignored") { row in
            and(row.decision == .allow, row.set.map { $0.count < 2 || !$0.contains("mfa") || !$0.contains("device") })
        }
    }

    @Test func forbiddenOverride() throws {
        try expect("forbid_override: true, when: 'decision == allow'") { $0.decision == .allow && $0.override != nil }
        try expect("forbid_override: true, models: [risk], missing: breaks", missingBreaks: true) { $0.model == "risk" && $0.override != nil }
    }

    @Test func caps() throws {
        try expect("when: 'action == \"payout\"', max_share: {of: 'decision == allow', share: 50%}") { row in row.action.map { $0 == "payout" } }
        let configuration = try loadedConfiguration(Self.head + "policy: {single_signal: {share: 50%}}")
        guard case .policy(let set)? = configuration.topology.detectors.first?.rule, let rule = set.rules.first, let cap = rule.cap else {
            throw NoRule()
        }
        let decoder = try DecisionDecoder(
            schema: configuration.topology.schema, mapping: configuration.inputs.decisions.mapping, limits: configuration.limits, hash: KeyedHash(k0: 1, k1: 2))
        let batch = DecisionBatch(schema: configuration.topology.schema, partition: 0)
        for (index, row) in Row.all.enumerated() { _ = Array(row.line.utf8).withUnsafeBytes { decoder.decode($0, offset: Int64(index), into: batch) } }
        for (index, row) in Row.all.enumerated() {
            let isAutomated = row.decision == .allow || row.decision == .block
            #expect((rule.condition.evaluate(batch, index) == .holds) == (isAutomated && row.set != nil), "\(row)")
            if let signals = row.set { #expect((cap.counted.evaluate(batch, index) == .holds) == (signals == ["model"]), "\(row)") }
        }
    }
}
