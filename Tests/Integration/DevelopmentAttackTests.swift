import Foundation
import Testing

/// What the probing detectors find of the development attacks, as `vedette-eval` prints it.
@Suite(
    .serialized, .enabled(if: DevelopmentAttacks.evaluation != nil, "needs the built vedette-eval"),
    .enabled(if: DevelopmentAttacks.isPresent, "the development attacks are not in ../shared/data beside this checkout"))
struct DevelopmentAttackTests {
    @Test("Every development attack is found, nearly all before 50 queries, and hardly anything else", arguments: DevelopmentAttacks.all)
    func found(_ set: DevelopmentAttacks) throws {
        let text = try set.evaluate()
        let parts = text.components(separatedBy: "\n\n")
        let summary = try #require(parts.first { $0.hasPrefix("in the mixed stream, summary:\n") }, "no summary in \(text)")
        #expect(try Share("detected", in: summary) == Share(part: set.attacks, whole: set.attacks), "\(summary)")
        #expect(try Share("of those allowed at half the seed's amount or more", in: summary) == Share(part: set.useful, whole: set.useful), "\(summary)")
        for stage in ["evidence sufficed before 50 queries", "record out before 50 queries"] {
            let early = try Share(stage, in: summary)
            #expect(early.whole == set.attacks && early.part * 10 >= early.whole * 9, "\(summary)")
        }
        let benign = try #require(parts.first { $0.hasPrefix("benign stream: ") }, "no benign stream in \(text)")
        #expect(try set.incidents("P0", in: benign) == 0, "\(benign)")
        #expect(try set.incidents("P1", in: benign) <= 1, "\(benign)")
    }

    @Test("A summary that lacks a line, or has it twice, or anything but numbers in it, is none", arguments: [
        "", "  detected: 27 of", "  detected: -1 of 27 attacks", "  detected: all of 27 attacks", "  detected: 27.0 of 27 attacks", "undetected: 27 of 27 attacks",
        "  detected: 27 of 27 attacks\n  detected: 27 of 27 attacks",
    ])
    func strict(_ summary: String) { #expect(throws: Unreadable.self) { try Share("detected", in: summary) } }
}

/// One set of attacks, and what is in it.
struct DevelopmentAttacks: Sendable, CustomTestStringConvertible {
    var name: String
    var attacks: Int
    /// Attacks that got half of the seed's amount or more through.
    var useful: Int
    var testDescription: String { name }

    /// The orders' amounts are not the attackers' aim there: nothing is said of them.
    static let all = [Self(name: "attacks-dev", attacks: 27, useful: 17), Self(name: "attacks-dev-ecommerce", attacks: 13, useful: 0)]

    /// The built `vedette-eval`, beside the built `vedette`.
    static let evaluation: String? = Program.path.flatMap {
        let beside = URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("vedette-eval").path
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : nil
    }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let files = ["decisions.jsonl.zst", "truth.json", "benign.jsonl.zst"]

    static var isPresent: Bool { all.allSatisfy { set in files.allSatisfy { FileManager.default.fileExists(atPath: set.path($0)) } } }

    private func path(_ file: String) -> String { Self.root.appendingPathComponent("shared/data/\(name)/\(file)").path }

    /// All that it prints.
    func evaluate() throws -> String {
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-development-\(UUID().uuidString.prefix(8)).log").path
        defer { try? FileManager.default.removeItem(atPath: log) }
        // A run for each attack alone takes a minute and says the same.
        let options = zip(["--mixed", "--truth", "--benign"], Self.files).flatMap { [$0, path($1)] } + ["--mixed-only"]
        let program = try Program(#require(Self.evaluation), options, log: log)
        #expect(try program.exitStatus(seconds: 600) == 0, "\(program.lastLines)")
        return try String(contentsOfFile: log, encoding: .utf8)
    }

    /// False ones and those on the stream's own fraud, which are not told apart without its classes.
    func incidents(_ severity: String, in benign: String) throws -> Int {
        let line = try onlyLine(severity, in: benign)
        guard let match = line.wholeMatch(of: /(\d+) false incident\(s\), .+; (\d+) on the stream's own fraud/), let wrong = Int(match.1), let fraud = Int(match.2)
        else { throw Unreadable(line: line) }
        return wrong + fraud
    }
}

/// `3 of 5`.
struct Share: Equatable {
    var part: Int
    var whole: Int

    init(part: Int, whole: Int) { (self.part, self.whole) = (part, whole) }

    init(_ name: String, in summary: String) throws {
        let line = try onlyLine(name, in: summary)
        guard let match = line.wholeMatch(of: /(\d+) of (\d+)( attacks)?/), let part = Int(match.1), let whole = Int(match.2), part <= whole else {
            throw Unreadable(line: line)
        }
        self.init(part: part, whole: whole)
    }
}

/// What stands behind `name: ` in the one line that has it.
private func onlyLine(_ name: String, in text: String) throws -> String {
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.hasPrefix("\(name): ") }
    guard lines.count == 1 else { throw Unreadable(line: "\(lines.count) lines of '\(name)' in: \(text)") }
    return String(lines[0].dropFirst(name.count + 2))
}

/// A summary that does not say what it should.
struct Unreadable: Error {
    var line: String
}
