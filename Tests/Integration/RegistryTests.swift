import Foundation
import Synchronization
import Testing
import VedetteCodec
import VedetteRuntime

/// The registry's client and its patience, against a server on this machine.
@Suite(.serialized) struct RegistryTests {
    static let schema = #"{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}"#

    private func schemas(
        _ url: String, patience: Double = 20, timeoutMs: Int64 = 5_000, _ change: (inout SchemaRegistryConfiguration) -> Void = { _ in }
    ) throws -> RegistrySchemas {
        var configuration = SchemaRegistryConfiguration(url: url)
        configuration.timeoutMs = timeoutMs
        change(&configuration)
        return RegistrySchemas(try RegistryClient(configuration), patience: patience, logger: Site.logger)
    }

    private func transcode(_ schemas: RegistrySchemas, id: UInt8 = 7, above: UInt8 = 0) -> (text: String?, reason: String?) {
        let transcoder = AvroTranscoder(.byID(schemas), framing: .confluent, limits: DecodeLimits())
        var text: String?
        let rejection = ([0, above, 0, 0, id, 14] as [UInt8]).withUnsafeBytes { transcoder.decode($0) { text = String(decoding: $0, as: UTF8.self); return nil } }
        return (text, rejection?.reason.rawValue)
    }

    @Test("A schema is asked for once, with user and password or a token")
    func found() throws {
        let registry = try LocalRegistry()
        registry.answer("/schemas/ids/7", .schema(Self.schema))
        let basic = try schemas(registry.url) { ($0.user, $0.password) = (.literal("u"), .literal("p:w")) }
        for _ in 0..<3 { #expect(transcode(basic).text == #"{"a":7}"#) }
        #expect(registry.requests.map(\.path) == ["/schemas/ids/7"])
        #expect(registry.requests[0].authorization == "Basic dTpwOnc=")
        #expect(transcode(try schemas(registry.url) { $0.token = .literal("t0ken") }).text != nil)
        #expect(registry.requests[1].authorization == "Bearer t0ken")
    }

    @Test("The registry's word that there is none is believed; of another 404 the record waits")
    func missing() throws {
        let registry = try LocalRegistry()
        let known = try schemas(registry.url, patience: 0)
        #expect(transcode(known).reason == "unknown_schema")
        #expect(transcode(known).reason == "unknown_schema")
        #expect(registry.requests.count == 1 && known.failure == nil)
        registry.answerAll(.init(status: 404, body: "<html>not here</html>"))
        let other = try schemas(registry.url, patience: 0)
        #expect(transcode(other).text == nil)
        #expect("\(try #require(other.failure))".contains("inputs.schema_registry.url"))
    }

    @Test("An id beyond those that a registry can have is missing, and nobody is asked")
    func beyond() throws {
        let registry = try LocalRegistry()
        registry.answerAll(.init(status: 404, body: "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}"))
        let known = try schemas(registry.url, patience: 0)
        #expect(transcode(known, above: 0x80).reason == "unknown_schema")
        #expect(transcode(known, above: 0xFF).reason == "unknown_schema")
        #expect(registry.requests.isEmpty && known.failure == nil && known.lookups == 0)
        // The greatest one is asked for.
        registry.answerAll(nil)
        #expect(transcode(known, above: 0x7F).reason == "unknown_schema")
        #expect(registry.requests.count == 1 && known.lookups == 1)
    }

    @Test("A schema that is longer than what is read is not used, and not asked for again and again")
    func oversized() throws {
        let registry = try LocalRegistry()
        registry.answer("/schemas/ids/7", .schema(Self.schema + String(repeating: " ", count: JSONDocument.maxBytes)))
        let known = try schemas(registry.url, patience: 0)
        for _ in 0..<2 { #expect(transcode(known).reason == "unknown_schema") }
        #expect(registry.requests.count == 1 && known.failure == nil)
        // What comes with an error says nothing of the schema.
        registry.answerAll(.init(status: 502, body: String(repeating: " ", count: JSONDocument.maxBytes + 1)))
        #expect(transcode(known, id: 8).text == nil)
        #expect(known.failure != nil)
    }

    @Test("What no answer is is waited for, until it is one", arguments: [
        LocalRegistry.Answer(status: 401), .init(status: 403), .init(status: 500), .init(status: 301), .init(body: "{\"schema\":"),
        .init(body: "{\"id\":7}"), .init(body: "[]"),
        .init(body: RegistryTests.schema, delay: 3), .init(body: "{\"schema\":7}"), .init(body: "{\"schema\":\"{}\",\"references\":[{}]}"),
    ])
    func unusable(answer: LocalRegistry.Answer) throws {
        let registry = try LocalRegistry()
        registry.answer("/schemas/ids/7", .schema(Self.schema))
        registry.answerAll(answer)
        let schemas = try schemas(registry.url, timeoutMs: 500) { ($0.user, $0.password) = (.literal("somebody"), .literal("hunter2")) }
        let reasons = Mutex<[String]>([])
        schemas.onWaiting = { reason in
            guard let reason else { return }
            reasons.withLock { $0.append(reason) }
            registry.answerAll(nil)
        }
        #expect(transcode(schemas).text == #"{"a":7}"#)
        let told = reasons.withLock { $0 }
        #expect(!told.isEmpty && told.allSatisfy { $0.hasPrefix("schema 7: ") && !$0.contains("hunter2") })
        #expect(schemas.failure == nil)
    }

    @Test("A registry that is not there is waited for, and its schemas are taken when it comes")
    func down() throws {
        let first = try LocalRegistry()
        let port = first.port
        first.stop()
        let schemas = try schemas("http://127.0.0.1:\(port)")
        let second = Mutex<LocalRegistry?>(nil)
        schemas.onWaiting = { _ in
            second.withLock { registry in
                guard registry == nil, let made = try? LocalRegistry(port: port) else { return }
                made.answer("/schemas/ids/7", .schema(Self.schema))
                registry = made
            }
        }
        #expect(transcode(schemas).text == #"{"a":7}"#)
    }

    @Test("Patience that ends, or a stop, is an error that stays, and nothing is asked any more")
    func givingUp() throws {
        let registry = try LocalRegistry()
        registry.answerAll(.init(status: 500))
        let impatient = try schemas(registry.url, patience: 0)
        #expect(transcode(impatient).text == nil)
        #expect("\(try #require(impatient.failure))".contains("schema 7"))
        let asked = registry.requests.count
        #expect(transcode(impatient).text == nil && registry.requests.count == asked)
        let stopped = try schemas(registry.url, patience: .infinity)
        stopped.isStopping = { true }
        #expect(transcode(stopped).text == nil && stopped.failure is CancellationError)
    }

    @Test("Types of other subjects come by reference; what is no Avro is not used")
    func references() throws {
        let registry = try LocalRegistry()
        let schema = #"{"type":"record","name":"R","fields":[{"name":"a","type":"shop.Colour"}]}"#
        registry.answer("/schemas/ids/7", .schema(schema, references: #"[{"name":"shop.Colour","subject":"colours of the shop","version":3}]"#))
        registry.answer("/subjects/colours%20of%20the%20shop/versions/3", .schema(#"{"type":"enum","name":"shop.Colour","symbols":["A","B","C","D","E","F","G","RED"]}"#))
        #expect(transcode(try schemas(registry.url)).text == #"{"a":"RED"}"#)
        registry.answer("/schemas/ids/8", .init(body: #"{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\";"}"#))
        #expect(transcode(try schemas(registry.url), id: 8).reason == "unknown_schema")
        registry.answer("/schemas/ids/9", .schema("{"))
        #expect(transcode(try schemas(registry.url), id: 9).reason == "unknown_schema")
    }
}
