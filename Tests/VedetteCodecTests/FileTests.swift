import Foundation
import Testing
import VedetteCodec

/// One line read, in plain types.
struct ReadLine: Equatable {
    var kind: LineReader.Line.Kind
    var text: String
    var number: Int64
    var offset: Int64
    var length: Int64
}

/// Reads until the end or an error.
func readLines(_ path: String, limit: Int = 1 << 20, prefix: Int = 64 << 10) throws -> (lines: [ReadLine], error: FileError?) {
    let reader = try LineReader(path: path, lineLimit: limit, prefixBytes: prefix)
    var lines: [ReadLine] = []
    do throws(FileError) {
        while let line = try reader.next() {
            lines.append(
                ReadLine(
                    kind: line.kind, text: String(decoding: line.bytes, as: UTF8.self), number: line.number, offset: line.byteOffset,
                    length: line.length))
        }
        return (lines, nil)
    } catch {
        return (lines, error)
    }
}

/// Compressed with the sink under test, so sizes and frames are ours to choose.
func compressed(_ text: String, suffix: String) throws -> [UInt8] {
    let scratch = try Scratch()
    let sink = try FileSink(path: scratch.path("piece\(suffix)"))
    try sink.write(Array(text.utf8))
    try sink.close()
    return Array(try Data(contentsOf: URL(fileURLWithPath: scratch.path("piece\(suffix)"))))
}

@Suite struct LineReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func plainLines() throws {
        let path = try scratch.write("a.jsonl", Array("{\"a\":1}\n\r\n\nb\r\nlast".utf8))
        let (lines, error) = try readLines(path)
        #expect(error == nil)
        #expect(lines == [
            ReadLine(kind: .complete, text: "{\"a\":1}", number: 0, offset: 0, length: 7),
            ReadLine(kind: .complete, text: "b", number: 3, offset: 11, length: 1),
            ReadLine(kind: .complete, text: "last", number: 4, offset: 14, length: 4),
        ])
        let reader = try LineReader(path: path, lineLimit: 100, prefixBytes: 10)
        while try reader.next() != nil {}
        #expect(reader.emptyLines == 2)
        #expect(reader.totalBytes == 18 && reader.consumedBytes == 18)
        #expect(try reader.next() == nil, "the end stays the end")
    }

    @Test(arguments: ["", ".zst", ".gz"]) func emptyAndByteOrderMark(suffix: String) throws {
        let path = try scratch.write("bom\(suffix)", suffix.isEmpty ? Array("\u{FEFF}{}\n\u{FEFF}x\n".utf8) : try compressed("\u{FEFF}{}\n\u{FEFF}x\n", suffix: suffix))
        let (lines, error) = try readLines(path)
        #expect(error == nil)
        #expect(lines.map(\.text) == ["{}", "\u{FEFF}x"])
        #expect(lines[0].offset == 3 && lines[1].offset == 6)
        let empty = try scratch.write("empty\(suffix)", suffix.isEmpty ? [] : try compressed("", suffix: suffix))
        #expect(try readLines(empty).lines.isEmpty)
    }

    /// Lines of many lengths around the buffers' sizes, the same from every format.
    @Test(arguments: ["", ".zst", ".gz"]) func longFiles(suffix: String) throws {
        var generator = SeededGenerator(state: 11)
        var expected: [String] = []
        for index in 0..<3000 {
            let length = [1, 600, 5000, 262_143, 262_144][index % 600 == 0 ? Int.random(in: 0..<5, using: &generator) : Int.random(in: 0..<3, using: &generator)]
            expected.append(String(repeating: UnicodeScalar(UInt8.random(in: 97...122, using: &generator)).description, count: length))
        }
        let text = expected.joined(separator: "\n") + "\n"
        let path = try scratch.write("long\(suffix)", suffix.isEmpty ? Array(text.utf8) : try compressed(text, suffix: suffix))
        let (lines, error) = try readLines(path, limit: 262_144)
        #expect(error == nil)
        #expect(lines.map(\.text) == expected)
        var offset: Int64 = 0
        for (index, line) in lines.enumerated() {
            #expect(line.number == Int64(index) && line.offset == offset)
            offset += line.length + 1
        }
        let reader = try LineReader(path: path, lineLimit: 262_144, prefixBytes: 0)
        while try reader.next() != nil {}
        #expect(reader.consumedBytes == reader.totalBytes)
    }

    @Test(arguments: ["", ".zst", ".gz"], ["\n", "\r\n"]) func linesAboveTheLimitAreCut(suffix: String, end: String) throws {
        let limit = 1000
        func line(_ count: Int) -> String { String(repeating: "y", count: count) }
        let text = [line(1000), line(1001), "ok", line(3_000_000), "ok too", line(999), line(2000)].map { $0 + end }.joined() + line(1001)
        let path = try scratch.write("cut\(suffix)", suffix.isEmpty ? Array(text.utf8) : try compressed(text, suffix: suffix))
        let (lines, error) = try readLines(path, limit: limit, prefix: 10)
        #expect(error == nil)
        #expect(lines.map(\.kind) == [.complete, .oversized, .complete, .oversized, .complete, .complete, .oversized, .oversized])
        #expect(lines.map(\.length) == [1000, 1001, 2, 3_000_000, 6, 999, 2000, 1001])
        #expect(lines.map(\.text.utf8.count) == [1000, 10, 2, 10, 6, 999, 10, 10])
        var offset: Int64 = 0
        for line in lines {
            #expect(line.offset == offset)
            offset += line.length + Int64(end.utf8.count)
        }
    }

    /// The reader's buffers hold 256 KiB: here the first ends between CR and LF of a line of exactly the limit.
    @Test(arguments: [262_140, 262_141, 262_142]) func endsOfLinesMayBeSplitBetweenReads(length: Int) throws {
        let text = "x\n" + String(repeating: "y", count: length) + "\r\nz\r\n"
        let path = try scratch.write("split", Array(text.utf8))
        let (lines, _) = try readLines(path, limit: length)
        #expect(lines.map(\.kind) == [.complete, .complete, .complete])
        #expect(lines.map(\.length) == [1, Int64(length), 1])
        let (cut, _) = try readLines(path, limit: length - 1)
        #expect(cut.map(\.kind) == [.complete, .oversized, .complete])
        #expect(cut.map(\.length) == [1, Int64(length), 1])
    }

    @Test func prefixesLongerThanTheLimit() throws {
        let path = try scratch.write("p", Array((String(repeating: "z", count: 5000) + "\nx\n").utf8))
        let (lines, _) = try readLines(path, limit: 10, prefix: 4096)
        #expect(lines.map(\.kind) == [.oversized, .complete])
        // What is kept may be less than asked for where the limit itself is smaller, but never nothing.
        #expect(lines[0].text.utf8.count >= 10 && lines[0].length == 5000)
    }

    @Test(arguments: [".zst", ".gz"]) func severalFramesAreOneFile(suffix: String) throws {
        let path = try scratch.write("m\(suffix)", try compressed("a\nb", suffix: suffix) + compressed("", suffix: suffix) + compressed("c\nd\n", suffix: suffix))
        let (lines, error) = try readLines(path)
        #expect(error == nil)
        #expect(lines.map(\.text) == ["a", "bc", "d"])
    }

    @Test func paddingAndSkippableFramesAreSkipped() throws {
        let padded = try scratch.write("padded.gz", try compressed("a\n", suffix: ".gz") + [UInt8](repeating: 0, count: 1000))
        #expect(try readLines(padded).lines.map(\.text) == ["a"])
        #expect(try readLines(padded).error == nil)
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
        let skipped = try scratch.write("skipped.zst", skippable + compressed("a\n", suffix: ".zst") + skippable + compressed("b\n", suffix: ".zst"))
        #expect(try readLines(skipped).lines.map(\.text) == ["a", "b"])
        #expect(try readLines(skipped).error == nil)
        let garbage = try scratch.write("garbage.gz", try compressed("a\n", suffix: ".gz") + Array("tail".utf8))
        #expect(try readLines(garbage).lines.map(\.text) == ["a"])
        #expect(try readLines(garbage).error?.what.contains("not gzip") == true)
    }

    /// Cut at every byte: only whole lines are complete, what is left is truncated, and there is always an error.
    @Test(arguments: [".zst", ".gz"]) func cutFilesNeverPassForWhole(suffix: String) throws {
        let expected = (0..<40).map { "{\"line\":\($0),\"noise\":\"\(($0 &* 7919) % 1000)\"}" }
        let whole = try compressed(expected.joined(separator: "\n") + "\n", suffix: suffix)
        for cut in 4..<whole.count {
            let path = try scratch.write("cut\(suffix)", Array(whole[..<cut]))
            let (lines, error) = try readLines(path)
            let complete = lines.filter { $0.kind == .complete }.map(\.text)
            #expect(complete == Array(expected.prefix(complete.count)))
            #expect(lines.dropFirst(complete.count).allSatisfy { $0.kind == .truncated })
            #expect(lines.count <= complete.count + 1)
            let found = try #require(error, "cut at \(cut) of \(whole.count)")
            #expect(found.path == path && found.what.contains("byte \(cut)") && !found.remedy.isEmpty)
        }
        #expect(try readLines(try scratch.write("whole\(suffix)", whole)).error == nil)
    }

    @Test(arguments: [".zst", ".gz"]) func truncatedLinesAreMarkedAndTheErrorStays(suffix: String) throws {
        // Incompressible, so that a cut file still has lines to give.
        var generator = SeededGenerator(state: 12)
        let expected = (0..<20_000).map { _ in "\(generator.next())" }
        let whole = try compressed(expected.joined(separator: "\n"), suffix: suffix)
        let path = try scratch.write("t\(suffix)", Array(whole[..<(whole.count * 9 / 10)]))
        let reader = try LineReader(path: path, lineLimit: 100, prefixBytes: 5)
        var complete = 0
        var last: LineReader.Line.Kind?
        do throws(FileError) {
            while let line = try reader.next() {
                last = line.kind
                if line.kind == .complete { complete += 1 }
                if line.kind == .truncated { #expect(line.bytes.count <= 5 && line.length >= Int64(line.bytes.count)) }
            }
            Issue.record("the end of a cut file is an error")
        } catch {
            #expect(error.what.contains("ends in the middle"))
        }
        #expect(complete > 10_000 && complete < 20_000)
        #expect(last == .truncated)
        #expect(throws: FileError.self) { try reader.next() }
    }

    @Test(arguments: [".zst", ".gz"]) func flippedBytesAreNoticed(suffix: String) throws {
        let text = (0..<2000).map { "line \($0) \(($0 &* 2_654_435_761) % 100_003)" }.joined(separator: "\n") + "\n"
        let whole = try compressed(text, suffix: suffix)
        for at in stride(from: 12, to: whole.count, by: 97) {
            var broken = whole
            broken[at] ^= 0x55
            let (lines, error) = try readLines(try scratch.write("flip\(suffix)", broken))
            let sameText = lines.allSatisfy { $0.kind == .complete } && lines.map(\.text).joined(separator: "\n") + "\n" == text
            #expect(error != nil || sameText, "byte \(at)")
        }
    }

    @Test func theFormatIsFoundByContent() throws {
        let path = try scratch.write("noSuffix", try compressed("a\n", suffix: ".zst"))
        #expect(try readLines(path).lines.map(\.text) == ["a"])
        #expect(try LineReader(path: path, lineLimit: 10, prefixBytes: 0).compression == .zstd)
        let mislabelled = try scratch.write("x.gz", try compressed("a\n", suffix: ".zst"))
        #expect(try readLines(mislabelled).lines.map(\.text) == ["a"])
        for name in ["plain.zst", "plain.gz"] {
            let plain = try scratch.write(name, Array("{}\n".utf8))
            let error = #expect(throws: FileError.self) { try LineReader(path: plain, lineLimit: 10, prefixBytes: 0) }
            #expect(error?.what.contains("its content is not") == true)
        }
        #expect(throws: FileError.self) { try LineReader(path: try scratch.write("nothing.zst", []), lineLimit: 10, prefixBytes: 0) }
    }

    @Test func missingFilesAndDirectoriesSaySo() throws {
        let missing = #expect(throws: FileError.self) { try LineReader(path: scratch.path("none"), lineLimit: 10, prefixBytes: 0) }
        #expect(missing?.remedy == "check the path")
        let directory = #expect(throws: FileError.self) { try LineReader(path: scratch.url.path, lineLimit: 10, prefixBytes: 0) }
        #expect(directory?.remedy == "name a file, not a directory")
    }
}

@Suite struct FileSinkTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: ["out.jsonl", "out.jsonl.zst", "out.jsonl.gz"]) func whatIsWrittenReadsBack(name: String) throws {
        let path = scratch.path(name)
        let sink = try FileSink(path: path)
        let expected = (0..<5000).map { "{\"n\":\($0),\"text\":\"\(String(repeating: "ab", count: $0 % 300))\"}" }
        for line in expected { try sink.writeLine(Array(line.utf8)) }
        try sink.flush()
        #expect(!FileManager.default.fileExists(atPath: path), "half a file must not have the name")
        try sink.close()
        try sink.close()
        #expect(sink.writtenBytes == Int64(expected.reduce(0) { $0 + $1.utf8.count + 1 }))
        let (lines, error) = try readLines(path)
        #expect(error == nil)
        #expect(lines.map(\.text) == expected)
        #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
        #expect(try LineReader(path: path, lineLimit: 10, prefixBytes: 0).compression == Compression(suffixOf: name))
    }

    @Test func aSinkThatIsDroppedLeavesNothingAndKeepsTheOldFile() throws {
        let path = try scratch.write("old", Array("old\n".utf8))
        do {
            let sink = try FileSink(path: path)
            try sink.write(Array("new\n".utf8))
            try sink.flush()
            #expect(FileManager.default.fileExists(atPath: path + ".partial"))
        }
        #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
        #expect(try readLines(path).lines.map(\.text) == ["old"])
    }

    @Test func symbolicLinksAreWrittenThrough() throws {
        let target = try scratch.write("target", Array("old\n".utf8))
        try FileManager.default.createSymbolicLink(atPath: scratch.path("link"), withDestinationPath: target)
        let sink = try FileSink(path: scratch.path("link"))
        try sink.write(Array("new\n".utf8))
        try sink.close()
        #expect(try readLines(target).lines.map(\.text) == ["new"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path("link")) == target)
    }

    @Test(arguments: [100, 1_000_000]) func aFullDiskIsReportedAndStays(bytes: Int) throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let sink = try FileSink(path: "/dev/full")
        let error = #expect(throws: FileError.self) {
            try sink.write([UInt8](repeating: 0x78, count: bytes))
            try sink.close()
        }
        #expect(error?.remedy == "free space on the disk and run again")
        #expect(throws: FileError.self) { try sink.write([1]) }
        #expect(throws: FileError.self) { try sink.close() }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }

    @Test func placesThatCannotBeWrittenSaySo() throws {
        let missing = #expect(throws: FileError.self) { try FileSink(path: scratch.path("no/such/directory/x")) }
        #expect(missing?.remedy == "check the path")
        let directory = #expect(throws: FileError.self) { try FileSink(path: scratch.url.path) }
        #expect(directory?.remedy == "name a file, not a directory")
        #expect(directory?.path == scratch.url.path)
    }
}
