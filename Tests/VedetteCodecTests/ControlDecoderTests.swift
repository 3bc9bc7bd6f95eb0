import Foundation
import Testing
import VedetteCodec
import VedetteCore

@Suite("Control records")
struct ControlDecoderTests {
    private static let hash = KeyedHash(secret: "test")
    private static let silence =
        #"{"kind":"silence","time":"2026-01-06T02:50:00Z","id":"CHG-1","author":"r","reason":"migration","until":"2026-01-06T04:00:00Z","#
        + #""monitor":"missing_features","model":null,"slice":{"channel":"app","account":null}}"#

    private func decode(_ text: String, into batch: ControlBatch = ControlBatch(partition: 0)) throws -> Rejection? {
        let decoder = try ControlDecoder(limits: DecodeLimits(), hash: Self.hash)
        return Array(text.utf8).withUnsafeBytes { decoder.decode($0, offset: 7, into: batch) }
    }

    @Test("A silence: absent and null conditions match everything, parts of the slice in the order of their names")
    func silence() throws {
        let batch = ControlBatch(partition: 3)
        #expect(try decode(Self.silence, into: batch) == nil)
        let record = try #require(batch.records.first)
        #expect(record.time == 1_767_667_800_000 && batch.offset.elements == [7] && batch.time.elements == [record.time])
        let matcher = Silence.Matcher(
            monitor: "missing_features",
            slice: SliceName([.init(dimension: "account", value: nil), .init(dimension: "channel", value: "app")]))
        let expected = Silence(
            id: "CHG-1", matcher: matcher, from: record.time, until: record.time + 70 * 60_000, reason: "migration", author: "r")
        #expect(record.action == .silence(expected))
        batch.removeLast()
        #expect(batch.count == 0 && batch.offset.count == 0 && batch.time.count == 0 && batch.requestID.count == 0)
    }

    @Test("An order that names no breaker, no model of it or no dimension is rejected, with what there is", arguments: [
        ("", nil), (#""breaker":"gaurd""#, "/breaker: expected a breaker of breakers (guard)"),
        (#""model":"logins""#, "/model: expected a model that the breaker covers (payments)"),
        (#""slice":{"city":"Paris"}"#, "/slice: expected dimensions of slices.dimensions (country)"), (#""slice":{"country":"FR"}"#, nil),
    ] as [(String, String?)])
    func orders(change: String, detail: String?) throws {
        try expect(
            [#""kind":"breaker""#, #""time":1767667800000"#, #""breaker":"guard""#, #""model":"payments""#, #""state":"open""#, #""author":"r""#, #""reason":"drill""#],
            change, detail)
    }

    @Test("A silence that names no monitor, model or dimension is rejected, with what there is; kinds that are not configured can be named", arguments: [
        ("", nil), (#""monitor":"score_drift""#, nil), (#""monitor":"slow""#, nil), (#""monitor":"fan_out""#, nil), (#""monitor":"probing.fanout""#, nil),
        (#""monitor":"alert_storm""#, nil),
        (
            #""monitor":"score_drfit""#,
            "/monitor: expected the id or kind of a monitor (slow, fan_out, missing_features, feature_collapse, schema_change, feature_drift, score_drift, "
                + "decision_share, outcome_rate, and 23 more)"
        ),
        (#""model":"logins""#, nil), (#""model":"login""#, "/model: expected a model of models (payments, logins)"),
        (#""slice":{"country":null}"#, nil), (#""slice":{"country":"FR","city":"Paris"}"#, "/slice: expected dimensions of slices.dimensions (country)"),
    ] as [(String, String?)])
    func silences(change: String, detail: String?) throws {
        try expect(
            [#""kind":"silence""#, #""time":1767667800000"#, #""id":"CHG-1""#, #""author":"r""#, #""reason":"migration""#, #""until":1767671400000"#], change, detail)
    }

    /// Expects a record with one member changed to be taken, or to be rejected with this detail.
    private func expect(_ given: [String], _ change: String, _ detail: String?) throws {
        let schema = EventSchema(models: ["payments", "logins"], features: [], dimensions: ["country"], entities: [])
        let models = schema.models.map { ModelSpec(name: $0, owner: Team(name: "t"), security: Team(name: "t"), features: [], importantFeatures: []) }
        var configuration = TopologyConfiguration(application: "test", schema: schema, models: models, windows: [])
        configuration.breakers = [BreakerSpec(id: "guard", triggers: [])]
        configuration.breakers[0].models = ["payments"]
        configuration.monitors = [MonitorSpec(id: "slow", rule: .init(LatencyRule()), window: 0, reference: .previousWindow, severity: .p2)]
        configuration.detectors = [DetectorSpec(id: "fan_out", rule: .probing(ProbingRule()))]
        let decoder = try ControlDecoder(limits: DecodeLimits(), hash: Self.hash, targets: ControlTargets(configuration))
        let field = change.split(separator: ":").first.map(String.init) ?? "-"
        let members = given.filter { !$0.hasPrefix(field) } + (change.isEmpty ? [] : [change])
        let batch = ControlBatch(partition: 0)
        let rejection = Array("{\(members.joined(separator: ","))}".utf8).withUnsafeBytes { decoder.decode($0, offset: 0, into: batch) }
        #expect(rejection?.detail == detail && batch.count == (detail == nil ? 1 : 0), "\(String(describing: rejection))")
        #expect(rejection.map { $0.reason == .unknownValue } ?? true)
    }

    @Test("The end of a silence, with epoch milliseconds")
    func unsilence() throws {
        let batch = ControlBatch(partition: 0)
        #expect(try decode(#"{"kind":"unsilence","time":1767667800000,"id":"CHG-1","author":"r"}"#, into: batch) == nil)
        #expect(batch.records == [ControlRecord(time: 1_767_667_800_000, action: .unsilence(id: "CHG-1"))])
    }

    @Test(
        "What the schema does not allow is rejected and leaves no trace",
        arguments: [
            (#""kind":"silence""#, #""kind":"quiet""#, RejectReason.unknownValue),
            (#""monitor":"missing_features""#, #""monitors":"missing_features""#, .unknownValue),
            (#""monitor":"missing_features""#, #""monitor":3"#, .wrongType),
            (#""monitor":"missing_features""#, #""id":"again""#, .duplicateKey),
            (#""author":"r","#, "", .missingField),
            (#""reason":"migration","#, #""reason":null,"#, .missingField),
            (#""until":"2026-01-06T04:00:00Z""#, #""until":"2026-01-06T02:50:00Z""#, .outOfRange),
            (#""until":"2026-01-06T04:00:00Z""#, #""until":"2026-06-06T04:00:00Z""#, .outOfRange),
            (#""until":"2026-01-06T04:00:00Z""#, #""until":"soon""#, .badTime),
            (#"{"channel":"app","account":null}"#, #"["app"]"#, .wrongType),
            (#"{"channel":"app","account":null}"#, #"{"channel":1}"#, .wrongType),
            (#"{"kind""#, #"["kind""#, .malformedJSON),
        ])
    func rejected(_ from: String, _ to: String, _ reason: RejectReason) throws {
        #expect(Self.silence.contains(from))
        let batch = ControlBatch(partition: 0)
        #expect(try decode(Self.silence.replacingOccurrences(of: from, with: to), into: batch)?.reason == reason)
        #expect(batch.count == 0 && batch.offset.count == 0)
    }
}
