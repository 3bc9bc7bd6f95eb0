import CodecReference
import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// What the binary formats cost beside JSON: decoding alone, and a replay of container files.
enum FormatsBenchmark {
    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        let files = try TrafficFiles(TrafficFiles.options(decisions: decisions, perSecond: ReplayBenchmark.perSecond), in: workspace)
        let configuration = try BenchmarkConfiguration.payments()
        let limits = configuration.limits
        let lines = try read(files.decisions, limits)
        let schema = try AvroSchema(parsing: Array(ReferenceTraffic.decision.schema.utf8))
        let avro = lines.compactMap { ReferenceTraffic.avro($0, isLabel: false) }
        let protobuf = lines.compactMap { ReferenceTraffic.protobuf($0, isLabel: false) }
        let messages = try ProtobufSchema(descriptorSet: try descriptorSet(), message: "fixture.Decision")
        var report = Report("formats: \(lines.count) decisions, bytes each: JSON \(mean(lines)), Avro \(mean(avro)), Protobuf \(mean(protobuf))")
        report.add("decode JSON", records: lines.count, try Measurement.of { try decode(lines, configuration, nil) }.1)
        report.add("decode Avro", records: avro.count, try Measurement.of { try decode(avro, configuration, AvroTranscoder(.one(schema), framing: .none, limits: limits)) }.1)
        report.add(
            "decode Protobuf", records: protobuf.count,
            try Measurement.of { try decode(protobuf, configuration, ProtobufTranscoder(messages, framing: .none, limits: limits)) }.1)
        report.add("replay of JSON lines", records: files.recordCount, try Measurement.of { try ReplayBenchmark.replay(files, configuration, workspace) }.1)
        let containers = try (containers(ReferenceTraffic.decision, avro, "d.avro", workspace), containers(ReferenceTraffic.label, labels(files, limits), "l.avro", workspace))
        report.add("replay of Avro files", records: files.recordCount, try Measurement.of { try replay(containers, configuration, workspace) }.1)
        report.print()
    }

    private static func read(_ path: String, _ limits: DecodeLimits) throws -> [[UInt8]] {
        let reader = try LineReader(path: path, limits: limits)
        var lines: [[UInt8]] = []
        while let line = try reader.next() { lines.append(Array(line.bytes)) }
        return lines
    }

    private static func labels(_ files: TrafficFiles, _ limits: DecodeLimits) throws -> [[UInt8]] {
        try read(files.labels, limits).compactMap { ReferenceTraffic.avro($0, isLabel: true) }
    }

    private static func mean(_ records: [[UInt8]]) -> Int { records.reduce(0) { $0 + $1.count } / max(1, records.count) }

    private static func descriptorSet() throws -> [UInt8] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("VedetteCodecTests/FormatFixtures/protobuf.json")
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
        let text = (object?["sets"] as? [String: String])?["traffic.proto"] ?? ""
        return [UInt8](Data(base64Encoded: text) ?? Data())
    }

    private static func decode(_ records: [[UInt8]], _ configuration: VedetteConfiguration, _ transcoder: (any RecordTranscoder)?) throws {
        let schema = configuration.topology.schema
        let decoder = try DecisionDecoder(
            schema: schema, mapping: configuration.inputs.decisions.mapping, limits: configuration.limits, hash: try configuration.secrets.keyedHash())
        var batch = DecisionBatch(schema: schema, partition: 0)
        for (number, record) in records.enumerated() {
            let rejection = record.withUnsafeBytes { bytes in
                transcoder?.decode(bytes) { decoder.decode($0, offset: Int64(number), into: batch) }
                    ?? (transcoder == nil ? decoder.decode(bytes, offset: Int64(number), into: batch) : nil)
            }
            if let rejection { throw BenchmarkFailure("\(rejection)") }
            if batch.count == 2_048 { batch = DecisionBatch(schema: schema, partition: 0) }
        }
    }

    /// Files of one block each, below the largest that is read.
    private static func containers(_ type: ReferenceAvro, _ records: [[UInt8]], _ name: String, _ workspace: Workspace) throws -> [String] {
        try stride(from: 0, to: records.count, by: 100_000).map { start in
            let path = workspace.file("\(start)-\(name)")
            try Data(type.container(Array(records[start..<min(start + 100_000, records.count)]))).write(to: URL(fileURLWithPath: path))
            return path
        }
    }

    private static func replay(_ files: (decisions: [String], labels: [String]), _ configuration: VedetteConfiguration, _ workspace: Workspace) throws {
        let paths = Dictionary(uniqueKeysWithValues: OutputKind.allCases.map { ($0, workspace.file("avro-\($0.rawValue).jsonl")) })
        let replay = try FileReplay(configuration: configuration, decisions: files.decisions, labels: files.labels, output: try OutputFiles(paths), now: .max)
        _ = try replay.run()
    }
}
