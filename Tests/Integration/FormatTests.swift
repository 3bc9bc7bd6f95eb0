import CodecReference
import Foundation
import Testing
import VedetteCore
import VedetteKafka
import VedetteRuntime

/// The same traffic in another format gives the same output, to the last byte.
@Suite(.serialized) struct FormatTests {
    enum Wire: String, CaseIterable, Sendable { case avroFile, avroByID, protobuf }

    private static let decisionID: UInt32 = 17
    private static let labelID: UInt32 = 2_000_000_000

    /// Files with the schemas, and the keys that name them.
    private func encodings(_ wire: Wire, in directory: String) throws -> (decisions: String, labels: String) {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let decisions = directory + "/decisions.schema", labels = directory + "/labels.schema"
        if wire == .protobuf {
            let set = try Self.descriptorSet()
            try set.write(to: URL(fileURLWithPath: decisions))
            let keys = ", format: protobuf, schema: \"\(decisions)\", message: fixture."
            return (keys + "Decision", keys + "Label")
        }
        try ReferenceTraffic.decision.schema.write(toFile: decisions, atomically: true, encoding: .utf8)
        try ReferenceTraffic.label.schema.write(toFile: labels, atomically: true, encoding: .utf8)
        return wire == .avroFile
            ? (", format: avro, schema: \"\(decisions)\"", ", format: avro, schema: \"\(labels)\"")
            : (", format: avro, schemas: {\(Self.decisionID): \"\(decisions)\"}", ", format: avro, schemas: {\"\(Self.labelID)\": \"\(labels)\"}")
    }

    private static func descriptorSet() throws -> Data {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("VedetteCodecTests/FormatFixtures/protobuf.json")
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
        let text = try #require((object?["sets"] as? [String: String])?["traffic.proto"])
        return try #require(Data(base64Encoded: text))
    }

    /// Lines that have no form in the format are sent as they are: they are dead letters either way.
    private func encoded(_ traffic: Traffic, _ wire: Wire) -> Traffic {
        Traffic(records: traffic.records.map { record in
            var record = record
            let isLabel = record.stream == .labels
            record.line = record.line.map { line in
                if wire == .protobuf {
                    guard let value = ReferenceTraffic.protobuf(line, isLabel: isLabel) else { return line }
                    return ReferenceTraffic.framed((isLabel ? [2, 2] : [0]) + value, id: 5)
                }
                guard let value = ReferenceTraffic.avro(line, isLabel: isLabel) else { return line }
                return ReferenceTraffic.framed(value, id: isLabel ? Self.labelID : Self.decisionID)
            }
            return record
        })
    }

    private func scratch() -> String { FileManager.default.temporaryDirectory.appendingPathComponent("vedette-format-\(UUID().uuidString)").path }

    @Test("Live and from topics in Avro and Protobuf as from files in JSON", arguments: Wire.allCases)
    func agreement(_ wire: Wire) throws {
        let directory = scratch()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (site, cluster) = try Site.mocked(encodings: try encodings(wire, in: directory))
        defer { withExtendedLifetime(cluster) {} }
        try site.createInputs()
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let binary = encoded(traffic, wire)
        #expect(zip(traffic.records, binary.records).count { $0.line != $1.line } > traffic.count * 9 / 10)
        try binary.produce(to: site)
        let live = LiveRun(try site.configuration("live"))
        try live.waitUntilRead(binary)
        try live.stop()
        try expectAgreement(site, traffic)
    }

    @Test("Avro container files give what JSON lines give")
    func containers() throws {
        let (site, cluster) = try Site.mocked()
        defer { withExtendedLifetime(cluster) {} }
        let traffic = try Traffic.mixed()
        // What has no form in Avro would be missing in one of the two only.
        let good = Traffic(records: traffic.records.filter { $0.line.map { [record = $0] in ReferenceTraffic.avro($0, isLabel: record.stream == .labels) != nil } ?? false })
        let lines = try Replayed.files(good, site)
        func write(_ stream: StreamKind, _ partitions: Int) throws -> [String] {
            try (0..<partitions).map { partition in
                let path = site.file("\(stream.word)-\(partition).avro")
                let records = good.records.filter { $0.stream == stream && $0.partition == partition }
                let type = stream == .labels ? ReferenceTraffic.label : ReferenceTraffic.decision
                let values = records.compactMap { ReferenceTraffic.avro($0.line ?? [], isLabel: stream == .labels) }
                try Data(type.container(values)).write(to: URL(fileURLWithPath: path))
                return path
            }
        }
        let out = Dictionary(uniqueKeysWithValues: OutputKind.allCases.map { ($0, site.file("avro-\($0.rawValue).out")) })
        _ = try FileReplay(
            configuration: try site.configuration("files"), decisions: write(.decisions, Site.decisionPartitions), labels: write(.labels, Site.labelPartitions),
            output: OutputFiles(out), now: Int64(Date().timeIntervalSince1970 * 1_000)
        ).run()
        for kind in [OutputKind.metrics, .alerts, .late, .breakers] {
            let containers = try String(contentsOfFile: try #require(out[kind]), encoding: .utf8).split(separator: "\n").map(String.init)
            #expect(containers.count == lines[kind].count, "\(kind)")
            // Late records name their files.
            if kind != .late { #expect(difference(containers, beginningOf: lines[kind]) == nil, "\(kind)") }
        }
        #expect(lines[.metrics].count > 300 && !lines[.alerts].isEmpty)
    }

    @Test("A registry that is away keeps the run waiting, not ready, and nothing is lost when it is back")
    func registryAway() throws {
        let registry = try LocalRegistry()
        registry.answerAll(.init(status: 503))
        let (site, cluster) = try Site.mocked(
            encodings: (", format: avro", ", format: avro"), schemaRegistry: "schema_registry: {url: \"\(registry.url)\", timeout: 2s}, ")
        defer { withExtendedLifetime(cluster) {} }
        try site.createInputs()
        try site.createOutputs("live")
        let traffic = try Traffic.mixed()
        let binary = encoded(traffic, .avroByID)
        try binary.produce(to: site)
        let first = LiveRun(try site.configuration("live"))
        try wait("the run to wait for the registry") { first.status.notReadyReason()?.contains("schema registry") == true }
        // A stop while it waits loses nothing either.
        try first.stop()
        let live = LiveRun(try site.configuration("live"))
        try wait("the run to wait for the registry") { live.status.notReadyReason()?.contains("schema registry") == true }
        registry.answer("/schemas/ids/\(Self.decisionID)", .schema(ReferenceTraffic.decision.schema))
        registry.answer("/schemas/ids/\(Self.labelID)", .schema(ReferenceTraffic.label.schema))
        registry.answerAll(nil)
        try live.waitUntilRead(binary)
        try live.stop()
        try expectAgreement(site, traffic)
    }

    @Test("The check asks the registry, and knows which mapped paths the newest schemas lack")
    func check() throws {
        let registry = try LocalRegistry()
        let (site, cluster) = try Site.mocked(encodings: (", format: avro", ", format: avro"), schemaRegistry: "schema_registry: {url: \"\(registry.url)\"}, ")
        defer { withExtendedLifetime(cluster) {} }
        let check = SchemaCheck(try site.configuration("check"))
        let nothing = try #require(try check.run())
        #expect(nothing.isReachable && nothing.isRight && nothing.text.contains("the registry does not have the newest schema of \(site.decisions)-value"))
        registry.answer("/subjects/\(site.decisions)-value/versions/latest", .schema(ReferenceTraffic.decision.schema))
        registry.answer("/subjects/\(site.labels)-value/versions/latest", .schema(ReferenceTraffic.label.schema.replacing("outcome", with: "outcom")))
        let report = try #require(try check.run())
        #expect(report.isReachable && !report.isRight)
        #expect(report.text.contains("decisions: the newest schema of \(site.decisions)-value has every path that is mapped"))
        #expect(
            report.text.contains(
                "inputs.labels.mapping.outcome: expected a path that the schema has, found /outcome, but the record has no field \"outcome\" (did you mean \"outcom\"?)"))
        registry.answerAll(.init(status: 500))
        #expect(try check.run()?.isReachable == false)
    }
}
