import Foundation
import Testing
import VedetteCodec
import VedetteRuntime

/// Every key about formats and the registry; not one file, since they exclude each other.
let encodingKeys = """
    inputs:
      schema_registry: {url: u, user: {env: U}, password: {env: P}, token: {file: t}, timeout: 2s}
      decisions: {format: avro, framing: none, schema: f, schemas: {7: f}, message: m}
    """

/// Formats of the inputs and the schema registry.
@Suite struct EncodingConfigurationTests {
    private static let decision =
        #"{"type":"record","name":"D","fields":[{"name":"id","type":"string"},{"name":"time","type":"long"},{"name":"score","type":"double"},"#
        + #"{"name":"decision","type":"string"},{"name":"inputs","type":{"type":"record","name":"F","fields":[{"name":"amount","type":"double"}]}}]}"#

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString).avsc").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func yaml(_ decisions: String, _ inputs: String = "", mapping: String = "") -> String {
        """
        application: a
        secrets: {hash_key: public}
        inputs:
          decisions:
            topic: d
            mapping: {request_id: /id, model_name: {constant: m}, features: /inputs\(mapping)}
            \(decisions)
          labels: {topic: l}
          \(inputs)
        models:
          - name: m
            owner: o
            features: {amount: number}
        """
    }

    @Test func resolved() throws {
        let path = try file(Self.decision)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let registry = "schema_registry: {url: \"https://r.example.com:8081/api/\", user: svc, password: {env: PW}, timeout: 2s}"
        let inputs = try loadedConfiguration(yaml("format: avro\n    schemas: {7: \"\(path)\", \"4294967295\": \"\(path)\"}", registry)).inputs
        var expected = RecordEncoding(format: .avro)
        expected.schemaFiles = [7: path, .max: path]
        #expect(inputs.decisions.encoding == expected && expected.framing == .confluent)
        #expect(inputs.labels.encoding == RecordEncoding() && RecordEncoding().framing == .none)
        var known = SchemaRegistryConfiguration(url: "https://r.example.com:8081/api")
        (known.user, known.password, known.timeoutMs) = (.literal("svc"), .env("PW"), 2_000)
        #expect(inputs.schemaRegistry == known)
    }

    @Test("What a format needs and has no use for", arguments: [
        ("format: avor", "", "inputs.decisions.format: expected one of json, avro, protobuf, found \"avor\" (did you mean \"avro\"?)"),
        (
            "format: avro", "",
            "inputs.decisions.format: expected with avro one of inputs.decisions.schema, inputs.decisions.schemas and inputs.schema_registry, found none of them"),
        (
            "format: avro\n    framing: none", "schema_registry: {url: \"http://r\"}",
            "inputs.decisions.schema: expected a file: records without framing do not name their schema, found nothing"),
        ("format: protobuf", "schema_registry: {url: \"http://r\"}", "inputs.decisions.schema: expected a descriptor set for protobuf, found nothing"),
        ("schema: x", "", "inputs.decisions.schema: expected no schema for json, found one"),
        ("format: avro\n    message: m", "schema_registry: {url: \"http://r\"}", "inputs.decisions.message: expected a message type only with protobuf, found one"),
        (
            "format: avro\n    schema: x\n    schemas: {1: y}", "",
            "inputs.decisions.schemas: expected schemas by id only with avro, framing confluent and no schema for all records, found one"),
        ("format: avro\n    schemas: {x: y}", "", "inputs.decisions.schemas.x: expected a schema's id, a whole number, found \"x\""),
        ("format: avro\n    schema: /does/not/exist.avsc", "", "inputs.decisions.schema: expected a schema file, found \"/does/not/exist.avsc\": no schema that can be read"),
        (
            "format: avro", "schema_registry: {url: \"ftp://r\"}",
            "inputs.schema_registry.url: expected an address such as https://registry.example.com:8081, without user or query, found \"ftp://r\""),
        (
            "format: avro", "schema_registry: {url: \"http://u:secret@r\"}",
            "inputs.schema_registry.url: expected an address such as https://registry.example.com:8081, without user or query, found one with a user"),
        (
            "format: avro", "schema_registry: {url: \"admin:hunter2@registry:8081\"}",
            "inputs.schema_registry.url: expected an address such as https://registry.example.com:8081, without user or query, found one with a user"),
        ("format: avro", "schema_registry: {url: \"http://r\", timeout: \"u:hunter2@r\"}", "found text with an @, which is not shown: a password may stand before it"),
        ("format: avro", "schema_registry: {url: \"http://r\", user: u}", "inputs.schema_registry.password: expected user and password together, found only one of them"),
        (
            "format: avro", "schema_registry: {url: \"http://r\", token: {env: T}, user: u, password: {env: P}}",
            "inputs.schema_registry.token: expected either a token, or user and password, found both"),
        (
            "format: avro", "schema_registry: {url: \"http://r\", password: hunter2, user: u}",
            "inputs.schema_registry.password: expected {env: NAME} or {file: PATH}, found a text in the file itself"),
        ("format: json", "schema_registry: {url: \"http://r\"}", "warning: inputs.schema_registry: expected an input that looks schemas up, found none"),
    ])
    func wrong(decisions: String, inputs: String, issue: String) {
        let issues = configurationIssues(yaml(decisions, inputs))
        #expect(issues.contains { $0.hasSuffix(issue) }, "\(issues)")
        #expect(!issues.contains { $0.contains("hunter2") || $0.contains("secret@") })
    }

    @Test("A mapped path that the schema does not have is told with the nearest one that it has")
    func paths() throws {
        let path = try file(Self.decision)
        defer { try? FileManager.default.removeItem(atPath: path) }
        func errors(_ text: String) -> [String] { configurationIssues(text).filter { !$0.contains("warning: ") } }
        #expect(errors(yaml("format: avro\n    schema: \"\(path)\"")) == [])
        let issues = errors(yaml("format: avro\n    schema: \"\(path)\"", mapping: ", score: /scor, latency: /inputs/us, decision: /score/x"))
        #expect(issues.count == 3)
        for words in [
            "inputs.decisions.mapping.score: expected a path that the schema has, found /scor, but the record has no field \"scor\" (did you mean \"score\"?)",
            "inputs.decisions.mapping.latency: expected a path that the schema has, found /inputs/us, but /inputs has no field \"us\"; it has amount",
            "inputs.decisions.mapping.decision: expected a path that the schema has, found /score/x, but /score has no fields inside",
        ] { #expect(issues.contains { $0.hasSuffix(words) }, "\(issues)") }
        let feature = configurationIssues(yaml("format: avro\n    schema: \"\(path)\"").replacing("amount: number", with: "amuont: number"))
        #expect(feature.contains { $0.contains("inputs.decisions.mapping.features: expected a path that the schema has, found /inputs/amuont") }, "\(feature)")
    }

    @Test("The report names the format of each input, and no secret")
    func report() throws {
        let registry = "schema_registry: {url: \"https://r\", user: svc, password: {env: PW}}"
        let report = InventoryReport(try loadedConfiguration(yaml("format: avro", registry)))
        #expect(report.inputs.map(\.format) == ["avro, schemas of https://r", "json"])
        #expect(report.table().contains("FORMAT") && !report.json().contains("PW"))
    }
}
