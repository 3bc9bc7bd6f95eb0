import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// The sections of ``everyKey`` that say what comes in.
@Suite struct EveryKeyInputTests {
    private func path(_ text: String) throws -> FieldSource { .path(try FieldPath(parsing: text)) }

    @Test func decisionMapping() throws {
        var expected = DecisionMapping()
        expected.requestID = try path("/meta/id")
        expected.time = try path("/meta/ts")
        expected.timeFormat = .epochMilliseconds
        expected.modelName = .constant("risk")
        expected.modelVersion = try path("/meta/version")
        expected.score = try path("/result/score")
        expected.scoreScale = 1_000
        expected.decision = .constant("log")
        expected.decisionValues = ["APPROVED": .allow, "NO": .block, "log": .log]
        expected.thresholdChallenge = .constant("300")
        expected.thresholdBlock = nil
        expected.features = ObjectMapping(container: try FieldPath(parsing: "/x"), overrides: ["amount": try path("/payment/amount"), "fixed": .constant("true")])
        expected.slices = ObjectMapping(container: nil, overrides: ["country": try path("/geo/country"), "channel": .constant("app")])
        expected.entities = ObjectMapping(container: .root, overrides: ["user": .constant("u")])
        expected.latency = try path("/timing/us")
        expected.latencyScale = 1_000
        expected.amount = .constant("5")
        expected.amountScale = 100
        expected.signals = try FieldPath(parsing: "/why")
        expected.modelSignal = "ml"
        expected.cost = try path("/bill")
        expected.costScale = 1_000
        expected.status = .constant("ok")
        expected.statusValues = ["ok": .ok, "408": .timeout]
        expected.explorationProbability = try path("/policy/p")
        expected.action = try path("/what")
        expected.override = nil
        let inputs = try loadedConfiguration(everyKey).inputs
        #expect(inputs.decisions == InputConfiguration.Decisions(topic: "d", mapping: expected))
    }

    @Test func labelMapping() throws {
        var expected = LabelMapping()
        expected.requestID = try path("/id")
        expected.time = try path("/at")
        expected.timeFormat = .epochSeconds
        expected.outcome = .constant("fraud")
        expected.outcomeValues = ["fraud": .fraud, "CB": .fraud]
        expected.kind = .constant("chargeback")
        expected.pipeline = .constant("issuer")
        expected.actor = nil
        expected.conditions = .constant("blind")
        expected.decisionTime = try path("/decided_at")
        expected.samplingWeight = .constant("2.5")
        #expect(try loadedConfiguration(everyKey).inputs.labels == InputConfiguration.Labels(topic: "l", mapping: expected))
    }

    @Test func firstStart() throws {
        let every = try loadedConfiguration(everyKey)
        let inputs = every.inputs
        #expect(inputs.start == .time(1_767_601_800_000))
        #expect(inputs.history == .aloud)
        #expect(inputs.gaps == .skip)
        #expect(inputs.otherModels == .ignore && every.topology.schema.otherModels == .ignore)
    }
}
