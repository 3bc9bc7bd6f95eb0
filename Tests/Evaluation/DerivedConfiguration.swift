import Foundation
import VedetteCore
import VedetteRuntime

/// A configuration made from what the data's first records hold: nothing is tuned to the data.
enum DerivedConfiguration {
    private static let looked = 2_000

    static func make(from file: StreamFile) throws -> VedetteConfiguration {
        var models: [String] = []
        var kinds: [String: String] = [:]
        for record in file.records.prefix(looked) {
            guard let object = try JSONSerialization.jsonObject(with: Data(record.line)) as? [String: Any] else { continue }
            if let model = (object["model"] as? [String: Any])?["name"] as? String, !models.contains(model) { models.append(model) }
            let line = String(decoding: record.line, as: UTF8.self)
            for (name, value) in object["features"] as? [String: Any] ?? [:] { kinds[name] = kind(of: value, named: name, in: line) ?? kinds[name] }
        }
        // A feature that was null throughout is taken for a number.
        let features = file.features.map { "      \(quoted($0)): \(kinds[$0] ?? "number")" }.joined(separator: "\n")
        let amount = AttackSpace.amounts.first { file.features.contains($0) }
        let mapping = amount.map { "\n    mapping: {amount: /features/\($0)}" } ?? ""
        let inventory = models.map { "  - name: \(quoted($0))\n    owner: evaluation\n    features:\n\(features)" }.joined(separator: "\n")
        return try ConfigurationLoader.load(
            text: """
                application: evaluation
                inputs:
                  decisions:
                    topic: evaluation.decisions\(mapping)
                  labels: {topic: evaluation.labels}
                secrets:
                  hash_key: public
                models:
                \(inventory)
                entities: [\(file.entities.map(quoted).joined(separator: ", "))]
                windows:
                  - {size: 1d}
                time:
                  max_future: 60d
                monitors: []
                """, file: "derived configuration"
        ).configuration
    }

    /// JSON strings are YAML.
    private static func quoted(_ text: String) -> String { "\"\(text)\"" }

    /// Booleans are told from numbers by the text: Foundation reads both as numbers.
    private static func kind(of value: Any, named name: String, in line: String) -> String? {
        if value is String { return "category" }
        guard value is NSNumber else { return nil }
        return line.contains("\"\(name)\":true") || line.contains("\"\(name)\":false") ? "boolean" : "number"
    }
}
