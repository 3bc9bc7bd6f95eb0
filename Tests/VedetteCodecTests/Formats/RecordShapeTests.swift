import CodecReference
import Testing
import VedetteCodec

@Suite struct RecordShapeTests {
    @Test("Paths of an Avro schema", arguments: [
        ("/request_id", nil), ("/model/name", nil), ("/features/anything", nil), ("/signals", nil), ("/signals/0", nil), ("/threshold/block", nil),
        ("/model/nme", "name,version"), ("/request_id/x", ""), ("/signals/first", ""), ("/threshold/blok", "challenge,block"),
    ] as [(String, String?)])
    func avroPaths(path: String, known: String?) throws {
        let schema = try AvroSchema(parsing: Array(ReferenceTraffic.decision.schema.utf8))
        try expect(schema.find(FieldPath(parsing: path)), known)
    }

    @Test("Paths of a message type", arguments: [
        ("/f_double", nil), ("/f_message/deepest/yes", nil), ("/numbers/any", nil), ("/inners/5/name", nil), ("/free/any/thing", nil), ("/packed/0", nil),
        ("/messages/0/name", nil), ("/again/again/f_string", nil), ("/f_message/nme", "name,count,deepest"), ("/at/seconds", ""), ("/numbers/a/b", ""), ("/packed/x", ""),
    ] as [(String, String?)])
    func protobufPaths(path: String, known: String?) throws {
        let schema = try ProtobufSchema(descriptorSet: try FormatFixture("protobuf.json").base64("sets", "every.proto"), message: "fixture.Every")
        try expect(schema.find(FieldPath(parsing: path)), known)
    }

    private func expect(_ answer: ShapeAnswer, _ known: String?) throws {
        switch answer {
        case .present: #expect(known == nil)
        case .absent(_, let names): #expect(known == names.joined(separator: ","))
        }
    }
}
