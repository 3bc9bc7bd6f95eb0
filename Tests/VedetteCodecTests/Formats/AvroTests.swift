import CodecReference
import Testing
import VedetteCodec
import VedetteCore

@Suite struct AvroTests {
    @Test("Random values of random schemas, encoded by a slow encoder, come back as they were")
    func equivalence() throws {
        var generator = SeededGenerator(state: 20_260_105)
        for round in 0..<1_500 {
            let type = ReferenceAvro.random(using: &generator)
            let transcoder = try avro(type.schema)
            for blocks in 1...3 {
                let value = type.randomValue(using: &generator)
                let encoded = try type.encode(value, blocks: blocks)
                let text = try #require(transcoder.transcode(encoded).text, "round \(round): \(type.schema)")
                let found = try canonical(text)
                try #require(found == value.canonical, "round \(round): \(type.schema)\n\(text)")
            }
        }
    }

    @Test("Records that fastavro wrote, every type and logical type")
    func fixtures() throws {
        let fixture = try FormatFixture("avro.json")
        let schema = try #require(fixture.object["schema"] as? String)
        let transcoder = try avro(schema)
        #expect(fixture.cases.count >= 40)
        for (number, record) in fixture.cases.enumerated() {
            let text = try #require(transcoder.transcode(bytes(hex: record["hex"] ?? "")).text, "case \(number)")
            #expect(try canonical(text) == canonical(record["json"] ?? ""), "case \(number): \(text)")
        }
    }

    @Test("Numbers that are none are null", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(_ value: Double) throws {
        let transcoder = try avro(#"{"type":"record","name":"R","fields":[{"name":"x","type":"double"},{"name":"y","type":"float"}]}"#)
        let bytes = withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) + withUnsafeBytes(of: Float(value).bitPattern.littleEndian, Array.init)
        #expect(transcoder.transcode(bytes) == .json(#"{"x":null,"y":null}"#))
    }

    @Test("Decimals are exact, and as integers only where JSON parsers take them", arguments: [
        ([0x00], 0, "0"), ([0xFF], 0, "-1"), ([0x80], 2, "-1.28"), ([0x05], 2, "0.05"), ([0xFB], 3, "-0.005"), ([0x00, 0x00, 0x7B], 1, "12.3"),
        ([0x0D, 0xE0, 0xB6, 0xB3, 0xA7, 0x63, 0xFF, 0xFF], 0, "999999999999999999"), ([0x0D, 0xE0, 0xB6, 0xB3, 0xA7, 0x64, 0x00, 0x00], 0, "1000000000000000000.0"),
        ([0x80, 0, 0, 0, 0, 0, 0, 0], 0, "-9223372036854775808.0"), ([0x01, 0, 0, 0, 0, 0, 0, 0, 0], 18, "18.446744073709551616"),
    ] as [([UInt8], Int, String)])
    func decimals(bytes: [UInt8], scale: Int, expected: String) throws {
        let transcoder = try avro(#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"bytes","logicalType":"decimal","precision":20,"scale":\#(scale)}}]}"#)
        #expect(transcoder.transcode(ReferenceAvro.long(Int64(bytes.count)) + bytes) == .json("{\"x\":\(expected)}"))
    }

    @Test("A schema may refer to itself; how deep a record goes is bounded")
    func recursion() throws {
        let schema = #"{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]}"#
        var limits = DecodeLimits()
        limits.depth = 5
        let transcoder = try avro(schema, limits: limits)
        for depth in 1...1_000 {
            let result = transcoder.transcode([UInt8](repeating: 2, count: depth - 1) + [0])
            // One level more than the limit is the decoder's to refuse: it may be empty.
            if depth <= limits.depth + 1 { #expect(result.text != nil) } else { #expect(result == .rejected(.tooDeep)) }
        }
    }

    @Test("A record that contains itself without end is refused, not followed")
    func endless() throws {
        let transcoder = try avro(#"{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}"#)
        #expect(transcoder.transcode([0]) == .rejected(.tooDeep))
    }

    @Test("The wire format's header chooses the schema; what has none is not Avro")
    func framing() throws {
        let one = try AvroSchema(parsing: Array(#"{"type":"record","name":"A","fields":[{"name":"a","type":"long"}]}"#.utf8))
        let two = try AvroSchema(parsing: Array(#"{"type":"record","name":"B","fields":[{"name":"b","type":"string"}]}"#.utf8))
        let transcoder = AvroTranscoder(.byID(FixedSchemas([1: one, 0x0102_0304: two])), framing: .confluent, limits: DecodeLimits())
        #expect(transcoder.transcode([0, 0, 0, 0, 1, 14]) == .json(#"{"a":7}"#))
        #expect(transcoder.transcode([0, 1, 2, 3, 4, 2, 0x78]) == .json(#"{"b":"x"}"#))
        #expect(transcoder.transcode([0, 0, 0, 0, 1, 14]) == .json(#"{"a":7}"#))
        #expect(transcoder.transcode([0, 0, 0, 0, 2, 14]) == .rejected(.unknownSchema))
        #expect(transcoder.transcode([1, 0, 0, 0, 1, 14]) == .rejected(.malformedAvro))
        #expect(transcoder.transcode([0, 0, 0]) == .rejected(.malformedAvro))
        #expect(transcoder.transcode([]) == .rejected(.emptyPayload))
        #expect(transcoder.transcode(Array(wholeDecision.utf8)) == .rejected(.malformedAvro))
    }

    @Test("Bytes behind the value say that the schema is another one")
    func trailing() throws {
        #expect(try avro(#"{"type":"record","name":"R","fields":[]}"#).transcode([0]) == .rejected(.malformedAvro))
    }

    @Test("Lengths and counts that lie", arguments: [
        ("string", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]), ("string", [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ("string", [0x01]), ("string", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
        ("long", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]),
        ("int", [0x80, 0x80, 0x80, 0x80, 0x10]), ("boolean", [2]), (#"["null","long"]"#, [4]), (#"["null","long"]"#, [1]),
        (#"{"type":"enum","name":"E","symbols":["A"]}"#, [2]), (#"{"type":"array","items":"long"}"#, [0x01, 0x7E, 0x02, 0x00]),
        (#"{"type":"array","items":"long"}"#, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00]),
    ] as [(String, [UInt8])])
    func lies(type: String, payload: [UInt8]) throws {
        let quoted = type.hasPrefix("{") || type.hasPrefix("[") ? type : "\"\(type)\""
        let transcoder = try avro(#"{"type":"record","name":"R","fields":[{"name":"x","type":\#(quoted)}]}"#)
        #expect(transcoder.transcode(payload) == .rejected(.malformedAvro))
    }

    @Test("Items without bytes are bounded by the text that they have")
    func bomb() throws {
        let transcoder = try avro(#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"array","items":"null"}}]}"#)
        #expect(transcoder.transcode([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]) == .rejected(.oversized))
    }

    @Test("The text of a record may be as long as a record, and no longer")
    func textLimit() throws {
        let schema = #"{"type":"record","name":"R","fields":[{"name":"x","type":"string"}]}"#
        // {"x":"…"} is eight bytes longer than the string.
        for (limit, isTaken) in [(28, true), (27, false)] {
            let transcoder = try avro(schema, limits: DecodeLimits(recordBytes: limit))
            let result = transcoder.transcode([40] + [UInt8](repeating: 0x61, count: 20))
            #expect((result.text != nil) == isTaken && (isTaken || result == .rejected(.oversized)))
        }
    }

    @Test("Schemas that can not be used say why", arguments: [
        ("{", "not JSON"), (#""string""#, "expected a record"), (#"{"type":"record","name":"R"}"#, "no \"fields\""), (#"{"type":"record","fields":[]}"#, "\"name\""),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":"Y"}]}"#, "R.x: no type is named Y"),
        (#"{"type":"record","name":"R","fields":[{"name":"x"}]}"#, "\"type\""),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":"int"},{"name":"x","type":"int"}]}"#, "twice"),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"fixed","name":"R","size":1}}]}"#, "R is defined twice"),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"fixed","name":"F","size":-1}}]}"#, "\"size\""),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":[["null"]]}]}"#, "union"),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":7}]}"#, "R.x: expected a type"),
        (#"{"type":"record","name":"R","fields":[{"name":"x","type":{"type":"array"}}]}"#, "\"items\""), ("", "not JSON"), ("{} {}", "not JSON"), ("7,\"a\":{}", "not one"),
    ])
    func wrongSchemas(schema: String, words: String) {
        let error = #expect(throws: SchemaError.self) { try AvroSchema(parsing: Array(schema.utf8)) }
        #expect(error?.what.contains(words) == true, "\(String(describing: error))")
    }

    @Test("Named types of other schemas are known by reference, and names take the namespace around them")
    func references() throws {
        let other = #"{"type":"enum","namespace":"a.b","name":"Colour","symbols":["RED"]}"#
        let schema = #"{"type":"record","namespace":"a.b","name":"R","fields":[{"name":"x","type":"Colour"},{"name":"y","type":"a.b.Colour"}]}"#
        let parsed = try AvroSchema(parsing: Array(schema.utf8), references: [Array(other.utf8)])
        #expect(AvroTranscoder(.one(parsed), framing: .none, limits: DecodeLimits()).transcode([0, 0]) == .json(#"{"x":"RED","y":"RED"}"#))
        #expect(throws: SchemaError.self) { try AvroSchema(parsing: Array(schema.utf8)) }
    }

    @Test("Schemas nested without end are refused")
    func deepSchema() {
        let deep = String(repeating: #"{"type":"array","items":"#, count: 10_000)
        #expect(throws: SchemaError.self) { try AvroSchema(parsing: Array(deep.utf8)) }
    }

    @Test("A whole decision decodes to the same row as its JSON")
    func decision() throws {
        let line = #"{"request_id":"r-1","time":"2018-06-11T00:04:52.454Z","model":{"name":"cards-gbm","version":"1"},"score":0.25,"#
            + #""decision":"challenge","threshold":{"challenge":0.0311,"block":0.6334},"#
            + #""features":{"amount":27.5,"is_weekend":true,"mcc":"5411","terminal_risk_over_30d":3},"amount":27.5,"#
            + #""entities":{"user":"c2968","device":"da62"},"slices":{"country":"FR","channel":"app"},"latency_ms":12.614,"signals":["model"]}"#
        let encoded = try #require(ReferenceTraffic.avro(Array(line.utf8), isLabel: false))
        let text = try #require(avro(ReferenceTraffic.decision.schema).transcode(encoded).text)
        let decoder = try makeDecoder()
        let (plain, binary) = (decode(line, with: decoder), decode(text, with: decoder))
        #expect(plain.isAccepted && binary.isAccepted)
        #expect(row(plain.batch, 0) == row(binary.batch, 0))
    }
}
