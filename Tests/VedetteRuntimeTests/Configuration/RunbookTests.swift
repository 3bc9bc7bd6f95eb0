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

    // MARK: What the runbooks have one type in

    /// A path such as `features.*.missing` in a JSON schema: whether a record may have it. `*` is any member, `[]` an element.
    private struct Schema {
        let root: [String: Any]

        init(_ name: String, in directory: URL) throws {
            let data = try Data(contentsOf: directory.appending(path: "../schemas/\(name).schema.json"))
            root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }

        func has(_ path: [String]) -> Bool { path.reduce([root]) { nodes, step in nodes.flatMap { self.step(step, from: $0) } }.isEmpty == false }

        /// What a step may lead to, through references and alternatives.
        private func step(_ name: String, from node: [String: Any]) -> [[String: Any]] {
            if let reference = node["$ref"] as? String {
                let target = (root["$defs"] as? [String: Any])?[String(reference.dropFirst("#/$defs/".count))] as? [String: Any]
                return target.map { step(name, from: $0) } ?? []
            }
            let alternatives = ["oneOf", "anyOf"].flatMap { node[$0] as? [[String: Any]] ?? [] }.flatMap { step(name, from: $0) }
            if name == "[]" { return alternatives + [node["items"] as? [String: Any]].compactMap(\.self) }
            if let property = (node["properties"] as? [String: Any])?[name] as? [String: Any] { return [property] }
            return alternatives + [node["additionalProperties"] as? [String: Any]].compactMap(\.self)
        }
    }

    /// The paths that a jq filter reads, each from the root of a record.
    private func paths(of filter: String) -> [[String]] {
        var text = filter.replacing(/"[^"]*"/, with: "")
        var found: [[String]] = []
        // Paths inside of map_values(…) are of the members of what stands before it.
        while let inner = text.firstMatch(of: /\.(\w+)\|map_values\(([^()]*)\)/) {
            found += simplePaths(String(inner.2)).map { [String(inner.1), "*"] + $0 }
            text.replaceSubrange(inner.range, with: ".\(inner.1)")
        }
        return found + simplePaths(text)
    }

    private func simplePaths(_ text: String) -> [[String]] {
        text.matches(of: /(?:^|[^\w\]])((?:\.[A-Za-z_]\w*(?:\[\d*:?\d*\])*)+)/).map { match in
            var steps: [String] = []
            for part in match.1.split(separator: ".") {
                steps.append(String(part.prefix { $0 != "[" }))
                if part.hasSuffix("[]") { steps.append("[]") }
            }
            return steps
        }
    }

    @Test("Every field that a runbook reads off records of metrics, alerts and breakers is one that they have")
    func fields() throws {
        let schemas = try ["metrics": "metric", "alerts": "alert", "dead": "dead_letter", "breakers": "breaker"].mapValues { try Schema($0, in: directory) }
        var checked = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() where file.hasSuffix(".md") {
            let text = try String(contentsOf: directory.appending(path: file), encoding: .utf8)
            for command in text.matches(of: /jq(?: -\w+)* (?:'([^']*)'|(\.\w+)) (\w+)\.jsonl/) {
                guard let schema = schemas[String(command.3)] else { continue }
                for path in paths(of: String(command.1 ?? command.2 ?? "")) {
                    checked += 1
                    #expect(schema.has(path), "\(file) reads .\(path.joined(separator: ".")) of \(command.3).jsonl")
                }
            }
        }
        #expect(checked > 100)
        #expect(schemas["metrics"]?.has(["features", "*", "p42"]) == false && schemas["metrics"]?.has(["cost"]) == false)
    }

    @Test("Only runbooks of monitors that rest on labels speak of withdrawn alerts")
    func withdrawal() throws {
        for rule in MonitorRegistry.rules {
            let text = try String(contentsOf: directory.appending(path: "\(rule.name).md"), encoding: .utf8)
            // An SLO's default indicator rests on labels.
            #expect(text.contains("**Withdrawn**") == rule.init().needs.labels, "\(rule.name)")
        }
    }
}
