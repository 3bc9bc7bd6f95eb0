import CodecReference
import Foundation
import Testing
import VedetteCodec
import VedetteCore

@Suite struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        body(&json)
        return json.string
    }

    @Test func structureAndCommas() {
        let text = written { json in
            json.beginObject()
            json.field("a", 1)
            json.key("b")
            json.beginArray()
            json.value(true)
            json.beginObject(); json.endObject()
            json.beginArray(); json.endArray()
            json.null()
            json.endArray()
            json.field("c", "x")
            json.field("d", Double?.none)
            json.field("e", Optional(2))
            json.key("f")
            json.value(json: Array("[1]".utf8))
            json.field("g", time: 0)
            json.endObject()
        }
        #expect(text == #"{"a":1,"b":[true,{},[],null],"c":"x","d":null,"e":2,"f":[1],"g":"1970-01-01T00:00:00.000Z"}"#)
    }

    @Test(arguments: [
        (3, "3.0"), (0.1, "0.1"), (-0.0, "-0.0"), (1e16, "1e+16"), (123456789012345680, "1.2345678901234568e+17"), (.leastNonzeroMagnitude, "5e-324"), (.nan, "null"),
        (.infinity, "null"), (-.infinity, "null"), (0, "0.0"), (10, "10.0"), (-3, "-3.0"), (1.5, "1.5"), (9007199254740991, "9007199254740991.0"),
        (9007199254740992, "9007199254740992.0"), (9007199254740994, "9.007199254740994e+15"), (18014398509481984, "1.8014398509481984e+16"),
    ] as [(Double, String)])
    func doubles(value: Double, text: String) {
        #expect(written { $0.value(value) } == text)
    }

    /// Longer than any room that a writer makes at first, with and without something to escape.
    @Test func keysAndTextsOfEveryLength() {
        for length in [0, 1, 255, 256, 257, 5_000] {
            let plain = String(repeating: "x", count: length)
            let text = written { json in
                json.beginObject()
                json.field(plain, 12)
                json.field("\"" + plain, plain + "\n")
                json.field("end", plain)
                json.endObject()
            }
            #expect(text == "{\"\(plain)\":12,\"\\\"\(plain)\":\"\(plain)\\n\",\"end\":\"\(plain)\"}")
        }
    }

    /// Text is looked at eight bytes at a time, the last of which may be looked at twice.
    @Test func everyByteAtEveryPlace() {
        for length in 1...20 {
            for place in 0..<length {
                for byte in UInt8(0)..<0x80 {
                    var bytes = (0..<length).map { UInt8(0x61 + $0) }
                    bytes[place] = byte
                    let expected = bytes.map { Self.escaped($0) }.joined()
                    #expect(written { $0.value(String(decoding: bytes, as: UTF8.self)) } == "\"\(expected)\"")
                }
            }
        }
        #expect(written { $0.value("é€𝄞 é€𝄞 \"é€𝄞") } == #""é€𝄞 é€𝄞 \"é€𝄞""#)
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case 0x22: #"\""#
        case 0x5C: #"\\"#
        case 0x08: #"\b"#
        case 0x09: #"\t"#
        case 0x0A: #"\n"#
        case 0x0C: #"\f"#
        case 0x0D: #"\r"#
        case ..<0x20: String(format: "\\u%04x", Int(byte))
        default: String(UnicodeScalar(byte))
        }
    }

    @Test func integersOfEveryWidth() {
        let integers = written { json in json.beginArray(); json.value(Int64.min); json.value(UInt64.max); json.value(UInt8(7)); json.endArray() }
        #expect(integers == "[-9223372036854775808,18446744073709551615,7]")
    }

    @Test func doublesReadBackExactly() throws {
        var generator = SeededGenerator(state: 8)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            guard case .double(let back) = try ReferenceJSON.parse(Array(written { $0.value(value) }.utf8), depth: 1) else {
                Issue.record("\(value) is no double")
                continue
            }
            #expect(back.bitPattern == value.bitPattern)
        }
    }

    @Test func stringsReadBackExactlyThroughTwoParsers() throws {
        var generator = SeededGenerator(state: 9)
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                let limit: UInt32 = [0x20, 0x80, 0x800, 0xD800, 0x110000].randomElement(using: &generator) ?? 0x80
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) { text.unicodeScalars.append(scalar) }
            }
            let bytes = Array(written { json in json.beginArray(); json.value(text); json.endArray() }.utf8)
            guard case .array(let elements) = try ReferenceJSON.parse(bytes, depth: 1), case .string(let back)? = elements.first else {
                Issue.record("not an array of one string")
                continue
            }
            #expect(Array(back.utf8) == Array(text.utf8))
            let foundation = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String]
            #expect(foundation?.first.map { Array($0.utf8) } == Array(text.utf8))
        }
        #expect(written { $0.value("\u{1}\u{1f}\"\\/\u{8}\u{c}\n\r\t\u{7f}") } == "\"\\u0001\\u001f\\\"\\\\/\\b\\f\\n\\r\\t\u{7f}\"")
    }

    @Test func invalidUTF8IsReplaced() throws {
        let text = written { $0.value(utf8: [0x61, 0xFF, 0x62, 0xC3]) }
        #expect(text == "\"a\u{FFFD}b\u{FFFD}\"")
    }

    @Test(arguments: [0, 1, 2, 3, 4, 57, 255, 256]) func base64ReadsBack(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 250) }
        let text = written { $0.value(base64: bytes) }
        #expect(Data(base64Encoded: String(text.dropFirst().dropLast())) == Data(bytes))
    }

    @Test func deadLettersAreOneObject() throws {
        let letter = DeadLetter(
            stream: .decisions, partition: 3, offset: 120_934, reason: .malformedJSON, detail: "expected one \"JSON\" object",
            payload: [0x7B, 0xFF, 0x00], originalLength: 900)
        var json = JSONWriter()
        letter.encode(sourceName: "fraud.decisions", into: &json)
        #expect(
            json.string == #"{"stream":"decisions","source":{"name":"fraud.decisions","partition":3,"offset":120934},"reason":"malformed_json","#
                + #""detail":"expected one \"JSON\" object","payload_base64":"e/8A","payload_length":900,"truncated":true}"#)
        let whole = DeadLetter(stream: .labels, partition: 0, offset: 1, reason: .emptyPayload, detail: "", payload: [], originalLength: 0)
        json.removeAll()
        whole.encode(sourceName: "-", into: &json)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any])
        #expect(object["stream"] as? String == "labels")
        #expect(object["truncated"] as? Bool == false)
    }
}
