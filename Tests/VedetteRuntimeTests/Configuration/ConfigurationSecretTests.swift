import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// Secrets are resolved when they are needed and never printed.
@Suite struct ConfigurationSecretTests {
    private let text = configurationText("""
        kafka:
          properties:
            sasl.username: vedette
            sasl.password: hunter2
            ssl.key.password: {env: KEY_PASSWORD}
        """)

    @Test func nothingPrintsALiteral() throws {
        let loaded = try ConfigurationLoader.load(text: text, file: "c.yaml")
        var dumped = ""
        dump(loaded, to: &dumped)
        let report = InventoryReport(loaded.configuration)
        let everything = ["\(loaded)", String(reflecting: loaded), dumped, report.table(), report.json()] + loaded.warnings.map(\.description)
        for printed in everything {
            #expect(!printed.contains("hunter2"))
            #expect(!printed.isEmpty)
        }
        #expect(loaded.warnings.map(\.key) == ["kafka.properties.sasl.password"])
    }

    @Test(arguments: [
        "kafka: {properties: {sasl.password: [hunter2]}}", "kafka: {properties: {sasl.password: {evn: hunter2}}}", "kafka: {properties: {sasl.password: {env: [hunter2]}}}",
        "secrets: {hash_key: hunter2}", "secrets: {hash_key: {env: [hunter2]}}", "kafka: {properties: {sasl.password: {env: a, file: hunter2}}}",
    ])
    func noErrorQuotesASecret(_ line: String) {
        let found = configurationIssues(minimalConfiguration + line).filter { !$0.contains("warning") }
        #expect(!found.isEmpty)
        for issue in found { #expect(!issue.contains("hunter2")) }
    }

    @Test func propertiesAreResolvedWhenAskedFor() throws {
        let kafka = try loadedConfiguration(text).kafka
        let resolved = try kafka.resolvedProperties(environment: ["KEY_PASSWORD": "s3cret"])
        #expect(resolved.map(\.name) == ["bootstrap.servers", "sasl.password", "sasl.username", "ssl.key.password"])
        #expect(resolved.map(\.value) == ["localhost:9092", "hunter2", "vedette", "s3cret"])
        #expect(throws: SecretError(source: "environment variable KEY_PASSWORD", problem: "it is not set, or empty")) {
            try kafka.resolvedProperties(environment: [:])
        }
    }

    @Test(arguments: [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3 cret\n\n", "s3 cret\n")])
    func filesLoseOneLineBreak(_ content: String, _ value: String) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data(content.utf8)))
        #expect(try PropertyValue.file(path).resolve() == value)
    }

    @Test func missingAndEmptyFilesAreNamed() {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: SecretError(source: "file \(path)", problem: "it can not be read")) { try PropertyValue.file(path).resolve() }
        #expect(FileManager.default.createFile(atPath: path, contents: Data("\n".utf8)))
        #expect(throws: SecretError(source: "file \(path)", problem: "it is empty")) { try PropertyValue.file(path).resolve() }
    }

    @Test func everySecretThatIsNotThereIsNamedWithItsKey() throws {
        let configuration = try loadedConfiguration(minimalConfiguration + """
            secrets: {hash_key: {env: HASH}}
            kafka: {brokers: {env: BROKERS}, properties: {sasl.username: vedette, sasl.password: {file: /nowhere/password}}}
            forward:
              destinations:
                - {name: oncall, type: pagerduty, routing_key: {env: ROUTING}}
                - {name: desk, type: webhook, url: {env: DESK}, signing_key: {env: SIGNING}, headers: {Authorization: {env: TOKEN}}}
            """)
        #expect(SecretCheck(configuration, environment: [:]).missing.map(\.key) == [
            "secrets.hash_key", "kafka.brokers", "kafka.properties.sasl.password", "forward.destinations[0].routing_key", "forward.destinations[1].url",
            "forward.destinations[1].signing_key", "forward.destinations[1].headers.Authorization",
        ])
        let all = Dictionary(uniqueKeysWithValues: ["BROKERS", "ROUTING", "DESK", "SIGNING", "TOKEN"].map { ($0, "s3cret") })
        #expect(SecretCheck(configuration, environment: all).missing.map(\.description) == [
            "secrets.hash_key: the configuration takes a value from environment variable HASH, but it is not set, or empty",
            "kafka.properties.sasl.password: the configuration takes a value from file /nowhere/password, but it can not be read",
        ])
    }

    @Test func theRegistrysSecretsAreLookedAtToo() throws {
        var configuration = try loadedConfiguration(minimalConfiguration)
        configuration.inputs.schemaRegistry = SchemaRegistryConfiguration(url: "http://registry:8081")
        configuration.inputs.schemaRegistry?.password = .env("REGISTRY")
        #expect(SecretCheck(configuration, environment: [:]).missing.map(\.key) == ["inputs.schema_registry.password"])
        #expect(SecretCheck(configuration, environment: ["REGISTRY": "s3cret"]).missing.isEmpty)
    }

    @Test(arguments: ["bootstrap.servers", "group.id", "transactional.id", "enable.auto.commit", "isolation.level"])
    func propertiesThatTheProgramSetsAreRefused(_ name: String) {
        let found = configurationIssues(configurationText("kafka: {properties: {\(name): x}}"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("c.yaml:6:22: kafka.properties.\(name): expected ") == true)
    }

    @Test func theHashKeyDecidesTheHash() throws {
        let bytes = Array("request".utf8)
        func hash(_ secrets: SecretsConfiguration, _ key: String) throws -> RequestID {
            let keyed = try secrets.keyedHash(environment: ["K": key])
            return bytes.withUnsafeBytes { keyed.hash128($0) }
        }
        let secret = try loadedConfiguration(minimalConfiguration + "secrets: {hash_key: {env: K}}").secrets
        let open = try loadedConfiguration(configurationText("")).secrets
        #expect(try hash(secret, "a") != hash(secret, "b"))
        #expect(try hash(secret, "a") == hash(secret, "a"))
        #expect(try hash(open, "a") == hash(open, "b"))
    }
}

/// librdkafka is asked about its properties when the file is read: no broker is needed.
@Suite struct KafkaPropertyTests {
    private func issue(_ line: String) -> String? {
        configurationIssues(configurationText("kafka:\n  properties:\n    \(line)")).first
    }

    @Test func aMisspelledNameIsFoundWithASuggestion() {
        #expect(issue("sesion.timeout.ms: \"6000\"")?.contains("kafka.properties.sesion.timeout.ms: expected a property of librdkafka") == true)
        #expect(issue("sesion.timeout.ms: \"6000\"")?.contains("did you mean \"session.timeout.ms\"?") == true)
        #expect(issue("sasl.pasword: {env: SECRET}")?.contains("did you mean \"sasl.password\"?") == true)
    }

    @Test func aValueThatIsRefusedIsFoundButASecretIsNotShown() {
        #expect(issue("session.timeout.ms: soon")?.contains("expected a value that librdkafka takes for session.timeout.ms") == true)
        #expect(issue("security.protocol: SSSL")?.contains("SSSL") == true)
        #expect(issue("session.timeout.ms: \"6000\"") == nil)
    }
}
