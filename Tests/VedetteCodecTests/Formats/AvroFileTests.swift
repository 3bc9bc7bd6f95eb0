import CodecReference
import Foundation
import Testing
import VedetteCodec

@Suite struct AvroFileTests {
    private func records(_ file: AvroFile) throws -> [(text: String?, number: Int64, lost: Int64)] {
        let transcoder = AvroTranscoder(.one(file.schema), framing: .none, limits: DecodeLimits())
        var found: [(text: String?, number: Int64, lost: Int64)] = []
        while let record = try file.next() { found.append((transcoder.transcode(Array(record.bytes)).text, record.number, record.lost)) }
        return found
    }

    @Test("Files that fastavro wrote", arguments: ["null", "deflate", "zstandard"])
    func codecs(codec: String) throws {
        let fixture = try FormatFixture("avro.json"), scratch = try Scratch()
        let path = try scratch.write("rows.avro", fixture.base64("files", codec))
        let found = try records(AvroFile(path: path, limits: DecodeLimits()))
        #expect(found.compactMap(\.text) == fixture.object["rows"] as? [String])
        #expect(found.map(\.number) == Array(0..<300))
    }

    @Test("A file that is cut off anywhere gives what is whole and then an error")
    func cut() throws {
        let fixture = try FormatFixture("avro.json"), scratch = try Scratch()
        for codec in ["null", "deflate"] {
            let whole = try fixture.base64("files", codec)
            for end in stride(from: 0, to: whole.count - 1, by: 41) {
                let path = try scratch.write("cut.avro", Array(whole[..<end]))
                guard let file = try? AvroFile(path: path, limits: DecodeLimits()) else { continue }
                // The end of a block is a fine place to end.
                _ = try? records(file)
            }
            let path = try scratch.write("cut.avro", Array(whole.dropLast(20)))
            let file = try AvroFile(path: path, limits: DecodeLimits())
            #expect(throws: FileError.self) { try records(file) }
        }
    }

    @Test("A record whose end can not be found takes the rest of its block with it")
    func lost() throws {
        let type = ReferenceAvro.record("R", [.init("s", .string)])
        let scratch = try Scratch()
        let path = try scratch.write("broken.avro", type.container([[2, 0x61], [0x7F, 0x62], [2, 0x63]]))
        let found = try records(AvroFile(path: path, limits: DecodeLimits()))
        #expect(found.map(\.text) == [#"{"s":"a"}"#, nil])
        #expect(found.map(\.lost) == [0, 2])
    }

    /// Each type holds the next one twice: a record of nothing but nulls has no bytes and 2^40 values.
    @Test("Values without bytes are counted: a record of 2^40 of them is refused")
    func manyNothings() throws {
        var types = [#"{"type":"record","name":"R0","fields":[{"name":"a","type":"null"}]}"#]
        for level in 1...40 {
            types.append(#"{"type":"record","name":"R\#(level)","fields":[{"name":"a","type":"R\#(level - 1)"},{"name":"b","type":"R\#(level - 1)"}]}"#)
        }
        let scratch = try Scratch()
        // The branch of the last one.
        let path = try scratch.write("nothings.avro", ReferenceAvro.container([[80]], schema: "[\(types.joined(separator: ","))]"))
        let found = try records(AvroFile(path: path, limits: DecodeLimits()))
        #expect(found.map(\.lost) == [1])
        // As many as a record may have bytes are no trouble.
        let wide = ReferenceAvro.record("W", [.init("l", .array(.null))])
        let many = try scratch.write("wide.avro", wide.container([[0x80, 0xF1, 0x04, 0]]))
        #expect(try records(AvroFile(path: many, limits: DecodeLimits())).map(\.lost) == [0])
    }

    /// A record of nothing but nulls takes nothing from its block, so the block never ends by itself.
    @Test("A block has no more records than bytes", arguments: [1, 3, Int64.max])
    func records(claimed: Int64) throws {
        let scratch = try Scratch()
        let fields = [#"{"name":"a","type":"null"}"#, #"{"name":"a","type":"string"}"#]
        for (field, block) in zip(fields, [[], [2]] as [[UInt8]]) where claimed > block.count {
            let schema = #"{"type":"record","name":"R","fields":[\#(field)]}"#
            let path = try scratch.write("many.avro", ReferenceAvro.container(block, claiming: claimed, schema: schema))
            let file = try AvroFile(path: path, limits: DecodeLimits())
            let error = #expect(throws: FileError.self) { try file.next() }
            #expect(error?.what.contains("a block of \(block.count) bytes claims \(claimed) records") == true, "\(String(describing: error))")
        }
    }

    @Test("What is no container file says so")
    func others() throws {
        let scratch = try Scratch()
        let type = ReferenceAvro.record("R", [.init("s", .string)])
        let refused = [
            (Array("{}\n".utf8), "not an Avro container file"), (type.container([], codec: "lzma"), "lzma"), ([0x4F, 0x62, 0x6A, 1, 0], "ends in the middle"),
        ]
        for (bytes, words) in refused {
            let path = try scratch.write("x.avro", bytes)
            let error = #expect(throws: FileError.self) { try AvroFile(path: path, limits: DecodeLimits()) }
            #expect(error?.what.contains(words) == true, "\(String(describing: error))")
        }
    }
}
