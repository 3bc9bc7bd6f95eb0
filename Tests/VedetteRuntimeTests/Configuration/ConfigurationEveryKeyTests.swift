import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// ``everyKey`` as a whole, and the sections about the process.
@Suite struct ConfigurationEveryKeyTests {
    @Test func theFileLoadsWithoutWarnings() throws {
        let warnings = configurationIssues(everyKey)
        #expect(warnings == [])
    }

    @Test func process() throws {
        let configuration = try loadedConfiguration(everyKey)
        #expect(configuration.application == "shop")
        #expect(configuration.logLevel == .debug)
        #expect(configuration.outputs.named.map { "\($0.key)=\($0.topic)" } == ["alerts=a", "metrics=m", "dead_letters=dl", "breakers=b", "progress=p"])
        var kafka = KafkaConfiguration(group: "g")
        kafka.brokers = .env("BROKERS")
        kafka.transactional = false
        kafka.properties = ["security.protocol": .literal("SASL_SSL"), "sasl.password": .env("PASSWORD"), "ssl.key.password": .file("/run/key")]
        #expect(configuration.kafka == kafka)
        var state = StateConfiguration()
        state.directory = "/var/lib/shop"
        state.checkpointIntervalMs = 60_000
        state.spillRows = 1_000
        state.blockCacheBytes = 8 << 20
        #expect(configuration.state == state)
        #expect(configuration.limits == DecodeLimits(recordBytes: 2 << 20, depth: 16, features: 100, undeclaredFeatures: 8, stringBytes: 2_048, deadLetterBytes: 1_024))
        #expect(configuration.outputs.metricBytes == 128 << 10)
        var http = HTTPConfiguration()
        http.enabled = false
        http.host = "0.0.0.0"
        http.port = 8_080
        http.readyMaxLag = 500
        #expect(configuration.http == http)
        #expect(configuration.secrets.hashKey == .env("HASH_KEY"))
    }

    /// A key that is added to the table and not to the file above fails here.
    @Test func theFileHasEveryKeyOfTheTable() throws {
        let files = [everyKey, integrityKeys, encodingKeys, "kafka: {brokers: {file: f}}\nsecrets: {hash_key: {file: f}}"]
        for key in ConfigurationKey.all {
            let leaf = key.path.split(separator: ".").last.map(String.init) ?? ""
            guard !leaf.hasPrefix("<") else { continue }
            let name = leaf.replacing("[]", with: "")
            #expect(files.contains { $0.contains("\(name):") }, "\(key.path)")
        }
        #expect(Set(ConfigurationKey.all.map(\.path)).count == ConfigurationKey.all.count)
    }
}
