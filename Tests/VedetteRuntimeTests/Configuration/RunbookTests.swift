import Foundation
import Testing
import VedetteCore

/// An alert links `<runbooks>/<monitor>.md`: whatever may speak has its file, and the index names each.
@Suite struct RunbookTests {
    private let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../runbooks")

    @Test("Every monitor has its runbook with what to do first and when to escalate, and the index has them all")
    func everyMonitor() throws {
        let index = try String(contentsOf: directory.appending(path: "README.md"), encoding: .utf8)
        let names = AlertNames.kinds
        #expect(Set(names).count == names.count)
        for name in names {
            let text = try String(contentsOf: directory.appending(path: "\(name).md"), encoding: .utf8)
            #expect(text.hasPrefix("# ") && text.lowercased().contains("escalat") && text.contains("\n1. "), "\(name)")
            #expect(index.contains("[`\(name)`](\(name).md)"), "\(name) is not in the index")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".md") }.map { String($0.dropLast(3)) }
        #expect(Set(files) == Set(names + ["README", "breakers"]))
    }
}
