import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

@Suite struct DecisionDecoderTests {
    @Test func everyFieldOfAWholeRecordArrives() throws {
        let decoded = try decode(wholeDecision)
        #expect(decoded.rejection == nil)
        let batch = decoded.batch
        #expect(batch.offset.elements == [7])
        #expect(batch.time.elements == [1_528_675_492_454])
        #expect(batch.requestID.elements == [identity("r-1")])
        #expect(batch.string(batch.requestText[0]) == "r-1")
        #expect(batch.model.elements == [0])
        #expect(batch.string(batch.version[0]) == "2018.06.1")
        #expect(batch.score.elements == [0.25])
        #expect(batch.decision.elements == [Decision.challenge.rawValue])
        #expect(batch.latencyMs.elements == [12.614])
        #expect(batch.amount.elements == [27.5])
        #expect(batch.signals.elements == [SignalUse.modelOnly.rawValue])
        #expect(batch.signalSet.elements == [1])
        #expect(batch.cost.elements == [0.002])
        #expect(batch.status.elements == [RequestStatus.timeout.rawValue])
        #expect(batch.explorationProbability.elements == [0.05])
        #expect(batch.string(batch.action[0]) == "password_reset")
        #expect(batch.string(batch.override[0]) == "analyst-7")
        #expect(batch.thresholdChallenge.elements == [0.0311])
        #expect(batch.thresholdBlock.elements == [0.6334])
        #expect(batch.featureState.elements == [FeatureState.number, .boolean, .category, .number].map(\.rawValue))
        #expect(batch.featureValue[0] == 27.5)
        #expect(batch.featureValue[1] == 1)
        #expect(batch.string(TextRef(packed: batch.featureValue[2])) == "5411")
        #expect(batch.featureValue[3] == 3)
        #expect(batch.dimensions.elements.map(batch.string) == ["FR", "app"])
        #expect(batch.entities.elements == [digest("c2968"), digest("da62")])
    }

    @Test func absentOptionalFieldsHaveTheirEmptyValues() throws {
        let decoded = try decode(#"{"request_id":"a","time":5,"model":{"name":"other-model"},"score":0,"decision":"log"}"#)
        try #require(decoded.isAccepted)
        let batch = decoded.batch
        #expect(batch.time.elements == [5])
        #expect(batch.model.elements == [1])
        #expect(batch.version.elements == [.none])
        #expect(batch.latencyMs[0].isNaN && batch.amount[0].isNaN && batch.thresholdChallenge[0].isNaN && batch.thresholdBlock[0].isNaN)
        #expect(batch.signals.elements == [SignalUse.unknown.rawValue])
        #expect(batch.signalSet.elements == [0])
        #expect(batch.cost[0].isNaN && batch.explorationProbability[0].isNaN)
        #expect(batch.status.elements == [RequestStatus.unknown.rawValue])
        #expect(batch.action.elements == [.none] && batch.override.elements == [.none])
        #expect(batch.featureState.elements.allSatisfy { $0 == FeatureState.absent.rawValue })
        #expect(batch.featureValue.elements.allSatisfy { $0 == 0 })
        #expect(batch.dimensions.elements.allSatisfy { $0.isNone })
        #expect(batch.entities.elements == [0, 0])
    }

    @Test func orderOfMembersDoesNotMatter() throws {
        let members = [
            #""request_id":"r-1""#, #""time":1528675492454"#, #""model":{"version":"1","name":"cards-gbm"}"#, #""score":0.25"#,
            #""decision":"allow""#, #""features":{"mcc":"5411","amount":1.5,"new_one":3,"is_weekend":false}"#,
            #""entities":{"device":"d","user":"u"}"#, #""slices":{"channel":"app","country":"FR"}"#, #""signals":["model","rule"]"#,
            #""unmapped_with_a_rather_long_name":{"request_id":[1,2,{"x":null}]}"#, #""amount":2"#,
        ]
        // One decoder throughout, so that its expectations about the order are wrong again and again.
        let decoder = try makeDecoder()
        var generator = SeededGenerator(state: 1)
        let first = decode("{" + members.joined(separator: ",") + "}", with: decoder)
        try #require(first.isAccepted)
        for _ in 0..<500 {
            let shuffled = decode("{" + members.shuffled(using: &generator).joined(separator: ",") + "}", with: decoder)
            try #require(shuffled.isAccepted)
            #expect(row(shuffled.batch, 0) == row(first.batch, 0))
            #expect(shuffled.batch.contentHash.elements == first.batch.contentHash.elements)
        }
        #expect(decoder.unknownFeatureFields == 501)
    }

    @Test func contentHashCoversTheContentAndNotTimeOrID() throws {
        let whole = try decode(wholeDecision).batch.contentHash.elements
        func hash(_ old: String, _ new: String) throws -> [UInt64] {
            let changed = wholeDecision.replacingOccurrences(of: old, with: new)
            try #require(changed != wholeDecision)
            let decoded = try decode(changed)
            try #require(decoded.isAccepted)
            return decoded.batch.contentHash.elements
        }
        for (old, new) in [("r-1", "r-2"), ("00:04:52", "00:04:53"), ("12.614", "13")] {
            #expect(try hash(old, new) == whole, "\(old) is no content")
        }
        for (old, new) in [
            ("cards-gbm", "other-model"), ("2018.06.1", "2018.06.2"), ("\"score\":0.25", "\"score\":0.26"),
            ("\"decision\":\"challenge\"", "\"decision\":\"block\""), ("\"amount\":27.5,\"is", "\"amount\":27.6,\"is"), ("true", "false"), ("true", "null"),
            ("5411", "5412"), ("\"mcc\":\"5411\",", ""), ("FR", "DE"), ("\"country\":\"FR\",\"channel\":\"app\"", "\"country\":\"app\",\"channel\":\"FR\""),
            ("\"country\":\"FR\",", ""),
        ] {
            #expect(try hash(old, new) != whole, "\(old) is content")
        }
    }

    @Test func textsOfOneBatchDoNotMix() throws {
        let decoder = try makeDecoder()
        let batch = DecisionBatch(schema: testSchema, partition: 0, reservingRows: 4)
        for id in ["first", "second-and-longer", "3"] {
            let json = Array(wholeDecision.replacingOccurrences(of: "r-1", with: id).replacingOccurrences(of: "5411", with: "mcc of \(id)").utf8)
            #expect(json.withUnsafeBytes { decoder.decode($0, offset: 0, into: batch) } == nil)
            let broken = Array("{\"request_id\":\"no\",\"slices\":{\"country\":\"XX\"}}".utf8)
            #expect(broken.withUnsafeBytes { decoder.decode($0, offset: 0, into: batch) }?.reason == .missingField)
        }
        #expect(batch.requestText.elements.map(batch.string) == ["first", "second-and-longer", "3"])
        #expect((0..<3).map { batch.string(TextRef(packed: batch.featureValue[$0 * 4 + 2])) } == ["mcc of first", "mcc of second-and-longer", "mcc of 3"])
        #expect(batch.dimensions.elements.map(batch.string) == ["FR", "app", "FR", "app", "FR", "app"])
        #expect(!batch.text.string(TextRef(offset: 0, length: UInt32(batch.text.count))).contains("XX"))
        #expect(isConsistent(batch))
    }

    @Test func integersAndStringsOfTheSameTextAreOneIdentity() throws {
        func batch(_ id: String) throws -> DecisionBatch {
            try decode(wholeDecision.replacingOccurrences(of: "\"r-1\"", with: id).replacingOccurrences(of: "\"c2968\"", with: id)).batch
        }
        let numbers = [
            ("12345", "12345"), ("0", "0"), ("-7", "-7"), ("18446744073709551615", "18446744073709551615"), ("-9223372036854775808", "-9223372036854775808"),
        ]
        for (number, text) in numbers {
            let one = try batch(number)
            let other = try batch("\"\(text)\"")
            #expect(one.requestID.elements == other.requestID.elements)
            #expect(one.entities.elements == other.entities.elements)
            #expect(one.string(one.requestText[0]) == text)
        }
    }

    @Test(arguments: [
        ("3", "3"), ("3.0", "3"), ("-0.0", "0"), ("1e3", "1000"), ("0.5", "0.5"), ("1e300", "1e+300"), ("9007199254740992.0", "9007199254740992.0"),
        ("true", "true"), ("false", "false"), ("\"x\"", "x"), ("18446744073709551615", "18446744073709551615"), ("\"\\u0000\"", "\0"),
    ])
    func sliceValuesHaveOneText(json: String, text: String) throws {
        let batch = try decode(wholeDecision.replacingOccurrences(of: "\"FR\"", with: json)).batch
        try #require(batch.count == 1)
        #expect(batch.string(batch.dimensions[0]) == text)
    }

    @Test(arguments: ["null", "\"\""]) func emptySlicesAndEntitiesAreAbsent(json: String) throws {
        let batch = try decode(
            wholeDecision.replacingOccurrences(of: "\"FR\"", with: json).replacingOccurrences(of: "\"c2968\"", with: json)
                .replacingOccurrences(of: "\"2018.06.1\"", with: json)).batch
        try #require(batch.count == 1)
        #expect(batch.dimensions[0].isNone && !batch.dimensions[1].isNone)
        #expect(batch.entities[0] == 0 && batch.entities[1] != 0)
        #expect(batch.version[0].isNone)
    }

    @Test(arguments: [
        ("1", FeatureState.number, FeatureState.wrongType, FeatureState.category), ("1.5", .number, .wrongType, .wrongType),
        ("18446744073709551615", .number, .wrongType, .category), ("true", .wrongType, .boolean, .category),
        ("\"1\"", .wrongType, .wrongType, .category), ("\"\"", .wrongType, .wrongType, .category), ("null", .null, .null, .null),
        ("[1]", .wrongType, .wrongType, .wrongType), ("{\"a\":1}", .wrongType, .wrongType, .wrongType),
    ])
    func featuresAreReadByTheirKind(json: String, number: FeatureState, boolean: FeatureState, category: FeatureState) throws {
        let features = "\"features\":{\"amount\":\(json),\"is_weekend\":\(json),\"mcc\":\(json)}"
        let decoded = try decode(wholeDecision.replacing(/"features":\{[^}]*\}/, with: features))
        try #require(decoded.isAccepted)
        #expect(decoded.batch.featureState.elements == [number, boolean, category, .absent].map(\.rawValue))
    }

    @Test func numbersAreExact() throws {
        var generator = SeededGenerator(state: 99)
        let decoder = try makeDecoder()
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            let decoded = decode(wholeDecision.replacingOccurrences(of: "\"amount\":27.5,\"is", with: "\"amount\":\(value),\"is"), with: decoder)
            try #require(decoded.isAccepted)
            #expect(decoded.batch.featureValue[0].bitPattern == value.bitPattern)
        }
    }

    @Test(arguments: [
        ("[]", SignalUse.unknown), ("null", .unknown), ("[\"model\"]", .modelOnly), ("[\"model\",\"model\"]", .modelOnly),
        ("[\"rule\"]", .several), ("[\"rule\",\"model\"]", .several), ("[\"model\",\"rule\"]", .several), ("[\"\"]", .several),
    ])
    func signalsAreRead(json: String, use: SignalUse) throws {
        let decoded = try decode(wholeDecision.replacingOccurrences(of: "[\"model\"]", with: json))
        try #require(decoded.isAccepted)
        #expect(decoded.batch.signals.elements == [use.rawValue])
    }

    /// More unmapped keys than are remembered, in changing order, longer and shorter than what is kept of them.
    @Test func manyUnmappedKeysDoNotConfuseTheMatcher() throws {
        let decoder = try makeDecoder()
        var generator = SeededGenerator(state: 3)
        let expected = row(try decode(wholeDecision).batch, 0)
        for _ in 0..<300 {
            var noise = (0..<40).map { _ in
                let key = String(repeating: "score", count: Int.random(in: 2...30, using: &generator)) + "\(Int.random(in: 0..<30, using: &generator))"
                return "\"\(key)\":\(Int.random(in: 0..<9, using: &generator))"
            }
            noise += ["\"\":1", "\"s\":1", "\"scor\":1", "\"scores\":1", "\"score\\u0000\":1"]
            noise.shuffle(using: &generator)
            let decoded = decode("{" + noise.joined(separator: ",") + "," + wholeDecision.dropFirst(), with: decoder)
            try #require(decoded.isAccepted)
            #expect(row(decoded.batch, 0) == expected)
        }
    }

    @Test func rejectionsNameTheFieldAndNeverItsValue() throws {
        let secret = "4111111111111111"
        for (old, new, words) in [
            ("0.25", "\"\(secret)\"", "/score: expected a number, found a string"),
            ("\"challenge\",", "\"\(secret)\",", "/decision: the word is not in the value map"),
            ("cards-gbm", secret, "/model/name: the inventory does not list this model"),
            ("\"FR\"", "[\(secret)]", "/slices/country: expected a string, a number or a boolean, found an array"),
            ("\"r-1\"", "null", "/request_id: expected a string or an integer that is not empty, found null"),
        ] {
            let rejection = try #require(try decode(wholeDecision.replacingOccurrences(of: old, with: new)).rejection)
            #expect(rejection.detail == words)
            #expect(!rejection.detail.contains(secret))
        }
        #expect(Rejection(reason: .wrongType, detail: String(repeating: "é", count: 300)).detail.utf8.count == Rejection.detailLimit)
    }

    @Test func deadLettersAreCutAndSayHowMuchThereWas() throws {
        let payload = Array(repeating: UInt8(ascii: "x"), count: 100)
        let rejection = Rejection(reason: .malformedJSON, detail: "d")
        func letter(_ limit: Int, _ length: Int?) -> DeadLetter {
            payload.withUnsafeBytes {
                DeadLetter(
                    rejection: rejection, stream: .labels, partition: 3, offset: 9, payload: $0, originalLength: length,
                    limits: DecodeLimits(deadLetterBytes: limit))
            }
        }
        #expect(letter(100, nil).payload.count == 100 && letter(100, nil).originalLength == 100)
        #expect(letter(99, nil).payload.count == 99 && letter(99, nil).originalLength == 100)
        #expect(letter(0, nil).payload.isEmpty)
        #expect(letter(100, 5000).originalLength == 5000)
    }
}
