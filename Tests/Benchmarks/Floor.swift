import VedetteCodec
import VedetteCore
import VedetteRuntime

/// The least that reading the same records can cost.
enum Floor {
    /// Lines of the files through simdjson, and nothing done with them.
    static func parse(_ files: TrafficFiles) throws {
        let parser = try ParseFloor()
        for path in [files.decisions, files.labels] {
            let reader = try LineReader(path: path, limits: DecodeLimits())
            while let line = try reader.next() {
                guard parser.parse(line.bytes) else { throw BenchmarkFailure("\(path):\(line.number) does not parse") }
            }
        }
    }

    /// Rows per batch, as the replay has them.
    private static let batchRows = 2_048

    /// Lines of the files into batches, which are thrown away.
    static func decode(_ files: TrafficFiles, _ configuration: VedetteConfiguration) throws {
        let hash = try configuration.secrets.keyedHash()
        let schema = configuration.topology.schema
        let decisions = try DecisionDecoder(schema: schema, mapping: configuration.inputs.decisions.mapping, limits: configuration.limits, hash: hash)
        let labels = try LabelDecoder(schema: schema, mapping: configuration.inputs.labels.mapping, limits: configuration.limits, hash: hash)
        var reader = try LineReader(path: files.decisions, limits: configuration.limits)
        var decisionBatch = DecisionBatch(schema: schema, partition: 0)
        while let line = try reader.next() {
            if let rejection = decisions.decode(line.bytes, offset: line.number, into: decisionBatch) { throw BenchmarkFailure("\(rejection)") }
            if decisionBatch.count == batchRows { decisionBatch = DecisionBatch(schema: schema, partition: 0) }
        }
        reader = try LineReader(path: files.labels, limits: configuration.limits)
        var labelBatch = LabelBatch(partition: 1)
        while let line = try reader.next() {
            if let rejection = labels.decode(line.bytes, offset: line.number, into: labelBatch) { throw BenchmarkFailure("\(rejection)") }
            if labelBatch.count == batchRows { labelBatch = LabelBatch(partition: 1) }
        }
    }
}
