import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

@Suite struct FieldPathTests {
    @Test(arguments: [
        ("/a/b", ["a", "b"]), ("a.b", ["a", "b"]), ("a", ["a"]), ("/a.b", ["a.b"]), ("/a~1b/m~0n", ["a/b", "m~n"]), ("/~01", ["~1"]),
        ("/", [""]), ("/a/", ["a", ""]), ("/a//b", ["a", "", "b"]), ("é.日本", ["é", "日本"]), (".", []),
    ])
    func pathsParse(text: String, segments: [String]) throws {
        let path = try FieldPath(parsing: text)
        #expect(path.segments == segments)
        #expect(try FieldPath(parsing: path.description) == path)
    }

    @Test(arguments: ["", "a..b", ".a", "a.", "/a~", "/a~2", "/~x/b", String(repeating: "/x", count: 17)])
    func brokenPathsAreRefused(text: String) {
        #expect(throws: MappingProblem.self) { try FieldPath(parsing: text) }
    }
}

@Suite struct MappingTests {
    private func path(_ text: String) throws -> FieldSource { .path(try FieldPath(parsing: text)) }

    @Test func anotherShapeGivesTheSameRow() throws {
        var mapping = DecisionMapping()
        mapping.requestID = try path("meta.id")
        mapping.time = try path("/meta/at")
        mapping.timeFormat = .epochSeconds
        mapping.modelName = .constant("cards-gbm")
        mapping.modelVersion = .constant("2018.06.1")
        mapping.score = try path("result.points")
        mapping.scoreScale = 1000
        mapping.decision = try path("result.outcome")
        mapping.decisionValues = ["APPROVED": .allow, "STEP_UP": .challenge, "DECLINED": .block]
        mapping.thresholdChallenge = .constant("125")
        mapping.thresholdBlock = try path("result.cut")
        mapping.features = ObjectMapping(container: try FieldPath(parsing: "in"), overrides: ["amount": try path("/money/cents"), "mcc": .constant("5411")])
        mapping.slices = ObjectMapping(container: nil, overrides: ["country": try path("geo.0"), "channel": .constant("app")])
        mapping.entities = ObjectMapping(container: .root, overrides: ["user": try path("/who/is~1it")])
        mapping.latency = try path("took_s")
        mapping.latencyScale = 0.001
        mapping.amount = try path("/money/cents")
        mapping.amountScale = 100
        mapping.signals = try FieldPath(parsing: "why")
        mapping.modelSignal = "ml"
        mapping.cost = try path("/bill~1millis")
        mapping.costScale = 1000
        mapping.status = try path("result.code")
        mapping.statusValues = ["200": .ok, "408": .timeout]
        mapping.explorationProbability = .constant("0.05")
        mapping.action = .constant("password_reset")
        mapping.override = try path("forced")
        let json = """
            {"meta":{"id":"r-1","at":"1528675492"},"result":{"points":250,"outcome":"STEP_UP","cut":633.4,"code":408},"in":{"is_weekend":true,\
            "terminal_risk_over_30d":3},"money":{"cents":2750},"geo":["FR","x"],"device":"da62","who":{"is/it":"c2968"},\
            "took_s":0.25,"why":["ml"],"bill/millis":2,"forced":"analyst-7"}
            """
        let decoded = try decode(json, mapping)
        try #require(decoded.isAccepted, "\(String(describing: decoded.rejection))")
        var expected = row(try decode(wholeDecision.replacingOccurrences(of: "52.454Z", with: "52Z").replacingOccurrences(of: "12.614", with: "250")
            .replacingOccurrences(of: "0.0311", with: "0.125")).batch, 0)
        expected.values[0] = "bits \((2750.0).bitPattern)"
        // The schema of the tests calls the model's own signal otherwise.
        expected.signalSet = EventSchema.otherSignal
        #expect(row(decoded.batch, 0) == expected)
    }

    @Test func flatRecordsAndTopLevelFeatures() throws {
        var mapping = DecisionMapping()
        mapping.modelName = try path("model")
        mapping.modelVersion = nil
        mapping.features = ObjectMapping(container: .root)
        mapping.slices = ObjectMapping(container: .root)
        mapping.entities = ObjectMapping(container: .root)
        let decoder = try makeDecoder(mapping)
        let decoded = decode(
            #"{"request_id":"r","time":1,"model":"cards-gbm","score":0.5,"decision":"allow","amount":9,"is_weekend":false,"country":"FR","user":"u","extra":1}"#,
            with: decoder)
        try #require(decoded.isAccepted, "\(String(describing: decoded.rejection))")
        // One path may feed two fields: the amount at stake is a feature too.
        #expect(decoded.batch.amount.elements == [9])
        #expect(decoded.batch.featureValue.elements == [9, 0, 0, 0])
        #expect(decoded.batch.string(decoded.batch.dimensions[0]) == "FR")
        #expect(decoded.batch.entities[0] == digest("u"))
        #expect(decoder.unknownFeatureFields == 1)
    }

    @Test func arrayElementsAreFoundByIndex() throws {
        var mapping = DecisionMapping()
        mapping.score = try path("/scores/1/value")
        let rest = #""request_id":"r","time":1,"model":{"name":"cards-gbm"},"decision":"allow""#
        #expect(try decode("{\"scores\":[{\"value\":0.1},{\"value\":0.2}],\(rest)}", mapping).batch.score.elements == [0.2])
        #expect(try decode("{\"scores\":{\"1\":{\"value\":0.3}},\(rest)}", mapping).batch.score.elements == [0.3])
        #expect(try decode("{\"scores\":[{\"value\":0.1}],\(rest)}", mapping).rejection?.reason == .missingField)
        #expect(try decode("{\"scores\":[],\(rest)}", mapping).rejection?.reason == .missingField)
        #expect(try decode("{\"scores\":[1,2],\(rest)}", mapping).rejection?.reason == .wrongType)
    }

    @Test(arguments: [("250", 0.25 as Double?), ("1000", 1), ("0", 0), ("1000.0000000001", nil), ("-1", nil), ("1e308", nil)])
    func scoresAreScaled(json: String, score: Double?) throws {
        var mapping = DecisionMapping()
        mapping.scoreScale = 1000
        mapping.thresholdChallenge = nil
        mapping.thresholdBlock = nil
        let decoded = try decode(wholeDecision.replacingOccurrences(of: "0.25", with: json), mapping)
        #expect(decoded.batch.score.elements.first == score)
        #expect(decoded.rejection?.reason == (score == nil ? .outOfRange : nil))
    }

    @Test func scalingMustStayFinite() throws {
        var mapping = DecisionMapping()
        mapping.amountScale = 0.001
        let decoded = try decode(wholeDecision.replacingOccurrences(of: "\"amount\":27.5,\"signals", with: "\"amount\":1e307,\"signals"), mapping)
        #expect(decoded.rejection?.reason == .outOfRange)
    }

    @Test func decisionWordsMayBeBooleansOrIntegers() throws {
        var mapping = DecisionMapping()
        mapping.decisionValues = ["true": .allow, "false": .block, "2": .escalate]
        func decision(_ json: String) throws -> UInt8? {
            try decode(wholeDecision.replacingOccurrences(of: "\"decision\":\"challenge\"", with: "\"decision\":\(json)"), mapping).batch.decision.elements.first
        }
        #expect(try decision("true") == Decision.allow.rawValue)
        #expect(try decision("false") == Decision.block.rawValue)
        #expect(try decision("2") == Decision.escalate.rawValue)
        #expect(try decision("\"2\"") == Decision.escalate.rawValue)
        #expect(try decision("3") == nil)
        #expect(try decision("\"allow\"") == nil)
    }

    @Test func everyProblemIsListed() throws {
        var mapping = DecisionMapping()
        mapping.requestID = .constant("x")
        mapping.time = .constant("x")
        mapping.modelName = .constant("nobody")
        mapping.score = .constant("2")
        mapping.scoreScale = 0
        mapping.amountScale = -.infinity
        mapping.decision = .constant("maybe")
        mapping.latency = .constant("-1")
        mapping.features = ObjectMapping(container: nil, overrides: ["mystery": .constant("1"), "is_weekend": .constant("yes")])
        let error = #expect(throws: MappingError.self) { try makeDecoder(mapping) }
        let keys = error?.problems.map(\.key) ?? []
        for key in [
            "decisions.request_id", "decisions.time", "decisions.model.name", "decisions.score", "decisions.score_scale",
            "decisions.amount_scale", "decisions.decision", "decisions.latency", "decisions.features.mystery", "decisions.features.amount",
            "decisions.features.is_weekend",
        ] {
            #expect(keys.contains(key), "\(key) in \(keys)")
        }
    }

    @Test func contradictingPathsAreRefused() throws {
        var mapping = DecisionMapping()
        mapping.score = try path("/model")
        #expect(throws: MappingError.self) { try makeDecoder(mapping) }
        mapping.score = try path("/features")
        #expect(throws: MappingError.self) { try makeDecoder(mapping) }
        mapping.score = try path("/features/amount")
        #expect(try decode(wholeDecision.replacingOccurrences(of: "\"amount\":27.5,\"is", with: "\"amount\":0.5,\"is"), mapping).batch.score.elements == [0.5])
    }

    @Test func duplicateDeclarationsAreRefused() {
        let schema = EventSchema(models: ["a", "a"], features: [], dimensions: ["d", "d"], entities: ["e", "e"])
        let error = #expect(throws: MappingError.self) { try makeDecoder(schema: schema) }
        #expect(error?.problems.count == 3)
    }

    @Test func aSchemaOfNothingDecodes() throws {
        let schema = EventSchema(models: ["cards-gbm"], features: [], dimensions: [], entities: [])
        let decoded = try decode(wholeDecision, schema: schema)
        #expect(decoded.isAccepted)
        #expect(isConsistent(decoded.batch))
    }
}

@Suite struct LabelDecoderTests {
    @Test func everyFieldOfAWholeLabelArrives() throws {
        let (batch, rejection) = try decodeLabel(wholeLabel)
        #expect(rejection == nil)
        #expect(batch.offset.elements == [7])
        #expect(batch.time.elements.first == RFC3339.parse("2018-06-12T03:11:39.585Z"))
        #expect(batch.requestID.elements == [identity("r-1")])
        #expect(batch.string(batch.requestText[0]) == "r-1")
        #expect(batch.outcome.elements == [Outcome.fraud.rawValue])
        #expect(batch.string(batch.kind[0]) == "chargeback")
        #expect(batch.string(batch.pipeline[0]) == "issuer")
        #expect(batch.string(batch.actor[0]) == "batch")
        #expect(batch.string(batch.conditions[0]) == "guideline 4, blind")
        #expect(batch.decisionTime.elements == [1_528_675_492_454])
        #expect(batch.samplingWeight.elements == [5])
    }

    @Test func absentOptionalFieldsHaveTheirEmptyValues() throws {
        let bare = [
            #"{"request_id":1,"time":2,"outcome":"legit"}"#,
            #"{"request_id":1,"time":2,"outcome":"legit","kind":null,"source":null,"decision_time":null}"#,
            #"{"request_id":1,"time":2,"outcome":"legit","kind":"","source":{"actor":""},"decision_time":""}"#,
        ]
        for json in bare {
            let (batch, rejection) = try decodeLabel(json)
            #expect(rejection == nil)
            #expect(batch.kind.elements == [.none] && batch.pipeline.elements == [.none] && batch.actor.elements == [.none])
            #expect(batch.conditions.elements == [.none])
            #expect(batch.decisionTime.elements == [Int64.min])
        }
    }

    @Test(arguments: [
        (#"{"time":2,"outcome":"legit"}"#, RejectReason.missingField), (#"{"request_id":1,"outcome":"legit"}"#, .missingField),
        (#"{"request_id":1,"time":2}"#, .missingField), (#"{"request_id":"","time":2,"outcome":"legit"}"#, .missingField),
        (#"{"request_id":1,"time":2,"outcome":"FRAUD"}"#, .unknownValue), (#"{"request_id":1,"time":2,"outcome":{}}"#, .wrongType),
        (#"{"request_id":1,"time":"x","outcome":"legit"}"#, .badTime), (#"{"request_id":1,"time":[],"outcome":"legit"}"#, .wrongType),
        (#"{"request_id":1,"time":2,"outcome":"legit","decision_time":"soon"}"#, .badTime),
        (#"{"request_id":1,"time":2,"outcome":"legit","outcome":"fraud"}"#, .duplicateKey),
        (#"{"request_id":1,"time":2,"outcome":"legit","source":{"actor":"a","actor":"b"}}"#, .duplicateKey),
        (#"{"request_id":1,"time":2,"outcome":"legit","source":"a"}"#, .wrongType), (#"{"request_id":true,"time":2,"outcome":"legit"}"#, .wrongType),
        ("", .emptyPayload), ("[]", .malformedJSON), ("{", .malformedJSON),
    ])
    func brokenLabelsAreRejected(json: String, reason: RejectReason) throws {
        let (batch, rejection) = try decodeLabel(json)
        #expect(rejection?.reason == reason)
        #expect(batch.count == 0 && batch.text.count == 0 && batch.offset.count == 0)
    }

    @Test func aTopicOfChargebacksNeedsOnlyAnID() throws {
        var mapping = LabelMapping()
        mapping.requestID = .path(try FieldPath(parsing: "ref"))
        mapping.time = .path(try FieldPath(parsing: "booked"))
        mapping.timeFormat = .epochSeconds
        mapping.outcome = .constant("fraud")
        mapping.kind = .constant("chargeback")
        mapping.pipeline = .constant("issuer")
        mapping.actor = nil
        let (batch, rejection) = try decodeLabel(#"{"ref":12,"booked":1528675492}"#, mapping)
        #expect(rejection == nil)
        #expect(batch.time.elements == [1_528_675_492_000])
        #expect(batch.outcome.elements == [Outcome.fraud.rawValue])
        #expect(batch.string(batch.kind[0]) == "chargeback" && batch.string(batch.pipeline[0]) == "issuer" && batch.actor[0].isNone)
    }

    @Test func outcomesMayBeBooleans() throws {
        var mapping = LabelMapping()
        mapping.outcome = .path(try FieldPath(parsing: "is_fraud"))
        mapping.outcomeValues = ["true": .fraud, "false": .legit, "1": .fraud]
        #expect(try decodeLabel(#"{"request_id":1,"time":2,"is_fraud":true}"#, mapping).batch.outcome.elements == [Outcome.fraud.rawValue])
        #expect(try decodeLabel(#"{"request_id":1,"time":2,"is_fraud":false}"#, mapping).batch.outcome.elements == [Outcome.legit.rawValue])
        #expect(try decodeLabel(#"{"request_id":1,"time":2,"is_fraud":1}"#, mapping).batch.outcome.elements == [Outcome.fraud.rawValue])
        #expect(try decodeLabel(#"{"request_id":1,"time":2,"is_fraud":0}"#, mapping).rejection?.reason == .unknownValue)
    }

    @Test func problemsAreListed() throws {
        var mapping = LabelMapping()
        mapping.requestID = .constant("1")
        mapping.decisionTime = .constant("1")
        mapping.outcomeValues = [:]
        let error = #expect(throws: MappingError.self) {
            try LabelDecoder(schema: testSchema, mapping: mapping, limits: DecodeLimits(), hash: testHash)
        }
        #expect(error?.problems.map(\.key) == ["labels.request_id", "labels.outcome_values", "labels.decision_time"])
    }
}
