import CodecReference
import Testing
import VedetteCodec
import VedetteCore

@Suite struct ProtobufTests {
    private func schema(_ set: String, _ message: String?) throws -> ProtobufSchema {
        try ProtobufSchema(descriptorSet: try FormatFixture("protobuf.json").base64("sets", set), message: message)
    }

    private func transcoder(_ set: String, _ message: String?, framing: RecordFraming = .none, limits: DecodeLimits = DecodeLimits()) throws -> ProtobufTranscoder {
        ProtobufTranscoder(try schema(set, message), framing: framing, limits: limits)
    }

    @Test("Records that Google's library wrote, of every type, proto2 and proto3")
    func fixtures() throws {
        let fixture = try FormatFixture("protobuf.json")
        #expect(fixture.cases.count >= 40)
        for (number, record) in fixture.cases.enumerated() {
            let transcoder = try transcoder(record["set"] ?? "", record["message"])
            let text = try #require(transcoder.transcode(bytes(hex: record["hex"] ?? "")).text, "case \(number)")
            #expect(try canonical(text) == canonical(record["json"] ?? ""), "case \(number): \(text)\n\(record["json"] ?? "")")
        }
    }

    @Test("A scalar without presence is written though it is not on the wire; one with presence is not")
    func defaults() throws {
        let text = try #require(transcoder("traffic.proto", "fixture.Decision").transcode([]).text)
        #expect(text == #"{"request_id":"","time":"","score":0.0,"decision":"","entities":{},"slices":{},"signals":[]}"#)
        let every = try #require(transcoder("every.proto", "fixture.Every").transcode([]).text)
        #expect(every.contains(#""f_enum":"NONE""#) && every.contains(#""f_bytes":"""#) && !every.contains("o_double") && !every.contains("c_string"))
    }

    @Test("The last value of a scalar counts, messages are merged, of a oneof the newest member stays")
    func several() throws {
        let transcoder = try transcoder("every.proto", "fixture.Every")
        func field(_ number: Int, _ value: [UInt8]) -> [UInt8] { ReferenceTraffic.run(number, value) }
        // f_string twice; f_message {name: "a"} and then {count: 1}; choice: string, then message.
        let record = field(14, [0x78]) + field(14, [0x79]) + field(17, [10, 1, 0x61]) + field(17, [16, 2]) + field(27, [0x7A]) + field(28, [])
        let text = try #require(transcoder.transcode(record).text)
        #expect(text.contains(#""f_string":"y""#))
        #expect(text.contains(#""f_message":{"name":"a","count":1}"#))
        #expect(!text.contains("c_string") && text.contains(#""c_message":{"name":"","count":0}"#))
    }

    @Test("Lists may be packed or not, or both, whatever the descriptor says")
    func packing() throws {
        let transcoder = try transcoder("every.proto", "fixture.Every")
        for number in [20, 21] {
            let name = number == 20 ? "packed" : "unpacked"
            let record = ReferenceTraffic.tag(number, 0) + [1] + ReferenceTraffic.run(number, [2, 3]) + ReferenceTraffic.tag(number, 0) + [4]
            #expect(try #require(transcoder.transcode(record).text).contains("\"\(name)\":[1,2,3,4]"))
        }
    }

    @Test("Fields that are not known, or come with another wire type, are passed over, groups included")
    func unknown() throws {
        let transcoder = try transcoder("traffic.proto", "fixture.Label")
        let known = ReferenceTraffic.run(1, [0x72])
        let strange = ReferenceTraffic.tag(77, 3) + ReferenceTraffic.tag(1, 0) + [5] + ReferenceTraffic.tag(78, 3) + ReferenceTraffic.tag(78, 4) + ReferenceTraffic.tag(77, 4)
        let plain = transcoder.transcode(known)
        #expect(transcoder.transcode(strange + known) == plain)
        #expect(transcoder.transcode(known + ReferenceTraffic.tag(1, 0) + [9]) == plain)
        #expect(transcoder.transcode(known + ReferenceTraffic.tag(500_000, 5) + [1, 2, 3, 4]) == plain)
    }

    @Test("What is no message", arguments: [
        [0x80], [0x00], [0x0A, 0x05, 0x61], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x0C], [0x0E], [0x0F], [0x0B], [0x0B, 0x14],
        [0x09, 1, 2], [0x0D, 1], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02],
    ] as [[UInt8]])
    func malformed(payload: [UInt8]) throws {
        #expect(try transcoder("traffic.proto", "fixture.Label").transcode(payload) == .rejected(.malformedProtobuf))
    }

    @Test("The wire format's index names the message; one 0 stands for the first")
    func framing() throws {
        let decision = try transcoder("traffic.proto", "fixture.Decision", framing: .confluent)
        let body = ReferenceTraffic.run(1, [0x72])
        let wanted = decision.transcode([0, 0, 0, 0, 9, 0] + body)
        #expect(wanted.text?.contains(#""request_id":"r""#) == true)
        #expect(decision.transcode([0, 0, 0, 0, 9, 2, 0] + body) == wanted)
        // The second message, one that is not there, one inside of the first, and lists that are none.
        for index in [[2, 2], [2, 8], [2, 1], [4, 0, 0], [4, 0, 8]] as [[UInt8]] { #expect(decision.transcode([0, 0, 0, 0, 9] + index + body) == .rejected(.unknownSchema)) }
        for index in [[1], [0x80, 1], []] as [[UInt8]] { #expect(decision.transcode([0, 0, 0, 0, 9] + index) == .rejected(.malformedProtobuf)) }
        let label = try transcoder("traffic.proto", "fixture.Label", framing: .confluent)
        #expect(label.transcode([0, 0, 0, 0, 9, 2, 2] + body).text != nil)
        #expect(label.transcode([0, 0, 0, 0, 9, 0] + body) == .rejected(.unknownSchema))
        let inner = try transcoder("traffic.proto", "fixture.Decision.Model", framing: .confluent)
        #expect(inner.transcode([0, 0, 0, 0, 9, 4, 0, 0] + body) == .json(#"{"name":"r","version":""}"#))
        #expect(decision.transcode([]) == .rejected(.emptyPayload))
    }

    @Test("How deep a record goes is bounded, also through messages that are no level of JSON")
    func depth() throws {
        let transcoder = try transcoder("every.proto", "fixture.Every", limits: DecodeLimits(depth: 8))
        var record: [UInt8] = []
        for level in 1...300 {
            record = ReferenceTraffic.run(1_000, record)
            if level <= 7 { #expect(transcoder.transcode(record).text != nil) }
            if level > 8 { #expect(transcoder.transcode(record) == .rejected(.tooDeep)) }
        }
        // A list in a list in a list …, of google.protobuf.Value.
        var value = ReferenceTraffic.tag(4, 0) + [1]
        for _ in 0..<300 { value = ReferenceTraffic.run(6, ReferenceTraffic.run(1, value)) }
        let free = ReferenceTraffic.run(31, ReferenceTraffic.run(1, ReferenceTraffic.run(1, [0x61]) + ReferenceTraffic.run(2, value)))
        #expect(transcoder.transcode(free) == .rejected(.tooDeep))
    }

    @Test("Messages of nothing but defaults are bounded by the text that they have")
    func bomb() throws {
        let transcoder = try transcoder("every.proto", "fixture.Every", limits: DecodeLimits(recordBytes: 20_000))
        let record = (0..<5_000).flatMap { _ in ReferenceTraffic.run(23, []) }
        #expect(transcoder.transcode(record) == .rejected(.oversized))
    }

    @Test("Sets and names that can not be used say why")
    func wrongSets() throws {
        let set = try FormatFixture("protobuf.json").base64("sets", "traffic.proto")
        let error = #expect(throws: SchemaError.self) { try ProtobufSchema(descriptorSet: set, message: "fixture.Decisions") }
        #expect(error?.what.contains("fixture.Decision, ") == true)
        for broken in [[], [1, 2, 3], Array(set.dropLast(7))] { #expect(throws: SchemaError.self) { try ProtobufSchema(descriptorSet: broken, message: nil) } }
        #expect(try ProtobufSchema(descriptorSet: set, message: nil).find(FieldPath(parsing: "/request_id")) == .present)
    }
}
