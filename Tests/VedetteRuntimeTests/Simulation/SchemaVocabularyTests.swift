import Foundation
import Testing
import VedetteCore

/// The closed sets of words in `schemas/` are those of the program.
@Suite struct SchemaVocabularyTests {
    private func words(_ schema: String, _ path: String...) throws -> [String] {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let data = try Data(contentsOf: repository.appending(path: "schemas/\(schema).schema.json"))
        var node = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        for key in path { node = try #require(node[key] as? [String: Any], "\(key)") }
        return try #require(node["enum"] as? [String])
    }

    @Test func rejectReasons() throws {
        #expect(try Set(words("dead_letter", "properties", "reason")) == Set(RejectReason.allCases.map(\.rawValue)))
    }

    @Test func decisionsAndOutcomes() throws {
        #expect(try Set(words("decision", "properties", "decision")) == Set(Decision.allCases.map(\.description)))
        #expect(try Set(words("label", "properties", "outcome")) == Set(Outcome.allCases.map(\.description)))
    }
}
